"""The use cases, one story per file; web, worker and command line get the same objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bridge.ports import Reply
from bridge.services.authenticate_app import AuthenticateApp
from bridge.services.cancel_payment import CancelPayment
from bridge.services.capture_payment import CapturePayment
from bridge.services.change_return_url import ChangeReturnUrl
from bridge.services.confirm_checkout import CancelCheckout, ConfirmCheckout
from bridge.services.create_payment import CreatePaymentForOrder
from bridge.services.deliver_notification import (
    DeliverNotification,
    ResendNotification,
    TestNotification,
)
from bridge.services.end_other_checkouts import EndOtherCheckouts
from bridge.services.explain_payment import ExplainPayment
from bridge.services.housekeeping import CheckHealth, ListReviews, Measure, Prune, Resolve
from bridge.services.inquire_payment import SyncPayment
from bridge.services.look_after import LookAfterOperation, LookAfterPayment
from bridge.services.read import Authenticate, DescribeShop, OfferMethods, Page
from bridge.services.receive_callback import ProcessCallback, ReceiveCallback, ReceiveReturn
from bridge.services.refund_payment import RefundPayment
from bridge.services.show_checkout import ShowCheckout
from bridge.services.watch_accounts import WatchAccounts

__all__ = ["Page", "Reply", "Services"]


@dataclass(frozen=True, slots=True)
class Services:
    """Every use case by its verb. Built in `bootstrap.py`; safe to call from many threads."""

    authenticate: Authenticate
    create_payment: CreatePaymentForOrder
    refund_payment: RefundPayment
    capture_payment: CapturePayment
    cancel_payment: CancelPayment
    change_return_url: ChangeReturnUrl
    sync_payment: SyncPayment
    read_payment: Callable[..., tuple[dict[str, Any], str]]
    list_payments: Callable[..., Page]
    list_refunds: Callable[..., Page]
    list_captures: Callable[..., Page]
    read_refund: Callable[..., dict[str, Any]]
    payment_events: Callable[..., Page]
    list_events: Callable[..., Page]
    offer_methods: OfferMethods
    test_notification: TestNotification
    show_checkout: ShowCheckout
    confirm_checkout: ConfirmCheckout
    cancel_checkout: CancelCheckout
    receive_return: ReceiveReturn
    receive_callback: ReceiveCallback
    authenticate_app: AuthenticateApp
    process_callback: ProcessCallback
    look_after_payment: LookAfterPayment
    look_after_operation: LookAfterOperation
    end_other_checkouts: EndOtherCheckouts
    deliver_notification: DeliverNotification
    resend_notification: ResendNotification
    list_reviews: ListReviews
    resolve: Resolve
    explain_payment: ExplainPayment
    prune: Prune
    check_health: CheckHealth
    measure: Measure
    watch_accounts: WatchAccounts
    describe_shop: DescribeShop
