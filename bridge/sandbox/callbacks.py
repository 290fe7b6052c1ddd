"""Callbacks: written with the change that causes them, sent by threads, repeated while the other side does not answer 2xx.

Per transaction they go out one after the other (a lane); only a fault breaks that order. What is still to be sent is kept in the
file, so a restart loses none.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import requests

from bridge.sandbox.clock import Clock
from bridge.sandbox.faults import CALLBACK, DISGUISES, Fault, Faults
from bridge.sandbox.journal import Journal
from bridge.sandbox.settings import Settings
from bridge.sandbox.store import Store

logger = logging.getLogger(__name__)

TIMEOUT = (3.0, 10.0)
"""Seconds to connect, and to wait for the answer's head."""

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Callback:
    """What a provider wants to tell a merchant.

    `variants` holds the body under the names of faults that change it: `forged`, `unknown_status`, and for `reordered` the body of
    the callback that would have gone before. `repeats` are the waits in seconds before each further try.
    """

    provider: str
    reference: str
    url: str
    body: bytes = field(repr=False)
    repeats: tuple[float, ...]
    variants: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    content_type: str = FORM


@dataclass(frozen=True, slots=True)
class _Sending:
    body: bytes
    note: str = ""
    after: float = 0.0
    own_lane: bool = False
    repeated: bool = True


class Callbacks:
    """The queue of callbacks and the threads that send them."""

    def __init__(
        self, store: Store, clock: Clock, settings: Settings, faults: Faults, journal: Journal
    ) -> None:
        self._store, self._clock, self._settings = store, clock, settings
        self._faults, self._journal = faults, journal
        self._stopped, self._work = threading.Event(), threading.Condition()
        self._local = threading.local()
        self._threads: list[threading.Thread] = []

    def send(self, callback: Callback, fault: Fault | None = None) -> None:
        """Queue a callback, within the unit of the change that it tells, with the fault that is due (or the given one)."""
        fault = fault or self._faults.take(callback.provider, CALLBACK)
        name = fault.name if fault else ""
        if fault and name in DISGUISES:
            self._faults.disguise(callback.provider, callback.reference, fault)
        if name == "lost" or not callback.url:
            self._journal.sent(callback.provider, callback.reference, name or "no callback url")
            return
        at_once = name == "before_response"
        rows = [
            self._queue(callback, sending, busy=at_once) for sending in _sendings(callback, fault)
        ]
        if at_once:
            self._prompt().extend(rows)

    def flush(self) -> None:
        """Send now what must be heard before this thread's call is answered, and wake the senders for the rest."""
        prompt = self._prompt()
        self.forget_prompt()
        if prompt:
            with _session() as session:
                for row in filter(None, map(self._reserved, prompt)):
                    self._deliver(row, session)
        self.wake()

    def forget_prompt(self) -> None:
        """Send nothing more on this thread; its unit of work has come to nothing."""
        self._local.prompt = []

    def wake(self) -> None:
        """Let the sending threads look for work at once."""
        with self._work:
            self._work.notify_all()

    def start(self, threads: int = 4) -> None:
        """Start the sending threads; what an earlier process left half sent is sent again."""
        with self._store.unit() as db:
            db.execute("UPDATE callbacks SET busy = 0")
        self._threads = [
            threading.Thread(target=self._run, daemon=True, name=f"callbacks-{n}")
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop the sending threads, waiting 5 seconds at most; the queue stays."""
        self._stopped.set()
        self.wake()
        end = time.monotonic() + 5
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def clear(self) -> None:
        """Forget everything that is still to be sent."""
        with self._store.unit() as db:
            db.execute("DELETE FROM callbacks")

    def _prompt(self) -> list[int]:
        numbers: list[int] = self._local.__dict__.setdefault("prompt", [])
        return numbers

    def _reserved(self, number: int) -> sqlite3.Row | None:
        with self._store.unit() as db:
            row: sqlite3.Row | None = db.execute(
                "SELECT * FROM callbacks WHERE id = ?", (number,)
            ).fetchone()
        return row

    def _queue(self, callback: Callback, sending: _Sending, busy: bool) -> int:
        lane = None if sending.own_lane else f"{callback.provider}:{callback.reference}"
        with self._store.unit() as db:
            cursor = db.execute(
                "INSERT INTO callbacks (provider, reference, url, content_type, body, lane, due_at, attempt, repeats, busy, note)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)",
                (
                    callback.provider,
                    callback.reference,
                    callback.url,
                    callback.content_type,
                    sending.body,
                    lane,
                    self._clock.now() + sending.after,
                    json.dumps(callback.repeats if sending.repeated else ()),
                    busy,
                    sending.note,
                ),
            )
        return cursor.lastrowid or 0

    def _run(self) -> None:
        with _session() as session:
            while not self._stopped.is_set():
                try:
                    self._send_next(session)
                except Exception:
                    if not self._stopped.is_set():
                        logger.exception("a callback could not be handled")
                        self._rest()

    def _send_next(self, session: requests.Session) -> None:
        row = self._claim()
        if row is None:
            self._rest()
        else:
            self._deliver(row, session)

    def _rest(self) -> None:
        with self._work:
            if not self._stopped.is_set():
                self._work.wait(0.2)

    def _claim(self) -> sqlite3.Row | None:
        with self._store.unit() as db:
            row: sqlite3.Row | None = db.execute(
                "SELECT * FROM callbacks AS c WHERE busy = 0 AND due_at <= ? AND NOT EXISTS (SELECT 1 FROM callbacks AS e"
                " WHERE e.lane = c.lane AND e.id < c.id) ORDER BY due_at, id LIMIT 1",
                (self._clock.now(),),
            ).fetchone()
            if row is not None:
                db.execute("UPDATE callbacks SET busy = 1 WHERE id = ?", (row["id"],))
        return row

    def _deliver(self, row: sqlite3.Row, session: requests.Session) -> None:
        outcome = _post(row, session)
        with self._store.unit() as db:
            if db.execute("SELECT 1 FROM callbacks WHERE id = ?", (row["id"],)).fetchone() is None:
                return  # a reset came between
            self._journal.sent(
                row["provider"], row["reference"], f"{outcome} {row['note']}".strip()
            )
            self._after(db, row, outcome.startswith("2"))

    def _after(self, db: sqlite3.Connection, row: sqlite3.Row, done: bool) -> None:
        waits = json.loads(row["repeats"])
        if done or row["attempt"] >= len(waits):
            db.execute("DELETE FROM callbacks WHERE id = ?", (row["id"],))
            return
        due = self._clock.now() + self._scaled(waits[row["attempt"]])
        db.execute(
            "UPDATE callbacks SET busy = 0, attempt = attempt + 1, due_at = ? WHERE id = ?",
            (due, row["id"]),
        )

    def _scaled(self, wait: float) -> float:
        return wait / 60 if wait >= 60 and self._settings.get("minutes_as_seconds", False) else wait


def _sendings(callback: Callback, fault: Fault | None) -> list[_Sending]:
    name = fault.name if fault else ""
    body = callback.variants.get(name, callback.body)
    if name == "twice":
        return [_Sending(body, name), _Sending(body, name)]
    if fault and name == "late":
        return [_Sending(body, name, after=fault.option("ms", 1000) / 1000, own_lane=True)]
    if name == "reordered":
        return [_Sending(callback.body, name), _Sending(body, name)]
    return [_Sending(body, name, repeated=name != "forged")]


def _session() -> requests.Session:
    """A session that goes straight to the merchant, whatever proxies the environment names."""
    session = requests.Session()
    session.trust_env = False
    return session


def _post(row: sqlite3.Row, session: requests.Session) -> str:
    headers = {"Content-Type": row["content_type"], "User-Agent": "bridge-sandbox"}
    try:
        with session.post(
            row["url"],
            data=row["body"],
            headers=headers,
            timeout=TIMEOUT,
            allow_redirects=False,
            stream=True,
        ) as answer:
            return str(answer.status_code)
    except (requests.RequestException, ValueError) as error:
        return f"unreachable: {type(error).__name__}"
