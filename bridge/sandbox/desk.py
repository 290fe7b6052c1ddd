"""The desk at which every provider's sandbox sits: ledger, clock, faults, journal, callbacks and people, over one store."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Protocol

from bridge.sandbox.accounts import Accounts, Merchant, Merchants
from bridge.sandbox.callbacks import Callbacks
from bridge.sandbox.calls import Refused, Route
from bridge.sandbox.clock import Clock
from bridge.sandbox.endings import Holds
from bridge.sandbox.faults import CALLBACK, Fault, Faults
from bridge.sandbox.journal import Journal
from bridge.sandbox.ledger import Entry, Ledger
from bridge.sandbox.notes import Notes
from bridge.sandbox.settings import Settings
from bridge.sandbox.store import Store

logger = logging.getLogger(__name__)


class Provider(Protocol):
    """What a provider's `sandbox.py` offers as `SANDBOX`; made with `SANDBOX(desk)`."""

    name: ClassVar[str]
    """The word for it in control calls, and the first part of its paths."""

    def routes(self) -> Sequence[Route]:
        """Its table of calls; paths are below `/<name>`. With a class attribute `any_case` they are one file name each, read in any case."""

    def merchant(
        self, username: str, password: str, account_type: str, name: str, locked: bool
    ) -> Merchant:
        """A merchant with the secrets that the provider keeps. Raises ValueError for an impossible one."""

    def act(self, entry: Entry, action: str, fault: Fault | None = None) -> Entry:
        """What the payer, or time, does with an entry. Repeating it changes nothing; Refused (409) if it cannot be done.

        A fault given here is the one for the callback that the action causes."""

    def act_at_portal(self, entry: Entry, action: str, amount: int | None) -> Entry:
        """What the merchant does by hand at the provider's portal: `refund`, `capture` or `cancel`. Refused (409) if it cannot be done."""


class Desk:
    """Everything that the providers share, and the thread that watches the clock."""

    def __init__(self, data_dir: Path, chaos: Mapping[str, float], seed: int) -> None:
        self.store = Store(data_dir)
        self.settings = Settings(self.store)
        self.clock = Clock(self.settings)
        self.ledger = Ledger(self.store, self.clock)
        self.journal = Journal(self.store, self.clock)
        self.faults = Faults(self.store, chaos, seed)
        self.notes = Notes(self.store, self.clock)
        self.merchants, self.accounts = Merchants(self.store), Accounts(self.store)
        self.callbacks = Callbacks(self.store, self.clock, self.settings, self.faults, self.journal)
        self.holds = Holds()
        self.providers: dict[str, Provider] = {}
        self._stopped = threading.Event()
        self._watch = threading.Thread(target=self._watch_clock, daemon=True, name="clock")
        if not self.accounts.emails():
            self.accounts.reset()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One unit of work; the callbacks that it causes go out when it is written."""
        try:
            with self.store.unit():
                yield
        except BaseException:
            self.callbacks.forget_prompt()
            raise
        self.callbacks.flush()

    def act(self, entry: Entry, action: str) -> Entry:
        """Let a payer act, after everything that was due before. Raises Refused."""
        self.tick()
        with self.turn():
            latest = self.ledger.get(entry.provider, entry.reference) or entry
            return self.providers[entry.provider].act(latest, action)

    def act_before_response(self, entry: Entry) -> None:
        """If that fault is due, let the payer act at once and be told of it before the running call is answered."""
        fault = self.faults.take(entry.provider, CALLBACK, only={"before_response"})
        if fault:
            self.providers[entry.provider].act(entry, fault.option("action", "accept"), fault)

    def act_at_portal(self, reference: str, action: str, amount: int | None) -> Entry | None:
        """Let the merchant act by hand at the provider's portal, within a turn; `amount` None: all that can be. None: no such entry. Raises Refused."""
        entry = self.ledger.by_reference(reference)
        return (
            None
            if entry is None
            else self.providers[entry.provider].act_at_portal(entry, action, amount)
        )

    def tick(self) -> None:
        """Do everything whose time has come."""
        with self.turn():
            for entry in self.ledger.due():
                self._do_next(entry)

    def reset(self) -> None:
        """Empty ledger, faults, journal and queue, set clock and accounts back; merchants stay."""
        with self.store.unit() as db:
            for table in ("ledger", "journal"):
                db.execute(f"DELETE FROM {table}")
            self.faults.clear()
            self.callbacks.clear()
            self.settings.clear()
            self.accounts.reset()
        self.holds.release()

    def start(self) -> None:
        """Start the threads."""
        self.callbacks.start()
        self._watch.start()

    def close(self) -> None:
        """Stop the threads and close the file."""
        self._stopped.set()
        self.holds.release()
        self.callbacks.stop()
        if self._watch.is_alive():
            self._watch.join()
        self.store.close()

    def _do_next(self, entry: Entry) -> None:
        action = entry.next_action or "expire"
        later = entry.expires_at if action != "expire" else None
        entry = self.ledger.change(entry, next_at=later, next_action="expire" if later else None)
        try:
            self.providers[entry.provider].act(entry, action)
        except Refused:
            logger.info("%s could not %s", entry.reference, action)

    def _watch_clock(self) -> None:
        while not self._stopped.wait(0.2):
            try:
                self.tick()
            except Exception:
                logger.exception("the clock's watch stumbled")
