"""Measurements for Prometheus, in a registry of our own: requests, latency, and at scrape time the state of the house."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

log = logging.getLogger("bridge.web")

METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
"""A method that nobody knows is counted as OTHER: who calls must not choose our label values."""

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


LABELS: Mapping[str, str] = {"profile_refused": "merchant"}
"""The label of what the house counts by name, where it is not `kind`."""


class Metrics:
    """Counts requests and measures how long they took, in seconds."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register in `registry`; nothing is global."""
        self._registry = registry
        self._requests = Counter(
            "bridge_http_requests",
            "Requests answered.",
            ("route", "method", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "bridge_http_request_seconds",
            "Time to answer.",
            ("route",),
            buckets=BUCKETS,
            registry=registry,
        )
        self._running = Gauge(
            "bridge_http_requests_in_progress", "Requests being answered.", registry=registry
        )

    def began(self) -> None:
        """Note that a request has come."""
        self._running.inc()

    def ended(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note that it was answered."""
        self._running.dec()
        self._requests.labels(route, method if method in METHODS else "OTHER", str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def tell_version(self, version: str) -> None:
        """Show which version of the software serves."""
        Info("bridge_build", "The software that serves.", registry=self._registry).info(
            {"version": version}
        )

    def watch_house(self, measure: Callable[[], Mapping[str, Any]]) -> None:
        """Ask `measure` at every scrape: name → number, or name → {kind: number}."""
        self._registry.register(_House(measure))

    def scrape(self) -> tuple[str, bytes]:
        """Return media type and text for Prometheus."""
        return CONTENT_TYPE_LATEST, generate_latest(self._registry)


class _House(Collector):
    def __init__(self, measure: Callable[[], Mapping[str, Any]]) -> None:
        self._measure = measure

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        try:
            found, up = self._measure(), 1
        except Exception:
            log.exception("the house could not be measured")
            found, up = {}, 0
        yield GaugeMetricFamily("bridge_measured", "Whether the gauges below could be read.", up)
        for name, value in found.items():
            yield _gauge(name, value)


def _gauge(name: str, value: Any) -> Metric:
    if not isinstance(value, Mapping):
        return GaugeMetricFamily(f"bridge_{name}", f"State of the house: {name}.", value)
    family = GaugeMetricFamily(
        f"bridge_{name}", f"State of the house: {name}.", labels=[LABELS.get(name, "kind")]
    )
    for kind, number in value.items():
        family.add_metric([str(kind)], number)
    return family
