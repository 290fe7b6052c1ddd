"""The other side of P3: the same database driven bare, one payment with its rows in two durable commits, as the bridge has it.

Plain SQL through the driver, prepared once; on SQLite one thread (more only wait for its one writer), on PostgreSQL as many
as the bridge is asked by.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from itertools import count

import psycopg

from tests.bench import houses
from tests.bench.measure import Sample

THREADS = 8
BODY = "x" * 1200
"""As long as the JSON of a payment."""

_numbers = count(10_000_000)
Run = Callable[[str, tuple[object, ...]], object]


def payments(database: str, seconds: float) -> Sample:
    """Write payments for some seconds; return payments per second and the time of each, both commits together."""
    times: list[float] = []
    if database.startswith("sqlite"):
        _sqlite(database, seconds, times)
    else:
        threads = [
            threading.Thread(target=_postgres, args=(database, seconds, times))
            for _ in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return Sample(len(times) / seconds, times, 0.0, 0.0, {200: len(times)}, 0.0)


def _sqlite(database: str, seconds: float, times: list[float]) -> None:
    connection = sqlite3.connect(
        database.removeprefix("sqlite:///"), isolation_level=None, timeout=30
    )
    for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on", "cache_size=-16000"):
        connection.execute(f"pragma {pragma}")
    _repeat(lambda sql, values: connection.execute(sql, values), "?", seconds, times)
    connection.close()


def _postgres(database: str, seconds: float, times: list[float]) -> None:
    with psycopg.connect(houses.libpq(database), autocommit=True) as connection:
        _repeat(
            lambda sql, values: connection.execute(sql, values, prepare=bool(values)),
            "%s",
            seconds,
            times,
        )


def _repeat(run: Run, mark: str, seconds: float, times: list[float]) -> None:
    until = time.perf_counter() + seconds
    while (began := time.perf_counter()) < until:
        _payment(run, mark, next(_numbers))
        times.append((time.perf_counter() - began) * 1e3)


def _payment(run: Run, mark: str, n: int) -> None:
    """Beat 1 and beat 3 of creating a payment: the same rows in the same tables."""
    payment, event, key = (
        houses.payment_row(n),
        houses.event_row(n) | {"body": BODY},
        houses.key_row(n) | {"body": None},
    )
    identity = (payment["id"],)
    run("begin", ())
    _insert(run, mark, "idempotency", key)
    _insert(run, mark, "payments", payment)
    _insert(run, mark, "events", event)
    for kind in ("payment", "notify"):
        _insert(
            run,
            mark,
            "outbox",
            {
                "kind": kind,
                "subject": payment["id"],
                "lane": "now",
                "due_at": payment["created_at"],
                "attempts": 0,
                "fence": 0,
                "revision": 0,
            },
        )
    run("commit", ())
    run("begin", ())
    run(
        f"update payments set status = 'paid', sequence = 2, version = 4, provider_reference = 'r{n}' where id = {mark}",
        identity,
    )
    _insert(run, mark, "events", event | {"id": f"evt_01{n:024d}", "sequence": 2})
    run(f"update outbox set revision = 1 where subject = {mark}", identity)
    run(
        f"update idempotency set body = {mark} where shop = {mark} and key = {mark}",
        (BODY, key["shop"], key["key"]),
    )
    run("commit", ())


def _insert(run: Run, mark: str, table: str, row: dict[str, object]) -> None:
    run(
        f"insert into {table} ({', '.join(row)}) values ({', '.join([mark] * len(row))})",
        tuple(row.values()),
    )
