"""Our closed list of reasons why an operation did not succeed, and the texts that a payer may read.

Providers map their codes to these reasons and to nothing else. The word after each reason says what it makes of
a payment; the texts say no more than a payer may know (an unknown and a blocked wallet read the same).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What a reason makes of the payment, refund or capture that it ends."""

    DECLINED = "declined"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"


class Reason(StrEnum):
    """Why an operation did not succeed."""

    PAYER_DECLINED = "payer_declined"
    PAYER_CANCELED = "payer_canceled"
    PAYER_UNKNOWN = "payer_unknown"
    PAYER_BLOCKED = "payer_blocked"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    BELOW_LIMIT = "below_limit"
    ABOVE_LIMIT = "above_limit"
    CARD_DECLINED = "card_declined"
    CARD_EXPIRED = "card_expired"
    CARD_INVALID = "card_invalid"
    CARD_NOT_SUPPORTED = "card_not_supported"
    AUTHENTICATION_FAILED = "authentication_failed"
    SUSPECTED_FRAUD = "suspected_fraud"
    EXPIRED = "expired"
    REFUND_NOT_TAKEN = "refund_not_taken"
    CURRENCY_NOT_SUPPORTED = "currency_not_supported"
    MERCHANT_NOT_ENABLED = "merchant_not_enabled"
    REQUEST_REFUSED = "request_refused"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_ERROR = "provider_error"
    GIVEN_UP = "given_up"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a reason does, and how a payer reads it. `correctable`: another user name may help, so the checkout asks again."""

    effect: Effect
    en: str
    de: str
    correctable: bool = False


_NO_REQUEST_EN = (
    "We cannot send a request to this address. Check the spelling or choose another way to pay."
)
_NO_REQUEST_DE = (
    "Zu dieser Adresse können wir keine Anfrage senden. Prüfen Sie die Schreibweise oder wählen Sie eine andere"
    " Zahlungsart."
)
_NOT_NOW_EN = (
    "The payment could not be carried out. Please try again later or choose another way to pay."
)
_NOT_NOW_DE = "Die Zahlung konnte nicht ausgeführt werden. Bitte versuchen Sie es später oder wählen Sie eine andere Zahlungsart."
_OTHER_CARD_EN = (
    "Your bank declined this card. Please use another card or choose another way to pay."
)
_OTHER_CARD_DE = "Ihre Bank hat diese Karte abgelehnt. Bitte nutzen Sie eine andere Karte oder eine andere Zahlungsart."

MEANINGS: dict[Reason, Meaning] = {
    Reason.PAYER_DECLINED: Meaning(
        Effect.DECLINED, "You declined the payment.", "Sie haben die Zahlung abgelehnt."
    ),
    Reason.PAYER_CANCELED: Meaning(
        Effect.CANCELED, "The payment was canceled.", "Die Zahlung wurde abgebrochen."
    ),
    Reason.PAYER_UNKNOWN: Meaning(
        Effect.DECLINED, _NO_REQUEST_EN, _NO_REQUEST_DE, correctable=True
    ),
    Reason.PAYER_BLOCKED: Meaning(
        Effect.DECLINED, _NO_REQUEST_EN, _NO_REQUEST_DE, correctable=True
    ),
    Reason.INSUFFICIENT_FUNDS: Meaning(
        Effect.DECLINED,
        "The balance is too low for this payment.",
        "Das Guthaben reicht für diese Zahlung nicht aus.",
    ),
    Reason.BELOW_LIMIT: Meaning(
        Effect.DECLINED,
        "The amount is too small for this way to pay.",
        "Der Betrag ist für diese Zahlungsart zu klein.",
    ),
    Reason.ABOVE_LIMIT: Meaning(
        Effect.DECLINED,
        "The amount is too large for this way to pay.",
        "Der Betrag ist für diese Zahlungsart zu groß.",
    ),
    Reason.CARD_DECLINED: Meaning(Effect.DECLINED, _OTHER_CARD_EN, _OTHER_CARD_DE),
    Reason.CARD_EXPIRED: Meaning(
        Effect.DECLINED, "This card has expired.", "Diese Karte ist abgelaufen."
    ),
    Reason.CARD_INVALID: Meaning(
        Effect.DECLINED, "The card data is not valid.", "Die Kartendaten sind nicht gültig."
    ),
    Reason.CARD_NOT_SUPPORTED: Meaning(
        Effect.DECLINED,
        "This card is not accepted here.",
        "Diese Karte wird hier nicht angenommen.",
    ),
    Reason.AUTHENTICATION_FAILED: Meaning(
        Effect.DECLINED,
        "The confirmation with your bank did not succeed.",
        "Die Bestätigung bei Ihrer Bank ist nicht gelungen.",
    ),
    Reason.SUSPECTED_FRAUD: Meaning(Effect.DECLINED, _OTHER_CARD_EN, _OTHER_CARD_DE),
    Reason.EXPIRED: Meaning(
        Effect.EXPIRED,
        "The request was not answered in time.",
        "Die Anfrage wurde nicht rechtzeitig beantwortet.",
    ),
    Reason.REFUND_NOT_TAKEN: Meaning(
        Effect.CANCELED, "The refund was turned down.", "Die Rückzahlung wurde nicht angenommen."
    ),
    Reason.CURRENCY_NOT_SUPPORTED: Meaning(Effect.FAILED, _NOT_NOW_EN, _NOT_NOW_DE),
    Reason.MERCHANT_NOT_ENABLED: Meaning(Effect.FAILED, _NOT_NOW_EN, _NOT_NOW_DE),
    Reason.REQUEST_REFUSED: Meaning(Effect.FAILED, _NOT_NOW_EN, _NOT_NOW_DE),
    Reason.PROVIDER_UNAVAILABLE: Meaning(Effect.FAILED, _NOT_NOW_EN, _NOT_NOW_DE),
    Reason.PROVIDER_ERROR: Meaning(Effect.FAILED, _NOT_NOW_EN, _NOT_NOW_DE),
    Reason.GIVEN_UP: Meaning(
        Effect.CANCELED, "The payment was canceled.", "Die Zahlung wurde abgebrochen."
    ),
    Reason.OPERATOR: Meaning(Effect.FAILED, _NOT_NOW_EN, _NOT_NOW_DE),
}


def text_for_payer(reason: Reason, language: str = "en") -> str:
    """Return the sentence that a payer may read; English for a language we do not have."""
    meaning = MEANINGS[reason]
    return meaning.de if language == "de" else meaning.en
