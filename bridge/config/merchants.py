"""Decides which merchants' profiles are in force. A mistake in a profile concerns its own merchant only.

A profile with a mistake is refused. If a profile of that merchant was in force before (a reload), it stays in force. If none was (a start),
the merchant is switched off. See `bridge/decisions/0001-a-bad-profile-is-refused-alone.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.config.mistakes import did_you_mean
from bridge.config.models import MerchantProfile
from bridge.config.published import PUBLISHED
from bridge.config.reading import Document, Where

Claim = tuple[str, str]
"""What may belong to one merchant or shop only: its kind ("merchant", "shop", "key") and the text."""

_BY = {
    "merchant": "another merchant",
    "shop": "another shop",
    "key": "another API key; make a new one with `bridge keys new`",
}
_NAME = r"[\"']?\s*:\s*[\"']?([a-z0-9-]{1,40})\b"
_GLIMPSES = {
    "merchant": re.compile(rf"^[\"']?merchant{_NAME}", re.MULTILINE),
    "shop": re.compile(rf"\bshop{_NAME}"),
    "key": re.compile(r"sha256:[0-9a-f]{64}"),
}


@dataclass(frozen=True, slots=True)
class RefusedProfile:
    """A profile that has mistakes. `shops` and `keys` (hashes) are what its text names, also where it is no readable YAML.

    `previous`: the profile of before stays in force; False: the merchant is switched off.
    """

    path: Path
    merchant: str
    problems: tuple[str, ...]
    shops: frozenset[str]
    keys: frozenset[str]
    previous: bool

    @property
    def sentence(self) -> str:
        """Tell what follows from the mistakes."""
        if self.previous:
            return f"{self.path}: refused; the profile of {self.merchant} that was read before stays in force"
        return f"{self.path}: refused; the merchant {self.merchant} is switched off, all others are served"


@dataclass(slots=True)
class Reading:
    """One profile's file as it was read: what it says, the profile where that is right, and the one that was in force before."""

    document: Document
    profile: MerchantProfile | None
    previous: MerchantProfile | None = None

    @property
    def sound(self) -> bool:
        """Tell whether the file has no mistake."""
        return self.profile is not None and not self.document.mistakes

    @property
    def in_force(self) -> MerchantProfile | None:
        """Return the profile that counts; None: the merchant is switched off."""
        return self.profile if self.sound else self.previous

    def refused(self) -> RefusedProfile:
        """Describe a file with mistakes."""
        text = self.document.text
        shops, keys = (frozenset(_GLIMPSES[kind].findall(text)) for kind in ("shop", "key"))
        return RefusedProfile(
            self.document.path,
            self._name(text),
            tuple(self.document.problems),
            shops,
            keys,
            self.previous is not None,
        )

    def _name(self, text: str) -> str:
        written = _GLIMPSES["merchant"].search(text)
        return (
            self.previous.merchant
            if self.previous
            else written[1]
            if written
            else self.document.path.stem
        )


@dataclass(frozen=True, slots=True)
class _Claimed:
    """Where a file claims something."""

    reading: Reading
    where: Where = field(compare=False)

    @property
    def place(self) -> str:
        return f"{self.reading.document.path}:{self.reading.document.line(self.where)}"


def compare(readings: Sequence[Reading], before: Mapping[Path, MerchantProfile]) -> None:
    """Look for mistakes between the files, and for what no live shop may use; `before` are the profiles in force so far.

    What only one may have belongs to whom it belonged before. Where it belonged to nobody before, it belongs to nobody: every file that claims it is
    refused, because a key or a name in the wrong hands shows one merchant's payments to another.
    """
    present = {reading.document.path for reading in readings}
    for reading in readings:
        reading.previous = _previous(reading, before, present)
        _methods_have_accounts(reading.document)
        _published(reading.document)
    _tell_doubles(readings)
    while any([_gives_way(reading, readings) for reading in readings]):
        pass  # who gives way may fall back on what another claims by now


def _previous(
    reading: Reading, before: Mapping[Path, MerchantProfile], present: set[Path]
) -> MerchantProfile | None:
    """Return the profile that this file, or a file of this merchant that was renamed, brought before."""
    name = (reading.document.value or {}).get("merchant")
    renamed = (
        profile
        for path, profile in before.items()
        if path not in present and profile.merchant == name
    )
    return before.get(reading.document.path) or next(renamed, None)


# --- what only one may have --------------------------------------------------------------------------------------------


def _tell_doubles(readings: Sequence[Reading]) -> None:
    """Compare what is written: a mistake elsewhere in a file hides nothing here."""
    claims: dict[Claim, list[_Claimed]] = {}
    for reading in readings:
        for claim, where in _written(reading.document):
            claims.setdefault(claim, []).append(_Claimed(reading, where))
    without_mistake = [reading.document.path for reading in readings if reading.sound]
    for claim, claimed in claims.items():
        first, *others = sorted(claimed, key=lambda one: claim not in _claims(one.reading.previous))
        for other in others:
            other.reading.document.complain(
                other.where, f"is already used in {first.place} by {_BY[claim[0]]}"
            )
        rivals = [
            one
            for one in others
            if one.reading is not first.reading and one.reading.document.path in without_mistake
        ]
        if rivals and claim not in _claims(first.reading.previous):
            first.reading.document.complain(
                first.where, f"is used again in {rivals[0].place} by {_BY[claim[0]]}"
            )


def _gives_way(reading: Reading, readings: Sequence[Reading]) -> bool:
    """Refuse a file that claims what a merchant with a refused file still has; return whether it was refused."""
    held = {
        claim: (other.previous.merchant, other.document.path)
        for other in readings
        if other is not reading and not other.sound and other.previous
        for claim in _claims(other.previous)
    }
    taken = (
        [(claim, where) for claim, where in _written(reading.document) if claim in held]
        if reading.sound
        else []
    )
    for claim, where in taken:
        merchant, file = held[claim]
        reading.document.complain(
            where, f"is still in force for {merchant}, because the changed {file} is refused"
        )
    return bool(taken)


def _written(document: Document) -> Iterator[tuple[Claim, Where]]:
    """Yield what a file claims."""
    yield from _texts("merchant", document.value, "merchant", ())
    for where, shop in _shops(document):
        yield from _texts("shop", shop, "shop", where)
        keys = shop.get("api_keys")
        for index, key in enumerate(keys if isinstance(keys, list) else []):
            if isinstance(key, str):
                yield ("key", key), (*where, "api_keys", index)


def _claims(profile: MerchantProfile | None) -> frozenset[Claim]:
    if profile is None:
        return frozenset()
    keys = (("key", key) for shop in profile.shops for key in shop.api_keys)
    return frozenset(
        [("merchant", profile.merchant), *(("shop", shop.shop) for shop in profile.shops), *keys]
    )


def _texts(kind: str, block: Any, key: str, prefix: Where) -> Iterator[tuple[Claim, Where]]:
    if isinstance(block, dict) and isinstance(block.get(key), str):
        yield (kind, block[key]), (*prefix, key)


def _shops(document: Document) -> Iterator[tuple[Where, dict[str, Any]]]:
    shops = document.value.get("shops") if document.value else None
    for index, shop in enumerate(shops if isinstance(shops, list) else []):
        if isinstance(shop, dict):
            yield ("shops", index), shop


# --- within one file --------------------------------------------------------------------------------------------------


def _methods_have_accounts(document: Document) -> None:
    accounts = document.value.get("providers") if document.value else None
    for where, shop in _shops(document):
        methods = shop.get("methods")
        for method, provider in methods.items() if isinstance(methods, dict) else ():
            if (
                isinstance(provider, str)
                and isinstance(accounts, dict)
                and provider not in accounts
            ):
                document.complain(
                    (*where, "methods", method),
                    f"{provider} has no block under providers; {did_you_mean(provider, accounts)}",
                )


def _published(document: Document) -> None:
    """Refuse the keys and secrets of the demo, which everybody can read, where a shop takes real money."""
    live = [(where, shop) for where, shop in _shops(document) if shop.get("mode", "live") == "live"]
    for where, shop in live:
        _refuse_published(document, where, shop)
    if live:
        for block in ("providers", "adapters"):
            _refuse_published(document, (block,), document.value.get(block))


def _refuse_published(document: Document, where: Where, value: Any) -> None:
    for place, text in _leaves(where, value):
        if text in PUBLISHED:
            document.complain(
                place,
                "is published with the demo and known to everybody; make one of your own, or write mode: test for every shop",
            )


def _leaves(where: Where, value: Any) -> Iterator[tuple[Where, str]]:
    """Yield every text within a value and where it stands."""
    if isinstance(value, str):
        yield where, str(value)
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves((*where, key), inner)
