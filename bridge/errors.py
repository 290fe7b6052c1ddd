"""Every error that a caller, an operator or a provider's silence can cause.

    BridgeError                     has a stable `code`; the class docstring is its default message
    ├── BadRequest                  the request cannot be read
    │   ├── MalformedBody
    │   └── IdempotencyKeyRequired
    ├── Unauthorized                no key, or a wrong one
    ├── NotFound                    unknown, or somebody else's
    │   └── CheckoutGone            the checkout token was valid once
    ├── Refused                     readable, but not acceptable; nothing was changed
    │   ├── ValidationFailed        with one FieldError per mistake
    │   ├── AmountTooLarge, AmountTooSmall, CurrencyNotSupported, MethodNotAvailable, ForeignUrl
    │   ├── WalletUsernameRefused
    │   └── IdempotencyMismatch
    ├── Conflict                    acceptable at another time or in another state
    │   ├── PaymentExists, PaymentNotPaid, PaymentNotAuthorized, NotCancelable
    │   ├── CheckoutClosed, OutcomeUnknown, IdempotencyRunning, NotSupported
    ├── RefundableMismatch          `expected_refundable` was wrong
    ├── TooManyTries
    └── Unavailable                 try again later
        ├── ProviderUnreachable     the provider did not answer
        └── MerchantOff             the merchant's profile has mistakes

    ConfigError                     a setting is wrong; the process does not start
    IllegalTransition               no table knows this change: a mistake of ours, and nothing was changed
    LeaseLost                       another worker took the job over; give it up silently
    TransportError                  an outgoing call brought no answer
    ├── NotSent                     it surely never reached the other side
    └── NoAnswer                    it may have arrived; what became of it is unknown
    CallbackRejected                a callback that is not the provider's, or not readable

HTTP statuses are decided in `web/problems.py` only.
"""

from __future__ import annotations

from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One mistake in one field: where (JSON pointer), which (stable code), and what to do about it."""

    pointer: str
    code: str
    detail: str


class BridgeError(Exception):
    """The request could not be carried out."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(
        self, detail: str | None = None, *, errors: tuple[FieldError, ...] = (), **members: Any
    ) -> None:
        """Take a detail for the merchant, mistakes by field, and further members of the problem document."""
        super().__init__(detail or self.title())
        self.detail = detail or self.title()
        self.errors = errors
        self.members = members

    @property
    def for_operators(self) -> str:
        """What is wrong, in one line that may stand in a log."""
        return self.detail

    @classmethod
    def title(cls) -> str:
        """The class's default message: the first line of its docstring."""
        return cleandoc(cls.__doc__ or "").splitlines()[0]


class BadRequest(BridgeError):
    """The request cannot be read."""

    code = "bad_request"


class MalformedBody(BadRequest):
    """The body is not a JSON object in UTF-8."""

    code = "malformed_body"


class IdempotencyKeyRequired(BadRequest):
    """This request needs an Idempotency-Key header: one key per intent, kept over every repeat of it."""

    code = "idempotency_key_required"


class Unauthorized(BridgeError):
    """A valid API key is required: Authorization: Bearer <api key>."""

    code = "unauthorized"


class NotFound(BridgeError):
    """There is no such resource."""

    code = "not_found"


class CheckoutGone(NotFound):
    """This checkout is over and its page is no longer shown."""

    code = "checkout_gone"


class Refused(BridgeError):
    """The request is not acceptable."""

    code = "refused"


class ValidationFailed(Refused):
    """Some fields are not acceptable; see errors."""

    code = "validation_failed"


class AmountTooLarge(Refused):
    """The amount is larger than what is allowed or left."""

    code = "amount_too_large"


class AmountTooSmall(Refused):
    """The amount is smaller than the provider's minimum."""

    code = "amount_too_small"


class CurrencyNotSupported(Refused):
    """The shop's profile does not accept this currency for this method."""

    code = "currency_not_supported"


class MethodNotAvailable(Refused):
    """The shop's profile does not offer this method."""

    code = "method_not_available"


class ForeignUrl(Refused):
    """The address is not on an origin that the shop's profile lists."""

    code = "foreign_url"


class WalletUsernameRefused(Refused):
    """No request can be sent to this wallet user name; check the spelling or pay another way."""

    code = "wallet_username_refused"


class IdempotencyMismatch(Refused):
    """This idempotency key was used before with another request."""

    code = "idempotency_mismatch"


class Conflict(BridgeError):
    """The request does not fit the present state."""

    code = "conflict"


class PaymentExists(Conflict):
    """This order already has a payment that is open or paid."""

    code = "payment_exists"


class PaymentNotPaid(Conflict):
    """Only a paid payment can be refunded."""

    code = "payment_not_paid"


class PaymentNotAuthorized(Conflict):
    """Only an authorized payment can be captured."""

    code = "payment_not_authorized"


class NotCancelable(Conflict):
    """This payment can no longer be canceled."""

    code = "not_cancelable"


class NotSupported(Conflict):
    """The payment's provider cannot do this."""

    code = "not_supported"


class CheckoutClosed(Conflict):
    """This checkout is not waiting for the payer's input."""

    code = "checkout_closed"


class OutcomeUnknown(Conflict):
    """The provider's answer to an earlier request is still unknown; it is being inquired about."""

    code = "outcome_unknown"
    retryable = True


class IdempotencyRunning(Conflict):
    """A request with this idempotency key is still running."""

    code = "idempotency_running"
    retryable = True


class RefundableMismatch(BridgeError):
    """What is left to refund is not what you expected."""

    code = "refundable_mismatch"


class TooManyTries(BridgeError):
    """There were too many tries."""

    code = "too_many_tries"


class Unavailable(BridgeError):
    """The service cannot do this right now; nothing was changed."""

    code = "unavailable"
    retryable = True

    @property
    def for_operators(self) -> str:
        """Where it is the database that cannot be had, its own words: one line, without values or passwords."""
        said = str(getattr(self.__cause__, "orig", "")).partition("\n")[0]
        return f"the database cannot be had: {said}" if said else self.detail


class ProviderUnreachable(Unavailable):
    """The provider did not answer; nothing was changed."""

    code = "provider_unreachable"


class MerchantOff(Unavailable):
    """This merchant is switched off, because the settings have a mistake; nothing was changed."""


class ConfigError(Exception):
    """A setting is wrong. `problems` lists every mistake found, each with file, line and key."""

    def __init__(self, problems: list[str]) -> None:
        """Take one readable line per mistake."""
        super().__init__("\n".join(problems))
        self.problems = problems


class IllegalTransition(Exception):
    """A state machine was asked for a change that its table does not have."""


class LeaseLost(Exception):
    """Another worker holds this job by now."""


class TransportError(Exception):
    """An outgoing call brought no usable answer."""


class NotSent(TransportError):
    """The call surely never reached the other side (refused connection, unknown host, our own deadline before sending)."""


class NoAnswer(TransportError):
    """The call was sent, or may have been, and no whole answer came back."""


class CallbackRejected(Exception):
    """The callback is not genuine or not readable. The text says why, for the record."""
