"""Tells when an account's callbacks do not come, or its login is refused. What is counted stands in the database, so every node tells the same.

A lost callback costs no money, because inquiries learn the same later. It costs time, and nobody sees it. So a payment that an inquiry finds
paid counts against the account until a genuine callback arrives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bridge.domain.outcome import Answer, Outcome
from bridge.ports import AccountSigns, Clock, Unit, Units

REJECTED_AFTER = timedelta(minutes=2)
"""An inquiry may be a moment faster than the callback; after this time the callback is not on its way any more."""

MISSING_AFTER, MISSING_AT_LEAST = timedelta(minutes=5), 3
"""One lost callback is no alarm: so many payments in a row without any, the first so long ago, are."""

EXECUTED = frozenset({Outcome.SUCCEEDED, Outcome.PENDING, Outcome.DECLINED})


class Alarm(StrEnum):
    """What is wrong with an account; the values are fixed, for metrics."""

    CALLBACKS_REJECTED = "callbacks_rejected"
    CALLBACKS_MISSING = "callbacks_missing"
    LOGIN_REFUSED = "login_refused"


ADVICE: Mapping[Alarm, str] = {
    Alarm.CALLBACKS_REJECTED: "callbacks arrive and none is genuine: the password or key in the profile is not the one that the provider signs with",
    Alarm.CALLBACKS_MISSING: "payments get paid and no callback arrives: they go elsewhere or cannot reach this address; try `bridge merchants sync`",
    Alarm.LOGIN_REFUSED: "the provider refuses the login: check the account's credentials in the profile",
}
"""What an operator reads beside an alarm."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One account, what is known of it, and its alarms."""

    signs: AccountSigns
    alarms: tuple[Alarm, ...]


class WatchAccounts:
    """Judges every account of the profiles in force."""

    def __init__(
        self, units: Units, clock: Clock, accounts: Callable[[], Collection[tuple[str, str]]]
    ) -> None:
        """Take the store, the clock, and which (merchant, provider) there are."""
        self._units = units
        self._clock = clock
        self._accounts = accounts

    def __call__(self) -> Sequence[Watched]:
        """Return every account with its alarms, in the order of the profiles."""
        at = self._clock()
        with self._units.read() as unit:
            known = {(signs.merchant, signs.provider): signs for signs in unit.signs.all()}
        everything = [known.get(account) or AccountSigns(*account) for account in self._accounts()]
        return [Watched(signs, alarms_of(signs, at)) for signs in everything]

    def count(self) -> Mapping[str, int]:
        """Return how many accounts have each alarm; an alarm that no account has counts 0."""
        return {alarm.value: 0 for alarm in Alarm} | Counter(
            alarm.value for one in self() for alarm in one.alarms
        )

    def is_quiet(self) -> bool:
        """Tell whether no account has an alarm."""
        return not any(one.alarms for one in self())


def alarms_of(signs: AccountSigns, at: datetime) -> tuple[Alarm, ...]:
    """Judge one account at a time.

    Anybody can post a forged callback, so rejected ones alone raise no alarm: payments must have been found paid by inquiry as well.
    """
    silent_for = timedelta(0) if signs.unheard_since is None else at - signs.unheard_since
    found = []
    if 0 < signs.unheard <= signs.rejected and silent_for >= REJECTED_AFTER:
        found.append(Alarm.CALLBACKS_REJECTED)
    elif signs.unheard >= MISSING_AT_LEAST and silent_for >= MISSING_AFTER:
        found.append(Alarm.CALLBACKS_MISSING)
    if signs.refused:
        found.append(Alarm.LOGIN_REFUSED)
    return tuple(found)


def note_login(unit: Unit, merchant: str, provider: str, answer: Answer, at: datetime) -> None:
    """Keep what an answer says about the account's login."""
    if answer.login_refused:
        unit.signs.login_refused(merchant, provider, at)
    elif answer.outcome in EXECUTED:
        unit.signs.login_accepted(merchant, provider)
