"""1cs' codes and what they mean to us: eight characters, always text, `N NNN AAAA`: severity, category, detail.

Source: 1cs sheet, sections 5.5 and 5.6. What the sheet answers with "inquire" or "wait" is UNKNOWN here: the amounts tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from bridge.domain.outcome import Outcome
from bridge.domain.reasons import Reason


class Meaning(NamedTuple):
    """What a code makes of the call, or of the step, that it ends."""

    outcome: Outcome
    reason: Reason | None = None


_CODE = re.compile(r"[0-9][0-9]{3}[0-9A-Z]{4}")

DONE = Meaning(Outcome.SUCCEEDED)
OPEN = Meaning(Outcome.PENDING)
NO_MEANING = Meaning(Outcome.UNKNOWN)
"""A code that the sheet does not know is neither a success nor a failure."""

GOOD, ERROR, FATAL, GOES_ON, AUTHENTICATING = "0", "2", "4", "6", "7"
"""Severities in use; 1 (warning) and 8 (retry) exist, are not used, and mean nothing to us."""

NO_SUCH_PAYMENT = "0061"

GOOD_STATUSES = frozenset({"OK", "AUTHORIZED", "SUCCESS"})
WAITING_STATUSES = frozenset(
    {"AUTHORIZE_REQUEST", "PENDING", "CAPTURE_REQUEST", "CREDIT_REQUEST", "CAPTURE_WAITING"}
)
"""`Status`, in capitals; it may confirm a code, never replace one."""

_BY_REASON: tuple[tuple[Reason, str], ...] = (
    (
        Reason.REQUEST_REFUSED,
        "0001 0002 0003 0004 0005 0006 0007 0008 0009 0010 0011 0013 0014 0020 0021 0022 1990 0026 0023 1930 1931 1932 0032 003E"
        " 0044 0049 0061 0063 0074 0112 0113 0114 0115 0321 0901 0958 0959 1431",
    ),
    (Reason.CARD_INVALID, "0015 0016 0017 0019 0102 0314 0130 0131"),
    (Reason.CARD_NOT_SUPPORTED, "0018 0091 0096 0203 0111 0304"),
    (Reason.CARD_EXPIRED, "0094 0110 0333"),
    (Reason.CARD_DECLINED, "0100 0302 0305 0385 0103 0120 0313 0351 0950"),
    (Reason.INSUFFICIENT_FUNDS, "1884"),
    (Reason.AUTHENTICATION_FAILED, "0090 0095 0097 0098 0200 0201 1542"),
    (
        Reason.SUSPECTED_FRAUD,
        "0104 0361 0190 0191 0192 0193 0194 0161 0162 0163 0164 0165 0166 0167 0168 0169"
        " 011A 011B 011C 011D 011E 011F 011G 011H 011I 012A 012B 012C 012D 012E 012F 012G 012H 012I"
        " 013A 013B 013C 013D 013E 013F 013G 013H 013I 014A 014B 014C 014D 014E 014F 014G 014H 014I",
    ),
    (Reason.PAYER_CANCELED, "0053 0703 0946"),
    (Reason.BELOW_LIMIT, "0070"),
    (Reason.CURRENCY_NOT_SUPPORTED, "0349"),
    (Reason.MERCHANT_NOT_ENABLED, "0060 0071 0077 0078 0080 0081 0101 0312"),
    (Reason.PROVIDER_UNAVAILABLE, "0121"),
    (Reason.PROVIDER_ERROR, "0000 0073 0906 0951 0952"),
)
"""Details that end a step, and why."""

_INQUIRE = "0040 0045 0050 0051 0052 0054 0062 0064 0065 0066 0068 0069 0072 0075 0076 0350 0705 0709 0934 0960 1515 1815"
"""Details after which only the amounts of an inquiry tell what became of the money."""

DETAILS: Mapping[str, Meaning] = {
    **{
        detail: Meaning(Outcome.DECLINED, reason)
        for reason, details in _BY_REASON
        for detail in details.split()
    },
    **dict.fromkeys(_INQUIRE.split(), NO_MEANING),
    "0985": OPEN,
}
"""What each detail of the sheet says when the severity is an error."""

LOGIN_REFUSED = frozenset({"0003", "0007", "0044"})
"""Details about the merchant and its keys: MerchantID unknown, Data undecipherable, MAC wrong (1cs sheet, tables of codes)."""

CATEGORIES: Mapping[str, Reason] = {
    "018": Reason.EXPIRED,
    "103": Reason.AUTHENTICATION_FAILED,
    "120": Reason.AUTHENTICATION_FAILED,
}
"""Categories that say more than an unspecified detail (0000)."""


def meaning_of(code: str) -> Meaning:
    """Return what a code says; UNKNOWN for one that the sheet does not know, never success or failure."""
    if not _CODE.fullmatch(code):
        return NO_MEANING
    severity, category, detail = code[0], code[1:4], code[4:]
    if severity in (ERROR, FATAL):
        if detail == "0000" and category in CATEGORIES:
            return Meaning(Outcome.DECLINED, CATEGORIES[category])
        return DETAILS.get(detail, NO_MEANING)
    return {GOOD: DONE, GOES_ON: OPEN, AUTHENTICATING: OPEN}.get(severity, NO_MEANING)


def is_login_refused(code: str) -> bool:
    """Tell whether a code says that the merchant's id or keys are not accepted."""
    return bool(_CODE.fullmatch(code)) and code[0] in (ERROR, FATAL) and code[4:] in LOGIN_REFUSED


def is_not_found(code: str) -> bool:
    """Tell whether an inquiry's code says that there is no such payment."""
    return bool(_CODE.fullmatch(code)) and code[0] in (ERROR, FATAL) and code[4:] == NO_SUCH_PAYMENT
