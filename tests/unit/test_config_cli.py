"""The commands: check, show, schema, keys new. And the files of config/ themselves."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from click.testing import CliRunner, Result

from bridge.cli_config import config, keys
from bridge.config import load
from bridge.providers import discover

SHIPPED = Path(__file__).parents[2] / "config"
DEMO_PASSWORD = (SHIPPED / "demo" / "cashcloud.password").read_text().strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "config"))


def run(*words: str) -> Result:
    group = config if words[0] == "config" else keys
    return CliRunner().invoke(group, list(words[1:]))


def test_check__the_shipped_files__are_right(folder: Path) -> None:
    result = run("config", "check", "--config", str(folder / "bridge.yaml"))
    assert (result.exit_code, result.stdout) == (
        0,
        "ok: 1 merchant, 1 shop, 1 account at providers\n",
    )


def test_check__mistakes__are_listed_and_the_command_fails(folder: Path) -> None:
    path = folder / "bridge.yaml"
    path.write_text(path.read_text() + "threads: 0\nlissten: x\n")
    result = run("config", "check", "--config", str(path))
    assert result.exit_code == 1 and result.stdout == ""
    assert "lissten: is unknown; did you mean listen?" in result.stderr and result.stderr.endswith(
        "2 mistakes\n"
    )


def test_check__a_secret_for_everybody__is_a_warning_and_no_mistake(folder: Path) -> None:
    (folder / "demo" / "cashcloud.password").chmod(0o644)
    result = run("config", "check", "--config", str(folder / "bridge.yaml"))
    assert result.exit_code == 0 and "warning: " in result.stderr and "chmod o-rwx" in result.stderr


@pytest.mark.invariant("I16")
def test_show__the_settings_in_force__has_defaults_and_no_secret(folder: Path) -> None:
    """I16: not even where a plain text was given by reference."""
    profile = folder / "merchants" / "demo.yaml"
    profile.write_text(
        profile.read_text().replace(
            "device_id: demo-bridge", "device_id: {file: ../demo/cashcloud.password}"
        )
    )
    shown = run("config", "show", "--config", str(folder / "bridge.yaml")).stdout
    account = yaml.safe_load(shown)["merchants"][0]["providers"]["cashcloud"]
    assert DEMO_PASSWORD not in shown and "whsec" not in shown
    assert (account["device_id"], account["password"]) == ("(by reference)", "**********")
    assert yaml.safe_load(shown)["service"]["worker"]["lease"] == 60


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", "write reason_id, or payer_chooses_reason: true"),
        ("    payer_chooses_reason: true\n", None),
    ],
)
def test_check__profile_with_no_payment_reason__is_named_with_what_to_write(
    folder: Path, written: str, words: str | None
) -> None:
    profile = folder / "merchants" / "demo.yaml"
    profile.write_text(re.sub("    reason_id: .*\n", written, profile.read_text()))
    checked = run("config", "check", "--config", str(folder / "bridge.yaml"))
    assert checked.exit_code == (1 if words else 0)
    assert words is None or (words in checked.stderr and "demo.yaml" in checked.stderr)


@pytest.mark.parametrize(
    ("currencies", "words"),
    [
        (
            "[EUR, CHF, USD]",
            [
                "currencies: CHF is taken by no account of this shop (wallet: EUR); take it out",
                "currencies: USD is taken",
            ],
        ),
        (
            "[CHF]",
            [
                "currencies: CHF is taken",
                "methods.wallet: takes none of the shop's currencies, only EUR; take it out",
            ],
        ),
        ("[EUR]", []),
    ],
)
def test_check__currency_that_no_provider_takes__is_named_and_the_shop_is_served(
    folder: Path, currencies: str, words: list[str]
) -> None:
    profile = folder / "merchants" / "demo.yaml"
    profile.write_text(
        profile.read_text().replace("currencies: [EUR]", f"currencies: {currencies}")
    )
    checked = run("config", "check", "--config", str(folder / "bridge.yaml"))
    assert checked.exit_code == (1 if words else 0) and all(
        word in checked.stderr for word in words
    )
    assert ("serves all the same" in checked.stderr) == bool(
        words
    ) and "switched off" not in checked.stderr
    assert len(load(folder / "bridge.yaml", discover()).faults) == len(words)


def test_show__a_database_by_reference__is_hidden(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE", "postgresql+psycopg://u:canary@h/b")
    path = folder / "bridge.yaml"
    path.write_text(re.sub("database: .*", "database: {env: DATABASE}", path.read_text()))
    assert (
        yaml.safe_load(run("config", "show", "--config", str(path)).stdout)["service"]["database"]
        == "(by reference)"
    )


def test_schema__of_a_profile__takes_the_shipped_one_and_refuses_a_plain_secret() -> None:
    validator = jsonschema_rs.validator_for(json.loads(run("config", "schema", "merchant").stdout))
    profile = yaml.safe_load((SHIPPED / "merchants" / "demo.yaml").read_text())
    assert [error.message for error in validator.iter_errors(profile)] == []
    profile["providers"]["cashcloud"]["password"] = "plain"
    assert not validator.is_valid(profile)


def test_schema__of_the_service__takes_the_shipped_one_and_refuses_an_unknown_key() -> None:
    validator = jsonschema_rs.validator_for(json.loads(run("config", "schema", "service").stdout))
    service = yaml.safe_load((SHIPPED / "bridge.yaml").read_text())
    assert validator.is_valid(service) and validator.is_valid(
        {**service, "database": {"env": "DATABASE"}}
    )
    assert not validator.is_valid({**service, "threds": 1})


def test_schema__of_a_profile__knows_every_provider() -> None:
    blocks = json.loads(run("config", "schema").stdout)["properties"]["providers"]["properties"]
    assert set(blocks) == set(discover())


def test_keys_new__what_it_prints__fits_a_profile(folder: Path) -> None:
    printed = run("keys", "new").stdout
    key, digest, secret = (
        re.search(pattern, printed)[0]
        for pattern in (r"sk_\S+", r"sha256:[0-9a-f]{64}", r"whsec_\S+")
    )  # type: ignore[index]
    assert digest == f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    profile = folder / "merchants" / "demo.yaml"
    profile.write_text(re.sub("sha256:[0-9a-f]+", digest, profile.read_text()))
    (folder / "demo" / "reference.notification").write_text(secret)
    assert load(folder / "bridge.yaml", discover()).merchants[0].shops[0].api_keys == (digest,)


def test_keys_new__twice__are_two_keys() -> None:
    assert run("keys", "new").stdout != run("keys", "new").stdout
