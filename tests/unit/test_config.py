"""Settings: every mistake is told at once, with its place and the way out; what is right becomes frozen settings."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bridge.config import Config, load
from bridge.errors import ConfigError
from bridge.ports import ProviderType
from bridge.settings import Secret, Settings

SERVICE = """\
database: sqlite:///bridge.db
public_url: https://bridge.example
merchants: merchants
"""
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def key_hash(key: str) -> str:
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def a_profile(**changes: str) -> str:
    """A right profile as text, with the lines of some keys replaced (or left out: "")."""
    lines = {
        "merchant": "merchant: acme",
        "name": "name: Acme GmbH",
        "providers": "providers: {walletpay: {username: m@acme.example, password: {file: password}}}",
        "shops": "shops:",
        "shop": "  - shop: acme-shop",
        "platform": "    platform: reference",
        "api_keys": f'    api_keys: ["{key_hash("sk_1")}"]',
        "notification_url": "    notification_url: https://shop.example/notifications",
        "notification_secrets": "    notification_secrets: [{file: notification}]",
        "origins": '    origins: ["https://shop.example"]',
        "methods": "    methods: {wallet: walletpay}",
        "more": "    respond_within: 2",
    }
    return "\n".join({**lines, **changes}.values()) + "\n"


class WalletpaySettings(Settings):
    """A provider's block."""

    username: str
    password: Secret
    retries: int = 1


TYPES = {"walletpay": ProviderType("walletpay", WalletpaySettings, lambda *_: None)}  # type: ignore[arg-type, return-value]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "merchants").mkdir()
    for name, text in {"password": "canary-password\n", "notification": SECRET + "\n"}.items():
        (tmp_path / "merchants" / name).write_text(text)
        (tmp_path / "merchants" / name).chmod(0o600)
    return tmp_path


def configured(folder: Path, service: str = SERVICE, **profiles: str) -> Config:
    (folder / "bridge.yaml").write_text(service)
    for name, text in (profiles or {"acme": a_profile()}).items():
        (folder / "merchants" / f"{name}.yaml").write_text(text)
    return load(folder / "bridge.yaml", TYPES)


def problems(folder: Path, service: str = SERVICE, **profiles: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        configured(folder, service, **profiles)
    return [problem.replace(f"{folder}/", "") for problem in caught.value.problems]


def test_load__a_right_file__becomes_frozen_settings_with_defaults(folder: Path) -> None:
    config = configured(folder)
    [merchant] = config.merchants
    assert (
        config.service.threads,
        config.service.outgoing.calls_per_lane,
        config.service.worker.lease,
    ) == (16, 16, 60)
    assert (
        merchant.shops[0].expires_in.max,
        merchant.shops[0].late_payment,
        merchant.shops[0].mode,
    ) == (86_400, "hold", "live")
    assert merchant.providers["walletpay"].password.get_secret_value() == "canary-password"
    with pytest.raises(ValidationError):
        config.service.threads = 1


def test_load__paths__are_relative_to_the_file_that_names_them(folder: Path) -> None:
    service = configured(folder).service
    assert service.merchants == folder / "merchants"
    assert service.database.get_secret_value() == f"sqlite:///{folder}/bridge.db"


def test_load__mistakes_in_two_files__are_all_told_at_once_in_order(folder: Path) -> None:
    service = 'database: mysql://x\npublic_url: http://bridge.example\nmerchants: merchants\nthreds: 3\nthreads: "4"\n'
    found = problems(
        folder, service, acme=a_profile(name="nome: Acme", more="    late_payment: keep")
    )
    assert found == [
        "bridge.yaml:1: database: must be sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME",
        "bridge.yaml:2: public_url: must be https; http is allowed for this machine only (127.0.0.1, ::1, localhost)",
        "bridge.yaml:4: threds: is unknown; did you mean threads?",
        "bridge.yaml:5: threads: must be a whole number, without quotes",
        "merchants/acme.yaml:1: name: is missing; write the merchant's name as payers read it",
        "merchants/acme.yaml:2: nome: is unknown; did you mean name?",
        "merchants/acme.yaml:12: shops[0].late_payment: should be 'accept', 'refund' or 'hold'",
    ]


def test_load__a_key_twice__is_a_mistake_with_both_lines(folder: Path) -> None:
    found = problems(folder, SERVICE + "worker:\n  lease: 5\n  lease: 6\n")
    assert found == [
        "bridge.yaml:6: worker.lease: stands twice, first in line 5; keep one of the two"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "bridge.yaml:1: is empty or no mapping"),
        ("- a\n", "bridge.yaml:1: is empty or no mapping"),
        ("a: [1\n", "bridge.yaml:2: is not YAML"),
        ('a: "\0"\n', "bridge.yaml:1: is not YAML"),
        ("database: &a [*a]\n", "bridge.yaml:1: database[0]: refers to itself"),
        (
            "database: " + "[" * 1_000 + "]" * 1_000 + "\n",
            "bridge.yaml:1: is nested too deep; write the settings out, without aliases",
        ),
        (
            "# " + "x" * 2**20 + "\n",
            "bridge.yaml:1: is larger than 1048576 bytes; write the settings out, without aliases",
        ),
        (SERVICE + "1: x\n", "bridge.yaml:4: a key is no text"),
        (SERVICE + "worker: {<<: {lease: 5}}\n", "bridge.yaml:4: worker: a key is no text"),
        (SERVICE + "worker: 5\n", "bridge.yaml:4: worker: must be a block of settings"),
        (
            SERVICE + "listen: !!python/object:os.system x\n",
            "bridge.yaml:4: listen: cannot be read",
        ),
        (SERVICE + "listen: 2020-13-45\n", "bridge.yaml:4: listen: cannot be read"),
        (SERVICE + "outgoing: {connect: .nan}\n", "bridge.yaml:4: outgoing.connect: should be"),
        (SERVICE + "log_level: yes\n", "bridge.yaml:4: log_level: should be"),
        (SERVICE + "static:\n", "bridge.yaml:4: static: must be the path"),
        (SERVICE + "static: nowhere\n", "bridge.yaml:4: static: "),
        (SERVICE + "outgoing: {ca_file: nowhere.pem}\n", "bridge.yaml:4: outgoing.ca_file: "),
        (SERVICE + "outgoing: {ca_file: bridge.yaml}\n", "bridge.yaml:4: outgoing.ca_file: "),
        (SERVICE + 'listen: "8080"\n', "bridge.yaml:4: listen: must be host:port"),
    ],
)
def test_load__rubbish__is_told_with_its_line(folder: Path, text: str, told: str) -> None:
    assert any(problem.startswith(told) for problem in problems(folder, text)), problems(
        folder, text
    )


def test_load__a_file_that_is_not_there__is_told(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"nowhere\.yaml:1: cannot be read \(no such file or directory\)"
    ):
        load(tmp_path / "nowhere.yaml", TYPES)


def test_load__no_profile_in_the_folder__is_told(folder: Path) -> None:
    (folder / "bridge.yaml").write_text(SERVICE)
    with pytest.raises(ConfigError, match=r"bridge\.yaml:3: merchants: there is no profile"):
        load(folder / "bridge.yaml", TYPES)


@pytest.mark.parametrize(
    ("key", "line", "told"),
    [
        ("merchant", "merchant: Acme", "merchant: must be 1 to 40 small letters"),
        ("shop", "  - shop: " + "a" * 41, "shops[0].shop: must be 1 to 40 small letters"),
        ("api_keys", "    api_keys: [sk_plain]", 'shops[0].api_keys[0]: must be "sha256:"'),
        ("api_keys", "    api_keys: []", "shops[0].api_keys: is empty; write SHA-256"),
        ("api_keys", "    api_keys: sk_plain", "shops[0].api_keys: must be a list"),
        (
            "notification_url",
            "    notification_url: http://shop.example/n",
            "shops[0].notification_url: must be https",
        ),
        (
            "notification_url",
            "    notification_url: https://u:p@shop.example/n",
            "shops[0].notification_url: must not carry a user",
        ),
        (
            "notification_url",
            "    notification_url: ftp://shop.example/n",
            "shops[0].notification_url: is no web address",
        ),
        (
            "notification_url",
            '    notification_url: "https://shop.example:x/"',
            "shops[0].notification_url: is no address",
        ),
        (
            "notification_secrets",
            "    notification_secrets: [" + SECRET + "]",
            "shops[0].notification_secrets[0]: write a reference",
        ),
        (
            "notification_secrets",
            "    notification_secrets: [{file: password}]",
            "shops[0].notification_secrets[0]: must be whsec_",
        ),
        ("notification_secrets", "", "shops[0]: notification_url needs notification_secrets"),
        (
            "origins",
            '    origins: ["https://shop.example/"]',
            "shops[0].origins[0]: is not exactly what a browser sends; write https://shop.example",
        ),
        (
            "origins",
            '    origins: ["https://Shop.example:443"]',
            "shops[0].origins[0]: is not exactly what a browser sends; write https://shop.example",
        ),
        ("origins", '    origins: ["http://shop.example"]', "shops[0].origins[0]: must be https"),
        (
            "origins",
            '    origins: ["https://*.example"]',
            "shops[0].origins[0]: must name one host",
        ),
        (
            "origins",
            '    origins: ["https://shop.example;frame-ancestors"]',
            "shops[0].origins[0]: must name one host",
        ),
        (
            "origins",
            '    origins: ["https://shop.example *"]',
            "shops[0].origins[0]: must be ASCII without blanks",
        ),
        ("origins", '    origins: ["*"]', "shops[0].origins[0]: is no web address"),
        ("origins", '    origins: ["null"]', "shops[0].origins[0]: is no web address"),
        (
            "methods",
            "    methods: {wallet: other}",
            "shops[0].methods.wallet: other has no block under providers; known here: walletpay",
        ),
        (
            "methods",
            "    methods: {cash: walletpay}",
            "shops[0].methods.cash: should be 'wallet' or 'card'",
        ),
        (
            "more",
            "    respond_within: 11",
            "shops[0].respond_within: should be less than or equal to 10",
        ),
        (
            "more",
            "    expires_in: {default: 90000}",
            "shops[0].expires_in: default is longer than max",
        ),
        ("more", "    currencies: [EUR, XXY]", "shops[0].currencies[1]: is no ISO 4217 currency"),
        ("more", "    currencies: [XXX]", "shops[0].currencies[0]: is no ISO 4217 currency"),
        (
            "providers",
            "providers: {waletpay: {}}",
            "providers.waletpay: is no provider; did you mean walletpay?",
        ),
        (
            "providers",
            "providers: {walletpay: {user: x, password: {file: password}}}",
            "providers.walletpay.user: is unknown; did you mean username?",
        ),
        (
            "providers",
            "providers: {walletpay: {username: 1, password: {file: password}}}",
            "providers.walletpay.username: must be text",
        ),
        ("providers", "providers: {walletpay: }", "providers.walletpay: "),
    ],
)
def test_load__a_mistake_in_a_profile__is_told_with_its_key(
    folder: Path, key: str, line: str, told: str
) -> None:
    found = [
        problem.split(": ", 1)[1] for problem in problems(folder, acme=a_profile(**{key: line}))
    ]
    assert any(problem.startswith(told) for problem in found), found


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.example",
        "https://shop.example:8443",
        "http://127.0.0.1:8083",
        "http://[::1]:8083",
        "http://localhost",
    ],
)
def test_load__an_exact_origin__is_taken_as_it_is(folder: Path, origin: str) -> None:
    config = configured(folder, acme=a_profile(origins=f'    origins: ["{origin}"]'))
    assert config.merchants[0].shops[0].origins == (origin,)


def test_load__one_mistake_in_a_profile__is_one_line(folder: Path) -> None:
    assert len(problems(folder, acme=a_profile(api_keys="    api_keys: [sk_plain]"))) == 1


def test_load__a_missing_secret__is_one_mistake_not_two(folder: Path) -> None:
    found = problems(
        folder,
        acme=a_profile(notification_secrets="    notification_secrets: [{env: BRIDGE_NOT_SET}]"),
    )
    assert found == [
        "merchants/acme.yaml:9: shops[0].notification_secrets[0]: the environment variable BRIDGE_NOT_SET is not set;"
        " set it before the start"
    ]


def test_load__an_empty_secret__is_a_mistake(folder: Path) -> None:
    (folder / "merchants" / "password").write_text("\n")
    assert problems(folder) == [
        "merchants/acme.yaml:3: providers.walletpay.password: the file password is empty; put the secret there"
    ]


def test_load__a_reference_to_the_environment__is_resolved(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "BRIDGE_TEST_DATABASE", "postgresql+psycopg://bridge:canary@db.example/bridge"
    )
    config = configured(
        folder, SERVICE.replace("sqlite:///bridge.db", "{env: BRIDGE_TEST_DATABASE}")
    )
    assert config.service.database.get_secret_value().endswith("canary@db.example/bridge")


@pytest.mark.parametrize(
    "address", ["postgresql+psycopg://u:canary@h/b", "postgresql+psycopg://u@h/b?password=canary"]
)
def test_load__a_database_password_in_the_file__is_refused(folder: Path, address: str) -> None:
    [told] = problems(folder, SERVICE.replace("sqlite:///bridge.db", address))
    assert "write the whole address as a reference" in told and "canary" not in told


def test_load__a_secret_file_for_everybody__is_a_warning(folder: Path) -> None:
    (folder / "merchants" / "password").chmod(0o644)
    [warning] = configured(folder).warnings
    assert re.search(
        r"acme\.yaml:3: providers\.walletpay\.password: everybody on this machine may read .*password; chmod o-rwx it",
        warning,
    )


def test_load__equal_shops_keys_and_merchants_in_two_files__are_told_in_both(folder: Path) -> None:
    found = problems(folder, acme=a_profile(), other=a_profile())
    assert [problem.split(" by ")[0].replace(f"{folder}/", "") for problem in found] == [
        "merchants/acme.yaml:1: merchant: is used again in merchants/other.yaml:1",
        "merchants/acme.yaml:5: shops[0].shop: is used again in merchants/other.yaml:5",
        "merchants/acme.yaml:7: shops[0].api_keys[0]: is used again in merchants/other.yaml:7",
        "merchants/other.yaml:1: merchant: is already used in merchants/acme.yaml:1",
        "merchants/other.yaml:5: shops[0].shop: is already used in merchants/acme.yaml:5",
        "merchants/other.yaml:7: shops[0].api_keys[0]: is already used in merchants/acme.yaml:7",
    ]


def test_load__a_mistake_beside_a_double_name__hides_it_not(folder: Path) -> None:
    found = problems(
        folder,
        acme=a_profile(name=""),
        other=a_profile(merchant="merchant: other", more="    late: x"),
    )
    assert sum("is already used" in problem for problem in found) == 2


@pytest.mark.invariant("I16")
def test_load__whatever_is_wrong__no_secret_is_told(folder: Path) -> None:
    """I16: neither a mistake nor the settings' own text shows a secret."""
    plain = a_profile(
        providers="providers: {walletpay: {username: m, password: canary-plain}}", name=""
    )
    assert not any("canary" in problem for problem in problems(folder, acme=plain))
    shown = repr(configured(folder)) + str(configured(folder).merchants)
    assert "canary" not in shown and SECRET not in shown


# --- what people and editors read ------------------------------------------------------------------------------------


def test_readme__every_setting__stands_there_with_default_and_meaning_and_none_besides() -> None:
    from bridge.config.models import MerchantProfile, ServiceConfig

    readme = (Path(__file__).parents[2] / "config" / "README.md").read_text()
    told = re.findall(r"^\| `([^`{]+)` \| (.+) \| (.+) \|$", readme, re.MULTILINE)
    assert told == [*settings_of(ServiceConfig), *settings_of(MerchantProfile)]


def settings_of(model: type[Settings], prefix: str = "") -> list[tuple[str, str, str]]:
    """Return every setting as the README has it: name, default, meaning."""
    rows = []
    for name, field in model.model_fields.items():
        inner = [
            one
            for one in (field.annotation, *getattr(field.annotation, "__args__", ()))
            if isinstance(one, type) and issubclass(one, Settings)
        ]
        if inner and inner[0] is field.annotation:
            rows += settings_of(inner[0], f"{prefix}{name}.")
            continue
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        written = (
            "required"
            if field.is_required()
            else "beside the package"
            if isinstance(default, Path)
            else f"`{json.dumps(default)}`"
        )
        rows.append((f"{prefix}{name}", written, field.description or ""))
        rows += settings_of(inner[0], f"{prefix}{name}[].") if inner else []
    return rows


@settings(max_examples=200, deadline=None)
@given(
    service=st.sampled_from(["", SERVICE]),
    text=st.text(alphabet="abk:-[]{}&*!|>#'\"\n \t0.~\0é<%@", max_size=60),
)
def test_load__any_text__is_settings_or_a_list_of_mistakes(service: str, text: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bridge.yaml"
        path.write_text(service + text)
        try:
            load(path, TYPES)
        except ConfigError as error:
            assert (
                all(re.match(r".+/bridge\.yaml:\d+: .+", problem) for problem in error.problems)
                and error.problems
            )


@pytest.mark.invariant("I16")
@pytest.mark.parametrize("password", ["canary/x", "canary?x", "canary#x", "[canary"])
def test_load__database_with_a_password_that_breaks_the_address__is_told_without_it(
    folder: Path, password: str
) -> None:
    """I16: not even a piece of it."""
    (folder / "database").write_text(f"postgresql+psycopg://bridge:{password}@db.example/bridge")
    (folder / "database").chmod(0o600)
    [told] = problems(folder, SERVICE.replace("sqlite:///bridge.db", "{file: database}"))
    assert told.startswith("bridge.yaml:1: database: ") and "%2F" in told and "canary" not in told


@pytest.mark.parametrize(
    ("proxy", "told"),
    [
        ("http://proxy.example:3128", None),
        ("http://user@proxy.example:3128/", None),
        ("http://user:canary@proxy.example:3128", "write the whole address as a reference"),
        ("https://proxy.example:3128", "must be http://HOST:PORT"),
        ("proxy.example:3128", "must be http://HOST:PORT"),
        ("http://proxy.example", "must be http://HOST:PORT"),
        ("http://proxy.example:3128/path", "must be http://HOST:PORT"),
        ("http://user:can/ary@proxy.example:x", "in a password write"),
    ],
)
def test_load__a_proxy__is_an_address_with_its_password_by_reference(
    folder: Path, proxy: str, told: str | None
) -> None:
    service = SERVICE + f"outgoing:\n  proxy: {proxy}\n"
    if told is None:
        assert configured(
            folder, service
        ).service.outgoing.proxy.get_secret_value() == proxy.rstrip("/")
    else:
        [mistake] = problems(folder, service)
        assert told in mistake and "canary" not in mistake and "can/ary" not in mistake


def test_load__a_proxy_with_a_password_by_reference__is_taken_and_shown_to_nobody(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRIDGE_TEST_PROXY", "http://user:canary@proxy.example:3128")
    outgoing = configured(
        folder, SERVICE + "outgoing:\n  proxy: {env: BRIDGE_TEST_PROXY}\n"
    ).service.outgoing
    assert outgoing.proxy.get_secret_value().endswith(
        "canary@proxy.example:3128"
    ) and "canary" not in repr(outgoing)


@pytest.mark.parametrize(
    ("login", "told"),
    [
        ("staging:canary", None),
        ("canary", "must be USER:PASSWORD"),
        (":canary", "must be USER:PASSWORD"),
        ("staging:", "must be USER:PASSWORD"),
        ("staging:can\tary", "must be USER:PASSWORD"),
    ],
)
def test_load__a_login_for_notifications__is_user_and_password(
    folder: Path, login: str, told: str | None
) -> None:
    (folder / "merchants" / "login").write_text(login)
    profile = a_profile(more="    notification_auth: {file: login}")
    if told is None:
        assert (
            configured(folder, acme=profile)
            .merchants[0]
            .shops[0]
            .notification_auth.get_secret_value()
            == login
        )
    else:
        assert (
            told in problems(folder, acme=profile)[0]
            and "canary" not in problems(folder, acme=profile)[0]
        )
