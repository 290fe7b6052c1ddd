"""Puts the sandbox together: providers found by folder, the wallet, the control calls; and serves it."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import falcon

from bridge.sandbox import wallet
from bridge.sandbox.calls import Route
from bridge.sandbox.control import Control, ControlPath
from bridge.sandbox.desk import Desk, Provider
from bridge.sandbox.discover import discover
from bridge.sandbox.doors import AnyCase, Door
from bridge.sandbox.endings import UnrulyApp
from bridge.sandbox.faults import parse_chaos
from bridge.sandbox.server import Server, until_signal

MOST_BODY = 256 * 1024


class SandboxApp(UnrulyApp):
    """The WSGI application; `desk.start()` sets its threads to work, `desk.close()` ends them."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.holds)
        self.desk = desk


class Home:
    """`/` leads to the wallet; `/livez` says that the sandbox is up."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Go to the wallet."""
        raise falcon.HTTPSeeOther("/wallet")

    def on_get_live(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Say so."""
        resp.text, resp.content_type = "ok", falcon.MEDIA_TEXT


def build(
    data_dir: Path | str, merchants: Iterable[str] = (), chaos: str = "", seed: int | None = None
) -> SandboxApp:
    """The app over a data directory. `merchants` as `provider:username:password`, `chaos` as `drop_after=5%,lost=10%`.

    Raises ValueError for a merchant or chaos that cannot be read, `store.InUse` if another sandbox has the directory.
    """
    desk = Desk(Path(data_dir), parse_chaos(chaos), secrets.randbits(32) if seed is None else seed)
    try:
        return _assembled(desk, merchants)
    except BaseException:
        desk.close()
        raise


def _assembled(desk: Desk, merchants: Iterable[str]) -> SandboxApp:
    app = SandboxApp(desk)
    for provider in (found(desk) for found in discover()):
        _mount(app, desk, provider)
    for path, calls in Control(desk).routes().items():
        app.add_route(path, ControlPath(calls))
    wallet.mount(app, desk)
    app.add_route("/", Home())
    app.add_route("/livez", Home(), suffix="live")
    for line in merchants:
        add_merchant(desk, line)
    return app


def add_merchant(desk: Desk, line: str) -> None:
    """Add a merchant written as `provider:username:password`. Raises ValueError (without the password)."""
    name, username, password = (*line.split(":", 2), "", "")[:3]
    if name not in desk.providers or not username or not password:
        raise ValueError(
            f"write a merchant as provider:username:password, with a provider of {', '.join(desk.providers)}"
        )
    desk.merchants.put(
        desk.providers[name].merchant(username, password, "corporate_plus", username, False)
    )


@contextmanager
def running(
    data_dir: Path | str,
    merchants: Iterable[str] = (),
    listen: str = "127.0.0.1:0",
    chaos: str = "",
    seed: int | None = None,
) -> Iterator[str]:
    """Serve on a thread while the block runs, and give the address (`http://127.0.0.1:49152`)."""
    app = build(data_dir, merchants, chaos, seed)
    try:
        server = Server(app, listen, MOST_BODY)
        app.desk.start()
        server.start()
        try:
            yield server.url
        finally:
            app.desk.holds.release()
            server.stop()
    finally:
        app.desk.close()


def serve(
    listen: str,
    data: Path | str,
    merchants: Iterable[str] = (),
    chaos: str = "",
    seed: int | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Serve until SIGTERM or SIGINT. Raises what `build` raises, OSError if the address cannot be had."""
    seed = secrets.randbits(32) if seed is None else seed
    logging.getLogger("waitress").setLevel(
        logging.ERROR
    )  # it warns of every body that is cut off on purpose
    with running(data, merchants, listen, chaos, seed) as url:
        say(f"sandbox listening on {url}" + (f" (chaos {chaos}, seed {seed})" if chaos else ""))
        until_signal()


def _mount(app: SandboxApp, desk: Desk, provider: Provider) -> None:
    desk.providers[provider.name] = provider
    by_path: dict[str, list[Route]] = {}
    for route in provider.routes():
        by_path.setdefault(route.path, []).append(route)
    doors = {path: Door(desk, provider.name, routes) for path, routes in by_path.items()}
    if getattr(provider, "any_case", False):
        app.add_route(
            f"/{provider.name}/{{file}}",
            AnyCase({path.strip("/").lower(): door for path, door in doors.items()}),
        )
        return
    for path, door in doors.items():
        app.add_route(f"/{provider.name}{path}", door)
