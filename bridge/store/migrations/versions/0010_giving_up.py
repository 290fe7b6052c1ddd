"""Payments: who wants one given up, whether the provider has said its last word, and which other payment of the order has its money.

Nodes of the version before go on: they write none of the three columns, and what they give up counts as still open at the provider.
"""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

GIVING_UP = 'giving_up is not null'


def upgrade() -> None:
    """Add the columns; no row is rewritten."""
    op.add_column('payments', sa.Column('giving_up', sa.String(length=32), nullable=True,
                                        comment='who wants it given up while the provider has not said whether it is paid'))
    op.add_column('payments', sa.Column('provider_ended', sa.Boolean(), server_default=sa.false(), nullable=False,
                                        comment='the provider has said its last word'))
    op.add_column('payments', sa.Column('duplicate_of', sa.String(length=40), nullable=True,
                                        comment='another payment of the same order that has its money'))
    op.create_index('ix_payments_giving_up', 'payments', ['id'], sqlite_where=sa.text(GIVING_UP), postgresql_where=sa.text(GIVING_UP))


def downgrade() -> None:
    """Take them away."""
    op.drop_index('ix_payments_giving_up', 'payments')
    for name in ('duplicate_of', 'provider_ended', 'giving_up'):
        op.drop_column('payments', name)
