"""What a process sets up for itself. Signals: no handler waits for what the main thread holds, and nothing that fails ends the heeding. Files: enough may be open."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

WITHIN = 60
"""Seconds; what hangs, hangs for ever."""

HEED = """
import signal, threading
from bridge.signals import heed
done = threading.Event()
"""

HELD = (
    HEED
    + """
lock = threading.Lock()

def end():
    with lock:
        done.set()

heed({signal.SIGTERM: end})
with lock:
    signal.raise_signal(signal.SIGTERM)
    assert not done.wait(0.1)
done.wait()
"""
)

FAILS = (
    HEED
    + """
heed({signal.SIGHUP: lambda: 1 / 0, signal.SIGTERM: done.set})
signal.raise_signal(signal.SIGHUP)
signal.raise_signal(signal.SIGTERM)
done.wait()
"""
)

EARLY = (
    HEED
    + """
from bridge.signals import hold
hold(signal.SIGHUP)
signal.raise_signal(signal.SIGHUP)
heed({signal.SIGHUP: done.set})
done.wait()
"""
)

ELSEWHERE = (
    HEED
    + """
heed({signal.SIGTERM: done.set})
asleep = threading.Thread(target=threading.Event().wait, daemon=True)
asleep.start()
threading.Timer(0.5, lambda: signal.pthread_kill(asleep.ident, signal.SIGTERM)).start()
done.wait()
"""
)

OPEN_FILES = """
import resource
from bridge import serving
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
serving._allow_open_files()
most = serving.OPEN_FILES if hard == resource.RLIM_INFINITY else min(serving.OPEN_FILES, hard)
assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, hard) and most > 256
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
serving._allow_open_files()
assert resource.getrlimit(resource.RLIMIT_NOFILE) == (256, 256)
"""

ENDS_WHILE_IT_WAITS = """
import os, signal, sys, threading
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from bridge import serving
from bridge.worker.loop import Worker

class AtEveryStep:
    '''Sends SIGTERM to the process at one step of the loop's waiting, counted in calls and lines of `threading`.'''
    def __init__(self, step):
        self.left = step
    def __call__(self, frame, event, argument):
        if frame.f_code.co_filename != threading.__file__:
            return None
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGTERM)
        return self

class Nothing:
    outbox = SimpleNamespace(lanes_due=lambda *_, **__: [])
    read = lambda self: self
    def __enter__(self): return self
    def __exit__(self, *_): return None

def traced(run, step):
    sys.settrace(AtEveryStep(step))
    try:
        run()
    finally:
        sys.settrace(None)

for step in range(20, 120):
    worker = Worker(Nothing, {}, lambda: datetime.now(UTC), threads=2, notification_threads=2, lease=3, poll=0.01, chore=lambda: None)
    worker.run = partial(traced, worker.run, step)
    serving.work(SimpleNamespace(worker=worker, profiles=SimpleNamespace(faults=(), refused=()), time=None, close=lambda: print(step)))
"""


def python(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=WITHIN
    )


def test_signal__comes_while_the_main_thread_holds_what_the_act_needs__is_heeded_afterwards():
    ran = python(HELD)
    assert ran.returncode == 0, ran.stderr


def test_signal__act_fails__is_told_and_the_next_signal_is_heeded():
    ran = python(FAILS)
    assert ran.returncode == 0 and "SIGHUP could not be heeded" in ran.stderr


def test_signal__given_to_another_thread_by_the_kernel__is_heeded_while_the_main_thread_sleeps():
    ran = python(ELSEWHERE)
    assert ran.returncode == 0, ran.stderr


def test_signal__comes_while_the_process_starts__is_kept_until_it_is_heeded():
    ran = python(EARLY)
    assert ran.returncode == 0, ran.stderr


def test_worker__told_to_end_at_any_step_of_its_waiting__ends():
    ran = python(ENDS_WHILE_IT_WAITS)
    assert (ran.returncode, ran.stdout.split()) == (0, [str(step) for step in range(20, 120)]), (
        ran.stderr
    )


def test_serve__few_open_files__are_made_more_as_far_as_the_system_allows():
    ran = python(OPEN_FILES)
    assert ran.returncode == 0, ran.stderr
