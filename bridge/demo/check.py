"""``demo-check``: finds a running demo or starts one, plays the story, and gives a verdict."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import click
import requests

from bridge.demo.chapters import CHAPTERS
from bridge.demo.layout import Layout
from bridge.demo.parties import cast_of
from bridge.demo.ports import free_base
from bridge.demo.processes import die_with_parent
from bridge.demo.steps import Failed, Steps
from bridge.demo.story import Story

START_WITHIN = 180.0  # seconds for a demo of our own


def check(data: Path, verbose: bool) -> bool:
    """Play the story and print it; return whether every step was ok."""
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(1)
    )  # so that a demo of our own, and its folder, are tidied up then too
    try:
        with _demo(data) as facts:
            steps = play(facts, verbose)
    except Failed as error:
        click.echo(click.style(f"\nFAILED: {error}", fg="red", bold=True))
        return False
    return _verdict(steps)


def play(facts: Mapping[str, str], verbose: bool = False) -> Steps:
    """Play all chapters against a running demo. A chapter ends where one of its steps fails; the others are played all the same."""
    story = Story(cast_of(facts), Steps(verbose))
    try:
        for title, chapter in CHAPTERS:
            click.echo(f"\n{click.style(title, bold=True)}")
            _play(chapter, story)
    finally:
        _leave_tidy(story)
    return story.step


def _play(chapter: Callable[[Story], None], story: Story) -> None:
    with suppress(Failed):  # printed and counted by its step
        chapter(story)


def _leave_tidy(story: Story) -> None:
    try:
        story.cast.sandbox.behave()
    except requests.RequestException as error:
        click.echo(f"the sandbox's faults may still be switched on: {error}", err=True)


def _verdict(steps: Steps) -> bool:
    total, good = steps.ok + steps.failed, steps.failed == 0
    words = (
        f"all {total} steps ok, and the books agree"
        if good
        else f"FAILED: {steps.failed} of {total} steps"
    )
    click.echo(f"\ndemo-check: {click.style(words, fg='green' if good else 'red', bold=True)}")
    return good


@contextmanager
def _demo(data: Path) -> Iterator[Mapping[str, str]]:
    facts = _running(data / "demo.json")
    if facts:
        click.echo(f"Playing the story in the demo that runs at {facts['shop_url']}.")
        yield facts
        return
    click.echo("No demo runs, so one is started for this check and ended after it.")
    with (
        tempfile.TemporaryDirectory(prefix="bridge-demo-check-") as folder,
        _own_demo(Path(folder)) as facts,
    ):
        yield facts


def _running(file: Path) -> Mapping[str, str] | None:
    """Return what ``demo.json`` says, if there is one and its bridge answers."""
    try:
        facts: Mapping[str, str] = json.loads(file.read_text())
        cast_of(facts).bridge.get("/v1/shop")
        return facts
    except (OSError, ValueError, KeyError, requests.RequestException):
        return None


@contextmanager
def _own_demo(folder: Path) -> Iterator[Mapping[str, str]]:
    layout, log = Layout(folder, free_base()), folder / "demo.log"
    with log.open("wb") as out:
        command = [
            sys.executable,
            "-m",
            "bridge.demo",
            "demo",
            "--port",
            str(layout.port),
            "--data",
            str(folder),
        ]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,
        )
    try:
        _wait(process, layout.facts, log)
        yield json.loads(layout.facts.read_text())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait(process: subprocess.Popen[bytes], facts: Path, log: Path) -> None:
    deadline = time.monotonic() + START_WITHIN
    while not facts.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise Failed(f"the demo did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.1)
