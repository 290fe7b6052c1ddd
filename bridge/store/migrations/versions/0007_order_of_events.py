"""Events are ordered by their position alone, so that a cursor survives a move to another PostgreSQL; see bridge/decisions.

Nothing changes on SQLite, where one writer at a time makes positions the order of the commits.
"""
from __future__ import annotations

from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

NUMBERED = 2**62
WRITING = 0x6276

COMMENT = "of the first version: the writing transaction; of all events since: 2^62 (PostgreSQL) or 0 (SQLite), so that position alone is their order"
COMMENT_BEFORE = 'the writing transaction, so that a cursor never skips one that commits late'

FUNCTION = f"""
CREATE FUNCTION events_number() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    reached bigint;
BEGIN
    SELECT last_value INTO reached FROM events_position_seq;
    PERFORM pg_advisory_xact_lock_shared(({WRITING}::bigint << 48) | reached);
    NEW.position := nextval('events_position_seq');
    NEW.xact := {NUMBERED};
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Bring the tables to this revision."""
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(FUNCTION)
        op.execute("CREATE TRIGGER events_number BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION events_number()")
        op.execute(f"COMMENT ON COLUMN events.xact IS '{COMMENT}'")


def downgrade() -> None:
    """Take the tables back to the revision before: what was written meanwhile counts as written by this transaction."""
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("DROP TRIGGER events_number ON events")
        op.execute("DROP FUNCTION events_number()")
        op.execute(f"UPDATE events SET xact = pg_current_xact_id()::text::bigint WHERE xact = {NUMBERED}")
        op.execute(f"COMMENT ON COLUMN events.xact IS '{COMMENT_BEFORE}'")
