"""Cashcloud's numbers and words, and what they mean to us: states, validation codes, currencies, the price list.

Source: Cashcloud sheet, sections Calls, Transaction states, Errors, Fees and limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bridge.domain.fees import FeeSchedule
from bridge.domain.outcome import Outcome
from bridge.domain.reasons import Reason

EUR, CCR = "EUR", "CCR"
"""The two currencies of the merchant API; CCR, "cashcredits", is the wallet's own and no ISO currency."""

CURRENCY_IDS: Mapping[str, int] = {EUR: 1, CCR: 2}
CURRENCIES: Mapping[int, str] = {number: name for name, number in CURRENCY_IDS.items()}

ACTION_RECEIVE = 3
"""The action of the rate call whose value a payer sees as the price."""

Meaning = tuple[Outcome, Reason | None]

DONE: Meaning = (Outcome.SUCCEEDED, None)

ACCEPTED = 2
"""The state of a payment that its payer has accepted and whose money has not moved yet."""

REFUNDED = 8
"""The state of a payment that was given back as a whole."""

PAYMENT_STATES: Mapping[int, Meaning] = {
    1: (Outcome.PENDING, None),
    2: (Outcome.PENDING, None),
    3: (Outcome.SUCCEEDED, None),
    4: (Outcome.DECLINED, Reason.PAYER_DECLINED),
    5: (Outcome.DECLINED, Reason.PAYER_CANCELED),
    6: (Outcome.DECLINED, Reason.EXPIRED),
    7: (Outcome.DECLINED, Reason.PROVIDER_ERROR),
    8: (Outcome.SUCCEEDED, None),
}
"""What a money request's `transaction_state_id` says about the payment; 8 was paid once, and given back since."""

PAID_STATES = frozenset({3, 8})

REFUND_STATES: Mapping[int, Meaning] = {
    1: (Outcome.PENDING, None),
    2: (Outcome.PENDING, None),
    3: (Outcome.SUCCEEDED, None),
    4: (Outcome.DECLINED, Reason.REFUND_NOT_TAKEN),
    5: (Outcome.DECLINED, Reason.REFUND_NOT_TAKEN),
    6: (Outcome.DECLINED, Reason.EXPIRED),
    7: (Outcome.DECLINED, Reason.PROVIDER_ERROR),
}
"""What a refund's `transaction_state_id` says; 8 means nothing on a refund and stays unknown."""

NO_MEANING: Meaning = (Outcome.UNKNOWN, None)
"""A state that the sheet does not know is neither a success nor a failure."""

NOT_DONE: frozenset[int] = frozenset({404, 423})
"""HTTP statuses under which a call surely moved no money: no such address, API locked. (403 is told apart before.)"""

REASONS: Mapping[str, Reason] = {
    "recipient.notFound": Reason.PAYER_UNKNOWN,
    "email.missing": Reason.PAYER_UNKNOWN,
    "email.emailDomain": Reason.PAYER_UNKNOWN,
    "blackList": Reason.PAYER_BLOCKED,
    "SendMoneyOptionBlocked": Reason.PAYER_BLOCKED,
    "recipient.errorStatus": Reason.INSUFFICIENT_FUNDS,
    "minAmountTransactionPerTradeLimit": Reason.BELOW_LIMIT,
    "maxAmountTransactionPerTradeLimit": Reason.ABOVE_LIMIT,
    "currency.invalid": Reason.CURRENCY_NOT_SUPPORTED,
    "currency.invalidAmount": Reason.REQUEST_REFUSED,
    "isNotCorporateUser": Reason.MERCHANT_NOT_ENABLED,
    "isCompanyApproved": Reason.MERCHANT_NOT_ENABLED,
    "isBankAvailable": Reason.PROVIDER_UNAVAILABLE,
    "isReasonAvailable": Reason.REQUEST_REFUSED,
}
"""What a code of `validationFailed` means to us."""

PRICE_LIST: Mapping[str, FeeSchedule] = {
    "corporate_plus": FeeSchedule(
        EUR, free_up_to=100, basis_points=100, fixed=15, minimum=20, maximum=None
    ),
}
"""Receiving money, by account type, price list of 2014. The list leaves open where exactly 1.00 belongs; it is taken as free."""


def reason_of(codes: Sequence[str]) -> Reason:
    """Return our reason for the first code that has one; REQUEST_REFUSED when none is known."""
    return next((REASONS[code] for code in codes if code in REASONS), Reason.REQUEST_REFUSED)
