"""A mistake in one merchant's profile concerns that merchant only: at a start, at a reload, and where two claim the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner

from bridge.__main__ import main
from bridge.config import Profiles, load
from bridge.errors import ConfigError, MerchantOff, NotFound
from bridge.ports import ProviderType
from bridge.settings import Secret, Settings

MANY = 500
DEMO = Path(__file__).parents[2] / "config"


class WalletpaySettings(Settings):
    """A provider's block."""

    password: Secret


TYPES = {"walletpay": ProviderType("walletpay", WalletpaySettings, lambda *_: None)}  # type: ignore[arg-type, return-value]


def digest(key: str) -> str:
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def text(
    merchant: str,
    *,
    shop: str | None = None,
    key: str | None = None,
    password: str = "password",
    more: str = "",
    mode: str = "live",
) -> str:
    return f"""\
merchant: {merchant}
name: {merchant} GmbH
providers: {{walletpay: {{password: {{file: {password}}}}}}}
shops:
  - {{shop: {shop or merchant}-shop, platform: reference, mode: {mode}, api_keys: ["{digest(key or f"sk_{merchant}")}"], methods: {{wallet: walletpay}}{more}}}
"""


class Folder:
    """The settings of an installation."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.service = path / "bridge.yaml"
        self.service.write_text(
            "database: sqlite:///x.db\npublic_url: https://b.example\nmerchants: merchants\n"
        )
        (path / "merchants").mkdir()
        (path / "merchants" / "password").touch(0o600)
        (path / "merchants" / "password").write_text("canary")

    def write(self, name: str, content: str | None = None) -> Path:
        file = self.path / "merchants" / f"{name}.yaml"
        file.write_text(text(name) if content is None else content)
        return file

    def profiles(self) -> Profiles:
        return Profiles(load(self.service, TYPES), TYPES)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


MISTAKES = {
    "a missing secret": text("globex", password="nowhere").encode(),
    "a wrong setting": text("globex", more=", late_payment: keep").encode(),
    "no YAML": text("globex").encode() + b"  ]: [\n",
    "no UTF-8": text("globex").encode() + b"# \xff\n",
    "a provider that nobody knows": text("globex").replace("walletpay", "walletpya").encode(),
    "a bomb": b"merchant: globex\n"
    + b"".join(
        b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9 if n else [b"x"]))
        for n in range(12)
    ),
}


@pytest.fixture
def three(folder: Folder) -> Folder:
    for name in ("acme", "globex", "initech"):
        folder.write(name)
    return folder


@pytest.mark.invariant("I33")
@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_start__a_mistake_in_one_profile__switches_that_merchant_off_alone(
    three: Folder, mistake: bytes
) -> None:
    (three.path / "merchants" / "globex.yaml").write_bytes(mistake)
    profiles = three.profiles()
    assert {shop.shop for shop in profiles.all()} == {
        "acme-shop",
        "initech-shop",
    } and profiles.by_key("sk_acme")
    assert profiles.measure() == {
        "merchants": {"served": 2, "previous": 0, "off": 1},
        "profile_refused": {"globex": 1},
    }
    assert not profiles.sound
    with pytest.raises(MerchantOff):
        profiles.provider_settings("globex", "walletpay")
    with pytest.raises(NotFound):
        profiles.provider_settings("umbrella", "walletpay")


@pytest.mark.invariant("I33")
def test_start__merchant_is_off__shops_and_keys_of_the_file_are_off_and_not_unknown(
    three: Folder,
) -> None:
    """A shop that is told "unknown key" looks for a mistake of its own; told "later", it tries again."""
    three.write("globex", text("globex", password="nowhere") + "  ]: [")
    profiles = three.profiles()
    for ask in (
        lambda: profiles.get("globex-shop"),
        lambda: profiles.by_key("sk_globex"),
        lambda: profiles.secrets("globex-shop"),
        lambda: profiles.adapter_settings("globex", "shopware"),
    ):
        with pytest.raises(MerchantOff):
            ask()
    assert profiles.by_key("sk_umbrella") is None


@pytest.mark.invariant("I33")
def test_start__one_bad_profile_of_500__starts_with_499(folder: Folder) -> None:
    for number in range(MANY):
        folder.write(f"m{number}")
    folder.write("m250", text("m250", password="nowhere"))
    profiles = folder.profiles()
    assert profiles.measure()["merchants"] == {"served": MANY - 1, "previous": 0, "off": 1}
    assert all(
        profiles.by_key(f"sk_m{number}") == profiles.get(f"m{number}-shop")
        for number in range(MANY)
        if number != 250
    )


def test_start__not_one_profile_is_right__is_refused(folder: Folder) -> None:
    folder.write("acme", text("acme", password="nowhere"))
    with pytest.raises(ConfigError, match="cannot be read"):
        folder.profiles()


@pytest.mark.invariant("I33")
@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_reload__a_good_profile_becomes_bad__goes_on_as_before_and_all_others_are_new(
    three: Folder, mistake: bytes
) -> None:
    profiles = three.profiles()
    (three.path / "merchants" / "globex.yaml").write_bytes(mistake)
    three.write("acme", text("acme", more=", late_payment: refund"))
    assert profiles.reload() and profiles.generation == 1
    assert (profiles.get("acme-shop").late_payment, profiles.get("globex-shop").late_payment) == (
        "refund",
        "hold",
    )
    assert profiles.by_key("sk_globex") and profiles.provider_settings("globex", "walletpay")
    assert profiles.measure() == {
        "merchants": {"served": 3, "previous": 1, "off": 0},
        "profile_refused": {"globex": 1},
    }
    assert profiles.reload() and profiles.get("globex-shop"), "at the next reload too"
    three.write("globex", text("globex", more=", late_payment: accept"))
    assert (
        profiles.reload() == []
        and profiles.sound
        and profiles.get("globex-shop").late_payment == "accept"
    )


@pytest.mark.invariant("I33")
def test_reload__merchant_was_off__is_served_when_the_mistake_is_mended(three: Folder) -> None:
    three.write("globex", text("globex", password="nowhere"))
    profiles = three.profiles()
    three.write("globex")
    assert (
        profiles.reload() == []
        and profiles.by_key("sk_globex") == profiles.get("globex-shop")
        and profiles.sound
    )


def test_reload__file_is_gone__so_is_the_merchant(three: Folder) -> None:
    profiles = three.profiles()
    (three.path / "merchants" / "globex.yaml").unlink()
    assert profiles.reload() == [] and profiles.by_key("sk_globex") is None


def test_reload__file_was_renamed_and_has_a_mistake__the_merchant_goes_on(three: Folder) -> None:
    profiles = three.profiles()
    (three.path / "merchants" / "globex.yaml").unlink()
    three.write("globex-inc", text("globex", more=", late_payment: keep"))
    assert profiles.reload() and profiles.by_key("sk_globex")


def test_reload__mistake_in_the_services_file__changes_nothing_and_is_an_alarm(
    three: Folder,
) -> None:
    profiles = three.profiles()
    three.service.write_text(three.service.read_text() + "threds: 1\n")
    three.write("acme", text("acme", more=", late_payment: refund"))
    assert (
        profiles.reload()
        and profiles.generation == 0
        and profiles.get("acme-shop").late_payment == "hold"
        and not profiles.sound
    )


# --- what only one may have --------------------------------------------------------------------------------------------

TWICE = {
    "a shop": lambda merchant: text(merchant, shop="acme"),
    "an API key": lambda merchant: text(merchant, key="sk_acme"),
    "a merchant": lambda _: text("acme", shop="other", key="sk_other"),
}


@pytest.mark.invariant("I33")
@pytest.mark.parametrize("twice", TWICE.values(), ids=TWICE)
@pytest.mark.parametrize("name", ["aaa", "zzz"])
def test_start__two_profiles_claim_the_same__neither_has_it_and_both_are_told(
    three: Folder, twice, name: str
) -> None:  # type: ignore[no-untyped-def]
    """In the wrong hands it would show one merchant's payments to the other, so no order of files decides."""
    three.write(name, twice(name))
    profiles = three.profiles()
    assert {shop.merchant for shop in profiles.all()} == {"globex", "initech"}
    assert {refused.path.stem: len(refused.problems) for refused in profiles.refused} == {
        "acme": 1,
        name: 1,
    }
    with pytest.raises(MerchantOff):
        profiles.by_key("sk_acme")


@pytest.mark.invariant("I33")
@pytest.mark.parametrize("twice", TWICE.values(), ids=TWICE)
@pytest.mark.parametrize("name", ["aaa", "zzz"])
def test_reload__a_new_profile_claims_what_another_has__the_other_keeps_it(
    three: Folder, twice, name: str
) -> None:  # type: ignore[no-untyped-def]
    profiles = three.profiles()
    shop = profiles.get("acme-shop")
    three.write(name, twice(name))
    assert len(profiles.reload()) == 1
    assert profiles.by_key("sk_acme") == profiles.get("acme-shop") == shop
    assert [(refused.path.stem, refused.previous) for refused in profiles.refused] == [
        (name, False)
    ]


def test_reload__claims_what_a_merchant_with_a_refused_file_still_has__is_refused_too(
    three: Folder,
) -> None:
    profiles = three.profiles()
    three.write("acme", text("acme", shop="elsewhere", more=", late_payment: keep"))
    three.write("globex", text("globex", shop="acme"))
    told = profiles.reload()
    assert "shops[0].shop: is still in force for acme, because the changed" in told[1]
    assert (
        profiles.get("acme-shop").merchant == "acme"
        and profiles.get("globex-shop").merchant == "globex"
    )


def test_reload__two_profiles_exchange_a_shop__both_have_what_they_say(three: Folder) -> None:
    profiles = three.profiles()
    three.write("acme", text("acme", shop="globex"))
    three.write("globex", text("globex", shop="acme"))
    assert profiles.reload() == []
    assert (profiles.get("acme-shop").merchant, profiles.get("globex-shop").merchant) == (
        "globex",
        "acme",
    )


def test_start__a_bad_profile_claims_what_a_good_one_has__the_good_one_has_it(
    three: Folder,
) -> None:
    three.write("globex", text("globex", key="sk_acme", password="nowhere"))
    assert three.profiles().by_key("sk_acme").merchant == "acme"  # type: ignore[union-attr]


# --- what was published with the sources -------------------------------------------------------------------------------


def demo(folder: Folder, mode: str) -> list[str]:
    """Write the demo's profile, as it is published, in a mode; return the mistakes."""
    profile = (DEMO / "merchants" / "demo.yaml").read_text().replace("mode: test", f"mode: {mode}")
    (folder.path / "demo").mkdir()
    for file in (DEMO / "demo").iterdir():
        (folder.path / "demo" / file.name).write_text(file.read_text())
    folder.write("demo", profile)
    with pytest.raises(ConfigError) as caught:
        folder.write("acme", text("acme", password="nowhere"))
        load(folder.service, {})
    return [problem for problem in caught.value.problems if "published" in problem]


def test_check__demo_keys_in_live_mode__are_refused_each(folder: Folder) -> None:
    assert [told.split(": ")[1] for told in demo(folder, "live")] == [
        "providers.cashcloud.password",
        "shops[0].api_keys[0]",
        "shops[0].notification_secrets[0]",
    ]


def test_check__demo_keys_in_test_mode__are_right(folder: Folder) -> None:
    assert demo(folder, "test") == []


def test_check__no_mode_is_live__and_the_demos_key_is_refused(folder: Folder) -> None:
    folder.write(
        "acme",
        text("acme", key="sk_demo_reference_shop_only_for_the_sandbox").replace(" mode: live,", ""),
    )
    with pytest.raises(ConfigError, match=r"shops\[0\]\.api_keys\[0\]: is published with the demo"):
        folder.profiles()


# --- the command -------------------------------------------------------------------------------------------------------


@pytest.mark.invariant("I33")
def test_check_command__one_bad_profile__fails_and_says_what_would_be_served(
    tmp_path: Path,
) -> None:
    from factories import a_config

    a_config(tmp_path)
    (tmp_path / "merchants" / "globex.password").unlink()
    checked = CliRunner().invoke(
        main, ["config", "check", "--config", str(tmp_path / "bridge.yaml")]
    )
    assert checked.exit_code == 1 and "globex.password cannot be read" in checked.stderr
    assert checked.stderr.endswith(
        "1 mistake: the service serves 1 merchant and switches off globex\n"
    )
    shown = CliRunner().invoke(main, ["config", "show", "--config", str(tmp_path / "bridge.yaml")])
    assert (
        shown.exit_code == 0
        and "merchant: acme" in shown.stdout
        and "merchant: globex" not in shown.stdout
    )
    assert "globex is switched off" in shown.stderr
