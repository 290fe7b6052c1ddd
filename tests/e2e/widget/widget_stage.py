"""Five sites on this machine: the bridge at 127.0.0.1, a shop at localhost, the providers at 127.0.0.3, psp.test and evil.test.

For a browser each name and each address is a site of its own, and addresses of this machine are as safe as HTTPS. The bridge's settings take
plain http for just these, so nothing has to be loosened for a test. The bridge and its sandbox are real processes. A shop page is a
string; what the widget tells it is collected in `window.heard`. At psp.test stand pages that no provider of ours would send.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
import yaml
from support import ROOT, Http, free_port, until

PAYER = "customer@example.com"
KEY = "sk_widget_" + secrets.token_hex(16)
HOSTS = ("psp.test", "evil.test")
PROVIDERS = "127.0.0.3"
CARD_KEYS = {
    "username": "acme_cards",
    "blowfish_key": secrets.token_hex(16),
    "hmac_key": secrets.token_hex(16),
}
EVENTS = (
    "ready", "submit", "statechange", "success", "decline", "cancel", "expire", "fail", "pending", "error", "resize", "navigate", "closerequest",
    "close",
)  # fmt: skip

Page = tuple[str, dict[str, str]]


@dataclass
class Pages:
    """Pages by host and path; unknown ones are 404."""

    pages: dict[tuple[str, str], Page] = field(default_factory=dict)
    ports: list[int] = field(default_factory=list)

    def start(self) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.ports.append(server.server_port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def put(self, host: str, path: str, html: str, **headers: str) -> str:
        """Serve a page and return its address."""
        self.pages[host, path] = (
            html,
            {name.replace("_", "-"): value for name, value in headers.items()},
        )
        return f"http://{host}:{self.ports[0]}{path}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        pages = self.pages

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host = self.headers["Host"].split(":")[0]
                html, headers = pages.get((host, self.path.split("?")[0]), ("", {}))
                body = html.encode()
                self.send_response(200 if html else 404)
                self.send_header(
                    "Content-Type", headers.get("Content-Type", "text/html; charset=utf-8")
                )
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    if name != "Content-Type":
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        return Handler


@dataclass
class Stage:
    """What the tests of the widget speak with."""

    port: int
    pages: Pages

    @property
    def pay(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def shop(self) -> str:
        return f"http://localhost:{self.pages.ports[0]}"

    @property
    def second_shop(self) -> str:
        """The same shop under another of its origins."""
        return f"http://localhost:{self.pages.ports[1]}"

    @property
    def api(self) -> Http:
        return Http(f"http://127.0.0.1:{self.port}", {"Authorization": f"Bearer {KEY}"})

    @property
    def psp(self) -> str:
        """Where the providers are, for servers and for browsers."""
        return f"http://{PROVIDERS}:{self.port + 2}"

    @property
    def sandbox(self) -> Http:
        return Http(self.psp, {})

    def payment(self, **more: Any) -> dict[str, Any]:
        """Create a payment that waits for its payer."""
        ref = f"W-{secrets.token_hex(6)}"
        body = {
            "order_reference": ref, "amount": 4999, "currency": "EUR", "method": "wallet", "description": f"Order {ref}",
            "return_url": f"{self.shop}/done", "cancel_url": f"{self.shop}/cart", **more,
        }  # fmt: skip
        return self.api.post("/v1/payments", body, **{"Idempotency-Key": f'"{ref}"'})

    def token(self, **more: Any) -> str:
        return self.payment(**more)["checkout"]["token"]

    def payer(self, payment: dict[str, Any], action: str) -> None:
        """Let the payer answer in the wallet, once the bridge has asked it."""
        reference = until(
            lambda: (self.api.get(f"/v1/payments/{payment['id']}")["provider"] or {}).get(
                "reference"
            )
        )
        self.sandbox.post(f"/control/payer/{reference}", {"action": action})

    def page(self, body: str, path: str = "/", host: str = "localhost", **headers: str) -> str:
        """Serve a shop's page around a body and return its address; events are collected in `window.heard`."""
        return self.pages.put(host, path, self.html(body), **headers)

    def html(self, body: str, head: str = "") -> str:
        collect = f"window.heard=[];for(const t of {json.dumps(EVENTS)})addEventListener('cc-'+t,e=>heard.push([t,e.detail]));"
        return (
            f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>Shop</title>{head}"
            f"<style>bridge-checkout{{display:block;min-height:420px}}</style><script>{collect}</script>"
            f"<body><header>Shop</header><main><h1>Checkout</h1>{body}</main></body></html>"
        )

    def element(
        self, token: str, attributes: str = "", inside: str = "", version: str = "v1"
    ) -> str:
        """Return the widget's tags for a page."""
        return (
            f'<script type="module" src="{self.pay}/widget/{version}/checkout.mjs"></script>'
            f'<bridge-checkout checkout="{token}" locale="en" {attributes}>{inside}</bridge-checkout>'
        )


def browser_arguments(stage: Stage) -> list[str]:
    """Return what Chromium needs to find our hosts, and to treat them as it treats HTTPS."""
    rules = ", ".join(f"MAP {host} 127.0.0.1" for host in HOSTS)
    # Named "public", our ports are treated as the Internet is, not as a network that a page wants to look into.
    ours = [f"127.0.0.1:{port}" for port in (stage.port, *stage.pages.ports)]
    spaces = ",".join(f"{address}=public" for address in (*ours, stage.psp.removeprefix("http://")))
    return [
        f"--host-resolver-rules={rules}",
        f"--ip-address-space-overrides={spaces}",
        "--no-proxy-server",
    ]


class Processes:
    """The sandbox and the bridge."""

    def __init__(self, folder: Path, stage: Stage) -> None:
        self.folder, self.stage, self.running = folder, stage, []
        self.log = (folder / "log").open("wb")

    def start(self) -> None:
        password = secrets.token_urlsafe(12)
        config = write_config(self.folder, self.stage, password)
        self._run(
            "bridge.sandbox",
            "--listen",
            f"{PROVIDERS}:{self.stage.port + 2}",
            "--data",
            str(self.folder / "sandbox"),
        )
        subprocess.run(
            [sys.executable, "-m", "bridge", "migrate", "--config", config],
            cwd=ROOT,
            check=True,
            stdout=self.log,
            stderr=self.log,
        )
        self._run("bridge", "serve", "--config", config)
        until(lambda: answers(f"{self.stage.psp}/control/ledger"))
        account = {
            "provider": "cashcloud",
            "username": "m@acme.example",
            "name": "Acme",
            "password": password,
            "account_type": "corporate_plus",
        }
        self.stage.sandbox.post("/control/merchants", account)
        self.stage.sandbox.post(
            "/control/merchants", {"provider": "onecs", "name": "Acme", **CARD_KEYS}
        )
        until(lambda: answers(f"http://127.0.0.1:{self.stage.port}/readyz"))

    def _run(self, *arguments: str) -> None:
        command = [sys.executable, "-m", *arguments]
        self.running.append(
            subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=self.log,
                stderr=self.log,
                env=os.environ,
            )
        )

    def stop(self) -> None:
        for process in self.running:
            process.send_signal(signal.SIGTERM)
        for process in self.running:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
        self.log.close()


def write_config(folder: Path, stage: Stage, password: str) -> str:
    """Write a bridge with one merchant whose shop has two origins."""
    folder.joinpath("password").write_text(password)
    for name in ("blowfish_key", "hmac_key"):
        folder.joinpath(name).write_text(CARD_KEYS[name])
    folder.joinpath("secret").write_text(
        f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    )
    profile = {
        "merchant": "acme", "name": "Acme GmbH",
        "providers": {
            "cashcloud": {
                "base_url": f"{stage.psp}/cashcloud/", "username": "m@acme.example", "password": {"file": str(folder / "password")},
                "device_id": "acme-bridge", "account_type": "corporate_plus", "reason_id": "314"},
            "onecs": {
                "base_url": f"{stage.psp}/onecs/", "merchant_id": CARD_KEYS["username"], "time_zone": "UTC",
                **{name: {"file": str(folder / name)} for name in ("blowfish_key", "hmac_key")}}},
        "shops": [{
            "shop": "acme-web", "platform": "reference", "mode": "test", "api_keys": [f"sha256:{hashlib.sha256(KEY.encode()).hexdigest()}"],
            "notification_url": f"{stage.shop}/notifications", "notification_secrets": [{"file": str(folder / "secret")}],
            "origins": [stage.shop, stage.second_shop], "methods": {"wallet": "cashcloud", "card": "onecs"},
            "respond_within": 2, "expires_in": {"default": 1800, "max": 86400},
            "late_payment": "hold"}],
    }  # fmt: skip
    service = {
        "database": f"sqlite:///{folder / 'bridge.db'}", "listen": f"127.0.0.1:{stage.port}", "public_url": stage.pay, "merchants": "merchants",
        "in_process_worker": True,
    }  # fmt: skip
    (folder / "merchants").mkdir(parents=True)
    (folder / "merchants" / "acme.yaml").write_text(yaml.safe_dump(profile))
    (folder / "bridge.yaml").write_text(yaml.safe_dump(service))
    return str(folder / "bridge.yaml")


def answers(url: str) -> bool:
    """Tell whether something answers there."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def new_stage(folder: Path) -> tuple[Stage, Processes, list[ThreadingHTTPServer]]:
    """Start everything."""
    pages = Pages()
    servers = [pages.start(), pages.start()]
    port = free_port(1)
    stage = Stage(port, pages)
    pages.put("localhost", "/notifications", "ok")
    processes = Processes(folder, stage)
    try:
        processes.start()
    except BaseException:
        processes.stop()
        raise
    return stage, processes, servers
