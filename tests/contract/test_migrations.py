"""The tables come from migrations: step by step up and down, by two processes at once, killed on the way, and equal to what the code expects."""

from __future__ import annotations

import ast
import json
import shutil
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, inspect, select, text

from bridge.domain.attempt import AttemptState
from bridge.domain.operation import OperationStatus, Origin
from bridge.domain.payment import Status
from bridge.store import migrate as migrating
from bridge.store import schema
from bridge.store.engine import open_engine
from bridge.store.migrate import is_migrated, migrate, newest_revision
from bridge.store.unit import SqlUnits
from factories import NOON, a_payment, an_event

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def engine(database_url):
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def revisions():
    """Every revision, oldest first."""
    from alembic.script import ScriptDirectory

    from bridge.store.migrate import _config

    return [
        script.revision
        for script in reversed(list(ScriptDirectory.from_config(_config()).walk_revisions()))
    ]


def shape(engine):
    """Tables with columns, indexes, constraints, as the database has them."""
    seen = inspect(engine)
    return {
        table: {
            "columns": sorted(
                (c["name"], str(c["type"]), c["nullable"], c["default"])
                for c in seen.get_columns(table)
            ),
            "indexes": sorted(
                (i["name"], tuple(i["column_names"]), i["unique"], where_of(i))
                for i in seen.get_indexes(table)
            ),
            "unique": sorted(tuple(u["column_names"]) for u in seen.get_unique_constraints(table)),
            "checks": sorted(str(c["name"]) for c in seen.get_check_constraints(table)),
            "keys": (
                tuple(seen.get_pk_constraint(table)["constrained_columns"]),
                sorted(tuple(k["constrained_columns"]) for k in seen.get_foreign_keys(table)),
            ),
        }
        for table in sorted(seen.get_table_names())
        if table != "alembic_version"
    }


def where_of(index):
    """The condition of a partial index."""
    return [
        str(value)
        for name, value in sorted(index.get("dialect_options", {}).items())
        if name.endswith("_where")
    ]


def migrations():
    """The files of the migrations."""
    return sorted((migrating.FOLDER / "versions").glob("[0-9]*.py"))


@pytest.mark.invariant("I20")
@pytest.mark.parametrize("path", migrations(), ids=lambda path: path.stem)
def test_migration__of_the_house__imports_the_frozen_column_types_only(path):
    """The schema of today would change what a migration of yesterday makes (I20)."""
    tree = ast.parse(path.read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} | {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert {module for module in modules if module.split(".")[0] == "bridge"} <= {
        "bridge.store.migrations.columns"
    }


@pytest.mark.invariant("I20")
def test_migrate__step_by_step_up_and_down__each_step_is_undone_and_may_be_repeated(engine):
    """Idempotent in both directions, through every revision (I20)."""
    steps = ["base", *revisions()]
    shapes = {}
    for revision in steps[1:]:
        migrate(engine, revision), migrate(engine, revision)
        shapes[revision] = shape(engine)
    assert is_migrated(engine)
    shapes["base"] = {}
    for before, revision in reversed(list(pairwise(steps))):
        migrate(engine, before), migrate(engine, before)
        assert shape(engine) == shapes[before] and not is_migrated(engine)
        migrate(engine, revision)
        assert shape(engine) == shapes[revision]
        migrate(engine, before)
    migrate(engine), migrate(engine)
    assert shape(engine) == shapes[revisions()[-1]] and is_migrated(engine)


@pytest.mark.invariant("I20")
def test_migrate__the_result__is_what_the_code_expects(engine, request, tmp_path):
    """Migrations and metadata tell the same tables (I20)."""
    migrate(engine)
    with engine.connect() as connection:
        assert (
            compare_metadata(
                MigrationContext.configure(connection, opts={"compare_type": True}), schema.metadata
            )
            == []
        )
    other = (
        f"sqlite:///{tmp_path}/other.db"
        if engine.dialect.name == "sqlite"
        else request.getfixturevalue("new_postgres_database")()
    )
    made = open_engine(other)
    schema.metadata.create_all(made)
    assert shape(made) == shape(engine)
    made.dispose()


@pytest.mark.invariant("I20")
def test_migrate__with_payments_in_the_tables__keeps_them_when_run_again(engine):
    """Bringing up what is up already touches no row (I20)."""
    migrate(engine)
    payment = a_payment()
    with SqlUnits(engine)() as unit:
        unit.payments.add(payment)
    migrate(engine)
    with SqlUnits(engine).read() as unit:
        assert unit.payments.get(payment.id) == payment and payment.created_at == NOON


@pytest.mark.invariant("I20")
def test_migrate__two_processes_at_once__both_succeed(engine, database_url):
    """One waits for the other (I20)."""
    script = (
        "import sys\nfrom bridge.store.engine import open_engine\nfrom bridge.store.migrate import migrate\n"
        "sys.stdin.readline()\nmigrate(open_engine(sys.argv[1]))"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script, database_url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    told = [process.communicate("go\n", timeout=120)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], told
    assert is_migrated(engine)


FIRST = "0001"
AT = "2026-03-01T12:00:00.000Z"
ROWS = {
    "payments": [
        {
            "id": f"pay_{name}",
            "merchant": "acme",
            "shop": "acme-one",
            "order_reference": name,
            "open_order": name,
            "method": "wallet",
            "provider": "cashcloud",
            "channel": "web",
            "capture": "automatic",
            "amount": 4999,
            "currency": "EUR",
            "metadata": {"cart": "77"},
            "checkout_token": f"chk_{name}",
            "matching_number": "1234",
            "created_at": AT,
            "updated_at": AT,
            "expires_at": AT,
            "status": status,
            "asking": asking,
            "attempt": 1,
            "asked_at": AT,
            "tries": 1,
            "amount_authorized": captured,
            "amount_captured": captured,
            "amount_capture_pending": 0,
            "amount_refunded": 0,
            "amount_refund_pending": refund,
            "provider_reference": f"hash-{name}",
            "sequence": 2,
            "version": 3,
        }
        for name, status, asking, captured, refund in (
            ("open", "pending", "doubtful", 0, 0),
            ("paid", "paid", "answered", 4999, 1500),
        )
    ],
    "operations": [
        {
            "id": "ref_doubt",
            "kind": "refund",
            "payment_id": "pay_paid",
            "merchant": "acme",
            "provider": "cashcloud",
            "shop": "acme-one",
            "amount": 1500,
            "currency": "EUR",
            "created_at": AT,
            "updated_at": AT,
            "status": "pending",
            "asking": "doubtful",
            "attempt": 1,
            "asked_at": AT,
            "version": 1,
        }
    ],
    "events": [
        {
            "xact": 0,
            "id": f"evt_{number}",
            "type": "payment.created",
            "payment_id": payment,
            "merchant": "acme",
            "shop": "acme-one",
            "source": "shop",
            "at": AT,
            "sequence": sequence,
            "body": "{}",
            "attempts": 0,
        }
        for number, (payment, sequence) in enumerate(
            (("pay_open", 1), ("pay_paid", 1), ("pay_open", None), ("pay_open", 2), ("pay_paid", 2))
        )
    ],
    "outbox": [
        {
            "kind": "operation",
            "subject": "ref_doubt",
            "lane": "acme:cashcloud",
            "due_at": AT,
            "attempts": 2,
            "fence": 3,
            "revision": 1,
        }
    ],
    "callbacks": [
        {
            "id": "cb_1",
            "provider": "cashcloud",
            "merchant": "acme",
            "received_at": AT,
            "method": "POST",
            "content_type": "text/plain",
            "query": "",
            "body": b"\x00",
            "state": "received",
        }
    ],
    "idempotency": [
        {
            "shop": "acme-one",
            "key": "key",
            "fingerprint": "f",
            "resource": "ref_doubt",
            "created_at": AT,
            "body": "{}",
        }
    ],
    "documents": [{"owner": "house", "name": "n", "value": [1]}],
}
"""What the first version may have left in its tables; as it wrote them, whatever the code of today writes."""


def tables_of(engine):
    """The tables as the database has them."""
    found = MetaData()
    found.reflect(engine)
    return found.tables


def add_rows(engine):
    tables = tables_of(engine)
    with engine.begin() as connection:
        for name, rows in ROWS.items():
            for row in rows:
                connection.execute(tables[name].insert(), row)


def rows_of(engine):
    """The columns of the first version, as they are now."""
    tables = tables_of(engine)
    with engine.connect() as connection:
        return {
            name: sorted(
                (
                    tuple(row)
                    for row in connection.execute(
                        select(*(tables[name].c[column] for column in rows[0]))
                    )
                ),
                key=repr,
            )
            for name, rows in ROWS.items()
        }


@pytest.mark.invariant("I20", "I30")
def test_migrate__with_rows_of_the_first_version__goes_on_with_them_and_gives_them_back(engine):
    """Open payments, refunds in doubt, jobs, keys and cursors are those of before; the way down leaves them as they were (I20, I30)."""
    migrate(engine, FIRST)
    add_rows(engine)
    before = rows_of(engine)
    migrate(engine)
    with SqlUnits(engine).read() as unit:
        assert [
            (unit.payments.get(name).status, unit.payments.get(name).attempt.state)
            for name in ("pay_open", "pay_paid")
        ] == [(Status.PENDING, AttemptState.IN_DOUBT), (Status.PAID, AttemptState.ACCEPTED)]
        refund = unit.operations.get("ref_doubt")
        assert (refund.status, refund.attempt.state, refund.amount) == (
            OperationStatus.PENDING,
            AttemptState.IN_DOUBT,
            1500,
        )
        assert (
            refund.source is Origin.SHOP
            and unit.payments.get("pay_paid").operations_doubtful_since == refund.attempt.sent_at
        )
        assert unit.payments.get("pay_open").operations_doubtful_since is None
        assert unit.keys.get("acme-one", "key").resource == "ref_doubt" and unit.outbox.depth() == {
            "operation": 1
        }
        assert unit.callbacks.get("cb_1").raw.body == b"\x00" and unit.documents.get(
            "house", "n"
        ) == [1]
        told = [event.id for event in unit.events.after("acme-one", None, 10)]
        assert told == ["evt_0", "evt_1", "evt_3", "evt_4"]
        assert [
            [event.id for event in unit.events.after("acme-one", seen, 10)] for seen in told
        ] == [told[1:], told[2:], told[3:], []]
    migrate(engine, FIRST)
    assert rows_of(engine) == before


@pytest.mark.invariant("I20", "I30")
def test_migrate__cursors_of_the_first_version__go_on_without_gap_or_repeat(new_postgres_database):
    """Old events stay in the order of their transactions, nodes of the version before write into the new one, and back it is the same (I20, I30)."""
    engine = open_engine(new_postgres_database())
    migrate(engine, FIRST)
    add_rows(engine)
    events = tables_of(engine)["events"]
    with engine.begin() as connection:
        for number, xact in enumerate((11, 10, 10, 12, 9)):
            connection.execute(
                events.update().where(events.c.id == f"evt_{number}"), {"xact": xact}
            )
    in_order = ["evt_4", "evt_1", "evt_0", "evt_3"]

    def every():
        with SqlUnits(engine).read() as unit:
            told = [event.id for event in unit.events.after("acme-one", None, 20)]
            assert [
                [event.id for event in unit.events.after("acme-one", seen, 20)] for seen in told
            ] == [told[n + 1 :] for n in range(len(told))]
        return told

    def old_node_writes(sequence):
        row = ROWS["events"][0] | {
            "id": f"evt_old_{sequence}",
            "sequence": sequence,
            "xact": text("pg_current_xact_id()::text::bigint"),
        }
        with engine.begin() as connection:
            connection.execute(events.insert().values(row))
        return row["id"]

    migrate(engine)
    assert every() == in_order
    in_order.append(old_node_writes(11))
    with SqlUnits(engine)() as unit:
        unit.events.add(an_event(unit.payments.get("pay_paid"), 12, id="evt_new"))
    in_order.append("evt_new")
    in_order.append(old_node_writes(13))
    assert every() == in_order
    migrate(engine, FIRST)
    old_node_writes(14)
    with engine.connect() as connection:
        as_before = (
            select(events.c.id)
            .where(events.c.sequence.is_not(None))
            .order_by(events.c.xact, events.c.position)
        )
        assert list(connection.execute(as_before).scalars()) == [*in_order, "evt_old_14"]
    migrate(engine)
    assert every() == [*in_order, "evt_old_14"]
    engine.dispose()


BUILD_ANEW = """
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", {newest!r}, None, None


def upgrade():
    with op.batch_alter_table("payments") as table:
        table.create_check_constraint(op.f("ck_payments_added"), "amount < 1000000")


def downgrade():
    with op.batch_alter_table("payments") as table:
        table.drop_constraint(op.f("ck_payments_added"), type_="check")
"""


@pytest.mark.invariant("I20")
def test_migrate__a_table_that_others_refer_to_is_built_anew__keeps_every_row_and_reference(
    engine, tmp_path, monkeypatch
):
    """SQLite has no other way to change a constraint (I20)."""
    migrate(engine)
    first = shape(engine)
    migrate(engine, FIRST)
    add_rows(engine)
    migrate(engine)
    before = rows_of(engine)
    folder = shutil.copytree(migrating.FOLDER, tmp_path / "migrations")
    (folder / "versions" / "9999_later.py").write_text(BUILD_ANEW.format(newest=newest_revision()))
    newest = newest_revision()
    monkeypatch.setattr(migrating, "FOLDER", folder)
    migrate(engine)
    assert "ck_payments_added" in shape(engine)["payments"]["checks"] and rows_of(engine) == before
    migrate(engine, newest)
    assert shape(engine) == first and rows_of(engine) == before


MIGRATE_AND_DIE = """
import json, os, signal, sys
from sqlalchemy import event
from bridge.store.engine import open_engine
from bridge.store.migrate import migrate
import alembic.command, psycopg

def die(_connection, _cursor, statement, *_):
    if statement.startswith(("INSERT INTO alembic_version", "UPDATE alembic_version", "DELETE FROM alembic_version")):
        os.kill(os.getpid(), signal.SIGKILL)

for revision in sys.stdin:
    child = os.fork()
    if child == 0:
        engine = open_engine(sys.argv[1])
        event.listen(engine, "after_cursor_execute", die)
        migrate(engine, revision.strip())
        os._exit(0)
    print(json.dumps(os.WTERMSIG(os.waitpid(child, 0)[1])), flush=True)
"""


@pytest.mark.invariant("I20")
def test_migrate__killed_on_the_way__leaves_the_tables_as_they_were(engine, database_url):
    """So that it can be run again; at the end of every step, up and down (I20)."""
    steps = ["base", *revisions()]
    with subprocess.Popen(
        [sys.executable, "-c", MIGRATE_AND_DIE, database_url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as killer:

        def step(revision):
            before = shape(engine)
            print(revision, file=killer.stdin, flush=True)
            assert json.loads(killer.stdout.readline()) == signal.SIGKILL
            assert shape(engine) == before
            migrate(engine, revision)

        for revision in [*steps[1:], *reversed(steps[:-1])]:
            step(revision)
        killer.stdin.close()
    assert shape(engine) == {}


def test_is_migrated__empty_database__is_not(engine):
    assert not is_migrated(engine) and newest_revision() == revisions()[-1]


@pytest.mark.invariant("I20")
def test_is_migrated__tables_of_a_later_version__are_good_to_go_on_with(engine):
    """Nodes of the version before stay ready while the next one is being started (I20)."""
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    assert is_migrated(engine, or_later=True) and not is_migrated(engine)


def test_revisions__form_one_line():
    assert len(revisions()) == len(set(revisions())) >= 1


def test_sqlite__commits__are_durable_and_readers_beside_the_writer_are_welcome(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/bridge.db")
    with engine.connect() as connection:
        pragmas = {
            name: connection.execute(text(f"pragma {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    engine.dispose()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
