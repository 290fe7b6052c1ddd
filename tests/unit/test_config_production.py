"""The files of config/production: what a hoster copies from there is accepted, and fits the service."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from adapters import discover
from bridge import serving
from bridge.__main__ import main
from bridge.web.app import ROUTES
from bridge.web.audience import Audience

FOLDER = Path(__file__).parents[2] / "config" / "production"
NGINX = (FOLDER / "nginx.conf").read_text()
UNITS = sorted(FOLDER.glob("*.service"))
SECRETS = {
    ".notification": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ".blowfish": "0123456789abcdef",
}
BYTES = {"k": 1024, "m": 1024 * 1024}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files as they are, with every secret that they refer to."""
    copied = Path(shutil.copytree(FOLDER, tmp_path / "payment-bridge"))
    for text in (profile.read_text() for profile in copied.glob("merchants/*.yaml")):
        for name in re.findall(r"file: \.\./(secrets/[a-z0-9.-]+)", text):
            (copied / "secrets").mkdir(exist_ok=True)
            (copied / name).touch(0o640)
            (copied / name).write_text(
                SECRETS.get(Path(name).suffix, "a-secret-that-is-long-enough-0123456789")
            )
    return copied


def locations() -> dict[str, str]:
    """The addresses that nginx passes on, with what is said there."""
    tls = NGINX[NGINX.index("listen 443") :]
    return {
        where: said
        for where, said in re.findall(r"location (?:= )?(/\S*) +{ (proxy_pass [^}]*)}", tls)
    }


def is_passed_on(address: str) -> bool:
    return any(
        address == where or (where.endswith("/") and address.startswith(where))
        for where in locations()
    )


def given(name: str, text: str = NGINX) -> str:
    found = re.search(rf"^ *{name} ([^;]+);", text, re.MULTILINE)
    assert found, name
    return found[1]


def test_check__the_files_of_production__are_right_and_nothing_is_unwise(folder: Path) -> None:
    result = CliRunner().invoke(main, ["config", "check", "--config", str(folder / "bridge.yaml")])
    assert (result.output, result.exit_code) == (
        "ok: 2 merchants, 4 shops, 3 accounts at providers\n",
        0,
    )


def test_keys__of_the_example__are_nobodys() -> None:
    shops = [
        shop
        for profile in FOLDER.glob("merchants/*.yaml")
        for shop in yaml.safe_load(profile.read_text())["shops"]
    ]
    assert all(
        re.fullmatch(r"sha256:0{60}[0-9a-f]{4}", key) for shop in shops for key in shop["api_keys"]
    )


@pytest.mark.parametrize(("address", "resource"), ROUTES, ids=[address for address, _ in ROUTES])
def test_nginx__each_door__is_passed_on_unless_it_is_the_operators(address: str, resource) -> None:  # type: ignore[no-untyped-def]
    assert is_passed_on(address) is (
        resource.audience is not Audience.OPERATOR and address != "/livez"
    )


def test_nginx__doors_of_the_adapters__are_passed_on_with_bodies_as_large_as_they_take() -> None:
    for name, adapter in discover().items():
        said = locations()[f"/{name}/"]
        size = given("client_max_body_size", said.replace("; ", ";\n"))
        assert int(size[:-1]) * BYTES[size[-1]] >= adapter.build.body_limit


def test_nginx__what_it_takes_and_keeps_open__fits_the_nodes() -> None:
    size = given("client_max_body_size")
    assert int(size[:-1]) * BYTES[size[-1]] == serving.BODY_LIMIT
    assert int(given("keepalive_timeout").rstrip("s")) < 60, (
        "a node hangs up after a minute, and nginx must be the first"
    )


def test_nginx__each_request__says_that_it_came_through_a_proxy() -> None:
    """Without it the operator's doors would take a stranger for this machine."""
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in NGINX
    assert not re.search(r"location[^}]*proxy_set_header", NGINX), (
        "one within a location would take all of them away"
    )


@pytest.mark.parametrize(("address", "resource"), ROUTES, ids=[address for address, _ in ROUTES])
def test_nginx__each_door_that_needs_no_key__is_limited_per_client(address: str, resource) -> None:  # type: ignore[no-untyped-def]
    """A shop's server is not: all its customers' orders come from one address."""
    for where, said in sorted(locations().items()):
        if where.endswith("/") and address.startswith(where):
            limited = "limit_req zone=" in said
    if resource.audience in (Audience.PAYER, Audience.PROVIDER) or address.startswith(
        ("/frame/", "/widget/")
    ):
        assert limited
    elif resource.audience is Audience.SHOP:
        assert not limited


def test_nginx__each_limit__has_its_zone_and_says_429() -> None:
    zones = set(
        re.findall(r"^limit_req_zone \$binary_remote_addr zone=(\w+):", NGINX, re.MULTILINE)
    )
    assert (
        set(re.findall(r"limit_req zone=(\w+) ", NGINX)) == zones
        and given("limit_req_status") == "429"
    )
    assert re.search(
        r"location ~ \^/checkout/\[\^/\]\+/return\$ \{[^}]*limit_req zone=payment_bridge_returns",
        NGINX,
    )


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_unit__its_command__is_one_that_exists(unit: Path) -> None:
    words = shlex.split(
        given(
            "ExecStart=", unit.read_text().replace("ExecStart=", "ExecStart= ").replace("\n", ";\n")
        ).replace("%i", "8080")
    )
    given_to_it = main.commands[words[1]].make_context(words[1], words[2:]).params
    assert words[0] == "/opt/payment-bridge/current/.venv/bin/bridge"
    assert given_to_it.get("listen") == ("127.0.0.1:8080" if words[1] == "serve" else None)


def test_units__nodes_and_workers__differ_in_their_work_alone() -> None:
    differing = [
        {
            line
            for line in unit.read_text().splitlines()
            if not line.startswith(("#", "Description=", "ExecStart="))
        }
        for unit in UNITS
    ]
    assert len(UNITS) == 2 and differing[0] == differing[1]


def test_page__every_file_of_the_folder__is_told() -> None:
    page = (FOLDER / "README.md").read_text()
    assert not [
        path.name
        for path in FOLDER.iterdir()
        if path.is_file() and path.name != "README.md" and f"({path.name})" not in page
    ]
