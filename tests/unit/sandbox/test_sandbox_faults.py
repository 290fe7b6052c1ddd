"""What goes wrong on purpose: on calls as the caller's socket sees it, on callbacks as the merchant's server hears it."""

from __future__ import annotations

import threading

import pytest
import requests
from sandbox_caller import CUSTOMER, Caller, control_of, until

from bridge.sandbox.faults import ON_CALLBACKS, ON_CALLS, parse_chaos
from bridge.sandbox.server import THREADS

ASKED = {"email": CUSTOMER, "amount": "4999", "currency_id": "1", "reason_id": "314"}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("drop_before", "RemoteDisconnected"),
        ("drop_after", "RemoteDisconnected"),
        ("truncate", "IncompleteRead"),
    ],
)
def test_call__cut_off__the_socket_closes_early(merchant: Caller, fault: str, error: str):
    merchant.fault("request", fault)
    with pytest.raises(requests.RequestException, match=error):
        merchant.post("request", **ASKED)
    assert len(merchant.ledger()) == (0 if fault == "drop_before" else 1)


def test_call__answered_with_garbage__is_executed_and_unreadable(merchant: Caller):
    merchant.fault("request", "garbage")
    answer = merchant.post("request", **ASKED)
    with pytest.raises(ValueError):
        answer.json()
    assert answer.status_code == 201 and len(merchant.ledger()) == 1


@pytest.mark.parametrize("executed", [True, False])
def test_call__answered_with_error_true__has_a_hash_whether_it_was_executed_or_not(
    merchant: Caller, executed: bool
):
    merchant.fault("request", "error_true", executed=executed)
    answer = merchant.post("request", **ASKED)
    assert (answer.status_code, answer.json()["error"]) == (200, True) and answer.json()["hash"]
    assert len(merchant.ledger()) == executed


def test_call__answered_with_a_status__is_not_executed(merchant: Caller):
    merchant.fault("request", "status", code=503)
    assert merchant.post("request", **ASKED).status_code == 503 and merchant.ledger() == []


def test_call__delayed__is_executed_long_before_the_answer(merchant: Caller):
    merchant.fault("request", "delay", ms=60_000)
    answers = []
    call = threading.Thread(
        target=lambda: answers.append(merchant.post("request", **ASKED).status_code)
    )
    call.start()
    until(merchant.ledger)
    assert not answers
    merchant.control("reset")
    call.join(20)
    assert answers == [201]


def test_call__hanging__is_executed_never_answered_and_blocks_nobody(merchant: Caller):
    merchant.fault("request", "hang", times=20)
    hanging = [threading.Thread(target=_swallow, args=(merchant,)) for _ in range(20)]
    for call in hanging:
        call.start()
    until(lambda: len(merchant.ledger()) == 20)
    assert merchant.get("reasons").status_code == 200 and all(call.is_alive() for call in hanging)
    merchant.control("reset")
    for call in hanging:
        call.join(20)
    assert not any(call.is_alive() for call in hanging)


def _swallow(merchant: Caller) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.post(
            merchant.api + "request", data=ASKED, headers=dict(merchant.session.headers), timeout=60
        )


def test_call__hanging_caller_gives_up__its_thread_is_free_again(merchant: Caller):
    merchant.fault("request", "hang", times=1000)
    while len(merchant.ledger()) <= THREADS:
        with pytest.raises(requests.Timeout):
            merchant.session.post(merchant.api + "request", data=ASKED, timeout=0.05)
    assert merchant.get("reasons").status_code == 200


def test_fault__times_two__strikes_twice_and_then_no_more(merchant: Caller):
    merchant.fault("reasons", "status", code=500, times=2)
    assert [merchant.get("reasons").status_code for _ in range(3)] == [500, 500, 200]


def test_fault__in_the_journal__is_named_beside_the_outcome(merchant: Caller):
    merchant.control("reset")
    merchant.fault("reasons", "drop_before")
    with pytest.raises(requests.ConnectionError):
        merchant.get("reasons")
    merchant.get("reasons")
    assert merchant.journal("received") == [("reasons", "drop_before"), ("reasons", "200")]


def test_callback__of_an_accepted_request__is_signed_and_journaled(merchant: Caller, heard):
    reference = merchant.paid()
    [callback] = until(lambda: heard.all)
    assert (callback["method"], callback["hash"], callback["status"]) == ("request", reference, "3")
    assert callback["control"] == control_of(callback)
    until(lambda: merchant.journal("sent") == [("callback", "200")])


def test_control_of__vector_of_the_original_module__is_met():
    """Cashcloud sheet, section Callback: what the sandbox's callbacks are held against here."""
    callback = {"method": "request", "status": "3", "time": "2026-12-01 03:45:43"}
    assert control_of(callback, "om-pass") == "Wq1zH19DURfAlHoBkuXoUQ=="


def test_callback__refused__is_repeated_until_answered_2xx(merchant: Caller, heard):
    heard.answers[:] = [500, 302, 404]
    merchant.paid()
    for times in (1, 2, 3):
        until(lambda times=times: len(merchant.journal("sent")) == times)
        merchant.control("clock", advance_seconds=600)
    until(
        lambda: [outcome for _, outcome in merchant.journal("sent")] == ["500", "302", "404", "200"]
    )
    assert len({tuple(callback.items()) for callback in heard.all}) == 1


def test_callback__never_answered_2xx__is_given_up(merchant: Caller):
    merchant.post("settings", callback_url="http://127.0.0.1:9/nobody")
    merchant.paid()
    for times in range(1, 12):
        until(lambda times=times: len(merchant.journal("sent")) == times)
        merchant.control("clock", advance_seconds=600)
    assert {outcome for _, outcome in merchant.journal("sent")} == {"unreachable: ConnectionError"}
    assert merchant.control("clock", advance_seconds=600).ok and len(merchant.journal("sent")) == 11


def test_callback__without_a_url__is_noted_and_not_sent(merchant: Caller):
    merchant.paid()
    assert merchant.journal("sent") == [("callback", "no callback url")]


def test_callback__still_to_be_sent__survives_a_restart(tmp_path, heard, merchant: Caller):
    from bridge.sandbox.app import running

    url = merchant.get("settings").json()["callback_url"]
    heard.answers[:] = [500]
    with running(tmp_path / "again", ["cashcloud:merchant@acme.example:pass:word"]) as other:
        again = Caller(other).sign_in()
        again.post("settings", callback_url=url)
        reference = again.paid()
        until(lambda: again.journal("sent") == [("callback", "500")])
    with running(tmp_path / "again"):
        assert until(lambda: heard.all[1:])[0]["hash"] == reference


def test_callback__lost__is_never_sent(merchant: Caller, heard):
    merchant.fault("callback", "lost")
    merchant.paid()
    second = merchant.paid()
    until(lambda: heard.all)
    assert [callback["hash"] for callback in heard.all] == [second]
    assert ("callback", "lost") in merchant.journal("sent")


def test_callback__twice__is_heard_two_times(merchant: Caller, heard):
    merchant.fault("callback", "twice")
    merchant.paid()
    until(lambda: len(heard.all) == 2)
    assert heard.all[0] == heard.all[1]


def test_callback__late__comes_after_later_ones(merchant: Caller, heard):
    merchant.fault("callback", "late", ms=3_600_000)
    late, prompt = merchant.paid(), merchant.paid()
    until(lambda: heard.all)
    assert [callback["hash"] for callback in heard.all] == [prompt]
    merchant.control("clock", advance_seconds=3600)
    until(lambda: [callback["hash"] for callback in heard.all] == [prompt, late])


def test_callback__before_response__is_answered_before_the_request_is(merchant: Caller, heard):
    merchant.fault("callback", "before_response")
    reference = merchant.request()
    assert [(callback["hash"], callback["status"]) for callback in heard.all] == [(reference, "3")]
    assert merchant.state(reference) == 3


def test_callback__before_response_of_a_decline__tells_it(merchant: Caller, heard):
    merchant.fault("callback", "before_response", action="decline")
    merchant.request()
    assert [callback["status"] for callback in heard.all] == ["4"]


def test_callback__forged__is_signed_wrongly_and_not_repeated(merchant: Caller, heard):
    heard.answers[:] = [401]
    merchant.fault("callback", "forged")
    merchant.paid()
    [callback] = until(lambda: heard.all)
    assert callback["control"] != control_of(callback)
    merchant.control("clock", advance_seconds=3600)
    assert [outcome for _, outcome in merchant.journal("sent")] == ["401 forged"]


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ("other_amount", "amount"),
        ("other_currency", "currency_id"),
        ("other_reference", "extern"),
        ("unknown_status", "transaction_state_id"),
    ],
)
def test_callback__other_x__the_inquiry_differs_until_faults_are_deleted(
    merchant: Caller, heard, fault: str, field: str
):
    honest, disguised = merchant.paid(), merchant.request()
    merchant.fault("callback", fault)
    merchant.payer(disguised, "accept")
    callback = until(lambda: heard.all[1:])[0]
    right, wrong = merchant.shown(honest), merchant.shown(disguised)
    assert callback["control"] == control_of(callback)
    assert [
        name
        for name in ("amount", "currency_id", "extern", "transaction_state_id")
        if right[name] != wrong[name]
    ] == [field]
    requests.delete(f"{merchant.url}/control/faults")
    assert merchant.shown(disguised)[field] == right[field]


def test_callback__unknown_status__carries_one(merchant: Caller, heard):
    merchant.fault("callback", "unknown_status")
    merchant.paid()
    assert until(lambda: heard.all)[0]["status"] == "99"


def test_callback__reordered__the_later_comes_first(merchant: Caller, heard):
    merchant.fault("callback", "reordered")
    merchant.paid()
    until(lambda: len(heard.all) == 2)
    assert [callback["status"] for callback in heard.all] == ["3", "2"]
    assert heard.all[1]["time"] <= heard.all[0]["time"]
    assert all(callback["control"] == control_of(callback) for callback in heard.all)


def test_callbacks__of_the_last_refund__come_in_order(merchant: Caller, heard):
    request = merchant.paid(1000)
    merchant.payer(merchant.refund(request, 1000).json()["hash"], "accept")
    until(lambda: len(heard.all) == 3)
    assert sorted((callback["method"], callback["status"]) for callback in heard.all) == [
        ("refund", "3"),
        ("request", "3"),
        ("request", "8"),
    ]
    assert [c["status"] for c in heard.all if c["method"] == "request"] == ["3", "8"]


def test_reset__with_callbacks_still_to_be_sent__forgets_them(merchant: Caller, heard):
    merchant.fault("callback", "late", ms=3_600_000)
    merchant.paid()
    merchant.control("reset")
    merchant.control("clock", advance_seconds=7200)
    merchant.sign_in().paid()
    until(lambda: heard.all)
    assert len(heard.all) == 1


def test_faults__every_one_of_the_tables__can_be_scripted(merchant: Caller):
    for fault in sorted(ON_CALLS):
        merchant.fault("request", fault)
    for fault in sorted(ON_CALLBACKS):
        merchant.fault("callback", fault)
    assert len(requests.get(f"{merchant.url}/control/faults").json()["faults"]) == len(
        ON_CALLS | ON_CALLBACKS
    )


def test_chaos__same_seed__draws_the_same_faults(tmp_path):
    drawn = [_drawn(tmp_path / name, seed) for name, seed in (("a", 7), ("b", 7), ("c", 8))]
    assert drawn[0] == drawn[1] != drawn[2] and "status" in drawn[0] and None in drawn[0]


def _drawn(folder, seed: int) -> list[str | None]:
    from bridge.sandbox.faults import Faults
    from bridge.sandbox.store import Store

    faults = Faults(Store(folder), parse_chaos("status=30%,hang=10%,lost=50%"), seed)
    return [
        fault and fault.name for fault in (faults.take("cashcloud", "request") for _ in range(50))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "nothing=5%",
        "hang=5",
        "hang=",
        "hang=-5%",
        "hang=101%",
        "hang=60%,garbage=50%",
        "hang=1.2.3%",
    ],
)
def test_chaos__rubbish__is_refused(text: str):
    with pytest.raises(ValueError):
        parse_chaos(text)
