"""The first tables."""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bridge.store.migrations.columns import utc

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table('callbacks',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('provider', sa.String(length=32), nullable=False),
        sa.Column('merchant', sa.String(length=64), nullable=False),
        sa.Column('received_at', utc(), nullable=False),
        sa.Column('method', sa.String(length=8), nullable=False),
        sa.Column('content_type', sa.String(length=255), nullable=False),
        sa.Column('query', sa.Text(), nullable=False),
        sa.Column('body', sa.LargeBinary(), nullable=False),
        sa.Column('state', sa.String(length=32), nullable=False),
        sa.Column('note', sa.Text(), nullable=True),
        sa.Column('payment_id', sa.String(length=40), nullable=True),
        sa.CheckConstraint("state in ('received', 'rejected', 'applied', 'unmatched')", name=op.f('ck_callbacks_state_known')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_callbacks'))
    )
    op.create_index('ix_callbacks_received_at', 'callbacks', ['received_at'], unique=False)
    op.create_index('ix_callbacks_rejected', 'callbacks', ['received_at'], unique=False, sqlite_where=sa.text("state = 'rejected'"), postgresql_where=sa.text("state = 'rejected'"))
    op.create_table('documents',
        sa.Column('owner', sa.String(length=64), nullable=False),
        sa.Column('name', sa.String(length=255), nullable=False),
        sa.Column('value', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('owner', 'name', name=op.f('pk_documents'))
    )
    op.create_table('idempotency',
        sa.Column('shop', sa.String(length=64), nullable=False),
        sa.Column('key', sa.String(length=255), nullable=False),
        sa.Column('fingerprint', sa.String(length=64), nullable=False),
        sa.Column('resource', sa.String(length=40), nullable=False),
        sa.Column('created_at', utc(), nullable=False),
        sa.Column('body', sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint('shop', 'key', name=op.f('pk_idempotency'))
    )
    op.create_index('ix_idempotency_created_at', 'idempotency', ['created_at'], unique=False)
    op.create_table('outbox',
        sa.Column('kind', sa.String(length=32), nullable=False),
        sa.Column('subject', sa.String(length=40), nullable=False),
        sa.Column('lane', sa.String(length=255), nullable=False),
        sa.Column('due_at', utc(), nullable=False),
        sa.Column('leased_until', utc(), nullable=True),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('fence', sa.Integer(), nullable=False),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('kind', 'subject', name=op.f('pk_outbox'))
    )
    op.create_index('ix_outbox_due_at', 'outbox', ['due_at'], unique=False)
    op.create_table('payments',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('merchant', sa.String(length=64), nullable=False),
        sa.Column('shop', sa.String(length=64), nullable=False),
        sa.Column('order_reference', sa.String(length=255), nullable=False),
        sa.Column('open_order', sa.String(length=255), nullable=True, comment='the order reference while the payment is open: one open payment per order'),
        sa.Column('method', sa.String(length=32), nullable=False),
        sa.Column('provider', sa.String(length=32), nullable=False),
        sa.Column('channel', sa.String(length=32), nullable=False),
        sa.Column('capture', sa.String(length=32), nullable=False),
        sa.Column('amount', sa.BigInteger(), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('return_url', sa.Text(), nullable=True),
        sa.Column('cancel_url', sa.Text(), nullable=True),
        sa.Column('description', sa.Text(), nullable=True),
        sa.Column('wallet_username', sa.String(length=320), nullable=True),
        sa.Column('payer_email', sa.String(length=320), nullable=True),
        sa.Column('payer_locale', sa.String(length=35), nullable=True),
        sa.Column('metadata', sa.JSON(), nullable=False),
        sa.Column('checkout_token', sa.String(length=64), nullable=False),
        sa.Column('matching_number', sa.String(length=4), nullable=False),
        sa.Column('created_at', utc(), nullable=False),
        sa.Column('updated_at', utc(), nullable=False),
        sa.Column('expires_at', utc(), nullable=False),
        sa.Column('status', sa.String(length=32), nullable=False),
        sa.Column('asking', sa.String(length=32), nullable=False),
        sa.Column('attempt', sa.Integer(), nullable=False),
        sa.Column('asked_at', utc(), nullable=True),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('next_check_at', utc(), nullable=True),
        sa.Column('amount_authorized', sa.BigInteger(), nullable=False),
        sa.Column('amount_captured', sa.BigInteger(), nullable=False),
        sa.Column('amount_capture_pending', sa.BigInteger(), nullable=False),
        sa.Column('amount_refunded', sa.BigInteger(), nullable=False),
        sa.Column('amount_refund_pending', sa.BigInteger(), nullable=False),
        sa.Column('fee_estimate', sa.BigInteger(), nullable=True),
        sa.Column('failure_reason', sa.String(length=32), nullable=True),
        sa.Column('failure_provider_code', sa.String(length=255), nullable=True),
        sa.Column('provider_reference', sa.String(length=255), nullable=True),
        sa.Column('pay_currency', sa.String(length=3), nullable=True),
        sa.Column('reason_id', sa.String(length=32), nullable=True),
        sa.Column('page_url', sa.Text(), nullable=True),
        sa.Column('review', sa.Text(), nullable=True),
        sa.Column('sequence', sa.Integer(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.CheckConstraint("asking in ('not_asked', 'asking', 'answered', 'doubtful')", name=op.f('ck_payments_asking_known')),
        sa.CheckConstraint("open_order is null or status in ('created', 'pending', 'authorized', 'paid')", name=op.f('ck_payments_open_order_is_open')),
        sa.CheckConstraint("status <> 'paid' or amount_captured > 0", name=op.f('ck_payments_paid_is_captured')),
        sa.CheckConstraint("status in ('created', 'pending', 'authorized', 'paid', 'declined', 'failed', 'canceled', 'expired')", name=op.f('ck_payments_status_known')),
        sa.CheckConstraint('amount > 0', name=op.f('ck_payments_amount_positive')),
        sa.CheckConstraint('amount_authorized between 0 and amount', name=op.f('ck_payments_authorized_within_amount')),
        sa.CheckConstraint('amount_captured >= 0 and amount_capture_pending >= 0 and amount_captured + amount_capture_pending <= amount_authorized', name=op.f('ck_payments_captured_within_authorized')),
        sa.CheckConstraint('amount_refunded >= 0 and amount_refund_pending >= 0 and amount_refunded + amount_refund_pending <= amount_captured', name=op.f('ck_payments_refunded_within_captured')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_payments')),
        sa.UniqueConstraint('checkout_token', name=op.f('uq_payments_checkout_token')),
        sa.UniqueConstraint('merchant', 'provider', 'provider_reference', name=op.f('uq_payments_merchant_provider_provider_reference')),
        sa.UniqueConstraint('shop', 'open_order', name=op.f('uq_payments_shop_open_order'))
    )
    op.create_index('ix_payments_review', 'payments', ['id'], unique=False, sqlite_where=sa.text('review is not null'), postgresql_where=sa.text('review is not null'))
    op.create_index('ix_payments_shop_created_at', 'payments', ['shop', 'created_at'], unique=False)
    op.create_index('ix_payments_shop_id', 'payments', ['shop', 'id'], unique=False)
    op.create_index('ix_payments_shop_method_id', 'payments', ['shop', 'method', 'id'], unique=False)
    op.create_index('ix_payments_shop_order_reference_id', 'payments', ['shop', 'order_reference', 'id'], unique=False)
    op.create_index('ix_payments_shop_provider_reference', 'payments', ['shop', 'provider_reference'], unique=False)
    op.create_index('ix_payments_shop_status_id', 'payments', ['shop', 'status', 'id'], unique=False)
    op.create_index('ix_payments_shop_updated_at', 'payments', ['shop', 'updated_at'], unique=False)
    op.create_table('events',
        sa.Column('position', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), sa.Identity(always=False), nullable=False),
        sa.Column('xact', sa.BigInteger(), nullable=False, comment='the writing transaction, so that a cursor never skips one that commits late'),
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('type', sa.String(length=32), nullable=False),
        sa.Column('payment_id', sa.String(length=40), nullable=False),
        sa.Column('merchant', sa.String(length=64), nullable=False),
        sa.Column('shop', sa.String(length=64), nullable=False),
        sa.Column('source', sa.String(length=32), nullable=False),
        sa.Column('at', utc(), nullable=False),
        sa.Column('sequence', sa.Integer(), nullable=True),
        sa.Column('detail', sa.Text(), nullable=True),
        sa.Column('body', sa.Text(), nullable=True),
        sa.Column('delivered_at', utc(), nullable=True),
        sa.Column('undeliverable_at', utc(), nullable=True),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('last_result', sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(['payment_id'], ['payments.id'], name=op.f('fk_events_payment_id')),
        sa.PrimaryKeyConstraint('position', name=op.f('pk_events')),
        sa.UniqueConstraint('id', name=op.f('uq_events_id')),
        sa.UniqueConstraint('payment_id', 'sequence', name=op.f('uq_events_payment_id_sequence'))
    )
    op.create_index('ix_events_payment_id_position', 'events', ['payment_id', 'position'], unique=False)
    op.create_index('ix_events_shop_xact_position', 'events', ['shop', 'xact', 'position'], unique=False)
    op.create_index('ix_events_undeliverable', 'events', ['position'], unique=False, sqlite_where=sa.text('undeliverable_at is not null'), postgresql_where=sa.text('undeliverable_at is not null'))
    op.create_table('operations',
        sa.Column('id', sa.String(length=40), nullable=False),
        sa.Column('kind', sa.String(length=32), nullable=False),
        sa.Column('payment_id', sa.String(length=40), nullable=False),
        sa.Column('merchant', sa.String(length=64), nullable=False),
        sa.Column('provider', sa.String(length=32), nullable=False),
        sa.Column('shop', sa.String(length=64), nullable=False),
        sa.Column('amount', sa.BigInteger(), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('created_at', utc(), nullable=False),
        sa.Column('updated_at', utc(), nullable=False),
        sa.Column('status', sa.String(length=32), nullable=False),
        sa.Column('asking', sa.String(length=32), nullable=False),
        sa.Column('attempt', sa.Integer(), nullable=False),
        sa.Column('asked_at', utc(), nullable=True),
        sa.Column('reason', sa.Text(), nullable=True),
        sa.Column('refund_reference', sa.String(length=255), nullable=True),
        sa.Column('provider_reference', sa.String(length=255), nullable=True),
        sa.Column('failure_reason', sa.String(length=32), nullable=True),
        sa.Column('failure_provider_code', sa.String(length=255), nullable=True),
        sa.Column('review', sa.Text(), nullable=True),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.CheckConstraint("asking in ('not_asked', 'asking', 'answered', 'doubtful')", name=op.f('ck_operations_asking_known')),
        sa.CheckConstraint("kind in ('refund', 'capture', 'cancel')", name=op.f('ck_operations_kind_known')),
        sa.CheckConstraint("status in ('pending', 'succeeded', 'failed', 'canceled')", name=op.f('ck_operations_status_known')),
        sa.CheckConstraint('amount > 0', name=op.f('ck_operations_amount_positive')),
        sa.ForeignKeyConstraint(['payment_id'], ['payments.id'], name=op.f('fk_operations_payment_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_operations')),
        sa.UniqueConstraint('merchant', 'provider', 'provider_reference', name=op.f('uq_operations_merchant_provider_provider_reference'))
    )
    op.create_index('ix_operations_payment_id_id', 'operations', ['payment_id', 'id'], unique=False)


def downgrade() -> None:
    """Take the tables back to the revision before."""
    op.drop_table('operations')
    op.drop_table('events')
    op.drop_table('payments')
    op.drop_table('outbox')
    op.drop_table('idempotency')
    op.drop_table('documents')
    op.drop_table('callbacks')
