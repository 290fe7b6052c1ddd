"""A shop names a newer address to which the payer of a payment returns: the token in the older one may be used up."""

from __future__ import annotations

from bridge.domain.events import Source
from bridge.ports import Clock, Shop, Units
from bridge.services.create_payment import check_origin
from bridge.services.record import Record
from bridge.services.represent import Represent


class ChangeReturnUrl:
    """Changes where a payment leads back to, after success and after a cancel. Nothing else of the payment changes."""

    def __init__(self, units: Units, clock: Clock, represent: Represent) -> None:
        """Take the store."""
        self._units = units
        self._clock = clock
        self._represent = represent

    def __call__(self, shop: Shop, payment_id: str, url: str) -> None:
        """Lead back to `url` from now on. Raises NotFound; ForeignUrl for an address that is not the shop's."""
        check_origin(shop, "/return_url", url)
        with self._units() as unit:
            record = Record(
                unit,
                unit.payments.of_shop(shop.shop, payment_id, lock=True),
                Source.SHOP,
                self._clock(),
                self._represent,
            )
            record.set(return_url=url, cancel_url=url)
            record.save()
