"""What shops are told: at least once, in order per payment, signed, and no shop delays another."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise

import pytest
from standardwebhooks import Webhook

from bridge.domain.payment import Payer
from bridge.errors import NotFound, Unavailable
from bridge.ports import JobKind
from bridge.services.schedule import NOTIFICATION_STEPS
from factories import NOON, NOTIFICATION_SECRETS, a_payment, an_event

LADDER = (5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)


def failing(stage, *statuses, shop="acme-one", **headers):
    stage.outside.answers[shop] = [(status, headers) for status in statuses]


def ids(stage):
    return [one.body["id"] for one in stage.outside.notifications]


@pytest.fixture
def payment(stage):
    """A payment that waits for its payer: one event, not yet told."""
    return stage.create(payer=Payer())


def test_notify__event__is_signed_with_the_shops_secret_and_holds_the_payment(stage, payment):
    stage.work()
    (told,) = stage.outside.notifications
    (event,) = stage.history(payment)
    assert (
        told.headers["webhook-id"] == told.body["id"] == event.id
        and told.headers["content-type"] == "application/json"
    )
    assert set(told.headers["webhook-signature"].split(",")[0]) == set("v1")
    expected = Webhook(NOTIFICATION_SECRETS["acme-one"]).sign(
        event.id, stage.clock(), told.raw.decode()
    )
    assert told.headers["webhook-signature"] == expected
    assert (told.body["type"], told.body["sequence"], told.body["shop"]) == (
        "payment.created",
        1,
        "acme-one",
    )
    assert {
        **told.body["data"]["payment"],
        "next_check_at": payment["next_check_at"],
    } == payment and event.body == told.raw.decode()


@pytest.mark.invariant("I8")
def test_notify__body__is_that_of_the_commit_not_of_the_delivery(stage, payment):
    """Written with the change that it tells (I8; lessons 31 and 65)."""
    failing(stage, 500)
    stage.work()
    stage.services.cancel_checkout(payment["checkout"]["token"], "en")
    stage.advance(10)
    assert [
        one.body["data"]["payment"]["status"]
        for one in stage.outside.notifications
        if one.status == 200
    ] == ["created", "canceled"]


def test_ladder__of_the_specification__is_the_one_in_force():
    assert NOTIFICATION_STEPS == LADDER and sum(LADDER) >= 75 * 3600


@pytest.mark.invariant("I8")
def test_notify__shop_down_for_good__is_tried_along_the_ladder_then_undeliverable(stage, payment):
    """Twelve tries over three days with jitter, then visible and counted (I8)."""
    failing(stage, *[500] * 12)
    stage.work()
    times = [stage.clock()]
    while len(stage.outside.notifications) < 12:
        stage.clock.at = next(job[2] for job in stage.jobs() if job[0] == "notify")
        times.append(stage.clock())
        stage.work()
    pauses = [(later - sooner).total_seconds() for sooner, later in pairwise(times)]
    assert len(pauses) == len(LADDER) and all(
        step <= pause <= step * 1.1 for step, pause in zip(LADDER, pauses, strict=True)
    )
    (event,) = stage.undeliverable()
    assert (event.type, event.attempts, event.last_result) == ("payment.created", 12, "HTTP 500")
    assert stage.services.measure()["undeliverable"] == 1
    assert set(ids(stage)[:12]) == {event.id}


def test_notify__each_try__is_signed_anew_under_the_same_id(stage, payment):
    failing(stage, 500)
    stage.work(), stage.advance(6)
    first, second = stage.outside.notifications
    assert first.headers["webhook-id"] == second.headers["webhook-id"] and first.raw == second.raw
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]


@pytest.mark.parametrize(
    ("status", "retry_after", "at_least"),
    [(429, "90", 90), (503, "3600", 3600), (503, "1", 5), (500, "x", 5)],
)
def test_notify__retry_after__is_obeyed_where_it_is_longer(
    stage, payment, status, retry_after, at_least
):
    failing(stage, status, **{"Retry-After": retry_after})
    stage.work()
    due = next(job[2] for job in stage.jobs() if job[0] == "notify")
    assert timedelta(seconds=at_least) <= due - NOON <= timedelta(seconds=at_least * 1.1 + 1)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404])
def test_notify__anything_but_2xx__is_no_delivery_and_redirects_are_not_followed(
    stage, payment, status
):
    failing(stage, status, Location=f"{stage.outside.url}/notifications/elsewhere")
    stage.work()
    assert [one.shop for one in stage.outside.notifications] == ["acme-one"] and stage.has_job(
        JobKind.NOTIFY, payment["id"]
    )


def test_notify__gone__switches_the_endpoint_off_until_an_operator_switches_it_on(stage, payment):
    failing(stage, 410)
    stage.work()
    stage.services.cancel_checkout(payment["checkout"]["token"], "en"), stage.work()
    assert (
        len(stage.outside.notifications) == 1
        and len(stage.undeliverable()) == 2
        and not stage.has_job(JobKind.NOTIFY, payment["id"])
    )
    assert (
        stage.services.check_health()["notifications"] is False
        and stage.services.measure()["notifications_off"] == 1
    )
    assert stage.services.resend_notification.enable("acme-one") == 2
    stage.work()
    assert (
        stage.outside.told(payment["id"]) == ["payment.created", "payment.canceled"]
        and not stage.undeliverable()
    )
    assert (
        stage.services.check_health()["notifications"] is True
        and stage.services.measure()["notifications_off"] == 0
    )


@pytest.mark.invariant("I8", "I9")
def test_enable__many_payments_with_gaps__all_that_was_given_up_is_delivered_in_order(stage):
    """From each payment's first missing event, and nothing of another shop (I8, I9; lesson 93)."""
    payments = [stage.create(payer=Payer()) for _ in range(3)]
    stage.work()
    failing(stage, 410)
    for one in payments:
        stage.services.cancel_checkout(one["checkout"]["token"], "en"), stage.work()
    late = stage.create(payer=Payer())
    stage.work()
    assert len(stage.undeliverable()) == 4
    assert (
        stage.services.resend_notification.enable("acme-two") == 0
        and len(stage.undeliverable()) == 4
    )
    stage.services.resend_notification.enable("acme-one"), stage.work()
    assert [stage.outside.told(one["id"]) for one in payments] == [
        ["payment.created", "payment.canceled"]
    ] * 3
    assert stage.outside.told(late["id"]) == ["payment.created"] and not stage.undeliverable()


def test_notify__gone__switches_off_one_shop_only(stage, payment):
    failing(stage, 410)
    stage.work()
    stage.create(shop="acme-two", payer=Payer()), stage.work()
    assert [one.shop for one in stage.outside.notifications if one.status == 200] == ["acme-two"]


def test_resend__undeliverable__is_delivered_after_all_and_an_unknown_one_is_not_found(
    stage, payment
):
    """A resend runs the whole logic again and reports by the event's own row (lesson 36)."""
    failing(stage, *[500] * 12)
    stage.drain()
    (event,) = stage.undeliverable()
    assert stage.outside.told(payment["id"]) == ["payment.expired"]
    stage.services.resend_notification(event.id)
    stage.work()
    assert (
        stage.outside.told(payment["id"]) == ["payment.expired", "payment.created"]
        and stage.undeliverable() == []
    )
    with pytest.raises(NotFound):
        stage.services.resend_notification("evt_x")


@pytest.mark.invariant("I9")
def test_notify__head_fails__later_events_of_the_payment_wait_and_others_do_not(stage, payment):
    """Never seq n+1 before n; other payments are not held up (I9; lesson 64)."""
    failing(stage, 500, 500)
    stage.work()
    stage.services.cancel_checkout(payment["checkout"]["token"], "en")
    other = stage.create(payer=Payer())
    stage.outside.answers["acme-one"] = []
    stage.work()
    assert stage.outside.told(payment["id"]) == [] and stage.outside.told(other["id"]) == [
        "payment.created"
    ]
    stage.advance(10)
    taken = [
        one.body["sequence"]
        for one in stage.outside.notifications
        if one.status == 200 and one.body["data"]["payment"]["id"] == payment["id"]
    ]
    assert taken == [1, 2]


@pytest.mark.invariant("I9")
def test_notify__new_events_on_a_backing_off_lane__do_not_hurry_it(stage, payment):
    failing(stage, *[500] * 3)
    stage.work(), stage.advance(6), stage.advance(33)
    tries = len(stage.outside.notifications)
    stage.services.cancel_checkout(payment["checkout"]["token"], "en")
    stage.advance(60)
    assert len(stage.outside.notifications) == tries == 3


def test_notify__refund__tells_its_own_amount_and_the_sums(stage):
    """The part and the whole (lesson 57)."""
    payment = stage.paid()
    refund = stage.refund(payment, amount=1000)
    stage.sandbox.payer(stage.sandbox.refunds_of(refund["id"])[0]["reference"], "accept")
    stage.hear(), stage.work()
    told = stage.outside.notifications[-1].body
    assert told["type"] == "refund.succeeded" and (
        told["data"]["refund"]["id"],
        told["data"]["refund"]["amount"],
    ) == (refund["id"], 1000)
    assert [
        told["data"]["payment"][f"amount_{name}"]
        for name in ("captured", "refunded", "refund_pending", "refundable")
    ] == [4999, 1000, 0, 3999]


def test_notify__shop_without_an_address__is_told_nothing_and_reads_the_events(new_stage):
    stage = new_stage(shop={"notification_url": None, "notification_secrets": []})
    payment = stage.paid()
    stage.work()
    assert stage.outside.notifications == [] and not stage.has_job(JobKind.NOTIFY, payment["id"])
    page = stage.services.list_events(stage.shop(), None, 2)
    rest = stage.services.list_events(stage.shop(), page.next_cursor, 10)
    assert [event["type"] for event in page.data + rest.data] == [
        "payment.created",
        "payment.pending",
        "payment.paid",
    ]
    assert (
        rest.next_cursor is None
        and stage.services.list_events(stage.shop("acme-two"), None, 10).data == []
    )


def test_notify__shop_in_no_profile__is_tried_along_the_ladder_and_kept(stage):
    payment = a_payment(shop="closed-shop")
    with stage.house.units() as unit:
        unit.payments.add(payment)
        unit.events.add(an_event(payment))
        unit.outbox.put(JobKind.NOTIFY, payment.id, payment.shop, stage.clock())
    stage.drain()
    assert [event.last_result for event in stage.undeliverable()] == ["the shop is in no profile"]


@pytest.mark.invariant("I9")
def test_notify__events_that_wait_together__are_told_by_one_job_in_order(stage):
    payment = stage.create()
    stage.house.worker.run_due(limit=1)
    assert stage.outside.told(payment["id"]) == [
        "payment.created",
        "payment.pending",
    ] and not stage.has_job(JobKind.NOTIFY, payment["id"])


@pytest.mark.invariant("I9")
def test_notify__second_of_two_fails__it_alone_is_tried_again_on_a_ladder_of_its_own(stage):
    payment = stage.create()
    failing(stage, 200, 500)
    stage.work()
    assert [one.body["sequence"] for one in stage.outside.notifications] == [
        1,
        2,
    ] and stage.has_job(JobKind.NOTIFY, payment["id"])
    stage.advance(LADDER[0] * 1.2)
    assert [(one.body["sequence"], one.status) for one in stage.outside.notifications] == [
        (1, 200),
        (2, 500),
        (2, 200),
    ]


def test_notify__a_job_with_tries_behind_it__leaves_the_next_event_to_a_new_one(stage):
    stage.create()
    failing(stage, 500, 200, 500)
    stage.work(), stage.advance(LADDER[0] * 1.2)
    assert [one.status for one in stage.outside.notifications] == [500, 200, 500]
    stage.advance(LADDER[0] * 1.2)  # the second step of the ladder would not be due yet
    assert [one.status for one in stage.outside.notifications] == [500, 200, 500, 200]


@pytest.mark.invariant("I8")
def test_notify__failures_of_our_own__are_no_tries_of_the_shop(stage, payment, monkeypatch):
    """A long outage of ours leaves the shop its whole ladder (I8)."""

    def broken(*_):
        raise Unavailable

    with monkeypatch.context() as outage:
        outage.setattr(stage.services.deliver_notification, "_notifier", broken)
        for _ in range(len(LADDER) + 1):
            stage.advance(3_600)
    failing(stage, 500)
    stage.advance(3_600)
    assert stage.undeliverable() == [] and [one.status for one in stage.outside.notifications] == [
        500
    ]
    stage.advance(LADDER[0] * 1.2)
    first, again, *_ = (
        stage.outside.notifications
    )  # the payment has expired by now, which is told too
    assert again.status == 200 and first.body["id"] == again.body["id"]


def test_notify__a_slow_shop__is_told_the_next_event_by_a_job_of_its_own(stage, monkeypatch):
    """A job that went on for ever would outlive its lease."""
    payment, deliver = stage.create(), stage.services.deliver_notification
    post = deliver._notifier
    monkeypatch.setattr(
        deliver, "_notifier", lambda *told: (stage.clock.advance(11), post(*told))[1]
    )
    stage.house.worker.run_due(limit=1)
    assert stage.outside.told(payment["id"]) == ["payment.created"] and stage.has_job(
        JobKind.NOTIFY, payment["id"]
    )
    stage.work()
    assert stage.outside.told(payment["id"]) == ["payment.created", "payment.pending"]


@pytest.mark.invariant("I8")
def test_notify__killed_after_posting__is_posted_again(stage, payment):
    """At least once: what was not noted as delivered is sent again, under the same id (I8)."""
    transport, post = stage.transport, stage.transport.inner
    transport.cut = ("after", "/notifications/acme-one")
    with pytest.raises(BaseException, match=r"^$"):
        stage.work()
    stage.advance(61)
    assert (
        post is transport.inner
        and len(stage.outside.notifications) == 2
        and len(set(ids(stage))) == 1
    )


def test_test_notification__is_sent_and_the_shops_answer_reported(stage):
    sent = stage.services.test_notification(stage.shop())
    failing(stage, 404)
    refused = stage.services.test_notification(stage.shop())
    assert (sent["delivered"], sent["status"], refused["delivered"], refused["status"]) == (
        True,
        200,
        False,
        404,
    )
    assert [json.loads(one.raw)["type"] for one in stage.outside.notifications] == [
        "shop.test"
    ] * 2 and stage.rows("events") == 0


def test_notify__shop_behind_a_password__is_told_with_it_and_without_it_not(new_stage, monkeypatch):
    """A staging shop asks for a password before its module hears anything (lesson 79)."""
    monkeypatch.setenv("BRIDGE_TEST_STAGING", "staging:canary:wörd")
    stage = new_stage(shop={"notification_auth": {"env": "BRIDGE_TEST_STAGING"}})
    payment = stage.create()
    stage.work()
    stage.services.test_notification(stage.shop())
    sent = [one.headers.get("authorization") for one in stage.outside.notifications]
    assert len(sent) == 3 and set(sent) == {"Basic c3RhZ2luZzpjYW5hcnk6d8O2cmQ="}
    assert "canary" not in "".join(map(str, stage.transcripts)) + str(stage.history(payment))
