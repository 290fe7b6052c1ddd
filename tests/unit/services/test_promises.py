"""What the core promises whatever the provider or a shop does: answers in time, reads served, nobody held up, no secret told, any time zone."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select
from standardwebhooks import Webhook

from bridge.bootstrap import build
from bridge.domain.payment import Payer, Status
from bridge.errors import BridgeError, NotFound, OutcomeUnknown
from bridge.logs import JsonLines
from bridge.ports import Job, JobKind
from bridge.store import schema
from bridge.worker.loop import Worker
from factories import API_KEYS, NOON, NOTIFICATION_SECRETS, PASSWORDS, FakeClock, a_key
from stage import Stage

ROOT = Path(__file__).resolve().parents[3]


# --- a slow provider --------------------------------------------------------------------------------------------------


def until(stage: Stage, payment, wanted):
    """Wait for what another thread does."""
    for _ in range(400):
        if wanted(stage.payment(payment)):
            return stage.payment(payment)
        threading.Event().wait(0.02)
    raise AssertionError(stage.payment(payment))


def test_respond_within__slow_provider__is_pending_and_the_work_goes_on(new_stage):
    """The answer never waits longer than the profile says."""
    stage = new_stage(shop={"respond_within": 0.2}, cashcloud={"deadline": 10})
    stage.sandbox.fault("request", "delay", ms=800)
    answered = stage.create_answered()
    payment = json.loads(answered.body)
    assert (
        answered.done,
        payment["status"],
        payment["outcome_known"],
        payment["provider"]["reference"],
    ) == (False, "pending", True, None)
    assert until(stage, payment, lambda row: row.provider_reference).status is Status.PENDING
    assert (
        stage.types(payment) == ["payment.created", "payment.pending"]
        and stage.sandbox.calls("request") == 1
    )


def test_respond_within__slow_refusal__ends_declined(new_stage):
    stage = new_stage(shop={"respond_within": 0.2}, cashcloud={"deadline": 10})
    stage.sandbox.fault("request", "delay", ms=600)
    payment = stage.create(payer=Payer("poor@example.com"))
    assert payment["status"] == "pending"
    assert (
        until(stage, payment, lambda row: row.status is not Status.PENDING).status
        is Status.DECLINED
    )


@pytest.mark.invariant("I18")
def test_hang__with_one_database_connection__reads_are_served_meanwhile(new_stage, database_url):
    """No unit is open while the provider is asked, and the call ends at its deadline (I18; lesson 19)."""
    stage = new_stage(database=database_url, service={"threads": 1}, cashcloud={"deadline": 1})
    stage.sandbox.fault("request", "hang")
    asking = threading.Thread(target=lambda: stage.create(order_reference="o-1"))
    asking.start()
    for _ in range(200):
        data = stage.services.list_payments(stage.shop(), _any(), 10, None).data
        if data and data[0]["outcome_known"] and stage.sandbox.calls("request"):
            break
        threading.Event().wait(0.01)
    (seen,) = data
    assert asking.is_alive() and stage.services.read_payment(stage.shop(), seen["id"])[0][
        "status"
    ] in ("created", "pending")
    asking.join(20)
    assert stage.payment(seen).outcome_known is False


def _any():
    from bridge.ports import PaymentFilter

    return PaymentFilter()


@pytest.mark.invariant("I18")
@pytest.mark.parametrize("verb", ["create", "refund", "sync", "cancel", "work"])
def test_hang__on_every_path__the_call_ends_at_the_deadline(new_stage, verb):
    """No outgoing call without one (I18; lesson 50)."""
    stage = new_stage(cashcloud={"deadline": 0.3})
    payment = stage.paid() if verb == "refund" else stage.create()
    stage.sandbox.fault({"create": "request", "refund": "refund"}.get(verb, "transactions"), "hang")
    act = {
        "create": stage.create,
        "refund": lambda: stage.refund(payment),
        "sync": lambda: stage.services.sync_payment(stage.shop(), payment["id"]),
        "cancel": lambda: stage.services.cancel_payment(stage.shop(), payment["id"], a_key()),
        "work": lambda: stage.advance(5),
    }[verb]
    with pytest.raises(OutcomeUnknown) if verb == "cancel" else nullcontext():
        act()
    *_, hung = [one for one in stage.transcripts if one.error]
    assert hung.seconds >= 0.2


# --- one shop must not hold up another --------------------------------------------------------------------------------


@pytest.mark.invariant("I9")
def test_worker__one_lane_is_stuck__never_takes_more_than_half_of_the_threads(
    new_stage, database_url
):
    """A dead endpoint leaves the others their threads, however the jobs come in (I9; lesson 64)."""
    stage = new_stage(database=database_url)
    running, most, free, done = (
        {"dead": 0, "well": 0},
        {"dead": 0, "well": 0},
        threading.Event(),
        [],
    )
    lock = threading.Lock()

    def job(one: Job) -> None:
        with lock:
            running[one.lane] += 1
            most[one.lane] = max(most[one.lane], running[one.lane])
        if one.lane == "dead":
            free.wait(20)
        with lock:
            running[one.lane] -= 1
            done.append(one.subject)

    worker = Worker(
        stage.house.units,
        dict.fromkeys(JobKind, job),
        stage.clock,
        threads=4,
        notification_threads=4,
        lease=600,
        poll=0.01,
        chore=lambda: None,
    )
    thread = threading.Thread(target=worker.run)
    put(stage, "dead", 1)
    thread.start()
    for _ in range(200):
        if running["dead"]:
            break
        threading.Event().wait(0.01)
    put(stage, "dead", 8, first=1), put(stage, "well", 6)
    for _ in range(500):
        if sum(subject.startswith("well") for subject in done) == 6:
            break
        threading.Event().wait(0.01)
    well = [subject for subject in done if subject.startswith("well")]
    free.set(), worker.stop(), thread.join(20)
    assert len(well) == 6 and most["dead"] <= 2


@pytest.mark.invariant("I26")
def test_worker__every_shop_hangs__jobs_that_move_money_run_meanwhile(new_stage, database_url):
    """Notifications have threads of their own, however many hang (I26)."""
    stage = new_stage(database=database_url)
    free, moved = threading.Event(), threading.Event()
    jobs = dict.fromkeys(JobKind, lambda job: moved.set()) | {
        JobKind.NOTIFY: lambda job: free.wait(20)
    }
    worker = Worker(
        stage.house.units,
        jobs,
        stage.clock,
        threads=2,
        notification_threads=2,
        lease=600,
        poll=0.01,
        chore=lambda: None,
    )
    thread = threading.Thread(target=worker.run)
    for shop in range(20):
        put(stage, f"hanging-{shop}", 3)
    thread.start()
    with stage.house.units() as unit:
        unit.outbox.put(JobKind.PAYMENT, "pay_1", "acme:cashcloud", stage.clock())
    ran = moved.wait(10)
    free.set(), worker.stop(), thread.join(20)
    assert ran


@pytest.mark.invariant("I26")
def test_worker__a_shop_has_hundreds_of_events_waiting__new_orders_of_it_and_of_others_come_at_once(
    new_stage, database_url
):
    """Turns go from shop to shop, and within a shop from both ends: the due time alone does not say who is next (I26)."""
    stage = new_stage(database=database_url)
    ran = []
    jobs = dict.fromkeys(JobKind, lambda job: ran.append(job.subject))
    worker = Worker(
        stage.house.units,
        jobs,
        stage.clock,
        threads=2,
        notification_threads=2,
        lease=600,
        poll=0.01,
        chore=lambda: None,
    )
    put(stage, "full", 300, first=10), put(stage, "small", 1), put(stage, "another", 1)
    with stage.house.units() as unit:
        unit.outbox.put(JobKind.NOTIFY, "full-new-order", "full", stage.clock())
    worker.run_due(limit=6)
    assert {"full-new-order", "small-0", "another-0", "full-309"} <= set(ran)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            NotFound("there is no shop gone"),
            "a job failed and is tried again later: there is no shop gone",
        ),
        (KeyError("bug"), "KeyError: 'bug'"),
    ],
)
def test_worker__job_fails__tells_a_sentence_where_it_is_foreseen_and_where_it_happened_otherwise(
    new_stage, caplog, error, told
):
    """An outage is a line per try and not a page; the job stays."""

    def job(_job: Job) -> None:
        raise error

    stage = new_stage()
    put(stage, "lane", 1)
    worker = Worker(
        stage.house.units,
        dict.fromkeys(JobKind, job),
        stage.clock,
        threads=1,
        notification_threads=1,
        lease=600,
        poll=0.01,
        chore=lambda: None,
    )
    assert worker.run_due() == 1 and len(stage.jobs()) == 1
    assert told in caplog.text and ("Traceback" in caplog.text) == isinstance(error, KeyError)


def put(stage, lane, count, first=0):
    with stage.house.units() as unit:
        for number in range(first, first + count):
            unit.outbox.put(
                JobKind.NOTIFY,
                f"{lane}-{number}",
                lane,
                stage.clock() - timedelta(seconds=number + (1 if lane == "dead" else 0)),
            )


@pytest.mark.invariant("I9")
def test_notify__one_shop_hangs__another_shop_is_told_meanwhile(new_stage, database_url):
    """In the whole house: the dead shop's lane waits, the other shop hears at once (I9)."""
    stage = new_stage(database=database_url, service={"worker": {"threads": 4, "poll": 0.01}})
    for _ in range(6):
        stage.create(payer=Payer())
    stage.outside.hold = held = threading.Event()
    worker = threading.Thread(target=stage.house.worker.run)
    worker.start()
    threading.Event().wait(0.2)
    stage.outside.hold = None
    other = stage.create(shop="globex-shop", payer=Payer())
    for _ in range(500):
        if stage.outside.told(other["id"]):
            break
        threading.Event().wait(0.01)
    told = stage.outside.told(other["id"])
    held.set(), stage.house.worker.stop(), worker.join(20)
    assert told == ["payment.created"]


# --- secrets ----------------------------------------------------------------------------------------------------------


def everything_in(engine) -> str:
    """All rows of all tables as text."""
    with engine.connect() as connection:
        return "\n".join(
            str(tuple(row))
            for table in schema.metadata.sorted_tables
            for row in connection.execute(select(table))
        )


@pytest.mark.invariant("I16")
def test_secrets__after_a_whole_story__are_in_no_log_no_row_no_error_and_no_transcript(
    stage, caplog
):
    """API keys, notification secrets, wallet passwords and tokens: planted, used, and nowhere to be found (I16; lesson 63)."""
    caplog.set_level(logging.DEBUG)
    errors = []
    for fault in (None, "drop_after", "garbage", "status"):
        if fault:
            stage.sandbox.fault("request", fault)
        payment = stage.create()
        stage.services.authenticate(API_KEYS["acme-one"])
        stage.outside.answers["acme-one"] = [(500, {}), (302, {"Location": "/"})]
        stage.advance(200), stage.advance(5), stage.pay(payment), stage.hear(), stage.advance(200)
        for wrong in (
            lambda: stage.services.authenticate(API_KEYS["acme-one"] + "x"),
            lambda payment=payment: stage.refund(payment, amount=10**9),
        ):
            with pytest.raises(BridgeError) as refused:
                wrong()
            errors.append(f"{refused.value!r} {refused.value.detail} {refused.value.members}")
    stage.refund(payment), stage.services.test_notification(stage.shop())
    lines = "\n".join(JsonLines().format(record) for record in caplog.records)
    told = "\n".join(
        [
            lines,
            everything_in(stage.house.engine),
            *errors,
            *map(str, stage.transcripts),
            repr(stage.house.config),
            repr(stage.shop()),
        ]
    )
    canaries = [*API_KEYS.values(), *PASSWORDS.values(), *NOTIFICATION_SECRETS.values()]
    canaries += [secret.removeprefix("whsec_") for secret in NOTIFICATION_SECRETS.values()]
    assert len(stage.transcripts) > 10 and len(caplog.records) > 20
    assert not [canary for canary in canaries if canary in told]
    assert "Token " not in told or "Token [cut out]" in told


# --- time zones -------------------------------------------------------------------------------------------------------

STORY = """
import json, os, sys, tempfile
from pathlib import Path
from datetime import UTC, datetime
sys.path.insert(0, sys.argv[1])
from factories import FakeClock
from stage import a_sandbox, a_stage, an_outside

folder = Path(tempfile.mkdtemp(dir=sys.argv[2]))
with a_sandbox(folder / "sandbox") as sandbox, an_outside() as outside:
    stage = a_stage(folder / "config", sandbox, outside)
    stage.clock.at = datetime.fromisoformat(sys.argv[3]).astimezone(UTC)
    first, second = stage.create(order_reference="a"), stage.create(order_reference="b")
    stage.pay(first), stage.hear(), stage.advance(5)
    stage.refund(first, amount=1000)
    outside.answers["acme-one"] = [(503, {"Retry-After": "90"})]
    stage.drain(days=1)
    told = [stage.services.read_payment(stage.shop(), p["id"])[0] for p in (first, second)]
    times = [[view[name] for name in ("status", "expires_at", "created_at", "updated_at", "amount_refund_pending")] for view in told]
    print(json.dumps([times, [[e.type, e.at.isoformat()] for p in (first, second) for e in stage.history(p)]]))
    stage.house.close()
"""


@pytest.mark.invariant("I21")
@pytest.mark.parametrize(
    "at", ["2026-03-01T12:00:00+00:00", "2026-03-29T00:50:00+00:00", "2026-11-01T05:40:00+00:00"]
)
def test_story__in_any_time_zone__is_the_same(tmp_path, at):
    """UTC, Tokyo and New York, on a quiet day and over both changes of the clocks (I21; lesson 66)."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", STORY, str(ROOT / "tests"), str(tmp_path), at],
            cwd=ROOT,
            env={**os.environ, "TZ": zone},
            stdout=subprocess.PIPE,
            text=True,
        )
        for zone in ("UTC", "Asia/Tokyo", "America/New_York")
    ]
    stories = [json.loads(process.communicate(timeout=120)[0]) for process in running]
    assert stories[0] == stories[1] == stories[2] and stories[0][0][1][0] == "expired"


# --- settings that change ---------------------------------------------------------------------------------------------


@pytest.mark.invariant("I14")
def test_rotation__at_every_instant__a_shop_with_either_valid_secret_can_verify(stage):
    """Old only, both, new only: signed at send time with all that are valid (I14; lesson 61)."""
    old, new = NOTIFICATION_SECRETS["acme-one"], NOTIFICATION_SECRETS["acme-two"]
    file, taken = Path(stage.house.config.path).parent / "merchants" / "acme.yaml", []
    for names in (["acme-one"], ["acme-one", "acme-two"], ["acme-two"]):
        profile = yaml.safe_load(file.read_text())
        profile["shops"][0]["notification_secrets"] = [
            {"file": f"{name}.notification"} for name in names
        ]
        file.write_text(yaml.safe_dump(profile))
        assert stage.house.profiles.reload() == []
        stage.create(payer=Payer()), stage.work()
        taken.append(
            [
                _verifies(secret, stage.outside.notifications[-1], stage.clock())
                for secret in (old, new)
            ]
        )
    assert taken == [[True, False], [True, True], [False, True]]


def _verifies(secret, told, at):
    """As a shop does: its own signature must be among those sent."""
    signed = Webhook(secret).sign(told.headers["webhook-id"], at, told.raw.decode())
    return signed in told.headers["webhook-signature"].split(" ")


def test_build__makes_no_connection_and_starts_nothing(stage):
    """Composing is not starting."""
    before = threading.active_count()
    house = build(stage.house.config, clock=FakeClock(NOON))
    assert threading.active_count() == before
    house.close()
