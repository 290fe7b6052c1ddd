"""What every provider owes the bridge: one suite over every discovered provider, against its sandbox, over real HTTP."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from provider_accounts import (
    FIFTY,
    PART,
    Bench,
    as_text,
    listening,
    makes_call,
    ref,
    refund_of,
    running_sandbox,
)

from bridge.domain.money import Money
from bridge.domain.outcome import Outcome
from bridge.errors import CallbackRejected
from bridge.ports import Capability, PaymentRef, RawCallback
from bridge.providers import discover

NOWHERE = "http://127.0.0.1:1/"
LOST = [
    ("drop_before", {}),
    ("drop_after", {}),
    ("hang", {}),
    ("garbage", {}),
    ("truncate", {}),
    ("status", {"code": 500}),
    ("status", {"code": 503}),
    ("status", {"code": 302}),
]
"""What can happen to a call after which nobody knows."""

ACCEPTED = (Outcome.PENDING, Outcome.SUCCEEDED)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def ear():
    with listening() as listener:
        yield listener


@pytest.fixture(params=sorted(discover()))
def bench(request, sandbox, ear):
    made = Bench(discover()[request.param], sandbox, ear)
    yield made
    made.transport.close()


def makes_a_call_for(verb):
    """Run a test for those providers only that make a call for this verb."""
    return pytest.mark.parametrize(
        "bench", [name for name in sorted(discover()) if makes_call(name, verb)], indirect=True
    )


# --- the account -----------------------------------------------------------------------------------------------------


def test_build__any_provider__makes_no_call(bench):
    provider = bench.provider()
    terms, fee = provider.terms(), provider.fee(FIFTY)
    assert provider.name == bench.name and provider.capabilities <= set(Capability)
    assert (
        "EUR" in terms.currencies
        and 0 <= terms.minimum <= (terms.maximum or terms.minimum)
        and (fee is None or fee >= 0)
    )
    assert not bench.transcripts


def test_settings__each_field__has_a_sentence(bench):
    assert all(field.description for field in bench.type.settings.model_fields.values())


def test_register__twice__is_the_same_as_once(bench):
    provider = bench.provider()
    provider.register(bench.ear.url, 600)
    provider.register(bench.ear.url, 600)


def test_prices_and_reasons__provider_unreachable__are_none(bench):
    provider = bench.provider(base_url=NOWHERE)
    assert provider.prices(FIFTY) == () and provider.reasons() == ()


# --- payments --------------------------------------------------------------------------------------------------------


def test_payment__asked_for_and_paid__is_found_under_both_references(bench):
    provider, request = bench.provider(), bench.request()
    start = provider.start(request)
    bench.about.pay(bench.sandbox, request, start)
    by_ours = provider.inquire(ref(request))
    by_theirs = provider.inquire(ref(request, by_ours.provider_reference))
    assert start.answer.outcome in ACCEPTED and by_ours == by_theirs
    assert (by_ours.outcome, by_ours.reason) == (Outcome.SUCCEEDED, None)


@pytest.mark.invariant("I12")
def test_payment__paid__is_stated_with_reference_currency_and_amounts(bench):
    """What the comparison with our row needs (I12)."""
    provider, request = bench.provider(), bench.request(money=Money(1234, "EUR"))
    bench.about.pay(bench.sandbox, request, provider.start(request))
    stated = provider.inquire(ref(request)).statement
    assert (stated.our_reference, stated.currency, stated.amount, stated.captured) == (
        request.reference,
        "EUR",
        1234,
        1234,
    )


def test_payment__never_asked_for__was_not_executed(bench):
    assert (
        bench.provider().inquire(PaymentRef("pay_never-1", FIFTY)).outcome is Outcome.NOT_EXECUTED
    )


@pytest.mark.invariant("I4")
@makes_a_call_for("start")
@pytest.mark.parametrize(("fault", "options"), LOST)
def test_start__answer_lost__is_unknown_until_the_inquiry_tells_the_ledgers_truth(
    bench, fault, options
):
    """The doubt ends by the provider's word, and one try makes one entry at most (I4)."""
    provider, request = bench.provider(deadline=1.0), bench.request()
    bench.fault("start", fault, **options)
    assert provider.start(request).answer.outcome is Outcome.UNKNOWN
    entries = bench.sandbox.entries(request.reference)
    found = provider.inquire(ref(request))
    assert len(entries) <= 1 and found.outcome is (
        Outcome.PENDING if entries else Outcome.NOT_EXECUTED
    )


@pytest.mark.invariant("I4")
@pytest.mark.parametrize(
    ("fault", "options"), [*LOST, ("status", {"code": 404}), ("status", {"code": 403, "times": 4})]
)
def test_inquiry__answer_lost__proves_nothing(bench, fault, options):
    """Not having heard is no proof that there is nothing (I4, I5)."""
    provider = bench.provider(deadline=1.0)
    paid = bench.paid(provider)
    for known in (None, paid.provider_reference):
        bench.fault("inquire", fault, **options)
        answer = provider.inquire(PaymentRef(paid.reference, paid.money, known))
        bench.sandbox.control("DELETE", "faults")
        assert answer.outcome is Outcome.UNKNOWN and answer.statement is None


def test_calls__a_slow_answer_within_the_deadline__is_an_answer(bench):
    provider = bench.provider()
    paid = bench.paid(provider)
    bench.fault("inquire", "delay", ms=300)
    assert provider.inquire(paid).outcome is Outcome.SUCCEEDED


@pytest.mark.invariant("I4")
def test_calls__provider_unreachable__start_was_not_executed_and_an_inquiry_knows_nothing(bench):
    provider, paid = bench.provider(base_url=NOWHERE), PaymentRef("pay_x-1", FIFTY, "x")
    assert provider.inquire(paid).outcome is Outcome.UNKNOWN
    assert provider.refund(refund_of(paid)).outcome is Outcome.NOT_EXECUTED
    assert provider.inquire_operation("refund", refund_of(paid)).outcome is Outcome.UNKNOWN
    if "start" in bench.about.calls:
        assert provider.start(bench.request()).answer.outcome is Outcome.NOT_EXECUTED


def test_calls__many_threads_on_one_account__each_get_their_own_answer(bench):
    provider, requests = bench.provider(), [bench.request() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        starts = list(pool.map(provider.start, requests))
        for request, start in zip(requests, starts, strict=True):
            bench.about.pay(bench.sandbox, request, start)
        answers = list(pool.map(provider.inquire, map(ref, requests)))
    assert [answer.statement.our_reference for answer in answers] == [
        request.reference for request in requests
    ]


# --- refunds ---------------------------------------------------------------------------------------------------------


def test_refund__part_of_a_payment__is_found_under_both_references(bench):
    provider = bench.provider()
    refund = refund_of(bench.paid(provider))
    answer = provider.refund(refund)
    assert answer.outcome in ACCEPTED
    bench.about.take_refund(bench.sandbox, answer)
    found = provider.inquire_operation("refund", refund)
    assert found.outcome is Outcome.SUCCEEDED and found.statement.amount == PART.amount
    assert (found.statement.our_reference, found.statement.currency) == (refund.reference, "EUR")


def test_refund__of_the_whole__leaves_the_payment_paid(bench):
    """Refunded is a sum, not a status."""
    provider = bench.provider()
    paid = bench.paid(provider)
    bench.about.take_refund(bench.sandbox, provider.refund(refund_of(paid, FIFTY)))
    answer = provider.inquire(paid)
    assert answer.outcome is Outcome.SUCCEEDED and answer.statement.captured == FIFTY.amount


def test_refund__of_more_than_was_paid__is_declined(bench):
    provider = bench.provider()
    answer = provider.refund(refund_of(bench.paid(provider), Money(FIFTY.amount + 1, "EUR")))
    assert answer.outcome is Outcome.DECLINED and answer.reason and answer.provider_code


def test_refund__never_asked_for__was_not_executed(bench):
    provider = bench.provider()
    assert (
        provider.inquire_operation("refund", refund_of(bench.paid(provider))).outcome
        is Outcome.NOT_EXECUTED
    )


@pytest.mark.invariant("I1", "I4")
@pytest.mark.parametrize(("fault", "options"), LOST)
def test_refund__answer_lost__is_unknown_until_the_inquiry_tells_the_ledgers_truth(
    bench, fault, options
):
    """The doubt ends by the provider's word, and one try makes one entry at most (I1, I4)."""
    provider = bench.provider(deadline=1.0)
    refund = refund_of(bench.paid(provider))
    bench.fault("refund", fault, **options)
    assert provider.refund(refund).outcome is Outcome.UNKNOWN
    entries = bench.sandbox.entries(refund.reference)
    found = provider.inquire_operation("refund", refund)
    assert len(entries) <= 1 and (
        found.outcome in ACCEPTED if entries else found.outcome is Outcome.NOT_EXECUTED
    )


# --- callbacks -------------------------------------------------------------------------------------------------------


def test_callback__of_a_payment__names_it(bench):
    provider, request = bench.provider(), bench.request()
    provider.register(bench.ear.url, 600)
    bench.about.pay(bench.sandbox, request, provider.start(request))
    callback = provider.read_callback(bench.ear.next())
    found = provider.inquire(ref(request))
    assert callback.provider_reference in (
        None,
        found.provider_reference,
    ) and callback.our_reference in (None, request.reference)
    assert callback.provider_reference or callback.our_reference
    assert provider.acknowledge(callback).body


@pytest.mark.invariant("I12")
def test_callback__forged__is_rejected(bench):
    """A callback without the provider's signature changes nothing (I12)."""
    provider, request = bench.provider(), bench.request()
    provider.register(bench.ear.url, 600)
    bench.sandbox.fault(bench.name, "callback", "forged")
    bench.about.pay(bench.sandbox, request, provider.start(request))
    with pytest.raises(CallbackRejected):
        provider.read_callback(bench.ear.next())
    assert provider.acknowledge(None).body is not None


@pytest.mark.invariant("I12")
@pytest.mark.parametrize(
    "raw",
    [
        RawCallback("POST", "application/x-www-form-urlencoded", "", b""),
        RawCallback("POST", "", "", b"\x00\xff" * 500),
        RawCallback("GET", "", "a=b", b""),
        RawCallback("POST", "multipart/form-data; boundary=x", "", b"--x\r\n\r\n"),
        RawCallback("POST", "application/x-www-form-urlencoded", "", b"&" * 5000),
        RawCallback("POST", "application/json", "", b"[" * 5000),
    ],
)
def test_callback__rubbish__is_rejected_and_nothing_else(bench, raw):
    """No bytes from outside raise anything but a rejection (I12, I17)."""
    with pytest.raises(CallbackRejected):
        bench.provider().read_callback(raw)


# --- secrets ---------------------------------------------------------------------------------------------------------


@pytest.mark.invariant("I16")
def test_secrets__after_a_whole_conversation__are_nowhere(bench, caplog):
    """Neither in what was recorded of the wire, nor in the log, nor in a repr (I16)."""
    caplog.set_level(logging.DEBUG)
    provider = bench.provider()
    provider.register(bench.ear.url, 600), provider.prices(FIFTY), provider.reasons()
    bench.about.take_refund(bench.sandbox, provider.refund(refund_of(bench.paid(provider))))
    told = (
        as_text(bench.transcripts)
        + caplog.text
        + repr(provider)
        + repr(provider.read_callback(bench.ear.next()))
    )
    assert bench.transcripts and not [secret for secret in bench.about.secrets if secret in told]
