"""The people of the sandbox: merchants who may call, and payers with a wallet."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.sandbox.store import Store

ENOUGH = 100_000_000
"""A balance that no trial run uses up: one million euro, in minor units."""

FIRST_ACCOUNTS = (
    # e-mail                  PIN       balance  blocked
    ("customer@example.com", "123456", ENOUGH, False),
    ("poor@example.com", "123456", 0, False),
    ("blocked@example.com", "123456", ENOUGH, True),
)


@dataclass(frozen=True, slots=True)
class Merchant:
    """A business with an account at a provider. `secrets` is what the provider keeps to check its signatures."""

    provider: str
    username: str
    name: str
    account_type: str
    locked: bool
    secrets: Mapping[str, str] = field(repr=False)
    settings: Mapping[str, Any]


class Merchants:
    """Merchants and their settings; they survive a reset."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, merchant: Merchant) -> None:
        """Add a merchant, or give a known one new secrets; the settings of a known one stay."""
        with self._store.unit() as db:
            db.execute(
                "INSERT INTO merchants VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name,"
                " account_type = excluded.account_type, locked = excluded.locked, secrets = excluded.secrets",
                (
                    merchant.provider,
                    merchant.username,
                    merchant.name,
                    merchant.account_type,
                    merchant.locked,
                    json.dumps(dict(merchant.secrets)),
                    json.dumps(dict(merchant.settings)),
                ),
            )

    def get(self, provider: str, username: str) -> Merchant | None:
        """One merchant."""
        with self._store.unit() as db:
            row = db.execute(
                "SELECT * FROM merchants WHERE provider = ? AND username = ?", (provider, username)
            ).fetchone()
        return row and _merchant(row)

    def known(self, provider: str, username: str) -> Merchant:
        """The merchant of an entry in the ledger; entries go with their merchants, so there is one."""
        merchant = self.get(provider, username)
        if merchant is None:
            raise LookupError(f"{provider} has no merchant {username}")
        return merchant

    def save_settings(self, merchant: Merchant, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        """Lay changes over a merchant's settings and return them all."""
        settings = {**merchant.settings, **changes}
        with self._store.unit() as db:
            db.execute(
                "UPDATE merchants SET settings = ? WHERE provider = ? AND username = ?",
                (json.dumps(settings), merchant.provider, merchant.username),
            )
        return settings


@dataclass(frozen=True, slots=True)
class Account:
    """A payer's wallet account; the balance in minor units."""

    email: str
    pin: str = field(repr=False)
    balance: int
    blocked: bool


class Accounts:
    """The payers' wallet accounts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, email: str, pin: str, balance: int, blocked: bool) -> None:
        """Add an account or write it anew."""
        with self._store.unit() as db:
            db.execute(
                "INSERT INTO accounts VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " pin = excluded.pin, balance = excluded.balance, blocked = excluded.blocked",
                (email, pin, balance, blocked),
            )

    def get(self, email: str) -> Account | None:
        """One account by its e-mail, whatever its capitals."""
        with self._store.unit() as db:
            row = db.execute(
                "SELECT * FROM accounts WHERE email = ?", (email.strip().lower(),)
            ).fetchone()
        return row and Account(row["email"], row["pin"], row["balance"], bool(row["blocked"]))

    def move(self, email: str, amount: int) -> None:
        """Add to the balance, or take from it if the amount is negative. An unknown account is left alone."""
        with self._store.unit() as db:
            db.execute("UPDATE accounts SET balance = balance + ? WHERE email = ?", (amount, email))

    def emails(self) -> list[str]:
        """Everybody's e-mail, in the order of the making."""
        with self._store.unit() as db:
            return [row["email"] for row in db.execute("SELECT email FROM accounts ORDER BY rowid")]

    def reset(self) -> None:
        """Only the accounts that exist after a reset."""
        with self._store.unit() as db:
            db.execute("DELETE FROM accounts")
            for email, pin, balance, blocked in FIRST_ACCOUNTS:
                self.put(email, pin, balance, blocked)


def _merchant(row: sqlite3.Row) -> Merchant:
    read = {name: json.loads(row[name]) for name in ("secrets", "settings")}
    return Merchant(**{**dict(row), **read, "locked": bool(row["locked"])})
