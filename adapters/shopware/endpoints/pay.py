"""The customer pressed "order": make the payment and say where it is paid (Shopware sheet, section 4.2).

No provider is waited for here: a wallet payment is asked for on the checkout page only, and a card's page is made within half a
second or else while the customer is already on his way. Whatever happens afterwards, Shopware hears of it by finalize or by the courier.
"""

from __future__ import annotations

import hashlib
import json
import logging
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from adapters.shopware.endpoints.admin_api import ApiFailed
from adapters.shopware.endpoints.amounts import BadAmount, minor_units
from adapters.shopware.endpoints.messages import part, text
from adapters.shopware.endpoints.notes import Notes
from adapters.shopware.endpoints.own import View, is_of
from adapters.shopware.endpoints.shops import Book, Registration
from bridge.domain.payment import Payer
from bridge.errors import (
    BridgeError,
    ForeignUrl,
    IdempotencyMismatch,
    IdempotencyRunning,
    PaymentExists,
    Unavailable,
)
from bridge.platforms import Workbench
from bridge.ports import PaymentFilter, Shop
from bridge.services import Services
from bridge.services.create_payment import CreatePayment

log = logging.getLogger("bridge.shopware")

LONGEST_NUMBER = 64
"""Characters of an order's reference at the payment service."""

RESPOND_WITHIN = 0.5
"""Seconds after which a provider's answer about a new payment is no longer waited for."""

CLOSE_WITHIN = 2.0
"""The same when the order's older payment is closed: without that answer the customer cannot pay anew. Shopware 6.5 waits 5 seconds in all."""

WAITING = ("created", "pending")
TAKEN = {"paid": "paid", "authorized": "authorize"}

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A verified call of a shop: who, what, the customer's language (de-DE), the shop's version (6.6.7.1)."""

    registration: Registration
    body: Mapping[str, Any]
    language: str
    version: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the shop wants to be paid for; `amount` in minor units."""

    transaction: str
    order: str
    amount: int
    currency: str
    method: str
    number: str
    return_url: str


class Impossible(Exception):
    """This cannot be paid. The text is for the shop's log; customers never see it."""


class Pay:
    """Makes one payment per order transaction; asked again, it leads to the same page."""

    def __init__(self, bench: Workbench, services: Services, notes: Notes) -> None:
        """Take what the story needs."""
        self._bench = bench
        self._services = services
        self._notes = notes

    def __call__(self, call: Call) -> Answer:
        """Return Shopware's answer: where the customer goes, or why not."""
        try:
            wanted = _wanted(call)
            if wanted.amount == 0:
                return _settled("paid", call, wanted)
            return self._open(call, wanted)
        except (BadAmount, Impossible) as error:
            return self._refused(call, str(error))
        except BridgeError as error:
            return self._refused(
                call, "; ".join([error.detail, *(mistake.detail for mistake in error.errors)])
            )

    def _refused(self, call: Call, why: str) -> Answer:
        """Refuse, and tell it where the merchant looks: Shopware before 6.6 logs our message at a level that production leaves out."""
        order = text(call.body, "order", "id", longest=64)
        log.warning(
            "Shopware's payment is refused: %s",
            why,
            extra={
                "shop": call.registration.shop,
                "detail": text(call.body, "order", "orderNumber"),
            },
        )
        if order:
            with self._bench.units() as unit:
                Book(unit, ()).keep_refusal(call.registration, order, why)
            self._write_note(call.registration, order)
        return refusal(why)

    def _write_note(self, one: Registration, order: str) -> None:
        """Have the order's note written aside; nobody waits for the shop while the shop waits for us."""
        try:
            self._bench.errands.run(f"note:{one.shop}", lambda: self._quietly(one, order), 0)
        except Unavailable:
            log.warning(
                "the order's note is not written now: too many are", extra={"shop": one.shop}
            )

    def _quietly(self, one: Registration, order: str) -> None:
        try:
            self._notes.write(one, order)
        except ApiFailed as error:
            log.warning(
                "the order's note could not be written: %s", error, extra={"shop": one.shop}
            )

    def _open(self, call: Call, wanted: Wanted) -> Answer:
        shop = self._bench.shops.get(call.registration.shop)
        shop = replace(shop, respond_within=min(shop.respond_within, RESPOND_WITHIN))
        known = self._known(call.registration, wanted.transaction)
        latest = self._view(shop, known[-1]) if known else None
        if latest and latest["status"] in (*WAITING, *TAKEN):
            return self._again(shop, call, wanted, latest)
        return self._new(shop, call, wanted, len(known) + 1)

    def _again(self, shop: Shop, call: Call, wanted: Wanted, latest: View) -> Answer:
        if (latest["amount"], latest["currency"]) != (wanted.amount, wanted.currency):
            if latest["status"] in TAKEN:
                raise Impossible(f"another amount was paid already: {latest['id']}")
            self._close(shop, latest)
            return self._new(
                shop, call, wanted, len(self._known(call.registration, wanted.transaction)) + 1
            )
        if latest["status"] in TAKEN:
            return _settled(TAKEN[latest["status"]], call, wanted)
        self._renew(shop, latest, wanted)
        return _redirect(latest, call)

    def _new(self, shop: Shop, call: Call, wanted: Wanted, number: int) -> Answer:
        view = self._create(shop, call, wanted, number)
        with self._bench.units() as unit:
            book = Book(unit, self._bench.settings(shop.merchant).app_secrets())
            book.add_payment(call.registration, [wanted.transaction, wanted.order], view["id"])
        if "shopware_number" in view["metadata"]:
            log.warning(
                "the number of a Shopware order is another order's already",
                extra={"shop": shop.shop, "payment_id": view["id"]},
            )
            self._write_note(call.registration, wanted.order)
        return _redirect(view, call)

    def _create(self, shop: Shop, call: Call, wanted: Wanted, number: int) -> View:
        """Ask under the order's number, and where that is another order's, under a reference of this order's own. Raises Impossible, BridgeError."""
        ours = [
            self._view(shop, payment) for payment in self._known(call.registration, wanted.order)
        ]
        for view in ours:
            if (
                view["status"] in (*WAITING, *TAKEN)
                and view["metadata"].get("shopware_transaction") != wanted.transaction
            ):
                self._close(shop, view)  # of an older transaction of this order
        key = f"shopware-{call.registration.shop_id[:64]}-{wanted.transaction}-{number}"
        if ours:
            return self._asked(
                shop, call, wanted, ours[-1]["order_reference"], key
            ) or self._asked_apart(shop, call, wanted, key)
        return self._asked(shop, call, wanted, wanted.number, key) or self._asked_apart(
            shop, call, wanted, key
        )

    def _asked(
        self, shop: Shop, call: Call, wanted: Wanted, reference: str, key: str
    ) -> View | None:
        """Return the payment under a reference; None where the reference holds a payment that is not this order's."""
        wish = _wish(call, wanted, reference)
        try:
            return self._created(shop, key, wish)
        except (PaymentExists, IdempotencyMismatch, IdempotencyRunning):
            other = self._holding(shop, reference)
            if other is None:
                return self._created(shop, f"{key}-again", wish)
            if not is_of(other, call.registration, wanted.order or wanted.transaction):
                return None
            if other["metadata"].get("shopware_transaction") == wanted.transaction:
                return other
            self._close(shop, other)
            return self._created(shop, f"{key}-after-{other['id']}", wish)

    def _created(self, shop: Shop, key: str, wish: CreatePayment) -> View:
        view: View = json.loads(self._services.create_payment(shop, key, wish).body)
        return view

    def _asked_apart(self, shop: Shop, call: Call, wanted: Wanted, key: str) -> View:
        found = self._asked(shop, call, wanted, _own_reference(call, wanted), f"{key}-apart")
        if found is None:
            raise Impossible("this order number was already paid for another order")
        return found

    def _holding(self, shop: Shop, reference: str) -> View | None:
        """Return the payment that holds a reference: this order's, of an older transaction or of a call at this very moment, or another order's."""
        found = self._services.list_payments(
            shop, PaymentFilter(order_reference=reference), 100, None
        ).data
        return next((view for view in found if view["status"] in (*WAITING, *TAKEN)), None)

    def _close(self, shop: Shop, view: View) -> None:
        """The customer starts anew: what was not paid is given up, what was paid is not asked for twice. Raises Impossible, BridgeError."""
        if view["status"] in TAKEN:
            raise Impossible(f"the order is paid already: {view['id']}")
        own = self._bench.shops.get(shop.shop)
        patient = replace(shop, respond_within=min(own.respond_within, CLOSE_WITHIN))
        self._services.cancel_payment(patient, view["id"], f"shopware-close-{view['id']}")

    def _renew(self, shop: Shop, view: View, wanted: Wanted) -> None:
        """Lead back to the newest address: the token in an older one may be used up."""
        known = any(wanted.return_url.startswith(f"{origin}/") for origin in shop.origins)
        if known and view["return_url"] != wanted.return_url:
            with suppress(ForeignUrl):
                self._services.change_return_url(shop, view["id"], wanted.return_url)

    def _known(self, one: Registration, transaction: str) -> list[str]:
        with self._bench.units.read() as unit:
            return Book(unit, ()).payments_of(one, transaction)

    def _view(self, shop: Shop, payment: str) -> View:
        return self._services.read_payment(shop, payment)[0]


def refusal(message: str) -> Answer:
    """Refuse; Shopware writes `message` into its log and shows the customer a text of its own."""
    return {"status": "fail", "message": message[:500]}


def method_of(body: Mapping[str, Any]) -> str:
    """Return which of the app's payment methods was chosen."""
    method = part(body, "orderTransaction", "paymentMethod")
    return (
        text(method, "appPaymentMethod", "identifier")
        or text(method, "handlerIdentifier").rpartition("_")[2]
    )


def _wanted(call: Call) -> Wanted:
    transaction, order = part(call.body, "orderTransaction"), part(call.body, "order")
    currency = text(order, "currency", "isoCode", longest=3)
    wanted = Wanted(
        transaction=text(transaction, "id", longest=64),
        order=text(order, "id", longest=64) or text(transaction, "orderId", longest=64),
        amount=minor_units(part(transaction, "amount", "totalPrice"), currency),
        currency=currency,
        method=method_of(call.body),
        number=text(order, "orderNumber"),
        return_url=text(call.body, "returnUrl", longest=4096),
    )
    missing = [
        name
        for name in ("transaction", "method", "number", "return_url")
        if not getattr(wanted, name)
    ]
    if missing:
        raise Impossible(f"the shop did not say: {', '.join(missing)}")
    if (
        len(wanted.number) > LONGEST_NUMBER
        or not wanted.number.strip()
        or any(unicodedata.category(one) == "Cc" for one in wanted.number)
    ):
        raise Impossible(
            f"the order number cannot be paid under: at most {LONGEST_NUMBER} characters, all of them printable"
        )
    return wanted


def _own_reference(call: Call, wanted: Wanted) -> str:
    """Return the order's number with a short mark of the order. Raises Impossible for a number that leaves no room for it."""
    mark = hashlib.sha256((wanted.order or wanted.transaction).encode()).hexdigest()[:8]
    if len(wanted.number) > LONGEST_NUMBER - len(mark) - 1:
        raise Impossible(
            "this order number was already used for another order, and is too long for a reference beside it"
        )
    return f"{wanted.number}~{mark}"


def _wish(call: Call, wanted: Wanted, reference: str) -> CreatePayment:
    apart = {"shopware_number": wanted.number} if reference != wanted.number else {}
    return CreatePayment(
        order_reference=reference,
        amount=wanted.amount,
        currency=wanted.currency,
        method=wanted.method,
        payer=Payer(locale=call.language or None),
        description=f"Order {wanted.number}",
        return_url=wanted.return_url,
        cancel_url=wanted.return_url,
        metadata={
            "shopware_shop": call.registration.shop_id,
            "shopware_transaction": wanted.transaction,
            "shopware_order": wanted.order,
            **apart,
        },
    )


def _redirect(view: View, call: Call) -> Answer:
    locale = f"?{urlencode({'locale': call.language})}" if call.language else ""
    return {"redirectUrl": f"{view['checkout']['url']}{locale}", "status": "process_unconfirmed"}


def _settled(action: str, call: Call, wanted: Wanted) -> Answer:
    """Nothing is left to pay. Before 6.6.5 a shop insists on a redirect, and asks finalize for the state."""
    if needs_redirect(call.version):
        return {"redirectUrl": wanted.return_url, "status": "process_unconfirmed"}
    return {"status": action}


def needs_redirect(version: str) -> bool:
    """Tell whether a shop is older than 6.6.5."""
    numbers = [int(part) for part in version.split(".")[:3] if part.isascii() and part.isdigit()]
    return len(numbers) == 3 and tuple(numbers) < (6, 6, 5)
