"""Callbacks that say the same are one row with a count; a job is brought forward once before its time."""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bridge.store.migrations.columns import utc

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.add_column('callbacks', sa.Column(
        'digest', sa.String(length=64), nullable=True, comment='SHA-256 of what a genuine callback says; the same once more is counted'))
    op.add_column('callbacks', sa.Column(
        'repeats', sa.Integer(), server_default='0', nullable=False, comment='how often the same came again'))
    op.add_column('callbacks', sa.Column('repeated_at', utc(), nullable=True, comment='when the same came last'))
    op.create_index('ix_callbacks_digest', 'callbacks', ['merchant', 'provider', 'digest'], unique=True)
    op.add_column('outbox', sa.Column(
        'forward_from', utc(), nullable=True, comment='the time from which the job may be brought forward again'))


def downgrade() -> None:
    """Bring the tables back to the revision before; the counts of repeats are forgotten."""
    op.drop_column('outbox', 'forward_from')
    op.drop_index('ix_callbacks_digest', table_name='callbacks')
    op.drop_column('callbacks', 'repeated_at')
    op.drop_column('callbacks', 'repeats')
    op.drop_column('callbacks', 'digest')
