"""Kinds of values that settings share: names, addresses, origins, hashes, notification secrets, folders.

Each refuses with what to write instead; none ever repeats a secret.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo

from bridge.domain.money import exponents
from bridge.settings import Resolved, Secret

_NAME = re.compile(r"[a-z0-9-]{1,40}")
_KEY_HASH = re.compile(r"sha256:[0-9a-f]{64}")
_HOST = re.compile(r"[a-z0-9][a-z0-9._-]*|[0-9a-f:.]+")
_SQLITE = "sqlite:///"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  reading it checks it
    except ValueError as error:
        raise ValueError(f"is no address ({error}); write https://host/path") from None
    return parts


def _safe(text: str) -> SplitResult:
    """Split an address and refuse what would carry money news in the clear or hide a password."""
    parts = _split(text)
    if not text.isascii() or any(character.isspace() for character in text):
        raise ValueError(
            "must be ASCII without blanks; write an international name in its xn-- form"
        )
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError("is no web address; write https://host/path")
    if not _HOST.fullmatch(parts.hostname):
        # Origins become part of a header that browsers obey: a star or a semicolon there would open the frame to others.
        raise ValueError("must name one host, in letters, digits, dots and hyphens")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError(
            "must be https; http is allowed for this machine only (127.0.0.1, ::1, localhost)"
        )
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("must not carry a user name, a password or a #fragment")
    return parts


def _url(text: str) -> str:
    _safe(text)
    return text


def _base_url(text: str) -> str:
    if _safe(text).query:
        raise ValueError("must not carry a ?query")
    return text.rstrip("/")


def _origin(text: str) -> str:
    parts = _safe(text)
    exact = f"{parts.scheme}://{parts.netloc}".lower()
    if parts.port == _DEFAULT_PORTS[parts.scheme]:
        exact = exact.rpartition(":")[0]
    if text != exact:
        raise ValueError(f"is not exactly what a browser sends; write {exact}")
    return text


def _matches(pattern: re.Pattern[str], instead: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(instead)
        return text

    return check


def _currency(code: str) -> str:
    if code not in exponents():
        raise ValueError("is no ISO 4217 currency; write its three capital letters, such as EUR")
    return code


def _notification_secret(secret: SecretStr) -> SecretStr:
    kind, _, key = secret.get_secret_value().partition("_")
    try:
        length = len(base64.b64decode(key, validate=True))
    except (binascii.Error, ValueError):
        length = 0
    if kind != "whsec" or not 24 <= length <= 64:
        raise ValueError(
            "must be whsec_ and the base64 of 24 to 64 random bytes; `bridge keys new` makes one"
        )
    return secret


def _basic_login(secret: SecretStr) -> SecretStr:
    user, colon, password = secret.get_secret_value().partition(":")
    if not (user and colon and password and secret.get_secret_value().isprintable()):
        raise ValueError("must be USER:PASSWORD, in printable characters")
    return secret


def _proxy(value: Any) -> SecretStr:
    if not isinstance(value, str):
        raise ValueError("must be the address of a proxy: http://proxy.example:3128")
    try:
        parts = _split(value)
    except (
        ValueError
    ):  # whose words repeat what they stumbled over, which may be a piece of the password
        raise ValueError(
            "is no address that can be read; in a password write / ? # [ ] @ : % as %2F %3F %23 %5B %5D %40 %3A %25"
        ) from None
    if (
        parts.scheme != "http"
        or not parts.hostname
        or not parts.port
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
    ):
        raise ValueError("must be http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT")
    if parts.password and not isinstance(value, Resolved):
        raise ValueError(
            "carries a password; write the whole address as a reference, {env: NAME} or {file: PATH}"
        )
    return SecretStr(str(value).rstrip("/"))


def _folder(value: Any, info: ValidationInfo) -> Path:
    if not isinstance(value, str | Path) or not str(value):
        raise ValueError("must be the path of a file or folder, as text")
    folder: Path = (info.context or {}).get("folder", Path())
    return (folder / value).absolute()


def _database(value: Any, info: ValidationInfo) -> SecretStr:
    if not isinstance(value, str):
        raise ValueError(
            "must be an address: sqlite:///bridge.db or postgresql+psycopg://user@host/name"
        )
    file = value.removeprefix(_SQLITE)
    if file not in (value, "", ":memory:"):
        return SecretStr(f"{_SQLITE}{_folder(file, info)}")
    try:
        parts = _split(value)
    except (
        ValueError
    ):  # whose words repeat what they stumbled over, which may be a piece of the password
        raise ValueError(
            "is no address that can be read; in a password write / ? # [ ] @ : % as %2F %3F %23 %5B %5D %40 %3A %25"
        ) from None
    if parts.scheme != "postgresql+psycopg":
        raise ValueError("must be sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME")
    if (parts.password or "password" in parts.query) and not isinstance(value, Resolved):
        raise ValueError(
            "carries a password; write the whole address as a reference, {env: NAME} or {file: PATH}"
        )
    return SecretStr(str(value))


def _listen(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError("must be host:port, such as 127.0.0.1:8080 or [::1]:8080")
    return text


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise ValueError(
            "write a network such as 10.0.0.0/8 or 2001:db8::/32, its host bits zero"
        ) from None


Name = Annotated[
    str, AfterValidator(_matches(_NAME, "must be 1 to 40 small letters, digits or hyphens"))
]
KeyHash = Annotated[
    str,
    AfterValidator(
        _matches(
            _KEY_HASH,
            'must be "sha256:" and 64 hexadecimal digits, never the key itself; `bridge keys new` makes both',
        )
    ),
]
Url = Annotated[str, AfterValidator(_url)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Origin = Annotated[str, AfterValidator(_origin)]
Currency = Annotated[str, AfterValidator(_currency)]
NotificationSecret = Annotated[Secret, AfterValidator(_notification_secret)]
BasicLogin = Annotated[Secret, AfterValidator(_basic_login)]
Proxy = Annotated[SecretStr, BeforeValidator(_proxy)]
Listen = Annotated[str, AfterValidator(_listen)]
Network = Annotated[str, AfterValidator(_network)]
FilePath = Annotated[Path, BeforeValidator(_folder)]
Database = Annotated[SecretStr, BeforeValidator(_database)]

LIST = Field(strict=False)
"""Marks a tuple that YAML writes as a list."""
