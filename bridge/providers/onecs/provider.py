"""1cs as a provider: cards on the gateway's own form; captures, refunds and releases from server to server.

Public verbs first, then the builders of fields, the one `_send`, and the readers. A result is never judged by the address that
was called, by `Description` or by `LastStatus`: callbacks and returns only say which payment is meant, and the amounts of an
inquiry say what became of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import product
from secrets import choice
from string import ascii_letters, digits
from time import monotonic
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from bridge.domain.money import Money
from bridge.domain.outcome import NO_ANSWER, Answer, Outcome, Statement
from bridge.domain.reasons import Reason
from bridge.errors import CallbackRejected, NoAnswer, NotSent, NotSupported, TransportError
from bridge.ports import (
    AppAuthentication,
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
from bridge.providers.onecs import codes, crypto, wire
from bridge.providers.onecs.settings import LARGEST, OnecsSettings
from bridge.providers.onecs.wire import Result, Unreadable, Unwritable

LONGEST_URL, LONGEST_ORDER_TEXT, LONGEST_REQ_ID = 256, 300, 32
MOST_FIELDS = 50
MOST_IN_DOUBT = 12
"""Operations of other amounts in doubt whose sums are tried; among more of them every sum would fit."""

TOKEN_LENGTH, LABEL_LENGTH = 40, 40

_SIMULATES = re.compile(r"\s*test\s*:", re.IGNORECASE)
_REF_NR = {False: re.compile(r"[0-9-]{1,30}"), True: re.compile(r"[0-9A-Za-z_-]{1,30}")}
"""What may be an order's number in the acquirer's files, without letters and with them."""
_ALPHABET = ascii_letters + digits


class OnecsAccount:
    """One merchant's account. Keeps nothing between two calls."""

    name: ClassVar[str] = "onecs"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.CAPTURE,
            Capability.CANCEL,
            Capability.PARTIAL_REFUND,
            Capability.HOSTED_PAGE,
            Capability.MOBILE_SDK,
        }
    )

    def __init__(self, settings: OnecsSettings, transport: Transport, clock: Clock) -> None:
        """Take the profile's block; no I/O."""
        self.deadline = settings.deadline
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._lane = f"{self.name}:{settings.merchant_id}"

    # --- verbs

    def terms(self) -> Terms:
        """Return limits of this account; a payer types nothing here, the card goes into the gateway's form."""
        return Terms(
            self._settings.currencies,
            self._settings.minimum,
            self._settings.maximum or LARGEST,
            (),
            page_closes=self._settings.time_zone is not None,
        )

    def fee(self, money: Money) -> int | None:
        """Return None: what a card costs stands in the merchant's contract."""
        return None

    def prices(self, money: Money) -> tuple[Price, ...]:
        """Return (): a card pays in the order's currency."""
        return ()

    def reasons(self) -> tuple[PaymentReason, ...]:
        """Return (): 1cs has none."""
        return ()

    def start(self, request: PaymentRequest) -> Start:
        """Make the address of the card form; no I/O. PENDING: from now on the payer may pay there, once."""
        try:
            return Start(Answer(Outcome.PENDING), self._page_url(request))
        except Unwritable as error:
            return Start(Answer.declined(Reason.REQUEST_REFUSED, f"unwritable.{error}"))

    def inquire(self, payment: PaymentRef) -> Answer:
        """Ask by PayID, or by our TransID where no PayID arrived. NOT_EXECUTED: nobody has filled the card form yet."""
        try:
            return _payment_answer_from(self._find(payment, self._until()))
        except TransportError:
            return Answer.unknown(NO_ANSWER)
        except (Unreadable, Unwritable) as error:
            return Answer.unknown(str(error))

    def refund(self, request: OperationRequest) -> Answer:
        """Credit part or all of what was captured, under a TransID of its own."""
        return self._move("credit.aspx", request, _trans_id(request.reference))

    def capture(self, request: OperationRequest) -> Answer:
        """Take part or all of what is authorized, under the payment's TransID."""
        return self._move("capture.aspx", request, _trans_id(request.payment.reference))

    def cancel(self, request: OperationRequest) -> Answer:
        """Release an authorization: inquire, reverse, inquire. `reverse.aspx` undoes whatever came last, so it is called only while
        nothing is captured or credited; otherwise DECLINED.
        """
        until = self._until()
        try:
            found = self._find(request.payment, until)
        except (TransportError, Unreadable):
            return Answer.not_executed("inquiry")
        before = _cancel_answer_from(found, request)
        if before.outcome is not Outcome.NOT_EXECUTED or not found.authorized:
            return before
        answer = self._move(
            "reverse.aspx",
            request,
            _trans_id(request.payment.reference),
            until,
            amount=found.authorized,
        )
        return self._confirmed(request, until) if answer.outcome is Outcome.SUCCEEDED else answer

    def inquire_operation(self, kind: str, request: OperationRequest) -> Answer:
        """Ask for the payment's amounts and tell by them, because a refund or a capture cannot be asked for by its own name.

        UNKNOWN while the sums fit both answers, or neither: see README.md.
        """
        try:
            return _OPERATION_ANSWERS[kind](self._find(request.payment, self._until()), request)
        except KeyError:
            raise NotSupported() from None
        except TransportError:
            return Answer.unknown(NO_ANSWER)
        except (Unreadable, Unwritable) as error:
            return Answer.unknown(str(error))

    def read_callback(self, raw: RawCallback) -> Callback:
        """Decipher a result, check whose it is and its MAC, and return which payment is meant (1cs sheet, sections 2.2 and 4)."""
        readings = [
            found
            for found in self._readings(*_envelope_of(raw))
            if found.merchant_id == self._settings.merchant_id
        ]
        if not readings:
            raise CallbackRejected(
                "Data cannot be read with this merchant's key, or is not this merchant's"
            )
        return self._genuine(next(filter(self._mac_fits, readings), None))

    def read_return(self, raw: RawCallback) -> Callback | None:
        """Read what a browser brings back from the form, by GET or POST, like a callback; None where there is no Len and Data."""
        fields = _form_of(raw)
        return self.read_callback(raw) if "len" in fields or "data" in fields else None

    def acknowledge(self, callback: Callback | None) -> Reply:
        """Return OK, also for what will never be right: a repeat would not mend it."""
        return Reply()

    def register(self, callback_url: str, expires_in: int) -> None:
        """Do nothing: every payment brings its own addresses."""

    def authenticate_app(self) -> AppAuthentication:
        """Make and register a token for one checkout in the merchant's app (1cs sheet, section 6). Raises TransportError, NotSupported.

        A refusal of the gateway is an answer too: status FAILED and its code.
        """
        if self._settings.mobile_url is None:
            raise NotSupported("This account has no mobile SDK: the profile names no mobile_url.")
        token, label = _random(TOKEN_LENGTH), _random(LABEL_LENGTH)
        fields = self._fields_for_registration(token, label)
        try:
            found = self._send(self._settings.mobile_url, fields, self._until(), (token,))
        except (Unreadable, Unwritable) as error:
            raise NoAnswer(f"onecs: the registration of a token brought {error}") from None
        good = (
            codes.meaning_of(found.get("code", "")) is codes.DONE
            and found.get("status", "").upper() in codes.GOOD_STATUSES
        )
        return AppAuthentication(
            merchant_id=self._settings.merchant_id,
            token=token if good else "",
            label=label if good else "",
            expiry=found.get("expirydate") or fields.get("ExpiryDate", ""),
            description=found.get("description", ""),
            status="OK" if good else "FAILED",
            code=found.get("code", ""),
        )

    @property
    def app_merchant_id(self) -> str:
        """The MerchantID that an app of this merchant must name."""
        return self._settings.merchant_id

    # --- what the verbs share

    def _page_url(self, request: PaymentRequest) -> str:
        length, data = self._sealed(self._fields_for_payment(request))
        shown = {
            "MerchantID": self._settings.merchant_id,
            "Len": length,
            "Data": data,
            "Language": self._language(request.language),
        }
        template = {"Template": self._settings.template} if self._settings.template else {}
        return f"{self._settings.base_url}payssl.aspx?{urlencode(shown | template)}"

    def _find(self, payment: PaymentRef, until: float) -> Result:
        by_pay_id = payment.provider_reference is not None
        path = self._settings.inquire_path if by_pay_id else self._settings.inquire_by_trans_id_path
        found = self._result(path, self._fields_for_inquiry(payment), until)
        if by_pay_id and found.pay_id not in ("", payment.provider_reference):
            raise Unreadable("another_payment")
        return found

    def _move(
        self,
        path: str,
        request: OperationRequest,
        trans_id: str,
        until: float | None = None,
        amount: int | None = None,
    ) -> Answer:
        until = until or self._until()
        try:
            pay_id = self._pay_id_of(request.payment, until)
            fields = self._fields_for_operation(
                request, pay_id, trans_id, amount or request.money.amount
            )
            return _answer_from(self._result(path, fields, until), pay_id, trans_id)
        except NotSent:
            return Answer.not_executed("not_sent")
        except NoAnswer:
            return Answer.unknown(NO_ANSWER)
        except Unwritable as error:
            return Answer.not_executed(f"unwritable.{error}")
        except Unreadable as error:
            return Answer.unknown(str(error))

    def _pay_id_of(self, payment: PaymentRef, until: float) -> str:
        if payment.provider_reference:
            return payment.provider_reference
        try:
            found = self._find(payment, until)
        except (NoAnswer, Unreadable) as error:
            raise NotSent(f"the payment's PayID could not be asked for: {error}") from None
        if not found.pay_id:
            raise NotSent("1cs knows no payment under this TransID")
        return found.pay_id

    def _confirmed(self, request: OperationRequest, until: float) -> Answer:
        try:
            answer = _cancel_answer_from(self._find(request.payment, until), request)
        except (TransportError, Unreadable):
            return Answer.unknown("unconfirmed")
        return answer if answer.outcome is Outcome.SUCCEEDED else Answer.unknown("unconfirmed")

    def _readings(self, length: str, data: str) -> Iterator[Result]:
        """Decipher a result and read it in every way that its text allows."""
        for blowfish_key in self._keys("blowfish_key"):
            try:
                for fields in wire.read_readings(
                    crypto.decrypt(length, data, blowfish_key, self._settings.cipher)
                ):
                    yield wire.read_result(fields)
            except (crypto.Undecipherable, Unreadable):
                continue

    def _genuine(self, found: Result | None) -> Callback:
        if found is None:
            raise CallbackRejected("the MAC is missing or wrong")
        if not found.pay_id or not found.trans_id:
            raise CallbackRejected("PayID or TransID is missing")
        return Callback(
            provider_reference=found.pay_id,
            our_reference=_reference_from(found),
            name=found.code,
            said=found.status,
        )

    def _mac_fits(self, found: Result) -> bool:
        said = (found.pay_id, found.trans_id, found.merchant_id, found.status, found.code)
        return any(
            [
                crypto.same(crypto.answer_mac(key, *said), found.mac)
                for key in self._keys("hmac_key")
            ]
        )

    def _keys(self, name: str) -> Iterator[bytes]:
        for secret in (getattr(self._settings, name), getattr(self._settings, f"previous_{name}")):
            if secret is not None:
                yield secret.get_secret_value().encode()

    def _language(self, wanted: str) -> str:
        return wanted if wanted in self._settings.languages else self._settings.languages[0]

    def _local_time(self, at: datetime) -> str:
        return at.astimezone(ZoneInfo(self._settings.time_zone or "UTC")).strftime(
            "%Y-%m-%dT%H:%M:%S"
        )

    # --- builders

    def _fields_for_payment(self, request: PaymentRequest) -> dict[str, str]:
        if max(len(request.return_url), len(request.callback_url)) > LONGEST_URL:
            raise Unwritable("URL")
        fields = self._with_mac(
            {
                "MerchantID": self._settings.merchant_id,
                "TransID": _trans_id(request.reference),
                "Amount": str(request.money.amount),
                "Currency": request.money.currency,
            }
        )
        if _REF_NR[self._settings.ref_nr_letters].fullmatch(request.order_reference):
            fields["RefNr"] = request.order_reference
        if self._settings.time_zone:
            fields["expirationTime"] = self._local_time(request.expires_at)
        return fields | {
            "OrderDesc": self._order_text(request),
            "URLSuccess": request.return_url,
            "URLFailure": request.return_url,
            "URLBack": request.return_url,
            "URLNotify": request.callback_url,
            "Response": "encrypt",
            "Capture": self._capture(request),
            "MsgVer": "2.0",
            "ReqId": _req_id(request.reference),
        }

    def _fields_for_inquiry(self, payment: PaymentRef) -> dict[str, str]:
        known = {"PayID": payment.provider_reference, "TransID": _trans_id(payment.reference)}
        return self._with_mac(
            {
                "MerchantID": self._settings.merchant_id,
                **{name: value for name, value in known.items() if value},
            }
        )

    def _fields_for_operation(
        self, request: OperationRequest, pay_id: str, trans_id: str, amount: int
    ) -> dict[str, str]:
        return self._with_mac(
            {
                "MerchantID": self._settings.merchant_id,
                "PayID": pay_id,
                "TransID": trans_id,
                "Amount": str(amount),
                "Currency": request.money.currency,
            }
        ) | {
            "ReqId": _req_id(request.reference.rpartition("-")[0]),
            "OrderDesc": self._text(request.text or request.reference),
        }

    def _fields_for_registration(self, token: str, label: str) -> dict[str, str]:
        fields = {"MerchantID": self._settings.merchant_id, "AuthToken": token, "AuthLabel": label}
        if self._settings.time_zone:
            fields["ExpiryDate"] = self._local_time(
                self._clock() + timedelta(minutes=self._settings.mobile_minutes)
            )
        return fields

    def _with_mac(self, fields: dict[str, str]) -> dict[str, str]:
        key = self._settings.hmac_key.get_secret_value().encode()
        said = (
            fields.get(name, "")
            for name in ("PayID", "TransID", "MerchantID", "Amount", "Currency")
        )
        return fields | {"MAC": crypto.request_mac(key, *said)}

    def _capture(self, request: PaymentRequest) -> str:
        if request.capture != "automatic":
            return "MANUAL"
        return str(self._settings.capture_after_hours or "AUTO")

    def _order_text(self, request: PaymentRequest) -> str:
        about = f"{self._settings.order_text} {request.order_reference}"
        if request.order_reference not in request.description:
            about = f"{about} - {request.description}"
        if self._settings.simulation is not None:
            return f"Test:{self._settings.simulation} {wire.plain(about, LONGEST_ORDER_TEXT)}"
        return self._text(about)

    def _text(self, text: str) -> str:
        """Write for people; a text that begins with "Test:" would simulate, with a live account too (1cs sheet, section 3.9)."""
        told = wire.plain(text, LONGEST_ORDER_TEXT)
        return f"Order {told}" if _SIMULATES.match(told) or not told else told

    # --- the wire

    def _result(self, path: str, fields: Mapping[str, str], until: float) -> Result:
        return self._believed(
            wire.read_result(self._send(self._settings.base_url + path, fields, until))
        )

    def _send(
        self, url: str, fields: Mapping[str, str], until: float, secrets: tuple[str, ...] = ()
    ) -> wire.Fields:
        """Make one call and decipher its answer. Raises Unwritable, Unreadable, NotSent, NoAnswer."""
        length, data = self._sealed(fields)
        form = {"MerchantID": self._settings.merchant_id, "Len": length, "Data": data}
        answer = self._transport(
            self._lane,
            "POST",
            url,
            deadline=until - monotonic(),
            form=form,
            secrets=(data, *secrets),
        )
        return self._opened(answer)

    def _sealed(self, fields: Mapping[str, str]) -> tuple[str, str]:
        raw = wire.write(fields)
        return str(len(raw)), crypto.encrypt(
            raw, next(self._keys("blowfish_key")), self._settings.cipher
        )

    def _opened(self, answer: HttpAnswer) -> wire.Fields:
        if answer.status != 200:
            raise Unreadable(f"http.{answer.status}")
        envelope = wire.read_envelope(answer.body)
        if envelope is None:
            return _refusal_from(answer.body)
        for key in self._keys("blowfish_key"):
            try:
                found = wire.read_pairs(crypto.decrypt(*envelope, key, self._settings.cipher))
            except (crypto.Undecipherable, Unreadable):
                continue
            if "mid" in found:
                return found
        raise Unreadable("undecipherable")

    def _believed(self, found: Result) -> Result:
        if found.merchant_id not in (self._settings.merchant_id, ""):
            raise Unreadable("another_merchant")
        if found.mac and not self._mac_fits(found):
            raise Unreadable("mac")
        return found

    def _until(self) -> float:
        return monotonic() + self._settings.deadline


# --- readers


def _answer_from(found: Result, pay_id: str, trans_id: str) -> Answer:
    """Read the answer to a capture, credit or reversal."""
    if found.pay_id not in ("", pay_id) or found.trans_id not in ("", trans_id):
        return Answer.unknown("another_payment")
    outcome, reason = codes.meaning_of(found.code)
    if outcome is Outcome.SUCCEEDED and found.status.upper() in codes.WAITING_STATUSES:
        outcome = Outcome.PENDING
    elif outcome is Outcome.SUCCEEDED and (
        found.status.upper() not in codes.GOOD_STATUSES or not found.pay_id
    ):
        outcome = Outcome.UNKNOWN
    return Answer(outcome, reason, found.code[:8] or "no_code", found.xid or None)


def _payment_answer_from(found: Result) -> Answer:
    problem = _no_inquiry(found)
    if problem is not None:
        return problem
    captured = found.captured or 0
    reserved = max(found.authorized or 0, captured)
    if not reserved:
        return _nothing_reserved(found)
    if not found.currency:
        return Answer.unknown("no_currency")
    statement = Statement(
        _reference_from(found), found.currency, reserved, reserved, captured, found.credited
    )
    return Answer(Outcome.SUCCEEDED, None, found.code, found.pay_id, statement)


def _nothing_reserved(found: Result) -> Answer:
    """Nothing is authorized or captured: the code of the last step says whether that is an end (never LastStatus)."""
    statement = Statement(_reference_from(found), found.currency or None, None, 0, 0)
    outcome, reason = codes.meaning_of(found.last_code)
    if outcome is Outcome.DECLINED:
        return Answer(Outcome.DECLINED, reason, found.last_code, found.pay_id, statement)
    if outcome is Outcome.SUCCEEDED and found.authorized == 0 and found.captured == 0:
        return Answer(Outcome.DECLINED, Reason.GIVEN_UP, "released", found.pay_id, statement)
    return Answer(Outcome.PENDING, None, found.last_code[:8] or None, found.pay_id, statement)


def _no_inquiry(found: Result) -> Answer | None:
    """Return the answer where the inquiry itself brought none; None: it did."""
    if _is_not_found(found):
        return Answer.not_executed(found.code[:8] or "not_found")
    if (
        codes.meaning_of(found.code) is not codes.DONE
        or found.status.upper() not in codes.GOOD_STATUSES
    ):
        return Answer.unknown(
            found.code[:8] or "no_code", login_refused=codes.is_login_refused(found.code)
        )
    return None if found.pay_id and found.trans_id else Answer.unknown("no_id")


def _is_not_found(found: Result) -> bool:
    # The one place where Description counts: the sheet names the text and not the code, and money hangs on neither.
    said = found.status.upper() == "FAILED" and found.description.upper() == wire.NO_SUCH_PAYMENT
    return codes.is_not_found(found.code) or said


def _refund_answer_from(found: Result, request: OperationRequest) -> Answer:
    return _answer_by_sum(found, found.credited, request)


def _capture_answer_from(found: Result, request: OperationRequest) -> Answer:
    return _answer_by_sum(found, found.captured, request)


def _cancel_answer_from(found: Result, request: OperationRequest) -> Answer:
    problem = _no_inquiry(found)
    if problem is not None:
        return Answer.unknown(problem.provider_code)
    if found.captured or found.credited:
        return Answer.declined(Reason.REQUEST_REFUSED, "captured")
    if found.authorized is None or found.captured is None:
        return Answer.unknown("no_amounts")
    return (
        Answer.not_executed("authorized")
        if found.authorized
        else Answer(Outcome.SUCCEEDED, None, found.code)
    )


def _answer_by_sum(found: Result, total: int | None, request: OperationRequest) -> Answer:
    """Tell from the gateway's total whether an operation is in it, `request.in_doubt` being others of which nobody knows.

    Equal ones cannot be told from each other: where some of them are in it, the answer says how many.
    """
    problem = _no_inquiry(found)
    if problem is not None:
        return Answer.unknown(problem.provider_code)
    if total is None or found.currency != request.money.currency:
        return Answer.unknown("no_amounts")
    more, amount = total - request.done, request.money.amount
    equals = 1 + request.in_doubt.count(amount)
    different = [other for other in request.in_doubt if other != amount]
    if len(different) > MOST_IN_DOUBT:
        return Answer.unknown("sums")
    sums = {sum(some) for some in product(*((0, other) for other in different))}
    possible = [
        carried_out for carried_out in range(equals + 1) if more - carried_out * amount in sums
    ]
    if len(possible) != 1:
        return Answer.unknown("sums")
    if possible == [equals]:
        return Answer(
            Outcome.SUCCEEDED,
            None,
            found.code,
            None,
            Statement(request.reference, found.currency, amount),
        )
    return (
        Answer(Outcome.UNKNOWN, None, "sums", of_equals=possible[0])
        if possible[0]
        else Answer.not_executed("sums")
    )


_OPERATION_ANSWERS = {
    "refund": _refund_answer_from,
    "capture": _capture_answer_from,
    "cancel": _cancel_answer_from,
}


def _refusal_from(body: bytes) -> wire.Fields:
    """Read an answer in the clear: only a refusal is believed without a cipher, because then nothing was done."""
    found = wire.read_pairs(body)
    if (
        found.get("status", "").upper() != "FAILED"
        or codes.meaning_of(found.get("code", "")).outcome is not Outcome.DECLINED
    ):
        raise Unreadable("in_the_clear")
    return found


def _envelope_of(raw: RawCallback) -> tuple[str, str]:
    fields = _form_of(raw)
    if not fields.get("len") or not fields.get("data"):
        raise CallbackRejected("Len or Data is missing")
    return fields["len"], fields["data"]


def _form_of(raw: RawCallback) -> Mapping[str, str]:
    """Read the fields of a form, posted or in the query; of ours, each may be there once."""
    body = raw.body.decode("latin-1") if raw.method.upper() == "POST" and raw.body else raw.query
    if len(body) > wire.MOST_BODY or "=" not in body:
        return {}
    try:
        pairs = parse_qsl(
            body.replace("&amp;", "&"),
            keep_blank_values=True,
            encoding="latin-1",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise CallbackRejected("the form cannot be read") from None
    ours = [
        (name.lower(), value.strip()) for name, value in pairs if name.lower() in ("len", "data")
    ]
    if len(dict(ours)) != len(ours):
        raise CallbackRejected("Len or Data was sent twice")
    return dict(ours)


def _trans_id(reference: str) -> str:
    """Write our reference in the alphabet of a TransID: pay_01…-1 becomes pay-01…-1."""
    return reference.replace("_", "-")


def _reference_from(found: Result) -> str:
    """Return our reference for a TransID; a TransID that is none of ours stays what it is."""
    return found.trans_id.replace("-", "_", 1)


def _req_id(name: str) -> str:
    """Name an intent for the gateway's idempotency, the same for every try."""
    told = _trans_id(name)
    return (
        told if len(told) <= LONGEST_REQ_ID else sha256(told.encode()).hexdigest()[:LONGEST_REQ_ID]
    )


def _random(length: int) -> str:
    return "".join(choice(_ALPHABET) for _ in range(length))


PROVIDER = ProviderType("onecs", OnecsSettings, OnecsAccount)
