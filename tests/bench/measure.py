"""Measuring: one stretch of load is a Sample, several of the same kind are a Series with a median and a spread."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from tests.bench.load import Shot
from tests.bench.parties import TICKS, Client, Party, cpu_of_tree
from tests.bench.shots import fresh

T = TypeVar("T")
GOOD = frozenset({200, 201, 304})


@dataclass(frozen=True, slots=True)
class Sample:
    """What one stretch of load brought: good answers per second, times in milliseconds, processor time in microseconds per answer."""

    rate: float
    ms: Sequence[float]
    cpu: float
    database_cpu: float
    codes: Mapping[int, int]
    busy: float

    @property
    def p50(self) -> float:
        """Return the median."""
        return percentile(self.ms, 50)

    @property
    def p99(self) -> float:
        """Return the time within which 99 of 100 were answered."""
        return percentile(self.ms, 99)


@dataclass(frozen=True, slots=True)
class Series:
    """Samples of one kind, taken in turn with others."""

    samples: Sequence[Sample]

    def of(self, name: str) -> float:
        """Return the median of one number."""
        return median(getattr(sample, name) for sample in self.samples)

    def spread(self, name: str) -> tuple[float, float]:
        """Return the lowest and the highest."""
        found = [getattr(sample, name) for sample in self.samples]
        return min(found), max(found)

    def ratio(self, name: str, beside: Series) -> float:
        """Return the median of the ratios, pair by pair."""
        return median(
            getattr(a, name) / (getattr(b, name) or 1)
            for a, b in zip(self.samples, beside.samples, strict=True)
        )

    def all_ms(self, percent: float) -> float:
        """Return a percentile over every answer of all samples."""
        return percentile([ms for sample in self.samples for ms in sample.ms], percent)

    def codes(self) -> Counter[int]:
        """Return how often each status came; 0: the connection broke."""
        return sum((Counter(sample.codes) for sample in self.samples), Counter())


def percentile(values: Iterable[float], percent: float) -> float:
    """Return a percentile, 0 of nothing."""
    found = sorted(values)
    return found[min(len(found) - 1, int(len(found) * percent / 100))] if found else 0.0


def fire(
    client: Client, server: Party, shot: Shot, postgres: int | None = None, **changes: Any
) -> Sample:
    """Fire a Shot at a server and measure."""
    return Stretch(client, [server], shot, postgres, **changes).end()


class Stretch:
    """A Shot that has begun; `end` waits for it. Processor time is that of the servers, and of PostgreSQL apart."""

    def __init__(
        self,
        client: Client,
        servers: Sequence[Party],
        shot: Shot,
        postgres: int | None = None,
        **changes: Any,
    ) -> None:
        self._client, self._servers, self._postgres = client, servers, postgres
        self._machine, self._cpu, self._database = (
            machine(),
            self._servers_cpu(),
            self._database_cpu(),
        )
        client.start(fresh(shot, **changes))

    def end(self) -> Sample:
        """Wait for the end; return the Sample."""
        result = self._client.result()
        codes = Counter(result["codes"])
        good = sum(codes[code] for code in GOOD)
        answered = max(1, len(result["codes"]))
        return Sample(
            rate=good / result["seconds"],
            ms=[ms for ms, code in zip(result["ms"], result["codes"], strict=True) if code in GOOD],
            cpu=(self._servers_cpu() - self._cpu) / answered * 1e6,
            database_cpu=(self._database_cpu() - self._database) / answered * 1e6,
            codes=codes,
            busy=_share(self._machine, machine()),
        )

    def _servers_cpu(self) -> float:
        return sum(server.cpu() for server in self._servers)

    def _database_cpu(self) -> float:
        return cpu_of_tree(self._postgres) if self._postgres else 0.0


def in_turn(rounds: int, measures: Mapping[str, Callable[[], Sample]]) -> Mapping[str, Series]:
    """Take the measures A B A B …; return a Series for each."""
    found: dict[str, list[Sample]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return {name: Series(samples) for name, samples in found.items()}


def machine() -> tuple[float, float, float]:
    """Return seconds of all processors so far: busy, stolen by other machines, in all."""
    fields = [
        int(field) / TICKS
        for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    ]
    return sum(fields) - fields[3] - fields[4], fields[7], sum(fields)


def _share(before: tuple[float, float, float], after: tuple[float, float, float]) -> float:
    passed = after[2] - before[2]
    return (after[0] - before[0]) / passed if passed else 0.0


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))
