"""The table of jobs: kind of job → use case."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bridge.ports import Job, JobKind
from bridge.services import Services

Jobs = Mapping[JobKind, Callable[[Job], bool]]
"""What carries out a job returns whether it has ended the job as well, in the commit of its result; else the worker ends it."""


def jobs_of(services: Services) -> Jobs:
    """Return what to do for each kind of job."""
    return {
        JobKind.PAYMENT: services.look_after_payment,
        JobKind.OPERATION: services.look_after_operation,
        JobKind.CALLBACK: services.process_callback,
        JobKind.NOTIFY: services.deliver_notification,
        JobKind.ORDER: services.end_other_checkouts,
    }
