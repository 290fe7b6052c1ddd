"""The tables: every state and every code that the sheet names."""

from __future__ import annotations

import pytest
from cashcloud_script import FIFTY, a_refund, a_transaction, an_account, http

from bridge.domain.money import Money
from bridge.domain.outcome import Outcome
from bridge.domain.reasons import Reason
from bridge.ports import PaymentRef
from bridge.providers.cashcloud import codes

S, P, D, U = Outcome.SUCCEEDED, Outcome.PENDING, Outcome.DECLINED, Outcome.UNKNOWN
PAYMENTS = [
    (1, P, None, 0),
    (2, P, None, 0),
    (3, S, None, 4999),
    (4, D, Reason.PAYER_DECLINED, 0),
    (5, D, Reason.PAYER_CANCELED, 0),
    (6, D, Reason.EXPIRED, 0),
    (7, D, Reason.PROVIDER_ERROR, 0),
    (8, S, None, 4999),
    (0, U, None, 0),
    (9, U, None, 0),
    (99, U, None, 0),
]
REFUNDS = [
    (1, P, None),
    (2, P, None),
    (3, S, None),
    (4, D, Reason.REFUND_NOT_TAKEN),
    (5, D, Reason.REFUND_NOT_TAKEN),
    (6, D, Reason.EXPIRED),
    (7, D, Reason.PROVIDER_ERROR),
    (8, U, None),
    (9, U, None),
]
CODES = [
    ("recipient.notFound", Reason.PAYER_UNKNOWN),
    ("email.missing", Reason.PAYER_UNKNOWN),
    ("email.emailDomain", Reason.PAYER_UNKNOWN),
    ("blackList", Reason.PAYER_BLOCKED),
    ("SendMoneyOptionBlocked", Reason.PAYER_BLOCKED),
    ("recipient.errorStatus", Reason.INSUFFICIENT_FUNDS),
    ("minAmountTransactionPerTradeLimit", Reason.BELOW_LIMIT),
    ("maxAmountTransactionPerTradeLimit", Reason.ABOVE_LIMIT),
    ("currency.invalid", Reason.CURRENCY_NOT_SUPPORTED),
    ("currency.invalidAmount", Reason.REQUEST_REFUSED),
    ("isNotCorporateUser", Reason.MERCHANT_NOT_ENABLED),
    ("isCompanyApproved", Reason.MERCHANT_NOT_ENABLED),
    ("isBankAvailable", Reason.PROVIDER_UNAVAILABLE),
    ("isReasonAvailable", Reason.REQUEST_REFUSED),
    ("neverHeardOf", Reason.REQUEST_REFUSED),
]


@pytest.mark.parametrize(("state", "outcome", "reason", "captured"), PAYMENTS)
def test_payment_state__as_in_the_sheet__means(state, outcome, reason, captured):
    """An unknown state is UNKNOWN (I4)."""
    account, _ = an_account(
        {"transactions": [http(200, {"transaction": a_transaction(transaction_state_id=state)})]}
    )
    answer = account.inquire(PaymentRef("pay_1-1", FIFTY, "hash-1"))
    assert (answer.outcome, answer.reason, answer.statement.captured, answer.provider_code) == (
        outcome,
        reason,
        captured,
        f"state.{state}",
    )


@pytest.mark.parametrize(("state", "outcome", "reason"), REFUNDS)
def test_refund_state__as_in_the_sheet__means(state, outcome, reason):
    """An unknown state is UNKNOWN (I4)."""
    found = a_transaction(
        hash="hash-2", amount=1500, transaction_state_id=state, extern={"id": "ref_1-1"}
    )
    account, _ = an_account({"transactions": [http(200, {"transaction": found})]})
    answer = account.inquire_operation("refund", a_refund(provider_reference="hash-2"))
    assert (
        answer.outcome,
        answer.reason,
        answer.statement.amount,
        answer.statement.our_reference,
    ) == (outcome, reason, 1500, "ref_1-1")


@pytest.mark.parametrize(("code", "reason"), CODES)
def test_validation_code__as_in_the_sheet__means(code, reason):
    assert codes.reason_of(["something", code]) is reason


def test_validation_codes__table_and_test__name_the_same():
    assert dict(CODES[:-1]) == dict(codes.REASONS)


@pytest.mark.parametrize(
    ("cents", "fee"),
    [(20, 0), (100, 0), (101, 16), (149, 16), (150, 17), (4999, 65), (1_000_000, 10_015)],
)
def test_fee__corporate_plus__is_one_percent_and_fifteen_cents_above_one_euro(cents, fee):
    account, _ = an_account()
    assert account.fee(Money(cents, "EUR")) == fee


def test_terms__corporate_plus__has_a_minimum_and_no_maximum():
    account, wire = an_account()
    terms = account.terms()
    assert (terms.currencies, terms.minimum, terms.maximum, terms.payer_fields) == (
        ("EUR",),
        20,
        None,
        ("wallet_username",),
    )
    assert account.fee(Money(100, "USD")) is None and not wire.calls
