"""What merchants read on our pages."""
from __future__ import annotations

from collections.abc import Mapping

EN: Mapping[str, str] = {
    "title": "Payments", "connected": "Connected", "off": "The app is switched off", "test": "Test mode: no money moves",
    "live": "Live", "merchant": "Merchant", "shop": "Shop", "shop_id": "Shop ID", "address": "Address (APP_URL)", "version": "Shopware",
    "methods": "Payment methods", "signature": "Secret rotation", "double": "protected by two signatures",
    "single": "one signature so far",
    "hint": "New payment methods must be assigned to a sales channel once: Sales channels → your channel → Payment methods.",
    "payments": "Latest payments", "none": "No payment yet.", "order": "Order", "amount": "Amount", "method": "Method", "state": "State",
    "refunded": "Refunded", "created": "Created (UTC)", "wallet": "Wallet", "card": "Card",
    "refund": "Refund", "refund_title": "Refund a payment", "refundable": "Can be refunded", "give_back": "Refund now",
    "payment": "Payment", "second_payment": "The order was paid twice. This is the second payment.",
    "amount_label": "Amount to refund", "nothing_to_refund": "There is nothing to refund for this order.",
    "succeeded": "The refund was carried out.", "pending": "The refund is under way. The order will show it when it is done.",
    "failed": "The refund was turned down. No money went back.", "canceled": "The refund was turned down. No money went back.",
    "problem": "This refund is not possible.", "close": "You may close this window.",
    "sorry": "This link is used up or too old.", "again": "Reload the administration and open the page again.",
}

DE: Mapping[str, str] = {
    "title": "Zahlungen", "connected": "Verbunden", "off": "Die App ist ausgeschaltet", "test": "Testbetrieb: Es fließt kein Geld",
    "live": "Echtbetrieb", "merchant": "Händler", "shop": "Shop", "shop_id": "Shop-ID", "address": "Adresse (APP_URL)",
    "version": "Shopware", "methods": "Zahlungsarten", "signature": "Schlüsselwechsel", "double": "durch zwei Signaturen geschützt",
    "single": "bisher eine Signatur",
    "hint": "Neue Zahlungsarten müssen einmal einem Verkaufskanal zugewiesen werden: Verkaufskanäle → Ihr Kanal → Zahlungsarten.",
    "payments": "Letzte Zahlungen", "none": "Noch keine Zahlung.", "order": "Bestellung", "amount": "Betrag", "method": "Zahlungsart",
    "state": "Stand", "refunded": "Erstattet", "created": "Angelegt (UTC)", "wallet": "Wallet", "card": "Karte",
    "refund": "Erstatten", "refund_title": "Zahlung erstatten", "refundable": "Erstattbar", "give_back": "Jetzt erstatten",
    "payment": "Zahlung", "second_payment": "Die Bestellung wurde zweimal bezahlt. Dies ist die zweite Zahlung.",
    "amount_label": "Zu erstattender Betrag", "nothing_to_refund": "Für diese Bestellung gibt es nichts zu erstatten.",
    "succeeded": "Die Erstattung wurde ausgeführt.", "pending": "Die Erstattung läuft. Die Bestellung zeigt, wenn sie fertig ist.",
    "failed": "Die Erstattung wurde abgelehnt. Es floss kein Geld zurück.", "canceled": "Die Erstattung wurde abgelehnt. Es floss kein Geld zurück.",
    "problem": "Diese Erstattung ist nicht möglich.", "close": "Sie können dieses Fenster schließen.",
    "sorry": "Dieser Link ist verbraucht oder zu alt.", "again": "Laden Sie die Administration neu und öffnen Sie die Seite noch einmal.",
}

STATES_EN = {"unconfirmed": "open", "authorized": "authorized", "paid": "paid", "paid_partially": "partly paid", "failed": "failed",
             "cancelled": "cancelled", "refunded": "refunded", "refunded_partially": "partly refunded"}
STATES_DE = {"unconfirmed": "offen", "authorized": "autorisiert", "paid": "bezahlt", "paid_partially": "teilweise bezahlt",
             "failed": "fehlgeschlagen", "cancelled": "abgebrochen", "refunded": "erstattet", "refunded_partially": "teilweise erstattet"}

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {**EN, **{f"state_{name}": text for name, text in STATES_EN.items()}},
    "de": {**DE, **{f"state_{name}": text for name, text in STATES_DE.items()}},
}
