"""What the shop sells, and at what price. Prices are looked up here when an order is placed, never taken from a browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CURRENCY = "EUR"
MOST = 20  # pieces of one product in one order


@dataclass(frozen=True, slots=True)
class Product:
    """One article; ``price`` in minor units, names and words per language."""

    id: str
    price: int
    name: Mapping[str, str]
    words: Mapping[str, str]


PRODUCTS = {
    product.id: product
    for product in (
        Product(
            "lamp", 4999, {"en": "Desk lamp “Halo”", "de": "Schreibtisch\u00adlampe „Halo“"},
            {"en": "Warm light, brass neck, no flicker.", "de": "Warmes Licht, Messinghals, kein Flackern."},
        ),
        Product(
            "mug", 1490, {"en": "Stoneware mug", "de": "Steingut\u00adbecher"},
            {"en": "Glazed by hand, holds 300 ml.", "de": "Von Hand glasiert, fasst 300 ml."},
        ),
        Product(
            "plant", 2250, {"en": "Rubber plant", "de": "Gummibaum"},
            {"en": "Forgives you every second week.", "de": "Verzeiht jede zweite Woche."},
        ),
        Product(
            "notebook", 950, {"en": "Notebook, dotted", "de": "Notizbuch, gepunktet"},
            {"en": "160 pages that lie flat.", "de": "160 Seiten, die flach liegen."},
        ),
        Product(
            "tote", 1900, {"en": "Canvas tote", "de": "Stofftasche"},
            {"en": "Carries more than it promises.", "de": "Trägt mehr, als sie verspricht."},
        ),
        Product(
            "sticker", 80, {"en": "Sticker “Fox”", "de": "Aufkleber „Fuchs“"},
            {"en": "Weatherproof. Small change.", "de": "Wetterfest. Kleingeld."},
        ),
    )
}  # fmt: skip


def total(cart: Mapping[str, int]) -> int:
    """Return what the cart costs, in minor units; raises ``ValueError`` for a cart that cannot be ordered."""
    if not cart or any(
        product not in PRODUCTS or not 1 <= quantity <= MOST for product, quantity in cart.items()
    ):
        raise ValueError(f"a cart holds known products, 1 to {MOST} of each")
    return sum(PRODUCTS[product].price * quantity for product, quantity in cart.items())
