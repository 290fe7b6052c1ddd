"""Many merchants in a real process (500: `test_config_merchants.py`): what is wrong with one of them at the start, or at a reload by SIGHUP, concerns him alone."""

from __future__ import annotations

import hashlib
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash_support import Process
from support import Http, free_port, python, until

MANY = 40


class Hoster:
    """An installation of many merchants, and its process. `key(n)` is the API key of merchant n's shop."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        (folder / "merchants").mkdir()
        self.secret.touch(0o600)
        self.secret.write_text("a-secret")
        self.config = folder / "bridge.yaml"
        self.config.write_text(json.dumps({
            "database": f"sqlite:///{folder}/bridge.db", "public_url": f"http://127.0.0.1:{self.port}", "listen": f"127.0.0.1:{self.port}",
            "merchants": "merchants", "threads": 4,
        }))  # fmt: skip
        self.process: Process | None = None

    @property
    def secret(self) -> Path:
        return self.folder / "merchants" / "secret"

    @staticmethod
    def key(number: int) -> str:
        return f"sk_merchant_{number}"

    def profile(self, number: int, secret: str = "secret", name: str = "Ltd") -> None:
        """Write a profile; YAML reads JSON."""
        account = {
            "base_url": "http://127.0.0.1:9/cashcloud/",
            "username": f"m{number}@merchant.example",
            "device_id": f"d{number}",
            "reason_id": "315",
            "password": {"file": secret},
        }
        shop = {
            "shop": f"shop{number}",
            "platform": "reference",
            "api_keys": [f"sha256:{hashlib.sha256(self.key(number).encode()).hexdigest()}"],
            "methods": {"wallet": "cashcloud"},
        }
        self.file(number).write_text(
            json.dumps(
                {
                    "merchant": f"m{number}",
                    "name": name,
                    "providers": {"cashcloud": account},
                    "shops": [shop],
                },
                indent=1,
            )
        )

    def file(self, number: int) -> Path:
        return self.folder / "merchants" / f"m{number}.yaml"

    def start(self) -> None:
        assert python("bridge", "migrate", "--config", str(self.config)).returncode == 0
        self.process = Process(
            "serve",
            ["-m", "bridge", "serve", "--config", str(self.config)],
            self.folder / "serve.log",
        )

    @property
    def http(self) -> Http:
        return Http(f"http://127.0.0.1:{self.port}", {})

    def ready(self) -> dict[str, object]:
        """Wait until the process answers; return what /readyz says."""

        def answers() -> bool:
            assert self.process.code is None, self.process.last_words()
            return '"listening on' in self.process.log.read_text()

        until(answers)
        return self.http.get("/readyz")

    def shop(self, number: int) -> tuple[int, str | None]:
        """Ask as a merchant's shop who it is; return status and the merchant's name."""
        answer = self.http.send(
            "GET", "/v1/shop", headers={"Authorization": f"Bearer {self.key(number)}"}
        )
        return answer.status_code, answer.json().get("merchant_name")

    def counts(self) -> dict[str, int]:
        """Return the metric `bridge_merchants` by kind."""
        found = re.findall(
            r'^bridge_merchants{kind="(\w+)"} (\d+)',
            self.http.send("GET", "/metrics").text,
            re.MULTILINE,
        )
        return {kind: int(number) for kind, number in found}


@pytest.fixture
def hoster(tmp_path: Path) -> Iterator[Hoster]:
    hoster = Hoster(tmp_path)
    for number in range(MANY):
        hoster.profile(number)
    yield hoster
    if hoster.process:
        hoster.process.kill()


@pytest.mark.invariant("I33")
def test_mistakes__of_one_of_many_merchants_at_start_and_reload__are_his_own(
    hoster: Hoster,
) -> None:
    hoster.profile(25, secret="nowhere")
    hoster.start()
    assert hoster.ready()["checks"]["profiles"] is False and hoster.ready()["status"] == "warn"
    assert hoster.counts() == {"served": MANY - 1, "previous": 0, "off": 1}
    assert [hoster.shop(number)[0] for number in (0, 24, 25, 26, 39)] == [200, 200, 503, 200, 200]
    callback = hoster.http.send("POST", "/v1/callbacks/cashcloud/m25", data=b"x")
    assert (callback.status_code, callback.json()["retryable"]) == (503, True)
    assert hoster.http.send("POST", "/v1/callbacks/cashcloud/nobody", data=b"x").status_code == 404

    hoster.profile(25)
    hoster.profile(10, secret="nowhere", name="new")
    hoster.profile(0, name="new")
    hoster.file(11).write_text("merchant: m11\n ]: [")
    hoster.process.send(signal.SIGHUP)
    assert until(hoster.counts, lambda seen: seen["off"] == 0) == {
        "served": MANY,
        "previous": 2,
        "off": 0,
    }
    assert {number: hoster.shop(number) for number in (0, 10, 11, 25)} == {
        0: (200, "new"),
        10: (200, "Ltd"),
        11: (200, "Ltd"),
        25: (200, "Ltd"),
    }
    assert 'bridge_profile_refused{merchant="m11"} 1.0' in hoster.http.send("GET", "/metrics").text

    hoster.profile(10)
    hoster.profile(11)
    hoster.process.send(signal.SIGHUP)
    assert (
        until(hoster.counts, lambda seen: seen["previous"] == 0)["served"] == MANY
        and hoster.ready()["status"] == "pass"
    )
    hoster.process.stop()
    log = hoster.process.log.read_text()
    assert (
        "the merchant m25 is switched off, all others are served" in log
        and "the profile of m11 that was read before stays in force" in log
    )
