"""Profiles in force: shops by name and by key, secrets, accounts, and a reload. Mistakes: `test_config_merchants.py`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bridge.config import Profiles, load
from bridge.errors import NotFound
from bridge.ports import ProviderType
from bridge.settings import Settings

OLD, NEW = "whsec_" + "b2xk" * 8, "whsec_" + "bmV3" * 8


class WalletpaySettings(Settings):
    """A provider's block."""

    username: str


TYPES = {"walletpay": ProviderType("walletpay", WalletpaySettings, lambda *_: None)}  # type: ignore[arg-type, return-value]


def write(
    folder: Path,
    *,
    keys: tuple[str, ...] = ("sk_one",),
    secrets: tuple[str, ...] = ("old",),
    username: str = "m",
    more: str = "",
) -> None:
    hashes = ", ".join(f'"sha256:{hashlib.sha256(key.encode()).hexdigest()}"' for key in keys)
    files = ", ".join(f"{{file: {name}}}" for name in secrets)
    (folder / "acme.yaml").write_text(f"""\
merchant: acme
name: Acme GmbH
providers: {{walletpay: {{username: {username}}}}}
shops:
  - {{shop: acme-shop, platform: reference, mode: test, api_keys: [{hashes}], notification_url: "https://shop.example/n",
     notification_secrets: [{files}], methods: {{wallet: walletpay}}, currencies: [EUR, CHF]{more}}}
""")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bridge.yaml").write_text(
        "database: sqlite:///x.db\npublic_url: https://b.example\nmerchants: .\nlisten: 127.0.0.1:1\n"
    )
    (tmp_path / "old").write_text(OLD)
    (tmp_path / "new").write_text(NEW)
    folder = tmp_path / "merchants"
    folder.mkdir()
    for name in ("old", "new"):
        (tmp_path / name).rename(folder / name)
    (tmp_path / "bridge.yaml").write_text(
        (tmp_path / "bridge.yaml").read_text().replace("merchants: .", "merchants: merchants")
    )
    write(folder)
    return folder


@pytest.fixture
def profiles(folder: Path) -> Profiles:
    return Profiles(load(folder.parent / "bridge.yaml", TYPES), TYPES)


def test_get__a_shop_of_a_profile__is_what_the_profile_says(profiles: Profiles) -> None:
    shop = profiles.get("acme-shop")
    assert (shop.merchant, shop.merchant_name, shop.platform, shop.mode) == (
        "acme",
        "Acme GmbH",
        "reference",
        "test",
    )
    assert (shop.respond_within, shop.expires_in, shop.expires_in_max, shop.late_payment) == (
        2.0,
        1800,
        86_400,
        "hold",
    )
    assert (shop.methods, shop.currencies, shop.origins) == (
        {"wallet": "walletpay"},
        ("EUR", "CHF"),
        (),
    )
    assert list(profiles.all()) == [shop]


def test_profiles__what_nobody_configured__is_not_found(profiles: Profiles) -> None:
    for ask in (
        lambda: profiles.get("other"),
        lambda: profiles.secrets("other"),
        lambda: profiles.provider_settings("acme", "other"),
        lambda: profiles.provider_settings("other", "walletpay"),
    ):
        with pytest.raises(NotFound):
            ask()


@pytest.mark.parametrize(
    "key", ["", "sk_two", "SK_ONE", "sk_one ", "sk_\udcff", "schlüssel", "0" * 10_000]
)
def test_by_key__another_key__is_nobodys(profiles: Profiles, key: str) -> None:
    assert profiles.by_key(key) is None


def test_by_key__the_hash_itself__is_no_key(profiles: Profiles) -> None:
    assert profiles.by_key("sha256:" + hashlib.sha256(b"sk_one").hexdigest()) is None


def test_by_key__two_keys_during_a_change__both_open_the_shop_until_the_old_is_taken_out(
    folder: Path, profiles: Profiles
) -> None:
    write(folder, keys=("sk_one", "sk_two"))
    assert profiles.reload() == []
    assert profiles.by_key("sk_one") == profiles.by_key("sk_two") == profiles.get("acme-shop")
    write(folder, keys=("sk_two",))
    assert profiles.reload() == []
    assert profiles.by_key("sk_one") is None and profiles.by_key("sk_two")


def test_secrets__during_a_change__are_both(folder: Path, profiles: Profiles) -> None:
    assert profiles.secrets("acme-shop") == (OLD,)
    write(folder, secrets=("old", "new"))
    profiles.reload()
    assert profiles.secrets("acme-shop") == (OLD, NEW)


def test_provider_settings__of_an_account__are_the_providers_own_model(profiles: Profiles) -> None:
    assert profiles.provider_settings("acme", "walletpay") == WalletpaySettings(username="m")
    assert profiles.accounts() == (("acme", "walletpay"),)


def test_reload__a_good_profile__changes_everything_at_once(
    folder: Path, profiles: Profiles
) -> None:
    write(folder, username="n", more=", late_payment: refund")
    assert profiles.reload() == [] and profiles.generation == 1
    assert (
        profiles.provider_settings("acme", "walletpay").username,
        profiles.get("acme-shop").late_payment,
    ) == ("n", "refund")


def test_reload__a_bad_profile__is_told_and_the_one_of_before_stays(
    folder: Path, profiles: Profiles
) -> None:
    write(folder, keys=("sk_two",), username="n", more=", late_payment: keep")
    [told] = profiles.reload()
    assert "late_payment: should be" in told and [one.previous for one in profiles.refused] == [
        True
    ]
    assert profiles.by_key("sk_one") and not profiles.by_key("sk_two")
    assert profiles.provider_settings("acme", "walletpay").username == "m"


def test_profiles__their_text__shows_no_secret(profiles: Profiles) -> None:
    assert OLD not in repr(profiles._state) and "b2xk" not in repr(profiles.get("acme-shop"))
