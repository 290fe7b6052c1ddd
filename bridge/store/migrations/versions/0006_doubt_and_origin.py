"""Since when an operation of a payment is in doubt, and who made an operation.

Both columns may be left out by the version before: nothing is in doubt then as far as the payment tells, and a shop made it.
"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bridge.store.migrations.columns import utc

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

IN_DOUBT = "asking = 'doubtful' or operations_doubtful_since is not null"


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.add_column('payments', sa.Column('operations_doubtful_since', utc(), nullable=True,
                                        comment='when the oldest of its refunds, captures and cancels in doubt was asked for'))
    op.create_index('ix_payments_in_doubt', 'payments', ['id'], unique=False, sqlite_where=sa.text(IN_DOUBT), postgresql_where=sa.text(IN_DOUBT))
    with op.batch_alter_table('operations') as table:
        table.add_column(sa.Column('source', sa.String(length=32), nullable=False, server_default='shop', comment='who made it'))
        table.create_check_constraint(op.f('ck_operations_source_known'), "source in ('shop', 'operator', 'bridge', 'provider')")
    op.execute(
        "update payments set operations_doubtful_since = (select min(asked_at) from operations where operations.payment_id = payments.id"
        " and operations.status = 'pending' and operations.asking = 'doubtful')"
        " where id in (select payment_id from operations where status = 'pending' and asking = 'doubtful')")
    op.execute("update operations set source = 'bridge' where reason in"
               " ('paid after the payment was given up', 'authorized after the payment was given up')")


def downgrade() -> None:
    """Bring the tables back to the revision before."""
    with op.batch_alter_table('operations') as table:
        table.drop_constraint(op.f('ck_operations_source_known'), type_='check')
        table.drop_column('source')
    op.drop_index('ix_payments_in_doubt', table_name='payments')
    op.drop_column('payments', 'operations_doubtful_since')
