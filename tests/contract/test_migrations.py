"""The tables come from migrations: up, down and up again, by two processes at once, and equal to what the code expects."""
from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from factories import NOON, a_payment
from sqlalchemy import inspect, text

from bridge.store import schema
from bridge.store.engine import open_engine
from bridge.store.migrate import is_migrated, migrate, newest_revision
from bridge.store.unit import SqlUnits

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

    return [script.revision for script in reversed(list(ScriptDirectory.from_config(_config()).walk_revisions()))]


def shape(engine):
    """Tables with columns, indexes, constraints, as the database has them."""
    seen = inspect(engine)
    return {
        table: {
            "columns": [(c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(table)],
            "indexes": sorted((i["name"], tuple(i["column_names"]), i["unique"]) for i in seen.get_indexes(table)),
            "unique": sorted(tuple(u["column_names"]) for u in seen.get_unique_constraints(table)),
            "checks": sorted(str(c["name"]) for c in seen.get_check_constraints(table)),
            "keys": (tuple(seen.get_pk_constraint(table)["constrained_columns"]),
                     sorted(tuple(k["constrained_columns"]) for k in seen.get_foreign_keys(table))),
        }
        for table in sorted(seen.get_table_names()) if table != "alembic_version"
    }


@pytest.mark.invariant("I20")
def test_migrate__up_down_and_up_again__is_the_same_each_time(engine):
    """Idempotent in both directions, through every revision (I20)."""
    migrate(engine), migrate(engine)
    first = shape(engine)
    migrate(engine, "base")
    assert shape(engine) == {} and not is_migrated(engine)
    for revision in revisions():
        migrate(engine, revision)
    assert shape(engine) == first and is_migrated(engine)


@pytest.mark.invariant("I20")
def test_migrate__the_result__is_what_the_code_expects(engine, request, tmp_path):
    """Migrations and metadata tell the same tables (I20)."""
    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), schema.metadata) == []
    other = f"sqlite:///{tmp_path}/other.db" if engine.dialect.name == "sqlite" else request.getfixturevalue("new_postgres_database")()
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
    script = "import sys\nfrom bridge.store.engine import open_engine\nfrom bridge.store.migrate import migrate\n" \
             "sys.stdin.readline()\nmigrate(open_engine(sys.argv[1]))"
    running = [subprocess.Popen([sys.executable, "-c", script, database_url], cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
               for _ in range(2)]
    told = [process.communicate("go\n", timeout=120)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], told
    assert is_migrated(engine)


DIE_HALF_WAY = """
import os, signal, sys
from sqlalchemy import event
from bridge.store.engine import open_engine
from bridge.store.migrate import migrate

engine = open_engine(sys.argv[1])

@event.listens_for(engine, "before_cursor_execute")
def die(_connection, _cursor, statement, *_):
    if "CREATE TABLE payments" in statement:
        os.kill(os.getpid(), signal.SIGKILL)

migrate(engine)
"""


@pytest.mark.invariant("I20")
def test_migrate__killed_on_the_way__leaves_the_tables_as_they_were(engine, database_url):
    """So that it can be run again (I20)."""
    ran = subprocess.run([sys.executable, "-c", DIE_HALF_WAY, database_url], cwd=ROOT, capture_output=True, timeout=120)
    assert ran.returncode == -signal.SIGKILL, ran.stderr.decode()
    assert shape(engine) == {}
    migrate(engine)
    assert is_migrated(engine)


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
        pragmas = {name: connection.execute(text(f"pragma {name}")).scalar() for name in ("journal_mode", "synchronous", "foreign_keys")}
    engine.dispose()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
