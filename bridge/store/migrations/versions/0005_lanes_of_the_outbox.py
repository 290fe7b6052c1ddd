"""Indexes by which a worker finds the lanes that have due jobs: jobs that move money apart from notifications."""
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0001'
branch_labels = None
depends_on = None

PARTS = {'money': "kind <> 'notify'", 'notifications': "kind = 'notify'"}


def upgrade() -> None:
    """Bring the tables to this revision."""
    for name, part in PARTS.items():
        op.create_index(f'ix_outbox_{name}', 'outbox', ['lane', 'due_at'], sqlite_where=sa.text(part), postgresql_where=sa.text(part))


def downgrade() -> None:
    """Take the tables back to the revision before."""
    for name in PARTS:
        op.drop_index(f'ix_outbox_{name}', 'outbox')
