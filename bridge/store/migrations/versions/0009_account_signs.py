"""What is known of each account's callbacks and login, for an alarm."""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bridge.store.migrations.columns import utc

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table('account_signs',
        sa.Column('merchant', sa.String(length=64), nullable=False),
        sa.Column('provider', sa.String(length=32), nullable=False),
        sa.Column('heard_at', utc(), nullable=True, comment='the last genuine callback, within a minute'),
        sa.Column('rejected', sa.Integer(), nullable=False, comment='callbacks since then that were not genuine'),
        sa.Column('rejected_at', utc(), nullable=True),
        sa.Column('rejected_why', sa.Text(), nullable=True),
        sa.Column('unheard', sa.Integer(), nullable=False, comment='payments since then that an inquiry found paid'),
        sa.Column('unheard_since', utc(), nullable=True),
        sa.Column('refused', sa.Integer(), nullable=False, comment='calls in a row whose login was refused'),
        sa.Column('refused_since', utc(), nullable=True),
        sa.PrimaryKeyConstraint('merchant', 'provider', name=op.f('pk_account_signs'))
    )


def downgrade() -> None:
    """Bring the tables back to the revision before."""
    op.drop_table('account_signs')
