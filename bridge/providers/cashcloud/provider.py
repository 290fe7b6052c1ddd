"""Cashcloud as a provider: money requests to a wallet, refunds that the payer takes or turns down.

Public verbs first, then the builders of fields, the one `_send`, and the readers. Everything that happens before the call
that moves money may fail without harm (NOT_EXECUTED); only that call's own silence is doubt (UNKNOWN). An inquiry that
fails is always UNKNOWN: not having heard is no proof that there is nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from pydantic import SecretStr

from bridge.domain.money import Money
from bridge.domain.outcome import NO_ANSWER, Answer, Outcome, Part, Statement
from bridge.domain.reasons import Reason
from bridge.errors import (
    CallbackRejected,
    ConfigError,
    NoAnswer,
    NotSent,
    NotSupported,
    TransportError,
)
from bridge.ports import (
    Callback,
    Capability,
    Clock,
    HttpAnswer,
    OperationRequest,
    PaymentReason,
    PaymentRef,
    PaymentRequest,
    Price,
    ProviderType,
    RawCallback,
    Reply,
    Start,
    Terms,
    Transport,
)
from bridge.providers.cashcloud import codes, conversion, crypto, forms, wire
from bridge.providers.cashcloud.conversion import Booked, Note
from bridge.providers.cashcloud.kept import Kept
from bridge.providers.cashcloud.login import Deadline, NotAuthorized, Tokens
from bridge.providers.cashcloud.settings import CashcloudSettings
from bridge.providers.cashcloud.wire import AccountSettings, Transaction, Unreadable

PRICES_KEPT, REASONS_KEPT = 60, 3600
"""Seconds for which a price in cashcredits and the payment reasons are kept."""

LOOK_UP = 3
"""Seconds that a payer may be kept waiting for prices or reasons."""


class _Refused(Exception):
    """We decline without asking Cashcloud; carries the answer."""

    def __init__(self, reason: Reason, code: str) -> None:
        super().__init__(code)
        self.answer = Answer.declined(reason, code)


class CashcloudAccount:
    """One merchant's Corporate+ account. Keeps a token, prices and reasons in memory, and nothing that must survive."""

    name: ClassVar[str] = "cashcloud"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.PARTIAL_REFUND, Capability.WALLET_USERNAME}
    )

    def __init__(self, settings: CashcloudSettings, transport: Transport, clock: Clock) -> None:
        """Take the profile's block; no I/O."""
        self.deadline = settings.deadline
        self._settings = settings
        self._transport = transport
        self._lane = f"{self.name}:{settings.username}"
        self._passwords = [
            secret for secret in (settings.password, settings.previous_password) if secret
        ]
        self._tokens = Tokens([partial(self._new_token, password) for password in self._passwords])
        self._fees = codes.PRICE_LIST[settings.account_type]
        self._prices: Kept[tuple[Price, ...]] = Kept(PRICES_KEPT, clock)
        self._reasons: Kept[tuple[PaymentReason, ...]] = Kept(REASONS_KEPT, clock)

    # --- verbs

    def terms(self) -> Terms:
        """Return limits and fields of this account; foreign currencies where the profile converts them."""
        asked = (
            ("wallet_username", "reason")
            if self._settings.payer_chooses_reason
            else ("wallet_username",)
        )
        return Terms(self._settings.currencies, self._fees.minimum, self._fees.maximum, asked)

    def fee(self, money: Money) -> int | None:
        """Return the price list's fee for receiving `money`, euro cents; None for a foreign currency."""
        return self._fees.estimate(money.amount) if money.currency == codes.EUR else None

    def prices(self, money: Money) -> tuple[Price, ...]:
        """Return the number of cashcredits that a payer pays, where the profile allows them; kept for a minute; () on failure."""
        if not self._settings.cashcredits or money.currency not in self.terms().currencies:
            return ()
        try:
            return self._prices.get(money, lambda: self._asked_prices(money))
        except (TransportError, Unreadable):
            return ()

    def reasons(self) -> tuple[PaymentReason, ...]:
        """Return what the payer may choose from, kept for an hour; () on failure and where the profile has chosen already."""
        if not self._settings.payer_chooses_reason:
            return ()
        try:
            return self._reasons.get(
                "reasons", lambda: wire.read_reasons(self._send("GET", "reasons", self._soon()))
            )
        except (TransportError, Unreadable):
            return ()

    def start(self, request: PaymentRequest) -> Start:
        """Send a money request to the payer's wallet: PENDING with the transaction's hash, or DECLINED with a reason."""
        return Start(self._move("request", partial(self._fields_for_request, request)))

    def refund(self, request: OperationRequest) -> Answer:
        """Offer the payer money back: PENDING with the refund's own hash; the payer may still turn it down."""
        return self._move(
            "refund",
            partial(self._fields_for_refund, request),
            of=request.payment.provider_reference,
        )

    def inquire(self, payment: PaymentRef) -> Answer:
        """Ask for the transaction by its hash, or by our reference in the list; NOT_EXECUTED only for an empty list.

        Of what our books call paid, or Cashcloud's call refunded, the list of its refunds is asked for too, so that those of others are noticed.
        """
        until, read = self._until(), partial(_payment_answer_from, payment=payment)
        answer = self._learn(payment.provider_reference, payment.reference, read, until)
        given_back = answer.statement is not None and answer.statement.refunded is not None
        return (
            self._with_refunds(answer, payment, until)
            if answer.outcome is Outcome.SUCCEEDED and (payment.captured or given_back)
            else answer
        )

    def inquire_operation(self, kind: str, request: OperationRequest) -> Answer:
        """Ask for a refund in the same two ways. Raises NotSupported for another kind."""
        if kind != "refund":
            raise NotSupported()
        read = partial(_refund_answer_from, payment=request.payment)
        return self._learn(request.provider_reference, request.reference, read, self._until())

    def capture(self, request: OperationRequest) -> Answer:
        """Raise NotSupported: a wallet's money is taken when the payer accepts."""
        raise NotSupported()

    def cancel(self, request: OperationRequest) -> Answer:
        """Raise NotSupported: a money request ends by the payer's answer or by its expiry."""
        raise NotSupported()

    def read_callback(self, raw: RawCallback) -> Callback:
        """Check the control value, for refunds too, and return which transaction is meant (Cashcloud sheet, section Callback).

        `status` and `time` are not judged: the value covers neither the hash nor an amount, so all of it is a hint.
        """
        fields = forms.read_form(raw)
        method, status, time, ours = (
            _field(fields, name) for name in ("method", "status", "time", "hash")
        )
        if method not in ("request", "refund"):
            raise CallbackRejected("the method is neither request nor refund")
        if not self._is_genuine(method, status, time, _field(fields, "control")):
            raise CallbackRejected("the control value is wrong")
        return Callback(provider_reference=ours, name=method, said=f"{status} {time}")

    def read_return(self, raw: RawCallback) -> Callback | None:
        """Return None: a payer answers in the wallet's app, and no browser brings anything back."""
        return None

    def acknowledge(self, callback: Callback | None) -> Reply:
        """Return OK; Cashcloud wants nothing else, and a rejected callback is not worth a repeat."""
        return Reply()

    def register(self, callback_url: str, expires_in: int) -> None:
        """Save callback URL and expiry (seconds) in the account, unless they are there, and read them back.

        Raises TransportError when Cashcloud cannot be asked, ConfigError when it refuses or keeps something else.
        """
        until, wanted = self._until(), AccountSettings(callback_url, expires_in)
        try:
            if self._saved_settings(until) == wanted:
                return
            _accepted(self._send("POST", "settings", until, multipart=_fields_for_settings(wanted)))
            if self._saved_settings(until) != wanted:
                raise ConfigError(
                    [
                        "cashcloud: the account keeps another callback URL or expiry than it was given"
                    ]
                )
        except NotAuthorized:
            raise ConfigError(
                ["cashcloud: the login is refused; check username, password and device_id"]
            ) from None
        except Unreadable as error:
            raise NoAnswer(f"cashcloud: the settings call brought {error}") from None

    # --- what the verbs share

    def _move(
        self, path: str, fields_for: Callable[[Deadline], Mapping[str, str]], of: str | None = None
    ) -> Answer:
        until = self._until()
        try:
            answer = self._send("POST", path, until, multipart=fields_for(until))
        except _Refused as refused:
            return refused.answer
        except NotAuthorized:
            return Answer.not_executed("authorization", login_refused=True)
        except NotSent:
            return Answer.not_executed("not_sent")
        except NoAnswer:
            return Answer.unknown(NO_ANSWER)
        return _answer_from(answer, of)

    def _learn(
        self,
        known: str | None,
        reference: str,
        read: Callable[[Transaction], Answer],
        until: Deadline,
    ) -> Answer:
        try:
            found = self._find(known, reference, until)
        except NotAuthorized:
            return Answer.unknown("authorization", login_refused=True)
        except TransportError:
            return Answer.unknown(NO_ANSWER)
        except Unreadable as error:
            return Answer.unknown(str(error))
        return read(found) if found else Answer.not_executed("not_found")

    def _find(self, known: str | None, reference: str, until: Deadline) -> Transaction | None:
        if known is None:
            listed = self._send("GET", "transactions", until, params={"extern_id": reference})
            return _only_one_of(wire.read_transactions(listed), reference)
        found = wire.read_transaction(
            self._send("GET", "transactions", until, params={"hash": known}), ours=bool(reference)
        )
        if found.hash != known:
            raise Unreadable("another_hash")
        return found

    def _with_refunds(self, answer: Answer, payment: PaymentRef, until: Deadline) -> Answer:
        """Say what was given back of a paid payment; where that cannot be had, the answer is as good without it."""
        if answer.statement is None or answer.provider_reference is None:
            return answer
        asked = {"request_hash": answer.provider_reference}
        try:
            listed = wire.read_refunds(
                self._send("GET", "transactions", until, params=asked), answer.provider_reference
            )
            parts = tuple(_part_from(refund, payment) for refund in listed if _moved_money(refund))
        except (TransportError, Unreadable, NotAuthorized):
            return answer
        refunded = max(answer.statement.refunded or 0, sum(part.amount for part in parts))
        return replace(
            answer, statement=replace(answer.statement, refunded=refunded, refunds=parts)
        )

    def _asked_prices(self, money: Money) -> tuple[Price, ...]:
        return (Price(codes.CCR, self._cashcredits(self._euros(money), self._soon())),)

    def _saved_settings(self, until: Deadline) -> AccountSettings:
        return wire.read_settings(self._send("GET", "settings", until))

    def _is_genuine(self, method: str, status: str, time: str, control: str) -> bool:
        passwords = [password.get_secret_value() for password in self._passwords]
        return any(
            [
                crypto.same(crypto.control(method, status, time, password), control)
                for password in passwords
            ]
        )

    def _asked(self, request: PaymentRequest, until: Deadline) -> Note:
        currency, sent = (
            request.pay_currency or codes.EUR,
            Booked(self._euros(request.money), codes.EUR),
        )
        if currency == codes.EUR:
            return Note(request.money, sent)
        if currency != codes.CCR or not self._settings.cashcredits:
            raise _Refused(Reason.CURRENCY_NOT_SUPPORTED, "currency.invalid")
        with _nothing_moved_yet():
            return Note(request.money, sent, self._cashcredits(sent.amount, until))

    def _reason(self, request: PaymentRequest) -> str:
        reason_id = request.reason_id or self._settings.reason_id
        if not reason_id:
            raise _Refused(Reason.REQUEST_REFUSED, "reason.missing")
        return reason_id

    def _euros(self, money: Money) -> int:
        if money.currency == codes.EUR:
            return money.amount
        if money.currency not in self._settings.euro_rates:
            raise _Refused(Reason.CURRENCY_NOT_SUPPORTED, "currency.invalid")
        return conversion.euro_cents(money, self._settings.euro_rates[money.currency])

    def _cashcredits(self, euros: int, until: Deadline) -> int:
        return wire.read_cashcredits(
            self._send("GET", "currency-rate", until, params={"amount": str(euros)})
        )

    def _given_back(self, request: OperationRequest, until: Deadline) -> tuple[str, Note]:
        paid = request.payment
        if paid.provider_reference and (paid.pay_currency or codes.EUR) == request.money.currency:
            return paid.provider_reference, Note(
                request.money, Booked(request.money.amount, codes.EUR)
            )
        with _nothing_moved_yet():
            found = self._find(paid.provider_reference, paid.reference, until)
        if found is None:
            raise NotSent("Cashcloud lists no payment to refund")
        part = conversion.part_of(found.booked, found.description, paid.money, request.money)
        if part is None:
            raise _Refused(Reason.REQUEST_REFUSED, "conversion.unknown")
        return found.hash, part

    # --- builders

    def _fields_for_request(self, request: PaymentRequest, until: Deadline) -> dict[str, str]:
        reason_id, asked = self._reason(request), self._asked(request, until)
        return {
            "email": request.payer.wallet_username or "",
            "amount": str(asked.sent.amount),
            "currency_id": str(codes.CURRENCY_IDS[request.pay_currency or codes.EUR]),
            "reason_id": reason_id,
            "remark": f"{request.description} [{request.matching_number}]",
            "extern.id": request.reference,
            "extern.reference": request.order_reference,
            "extern.description": conversion.with_note(request.description, asked),
        }

    def _fields_for_refund(self, request: OperationRequest, until: Deadline) -> dict[str, str]:
        paid, given = self._given_back(request, until)
        return {
            "hash": paid,
            "amount": str(given.sent.amount),
            "remark": request.text or request.payment.reference,
            "extern[id]": request.reference,
            "extern[reference]": request.payment.reference,
            "extern[description]": conversion.with_note(request.text, given),
        }

    # --- the wire

    def _send(
        self, method: str, path: str, until: Deadline, **content: Mapping[str, str]
    ) -> HttpAnswer:
        """Make one call under a token, again under a new one after 403. Raises NotSent, NotAuthorized and, from the call, NoAnswer."""
        for token in self._tokens.tries(until):
            answer = self._call(
                method,
                path,
                until,
                secrets=(token, token.rpartition(" ")[2]),
                headers={"Authorization": token},
                **content,
            )
            if answer.status != 403:
                return answer
        raise NotAuthorized("Cashcloud answered 403 to a new token")

    def _new_token(self, password: SecretStr, until: Deadline) -> str:
        login = {"username": self._settings.username, "device_id": self._settings.device_id}
        with _nothing_moved_yet():
            answer = self._call("POST", "salt", until, multipart=login)
            if 400 <= answer.status < 500 and answer.status != 429:
                raise NotAuthorized(f"Cashcloud answered {answer.status} to the login")
            return crypto.token(
                **login, password=password.get_secret_value(), salt=wire.read_text(answer, "salt")
            )

    def _call(self, method: str, path: str, until: Deadline, **content: Any) -> HttpAnswer:
        return self._transport(
            self._lane, method, self._settings.base_url + path, deadline=until.left(), **content
        )

    def _until(self) -> Deadline:
        return Deadline(self._settings.deadline)

    def _soon(self) -> Deadline:
        return Deadline(min(self._settings.deadline, LOOK_UP))


# --- readers


@contextmanager
def _nothing_moved_yet() -> Iterator[None]:
    """Before the call that moves money every silence means the same: that call was not sent."""
    try:
        yield
    except (NoAnswer, Unreadable) as error:
        raise NotSent(f"a call that had to come first brought no usable answer: {error}") from None


def _answer_from(answer: HttpAnswer, of: str | None = None) -> Answer:
    """Read what the money call brought; `of` is the hash of the payment that is refunded."""
    if answer.status in codes.NOT_DONE:
        return Answer.not_executed(f"http.{answer.status}")
    try:
        if answer.status == 412:
            return _reason_from(answer)
        return Answer(Outcome.PENDING, provider_reference=_reference_from(answer, of))
    except Unreadable as error:
        return Answer.unknown(str(error))


def _reason_from(answer: HttpAnswer) -> Answer:
    failed = wire.read_validation(answer)
    return Answer.declined(codes.reason_of(failed), ", ".join(failed)[:200] or "validationFailed")


def _reference_from(answer: HttpAnswer, of: str | None) -> str:
    reference = wire.read_text(answer, "hash")
    if reference == of:
        # A refund has a hash of its own; under the payment's hash we would later read the payment's success.
        raise Unreadable("same_hash")
    return reference


def _payment_answer_from(found: Transaction, payment: PaymentRef) -> Answer:
    booked = conversion.in_our_words(
        found.booked, found.description, payment.money.currency, payment.pay_currency
    )
    captured = booked.amount if found.state in codes.PAID_STATES else 0
    refunded = booked.amount if found.state == codes.REFUNDED else None
    statement = Statement(
        found.our_reference, booked.currency, booked.amount, captured, captured, refunded
    )
    return replace(
        _answer_by_state(found, codes.PAYMENT_STATES, statement),
        payer_agreed=found.state == codes.ACCEPTED,
    )


def _moved_money(refund: Transaction) -> bool:
    return codes.REFUND_STATES.get(refund.state) == codes.DONE and refund.booked.amount > 0


def _part_from(refund: Transaction, payment: PaymentRef) -> Part:
    booked = conversion.in_our_words(
        refund.booked, refund.description, payment.money.currency, payment.pay_currency
    )
    if booked.currency != payment.money.currency:
        raise Unreadable("conversion.unknown")
    return Part(refund.hash, refund.our_reference or None, booked.amount)


def _refund_answer_from(found: Transaction, payment: PaymentRef) -> Answer:
    booked = conversion.in_our_words(
        found.booked, found.description, payment.money.currency, payment.pay_currency
    )
    statement = Statement(
        found.our_reference, booked.currency, booked.amount, payment_reference=found.payment
    )
    return _answer_by_state(found, codes.REFUND_STATES, statement)


def _answer_by_state(
    found: Transaction, states: Mapping[int, codes.Meaning], statement: Statement
) -> Answer:
    outcome, reason = states.get(found.state, codes.NO_MEANING)
    return Answer(outcome, reason, f"state.{found.state}", found.hash, statement)


def _only_one_of(listed: list[Transaction], reference: str) -> Transaction | None:
    """Return the one transaction of a filtered list; None for an empty list.

    A list with anything else in it was not filtered as asked, so that ours could be missing from it: Unreadable.
    """
    if [found.our_reference for found in listed] not in ([], [reference]):
        raise Unreadable("list_not_filtered")
    return listed[0] if listed else None


def _accepted(answer: HttpAnswer) -> None:
    if answer.status == 412:
        raise ConfigError(
            [
                f"cashcloud: the settings are refused: {', '.join(wire.read_validation(answer))[:200]}"
            ]
        )
    wire.read_object(answer)


def _fields_for_settings(wanted: AccountSettings) -> dict[str, str]:
    return {
        "callback_url": wanted.callback_url,
        "request_expiration": str(wanted.request_expiration),
    }


def _field(fields: Mapping[str, str], name: str) -> str:
    value = fields.get(name, "")
    if not value or len(value) > wire.MAX_TEXT or not value.isprintable():
        raise CallbackRejected(f"the field {name} is missing, too long or unprintable")
    return value


PROVIDER = ProviderType("cashcloud", CashcloudSettings, CashcloudAccount)
