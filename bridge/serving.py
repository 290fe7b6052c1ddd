"""Runs the processes: `serve` (the doors, and a worker where wanted) and `worker`. Both stop cleanly on SIGTERM and SIGINT."""

from __future__ import annotations

import logging
import resource
import signal
import threading
from collections.abc import Callable
from functools import partial
from typing import NoReturn

from bridge import logs
from bridge.bootstrap import House
from bridge.connections import Limits, create_server
from bridge.signals import heed
from bridge.web.app import build as build_app
from bridge.web.settings import WebSettings

log = logging.getLogger("bridge")

ENDING = (signal.SIGTERM, signal.SIGINT)
REGISTER_AGAIN_SECONDS = (5, 30, 120, 600, 3_600)
BODY_LIMIT = 256 * 1024
OPEN_FILES = 4_096
"""As many as that, if the system's hard limit allows: most begin with 1,024, which the connections and all that is behind them may reach."""


def serve(house: House) -> None:
    """Serve until a signal; profiles are read anew on SIGHUP. Raises OSError when the address cannot be had."""
    service = house.config.service
    seen = WebSettings(
        str(service.public_url).rstrip("/"),
        service.static,
        service.operator_networks,
        service.trusted_proxies,
        docs=service.docs,
    )
    app = build_app(house.services, seen, bind_request_id=logs.request_id.set, doors=house.doors())
    _allow_open_files()
    limits = Limits(
        per_client=service.connections_per_client, trusted_proxies=service.trusted_proxies
    )
    server = create_server(
        app,
        listen=service.listen,
        limits=limits,
        threads=service.threads,
        ident=None,
        clear_untrusted_proxy_headers=False,
        max_request_body_size=house.body_limit(BODY_LIMIT),
        channel_timeout=60,
        asyncore_use_poll=True,
    )
    stopping = threading.Event()
    background = [_start("register", lambda: _register(house, stopping))]
    if house.time is not None:
        background.append(_start("clock", partial(house.time.keep_time, stopping)))
    if service.in_process_worker:
        background.append(_start("worker", house.worker.run))
    for number in ENDING:
        signal.signal(number, _exit)
    heed({signal.SIGHUP: lambda: _reload(house)})
    _tell_mistakes(house)
    log.info("listening on http://%s", service.listen)
    try:
        server.run()
    finally:
        log.info("stopping: requests and jobs under way are finished first")
        stopping.set()
        server.close()
        server.task_dispatcher.shutdown()
        house.worker.stop()
        for thread in background:
            thread.join(timeout=30)
        house.close()


def work(house: House) -> None:
    """Run a worker until a signal; profiles are read anew on SIGHUP."""
    heed({**dict.fromkeys(ENDING, house.worker.stop), signal.SIGHUP: lambda: _reload(house)})
    _tell_mistakes(house)
    log.info("working")
    stopping = threading.Event()
    if house.time is not None:
        _start("clock", partial(house.time.keep_time, stopping))
    try:
        house.worker.run()
    finally:
        stopping.set()
        house.close()


def _allow_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _register(house: House, stopping: threading.Event) -> None:
    for pause in (*REGISTER_AGAIN_SECONDS, None):
        problems = house.register_accounts()
        for problem in problems:
            log.warning(problem)
        if not problems or pause is None or stopping.wait(pause):
            return


def _reload(house: House) -> None:
    generation = house.profiles.generation
    problems = house.profiles.reload()
    if house.profiles.generation != generation:
        _tell_mistakes(house)
        log.info("profiles read anew")
        return
    for problem in problems:
        log.error("the new settings are refused, and all stay as they were: %s", problem)


def _tell_mistakes(house: House) -> None:
    for fault in house.profiles.faults:
        log.warning("a profile has a mistake: %s", fault)
    for refused in house.profiles.refused:
        for problem in refused.problems:
            log.error("a profile is refused: %s", problem)
        log.error("%s", refused.sentence)


def _start(name: str, act: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=act, name=name, daemon=True)
    thread.start()
    return thread


def _exit(*_: object) -> NoReturn:
    """Leave waitress's loop, which runs in the main thread and ends on this exception only."""
    raise SystemExit(0)
