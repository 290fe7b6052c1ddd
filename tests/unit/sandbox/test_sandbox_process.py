"""The sandbox as a process of its own: it tells its address, stops cleanly, and loses nothing that it has answered."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import falcon
import pytest
import requests
from sandbox_caller import PASSWORD, USERNAME, Caller, until

from bridge.sandbox.server import Server


@contextmanager
def started(data: Path, *more: str) -> Iterator[tuple[subprocess.Popen, Caller, str]]:
    command = [
        sys.executable,
        "-m",
        "bridge.sandbox",
        "--listen",
        "127.0.0.1:0",
        "--data",
        str(data),
        "--merchant",
        f"cashcloud:{USERNAME}:{PASSWORD}",
        *more,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        yield process, Caller(re.search(r"http://\S+", line).group()), line
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_process__told_to_stop_while_calls_hang__ends_cleanly(tmp_path: Path, number: int):
    with started(tmp_path) as (process, caller, _):
        caller.sign_in().fault("reasons", "hang")

        def hang() -> None:
            with pytest.raises(requests.ConnectionError):
                caller.get("reasons")

        hanging = threading.Thread(target=hang)
        hanging.start()
        until(lambda: ("reasons", "200 hang") in caller.journal("received"))
        process.send_signal(number)
        assert (process.wait(30), process.stderr.read()) == (0, "")
        hanging.join(20)


def test_stop__a_call_that_ends_wakes_the_loop_first__ends_all_the_same():
    """What woke the loop for it has closed the means of waking it."""
    server = Server(falcon.App(), "127.0.0.1:0", 1000)
    server.start()
    trigger = server._server.trigger
    wake = trigger._physical_pull

    def wake_after_somebody_else() -> None:
        wake()
        server._thread.join(20)
        wake()

    trigger._physical_pull = wake_after_somebody_else
    server.stop()
    assert not server._thread.is_alive()


def test_process__killed_in_the_middle_of_work__keeps_what_it_answered(tmp_path: Path):
    answered: list[str] = []
    with started(tmp_path) as (process, caller, _):
        caller.sign_in()
        working = threading.Thread(target=_ask_until_it_fails, args=(caller, answered))
        working.start()
        until(lambda: len(answered) > 30)
        process.kill()
        working.join(20)
    with started(tmp_path) as (_, caller, _):
        kept = {entry["reference"] for entry in caller.ledger()}
    assert set(answered) <= kept and len(kept) <= len(answered) + 1


def _ask_until_it_fails(caller: Caller, answered: list[str]) -> None:
    try:
        while True:
            answered.append(caller.request())
    except requests.RequestException:
        return


def test_process__second_one_in_the_same_directory__is_refused(tmp_path: Path):
    with started(tmp_path), started_refused(tmp_path) as (code, text):
        assert code == 1 and "another sandbox works in" in text


def test_process__merchant_that_cannot_be_read__is_refused_without_its_password(tmp_path: Path):
    with started_refused(tmp_path, "--merchant", "nobody:me:hidden-secret") as (code, text):
        assert code == 1 and "provider:username:password" in text and "hidden-secret" not in text


@contextmanager
def started_refused(data: Path, *more: str) -> Iterator[tuple[int, str]]:
    command = [
        sys.executable,
        "-m",
        "bridge.sandbox",
        "--listen",
        "127.0.0.1:0",
        "--data",
        str(data),
        *more,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    yield done.returncode, done.stderr


def test_process__chaos__prints_its_seed_and_strikes_about_so_often(tmp_path: Path):
    with started(tmp_path, "--chaos", "status=50%", "--seed", "1") as (_, caller, line):
        statuses = [requests.get(caller.api + "reasons").status_code for _ in range(60)]
    assert "chaos status=50%, seed 1" in line
    assert set(statuses) == {403, 500} and 15 < statuses.count(500) < 45
