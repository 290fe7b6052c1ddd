"""The sheet's list of faults (section 10.4), each over real HTTP: the right end, and nothing booked twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from onecs_stage import DECLINED

each = pytest.mark.parametrize

RESULTS = [
    # place       fault                options            what it is in the sheet's words
    ("callback", "before_response", {}),  # notify before return
    ("callback", "late", {"ms": 1}),  # return before notify
    ("return", "no_return", {}),
    ("callback", "lost", {}),
    ("callback", "twice", {}),
    ("callback", "late", {"ms": 600_000}),  # notify after ten minutes
    ("callback", "forged", {}),  # wrong MAC
    ("callback", "no_mac", {}),
    ("callback", "lower_keys", {}),
    ("callback", "extra_fields", {}),
    ("callback", "shuffled", {}),
    ("callback", "lower_hex", {}),
    ("callback", "padding_zero", {}),
    ("callback", "padding_pkcs7", {}),
    ("callback", "mac_blanks", {}),
    ("callback", "len_off", {}),
    ("callback", "truncated_data", {}),
    ("callback", "amp", {}),
    ("callback", "ampersand", {}),
    ("callback", "field_twice", {}),
    ("callback", "other_merchant", {}),
    ("callback", "replay", {}),
    ("callback", "reordered", {}),
    ("callback", "unknown_status", {"inquiry": False}),
    ("return", "wrong_url", {}),
    ("return", "get", {}),
    ("return", "pending", {"ms": 0}),
]

INQUIRY = [
    ("inquire", name, {})
    for name in (
        "html",
        "lower_keys",
        "extra_fields",
        "shuffled",
        "lower_hex",
        "padding_zero",
        "padding_pkcs7",
        "len_off",
        "truncated_data",
        "amp",
        "junk_before",
        "other_merchant",
        "ampersand",
        "field_twice",
        "bare",
        "garbage",
        "truncate",
        "drop_before",
        "drop_after",
        "hang",
    )
] + [("inquire", "status", {"code": code}) for code in (302, 404, 500, 503)]

ANSWERS = [
    *(
        (name, {})
        for name in (
            "lower_keys",
            "extra_fields",
            "shuffled",
            "lower_hex",
            "padding_zero",
            "padding_pkcs7",
            "amp",
            "junk_before",
            "html",
            "len_off",
            "truncated_data",
            "other_merchant",
            "ampersand",
            "field_twice",
            "garbage",
            "truncate",
            "drop_before",
            "drop_after",
            "hang",
        )
    ),
    ("status", {"code": 500}),
    ("status", {"code": 503}),
    ("delay", {"ms": 300}),
]
"""What can be wrong with the answer to a capture, credit or reversal."""


def named(value):
    return (
        value
        if isinstance(value, str)
        else "-".join(map(str, value.values()))
        if isinstance(value, dict)
        else None
    )


def let_time_pass(cards):
    """An hour, with callbacks as they come."""
    for seconds in (10, 60, 120, 600, 3000):
        cards.sandbox.advance(seconds)
        cards.hear()
        cards.advance(seconds)


@pytest.mark.invariant("I6", "I7", "I12")
@each(("place", "fault", "options"), [*RESULTS, *INQUIRY], ids=named)
def test_fault__of_a_result_or_an_inquiry__ends_paid_and_once(cards, place, fault, options):
    """Whatever becomes of notify, return and inquiry, the payment ends as the ledger says, with one transition (I6, I7, I12)."""
    older = cards.card_paid(amount=100)
    payment = cards.card()
    cards.card_fault(place, fault, **options)
    page = cards.fill(payment)
    if page.fields:
        cards.come_back(payment, page)
    cards.hear(), cards.work()
    let_time_pass(cards)
    assert (
        cards.status(payment) == "paid"
        and cards.books_agree(payment)
        and cards.payment(payment).review is None
    )
    assert cards.outside.told(payment["id"]).count("payment.paid") == 1
    assert cards.payment(older).amount_captured == 100 and cards.payment(older).review is None


@pytest.mark.invariant("I12")
@each("fault", ["other_amount", "other_currency", "other_reference"])
def test_fault__books_differ_from_our_row__no_money_is_believed(cards, fault):
    """A right MAC over another amount, currency or reference raises an integrity failure and changes nothing (I12)."""
    payment = cards.card()
    cards.card_fault("callback", fault)
    cards.come_back(payment, cards.fill(payment))
    cards.hear(), cards.work(), cards.advance(300)
    row = cards.payment(payment)
    assert (
        row.status.value == "pending"
        and "note.integrity_failure" in cards.types(payment)
        and row.amount_captured == 0
    )
    assert "books differ" in row.review


def test_fault__unknown_status_everywhere__stays_pending(cards):
    payment = cards.card()
    cards.card_fault("callback", "unknown_status")
    cards.fill(payment)
    cards.hear(), cards.work(), cards.advance(300)
    assert cards.status(payment) == "pending"
    cards.sandbox.no_faults()
    cards.advance(7200)
    assert cards.status(payment) == "paid"


def test_fault__code_with_a_letter__is_read_as_text(cards):
    payment = cards.card()
    cards.card_fault("return", "letter_code")
    cards.come_back(payment, cards.fill(payment))
    row = cards.payment(payment)
    assert (row.status.value, row.failure.reason.value, row.failure.provider_code) == (
        "declined",
        "suspected_fraud",
        "2206014H",
    )


@pytest.mark.invariant("I1", "I4")
@each(("fault", "options"), ANSWERS, ids=named)
@each("verb", ["capture", "credit"])
def test_fault__of_a_capture_or_refund__is_booked_once(cards, verb, fault, options):
    """One intent moves money once, whatever becomes of its answer (I1, I4)."""
    payment = cards.card_paid(capture="manual")
    if verb == "credit":
        cards.capture(payment, 4000)
    cards.card_fault(verb, fault, **options)
    done = cards.capture(payment, 1500) if verb == "capture" else cards.refund(payment, amount=1500)
    let_time_pass(cards)
    assert cards.operation(done).status.value == "succeeded" and cards.books_agree(payment)
    assert cards.booked(payment)[verb] == 1500 and cards.payment(payment).review is None


@pytest.mark.invariant("I1", "I4")
@each(("fault", "options"), ANSWERS, ids=named)
def test_fault__of_a_reversal__releases_once_and_ends_canceled(cards, fault, options):
    """The same for a cancel (I1, I4)."""
    payment = cards.card_paid(capture="manual")
    cards.card_fault("reverse", fault, **options)
    cards.cancel(payment)
    let_time_pass(cards)
    assert cards.status(payment) == "canceled" and cards.booked(payment)["reversal"] == 4999
    assert len(cards.sandbox.ledger("reversal")) == 1


@pytest.mark.invariant("I1", "I19")
@each("verb", ["capture", "credit"])
@each(
    "lost",
    [
        ("drop_before", "drop_after"),
        ("drop_after", "drop_before"),
        ("drop_before", "drop_before", "drop_after"),
    ],
    ids="-".join,
)
def test_operations__equal_ones_lost_and_one_carried_out__one_is_settled_and_the_rest_ended(
    cards, verb, lost
):
    """Equal operations are interchangeable: the sum says how many there were, and nothing is sent again on a guess (I1, I19)."""
    payment = cards.card_paid(capture="manual" if verb == "capture" else "automatic")
    made = []
    for fault in lost:
        cards.card_fault(verb, fault)
        made.append(
            cards.capture(payment, 1000)
            if verb == "capture"
            else cards.refund(payment, amount=1000)
        )
    assert not any(cards.operation(one).outcome_known for one in made)
    let_time_pass(cards)
    assert (
        cards.booked(payment)[verb] == 1000
        and cards.books_agree(payment)
        and cards.payment(payment).status.value == "paid"
    )
    assert sorted(cards.operation(one).status.value for one in made) == ["failed"] * (
        len(made) - 1
    ) + ["succeeded"]
    row = cards.payment(payment)
    assert (
        row.outcome_known
        and row.review is None
        and (row.amount_capture_pending, row.amount_refund_pending) == (0, 0)
    )
    assert cards.types(payment).count("note.never_arrived") == len(made) - 1
    again = (
        cards.capture(payment, 1000) if verb == "capture" else cards.refund(payment, amount=1000)
    )
    assert again["status"] == "succeeded" and cards.booked(payment)[verb] == 2000


@pytest.mark.invariant("I1")
@each("fault", ["drop_before", "drop_after"])
def test_operations__equal_ones_all_lost__fare_alike_and_are_booked_as_often_as_wanted(
    cards, fault
):
    """Where the sum is that of none or of all, every one of them is known (I1)."""
    payment = cards.card_paid(capture="manual")
    cards.card_fault("capture", fault, times=2)
    made = [cards.capture(payment, 1000) for _ in range(2)]
    let_time_pass(cards)
    assert [cards.operation(one).status.value for one in made] == [
        "succeeded"
    ] * 2 and cards.booked(payment)["capture"] == 2000


@pytest.mark.invariant("I1")
def test_operations__equal_ones_lost__nothing_is_shared_out_while_one_may_be_on_its_way(cards):
    """The sum of this moment is not the last word while a request may still arrive (I1)."""
    payment = cards.card_paid()
    cards.card_fault("credit", "drop_before")
    first = cards.refund(payment, amount=1000)
    cards.advance(60)
    cards.card_fault("credit", "drop_after")
    second = cards.refund(payment, amount=1000)
    cards.advance(30)
    assert [cards.operation(one).status.value for one in (first, second)] == ["pending"] * 2
    let_time_pass(cards)
    assert sorted(cards.operation(one).status.value for one in (first, second)) == [
        "failed",
        "succeeded",
    ] and cards.books_agree(payment)


@pytest.mark.invariant("I7", "I27")
def test_callbacks__fifty_at_once__make_one_transition(cards):
    """Fifty notifies of one fact, all worked on together (I7, I27)."""
    payment = cards.card()
    cards.fill(payment)
    (heard,) = cards.outside.callbacks
    with ThreadPoolExecutor(50) as pool:
        list(
            pool.map(
                lambda _: cards.services.receive_callback(
                    heard.provider, heard.merchant, heard.raw
                ),
                range(50),
            )
        )
        list(pool.map(lambda _: cards.work(), range(8)))
    assert (
        cards.status(payment) == "paid"
        and cards.outside.told(payment["id"]).count("payment.paid") == 1
    )
    assert cards.types(payment).count("payment.paid") == 1 and [
        row["repeats"] for row in cards.kept()
    ] == [49]


def test_callback__that_the_bridge_cannot_take__is_repeated_in_cubes_of_minutes(cards):
    payment = cards.card()
    cards.sandbox.control("POST", "clock", advance_seconds=0, minutes_as_seconds=True)
    with cards.deaf():
        cards.fill(payment)
        tried = [
            cards.tries() for seconds in (0, 1, 8, 27, 64) if cards.sandbox.advance(seconds) is None
        ]
    assert tried == [1, 2, 3, 4, 5]
    cards.sandbox.advance(125)
    assert cards.hear() == 1


@pytest.mark.invariant("I6", "I12")
def test_payment__declined_and_then_a_success_of_another_order_replayed__stays_declined(cards):
    """Another order's success moves nothing (I6, I12)."""
    other = cards.card()
    page = cards.fill(other)
    payment = cards.card()
    cards.come_back(payment, cards.fill(payment, DECLINED))
    cards.come_back(payment, page)
    assert (cards.status(payment), cards.status(other)) == ("declined", "paid")
