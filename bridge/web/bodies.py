"""What callers may send: one strict model per body and per query. Unknown fields are mistakes, nothing is coerced.

Amounts are whole minor units; times are RFC 3339. These models are also the request side of `/openapi.json`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from bridge.domain.language import read_locale
from bridge.domain.money import MAX_AMOUNT, exponents
from bridge.domain.payment import Payer, Status
from bridge.ports import PaymentFilter
from bridge.services.capture_payment import CaptureWish
from bridge.services.create_payment import CreatePayment
from bridge.services.refund_payment import RefundWish

PRINTABLE = r"^[^\u0000-\u001f\u007f-\u009f]+$"
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
"""Characters without a width and marks of direction: they come along with what is pasted, and nobody sees them."""

WEB_ADDRESS = (
    r"^https?://([0-9A-Za-z.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?#][!#-;=?-\[\]_a-z~]*)?$"
)
"""No user part, no backslash, nothing but ASCII: whatever two programs could read as two different hosts is refused."""


def _known_currency(code: str) -> str:
    if code not in exponents():
        raise PydanticCustomError("unknown_currency", "Write an ISO 4217 code in capitals.")
    return code


def _number(text: Any) -> Any:
    return int(text) if isinstance(text, str) and re.fullmatch(r"[0-9]{1,15}", text) else text


def _time(text: str) -> datetime:
    if not re.fullmatch(
        r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", text, re.ASCII
    ):
        raise _no_time()
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _no_time() from None


def _no_time() -> PydanticCustomError:
    return PydanticCustomError(
        "invalid_time",
        "Write an RFC 3339 time such as 2026-05-01T12:00:00.000Z (a plus sign as %2B).",
    )


def _locale(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    found = read_locale(text)
    return found and found.tag


def _seen(text: Any) -> Any:
    return _UNSEEN.sub("", text) if isinstance(text, str) else text


def _one_host(url: str) -> str:
    try:
        urlsplit(url).port  # noqa: B018  reading it checks it, as it does the brackets of an IPv6 address
    except ValueError:
        raise PydanticCustomError(
            "invalid_format", "Write a web address with a valid host."
        ) from None
    return url


def _text(longest: int, pattern: str = PRINTABLE) -> StringConstraints:
    return StringConstraints(min_length=1, max_length=longest, pattern=pattern)


Amount = Annotated[int, Field(ge=1, le=MAX_AMOUNT)]
Currency = Annotated[
    str,
    AfterValidator(_known_currency),
    WithJsonSchema({"type": "string", "enum": sorted(exponents())}),
]
Locale = Annotated[str | None, BeforeValidator(_locale), WithJsonSchema({"type": "string"})]
WalletName = Annotated[str, BeforeValidator(_seen), _text(254)]
Method = Annotated[str, _text(32, r"^[a-z][0-9a-z_]*$")]
Url = Annotated[str, _text(2048, WEB_ADDRESS), AfterValidator(_one_host)]
Time = Annotated[
    datetime, BeforeValidator(_time), WithJsonSchema({"type": "string", "format": "date-time"})
]
Limit = Annotated[
    int,
    BeforeValidator(_number),
    Field(ge=1, le=100),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 100}),
]
QueryAmount = Annotated[
    int,
    BeforeValidator(_number),
    Field(ge=1, le=MAX_AMOUNT),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_AMOUNT}),
]
Word = Annotated[str, StringConstraints(max_length=500, pattern=PRINTABLE.replace("+", "*"))]
Metadata = Annotated[dict[Annotated[str, _text(40)], Word], Field(max_length=50)]


class Request(BaseModel):
    """What a caller sends."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Nothing(Request):
    """An empty object."""


class PayerBody(Request):
    """What the shop knows of the person who pays; all of it optional."""

    wallet_username: WalletName | None = Field(
        None,
        description="Who is asked for the money; without it the payer types it in the checkout. Characters without a width are left out.",
    )
    email: (
        Annotated[
            str,
            _text(254, r"^[^\s@\u0000-\u001f\u007f-\u009f]+@[^\s@\u0000-\u001f\u007f-\u009f]+$"),
        ]
        | None
    ) = None
    locale: Locale | None = Field(
        None,
        description="Language and region, such as de-DE. Any text is taken; of one that cannot be read the shop's language is used.",
    )


class PaymentBody(Request):
    """A payment that a shop wants."""

    order_reference: Annotated[str, _text(64)] = Field(
        description="The shop's number of the order; one open payment per order."
    )
    amount: Amount = Field(description="Minor units of `currency`.")
    currency: Currency
    method: Method = Field(
        description="`wallet` or `card`; GET /v1/methods tells what this shop offers."
    )
    channel: Literal["web", "pos", "mobile"] = "web"
    payer: PayerBody = PayerBody()
    description: Annotated[str, _text(255)] | None = Field(
        None, description="What the payer reads."
    )
    return_url: Url | None = Field(
        None, description="Where the payer goes afterwards; on an origin that the profile lists."
    )
    cancel_url: Url | None = Field(
        None,
        description="Where the payer goes without having paid; on an origin that the profile lists.",
    )
    capture: Literal["automatic", "manual"] = Field(
        "automatic", description="`manual`: reserve now, take with a capture (card only)."
    )
    expires_in: Annotated[int, Field(ge=1, le=2_592_000)] | None = Field(
        None, description="Seconds; capped by the profile."
    )
    metadata: Metadata = Field(
        {}, description="Up to 50 texts of the shop's own; given back unread."
    )
    reason: Annotated[str, _text(32)] | None = Field(
        None,
        description="One of the payment reasons of GET /v1/methods; where it lists `reason` among the payer's fields and none is given, the payer chooses on the page.",
    )
    pay_currency: Annotated[str, _text(3, r"^[0-9A-Z]{3}$")] | None = Field(
        None, description="One of the payer's currencies of GET /v1/methods."
    )

    def wish(self) -> CreatePayment:
        """Return it as the use case wants it."""
        return CreatePayment(**{**dict(self), "payer": Payer(**dict(self.payer))})


class RefundBody(Request):
    """A refund that a shop wants."""

    amount: Amount | None = Field(None, description="Minor units; left out: all that is left.")
    reason: Annotated[str, _text(255)] | None = None
    refund_reference: Annotated[str, _text(64)] | None = Field(
        None, description="The shop's number of the refund."
    )
    expected_refundable: Annotated[int, Field(ge=0, le=MAX_AMOUNT)] | None = Field(
        None,
        description="What the shop believes is left, minor units; if wrong nothing is refunded.",
    )

    def wish(self) -> RefundWish:
        """Return it as the use case wants it."""
        return RefundWish(**dict(self))


class CaptureBody(Request):
    """A capture that a shop wants."""

    amount: Amount | None = Field(None, description="Minor units; left out: all that is left.")

    def wish(self) -> CaptureWish:
        """Return it as the use case wants it."""
        return CaptureWish(**dict(self))


class ConfirmBody(Request):
    """What the payer typed and chose."""

    wallet_username: WalletName
    reason: Annotated[str, _text(32)] | None = None
    currency: Annotated[str, _text(3, r"^[0-9A-Z]{3}$")] | None = None


class AppBody(Request):
    """What the mobile SDK sends."""

    merchantID: Annotated[str, _text(64)]


class PageQuery(Request):
    """Which page of a list."""

    limit: Limit = 20
    cursor: Annotated[str, _text(500)] | None = Field(
        None, description="`next_cursor` of the page before."
    )


class PaymentsQuery(PageQuery):
    """Which payments; times are inclusive from, exclusive to."""

    order_reference: Annotated[str, _text(64)] | None = None
    status: Literal[tuple(Status)] | None = None  # type: ignore[valid-type]
    method: Method | None = None
    provider_reference: Annotated[str, _text(255)] | None = None
    created_from: Time | None = None
    created_to: Time | None = None
    updated_from: Time | None = None

    def wanted(self) -> PaymentFilter:
        """Return the filter without the page."""
        return PaymentFilter(**self.model_dump(exclude={"limit", "cursor"}))


class EventsQuery(Request):
    """Which notifications."""

    after: Annotated[str, _text(40, r"^evt_[0-9A-Za-z]+$")] | None = Field(
        None, description="The last notification that the shop has seen."
    )
    limit: Limit = 20


class MethodsQuery(Request):
    """For which amount."""

    amount: QueryAmount | None = Field(None, description="Minor units of `currency`.")
    currency: Currency | None = None
    locale: Locale | None = None


class LocaleQuery(Request):
    """In which language."""

    locale: Locale | None = None
