"""Prints each step with ok or FAILED, and counts."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import click

PATIENCE = 60.0  # seconds for anything that comes by itself

T = TypeVar("T")


class Failed(Exception):
    """What a step promised did not happen; the rest of its chapter makes no sense."""


@dataclass(slots=True)
class Steps:
    """The steps so far."""

    verbose: bool = False
    ok: int = 0
    failed: int = 0

    @contextmanager
    def __call__(self, promise: str) -> Iterator[None]:
        """Do one step; raises ``Failed`` after it was printed."""
        began = time.monotonic()
        try:
            yield
        except Exception as error:
            self.failed += 1
            click.echo(
                f"  {click.style('FAILED', fg='red', bold=True)}  {promise}\n          {error or type(error).__name__}"
            )
            if self.verbose:
                click.echo(traceback.format_exc())
            raise Failed(promise) from error
        self.ok += 1
        click.echo(
            f"  {click.style('ok', fg='green')}      {promise} ({time.monotonic() - began:.1f} s)"
        )


def must(is_so: object, complaint: str) -> None:
    """Raise ``Failed`` with the complaint unless it is so."""
    if not is_so:
        raise Failed(complaint)


def until(look: Callable[[], T], is_good: Callable[[T], object], complaint: str) -> T:
    """Look again and again until what is seen is good, and return it; raises ``Failed`` when patience is over."""
    deadline = time.monotonic() + PATIENCE
    while not is_good(seen := look()):
        if time.monotonic() > deadline:
            raise Failed(f"{complaint}; last seen: {str(seen)[:240]}")
        time.sleep(0.15)
    return seen
