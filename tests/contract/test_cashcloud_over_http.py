"""Cashcloud against its sandbox: the faults and answers that only Cashcloud has."""

from __future__ import annotations

import re

import pytest
from provider_accounts import FIFTY, Bench, as_text, listening, ref, refund_of, running_sandbox

from bridge.domain.money import Money
from bridge.domain.outcome import Outcome
from bridge.domain.payment import Payer
from bridge.domain.reasons import Reason
from bridge.errors import ConfigError
from bridge.providers import discover
from bridge.settings import Resolved

LOST_LOGINS = [
    ("drop_before", {}),
    ("drop_after", {}),
    ("hang", {}),
    ("garbage", {}),
    ("truncate", {}),
] + [("status", {"code": code}) for code in (302, 403, 404, 412, 423, 500)]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def bench(sandbox):
    with listening() as ear:
        made = Bench(discover()["cashcloud"], sandbox, ear)
        yield made
        made.transport.close()


@pytest.mark.parametrize(
    ("payer", "cents", "reason", "code"),
    [
        ("poor@example.com", 4999, Reason.INSUFFICIENT_FUNDS, "recipient.errorStatus"),
        ("blocked@example.com", 4999, Reason.PAYER_BLOCKED, "blackList"),
        ("nobody@example.com", 4999, Reason.PAYER_UNKNOWN, "recipient.notFound"),
        ("no address", 4999, Reason.PAYER_UNKNOWN, "email.emailDomain"),
        (None, 4999, Reason.PAYER_UNKNOWN, "email.missing"),
        ('a"; filename="x\r\n\r\n--b@example.com', 4999, Reason.PAYER_UNKNOWN, None),
        ("customer@example.com", 19, Reason.BELOW_LIMIT, "minAmountTransactionPerTradeLimit"),
    ],
)
def test_start__payer_or_amount_not_accepted__is_declined_with_our_reason(
    bench, payer, cents, reason, code
):
    request = bench.request(payer=Payer(payer), money=Money(cents, "EUR"))
    answer = bench.provider().start(request).answer
    assert (answer.outcome, answer.reason) == (Outcome.DECLINED, reason) and code in (
        None,
        answer.provider_code,
    )
    assert not bench.sandbox.entries(request.reference)


@pytest.mark.parametrize(
    ("action", "outcome", "reason"),
    [
        ("accept", Outcome.SUCCEEDED, None),
        ("decline", Outcome.DECLINED, Reason.PAYER_DECLINED),
        ("expire", Outcome.DECLINED, Reason.EXPIRED),
        ("fail", Outcome.DECLINED, Reason.PROVIDER_ERROR),
    ],
)
def test_payment__whatever_the_payer_does__is_learned_by_inquiry(bench, action, outcome, reason):
    provider, request = bench.provider(), bench.request()
    start = provider.start(request)
    bench.sandbox.control("POST", f"payer/{start.answer.provider_reference}", action=action)
    answer = provider.inquire(ref(request, start.answer.provider_reference))
    assert (answer.outcome, answer.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        ("accept", Outcome.SUCCEEDED),
        ("decline", Outcome.DECLINED),
        ("expire", Outcome.DECLINED),
        ("fail", Outcome.DECLINED),
    ],
)
def test_refund__whatever_the_payer_does__is_learned_by_inquiry(bench, action, outcome):
    provider = bench.provider()
    refund = refund_of(bench.paid(provider))
    bench.sandbox.control(
        "POST", f"payer/{provider.refund(refund).provider_reference}", action=action
    )
    assert provider.inquire_operation("refund", refund).outcome is outcome


@pytest.mark.invariant("I4")
@pytest.mark.parametrize(("fault", "options"), LOST_LOGINS)
def test_login__fails_in_any_way__no_money_was_asked_for(bench, fault, options):
    """What fails before the money call leaves no doubt about money (I4)."""
    provider, request = bench.provider(deadline=1.0), bench.request()
    bench.sandbox.fault("cashcloud", "salt", fault, **options)
    assert provider.start(request).answer.outcome is Outcome.NOT_EXECUTED
    assert not bench.sandbox.entries(request.reference)


@pytest.mark.parametrize(
    ("code", "times", "outcome", "told"),
    [
        (403, 1, Outcome.PENDING, None),
        (403, 2, Outcome.NOT_EXECUTED, "authorization"),
        (404, 1, Outcome.NOT_EXECUTED, "http.404"),
        (423, 1, Outcome.NOT_EXECUTED, "http.423"),
        (412, 1, Outcome.UNKNOWN, None),
    ],
)
def test_start__answered_with_a_status_of_the_sheet__means_what_the_ledger_says(
    bench, code, times, outcome, told
):
    provider, request = bench.provider(), bench.request()
    bench.fault("start", "status", code=code, times=times)
    answer = provider.start(request).answer
    assert answer.outcome is outcome and told in (None, answer.provider_code)
    assert len(bench.sandbox.entries(request.reference)) == (1 if outcome is Outcome.PENDING else 0)


def test_start__token_of_an_earlier_login__is_renewed_once(bench):
    provider = bench.provider()
    bench.paid(provider)
    bench.sandbox.control("POST", "merchants", **{**bench.about.merchant(), "password": "changed"})
    assert provider.start(bench.request()).answer.provider_code == "authorization"
    both = bench.provider(password=Resolved("canary-new"), previous_password=Resolved("changed"))
    assert both.start(bench.request()).answer.outcome is Outcome.PENDING


def test_start__merchant_may_not_use_the_api__is_not_carried_out(bench):
    bench.sandbox.control(
        "POST", "merchants", **{**bench.about.merchant(), "account_type": "corporate"}
    )
    request = bench.request()
    answer = bench.provider().start(request).answer
    assert answer.outcome in (Outcome.DECLINED, Outcome.NOT_EXECUTED) and not bench.sandbox.entries(
        request.reference
    )
    bench.sandbox.control("POST", "merchants", **bench.about.merchant())


@pytest.mark.invariant("I12")
@pytest.mark.parametrize(
    ("fault", "options"), [("other_amount", {}), ("other_currency", {}), ("other_reference", {})]
)
@pytest.mark.parametrize("pay_currency", [None, "CCR"])
def test_inquiry__books_say_something_else__the_statement_does_too(
    bench, fault, options, pay_currency
):
    """A genuine callback about other money never matches our row (I12)."""
    provider = bench.provider(cashcredits=True)
    provider.register(bench.ear.url, 600)
    request = bench.request(pay_currency=pay_currency)
    bench.sandbox.fault("cashcloud", "callback", fault, **options)
    bench.about.pay(bench.sandbox, request, provider.start(request))
    known = provider.read_callback(bench.ear.next()).provider_reference
    stated = provider.inquire(ref(request, known)).statement
    assert (stated.our_reference, stated.currency, stated.amount) != (
        request.reference,
        "EUR",
        FIFTY.amount,
    )
    unknown = provider.inquire(ref(request))
    assert (
        unknown.outcome is Outcome.UNKNOWN
        if fault == "other_reference"
        else unknown.statement == stated
    )


def test_inquiry__a_state_that_the_sheet_does_not_know__is_unknown(bench):
    provider, request = bench.provider(), bench.request()
    provider.register(bench.ear.url, 600)
    bench.sandbox.fault("cashcloud", "callback", "unknown_status")
    bench.about.pay(bench.sandbox, request, provider.start(request))
    assert provider.read_callback(bench.ear.next()).name == "request"
    assert provider.inquire(ref(request)).outcome is Outcome.UNKNOWN


def test_callback__of_a_refund__is_checked_like_a_requests(bench):
    provider = bench.provider()
    paid = bench.paid(provider)
    provider.register(bench.ear.url, 600)
    answer = provider.refund(refund_of(paid))
    bench.about.take_refund(bench.sandbox, answer)
    callback = provider.read_callback(bench.ear.next())
    assert (callback.name, callback.provider_reference) == ("refund", answer.provider_reference)


@pytest.mark.parametrize("books", ["cashcredits", "euro_cents"])
def test_cashcredits__priced_asked_paid_and_given_back__always_say_euro(bench, books):
    provider = bench.provider(cashcredits=True)
    if books == "euro_cents":
        bench.sandbox.fault("cashcloud", "cashcredits", "euro_cents")
    request = bench.request(pay_currency="CCR")
    bench.about.pay(bench.sandbox, request, provider.start(request))
    entry, answer = bench.sandbox.entries(request.reference)[0], provider.inquire(ref(request))
    assert (entry["amount"], entry["currency"]) == (FIFTY.amount, "EUR")
    assert [price.amount for price in provider.prices(FIFTY)] == [4899]
    assert (answer.statement.currency, answer.statement.captured) == ("EUR", FIFTY.amount)
    for part in (Money(1501, "EUR"), Money(3498, "EUR")):
        refund = refund_of(ref(request, answer.provider_reference), part)
        bench.about.take_refund(bench.sandbox, provider.refund(refund))
        assert provider.inquire_operation("refund", refund).statement.amount == part.amount
        assert bench.sandbox.entries(refund.reference)[0]["amount"] == part.amount


@pytest.mark.invariant("I4")
@pytest.mark.parametrize("executed", [True, False])
def test_start_and_refund__answered_with_an_error_and_a_hash__are_unknown_until_asked_about(
    bench, executed
):
    """Cashcloud sheet, section Authorization and Calls: success is said by `"error": false` or by nothing (I4)."""
    provider, request = bench.provider(), bench.request()
    bench.sandbox.fault("cashcloud", "request", "error_true", executed=executed)
    answer = provider.start(request).answer
    assert (answer.outcome, answer.provider_reference) == (Outcome.UNKNOWN, None)
    assert provider.inquire(ref(request)).outcome is (
        Outcome.PENDING if executed else Outcome.NOT_EXECUTED
    )
    refund = refund_of(bench.paid(provider))
    bench.sandbox.fault("cashcloud", "refund", "error_true", executed=executed)
    assert provider.refund(refund).outcome is Outcome.UNKNOWN
    assert provider.inquire_operation("refund", refund).outcome is (
        Outcome.PENDING if executed else Outcome.NOT_EXECUTED
    )


def test_register__another_address_and_expiry__are_kept_there(bench):
    provider = bench.provider()
    provider.register("https://bridge.example/one", 600)
    provider.register("https://bridge.example/two", 1800)
    posts = [
        one
        for one in bench.transcripts
        if one.request.startswith("POST") and "/settings" in one.request.splitlines()[0]
    ]
    provider.register("https://bridge.example/two", 1800)
    again = [
        one
        for one in bench.transcripts
        if one.request.startswith("POST") and "/settings" in one.request.splitlines()[0]
    ]
    assert len(posts) == len(again) == 2


def test_register__wrong_password__is_a_mistake_in_the_profile(bench):
    with pytest.raises(ConfigError, match="password"):
        bench.provider(password=Resolved("wrong")).register(bench.ear.url, 600)


def test_reasons__asked_twice__are_asked_once(bench):
    provider = bench.provider(reason_id=None, payer_chooses_reason=True)
    assert {"314": "Electronics", "317": "Grocery"}.items() <= {
        reason.id: reason.text for reason in provider.reasons()
    }.items()
    asked = len(bench.transcripts)
    assert provider.reasons() and len(bench.transcripts) == asked


@pytest.mark.invariant("I16")
def test_transcripts__of_a_login__hold_neither_salt_nor_token(bench):
    """Salt and token are secrets (I16)."""
    bench.provider().start(bench.request())
    told = as_text(bench.transcripts)
    assert '"salt": "[cut out]"' in told and "Authorization: [cut out]" in told
    assert not re.search(r"Token [A-Za-z0-9]", told)
