"""The operator's commands: look at payments, end what is in doubt, deliver notifications after all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, TypeVar

import click

from bridge.cli_config import _file as config_option
from bridge.domain import attempt
from bridge.domain.attempt import AttemptState
from bridge.domain.operation import OperationStatus
from bridge.domain.payment import TRANSITIONS, Payment, Status
from bridge.errors import BridgeError
from bridge.ports import AccountSigns, PaymentFilter
from bridge.services.watch_accounts import ADVICE

State = TypeVar("State", bound=StrEnum)
What = TypeVar("What", bound=StrEnum)

WHY = click.option("--why", required=True, help="The reason, kept in the payment's history.")


@click.group()
def payments() -> None:
    """Look at payments; end what is in doubt."""


@click.group()
def notifications() -> None:
    """Deliver after all what could not be delivered."""


@click.group()
def merchants() -> None:
    """Deal with the merchants' accounts at providers."""


@payments.command("list")
@config_option
@click.option(
    "--review",
    is_flag=True,
    help="Only those that need an operator: under review, or in doubt for an hour.",
)
@click.option("--status", help="Only those in this status.")
@click.option("--order", help="Only those of this order reference.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
def list_payments(
    path: str, review: bool, status: str | None, order: str | None, limit: int
) -> None:
    """List payments of all shops, newest first."""
    with _books(path) as house:
        wanted = PaymentFilter(order_reference=order, status=status)
        for p in (
            house.services.list_reviews(wanted, limit)
            if review
            else _payments(house, wanted, limit)
        ):
            known = "" if p.outcome_known else "  outcome unknown"
            click.echo(
                f"{p.id}  {p.created_at:%Y-%m-%d %H:%M:%S}  {p.shop:<20} {p.order_reference:<16} {p.money!s:>16}  {p.status.value}"
                f"{known}{f'  REVIEW: {p.review}' if p.review else ''}"
            )


def _payments(house: Any, wanted: PaymentFilter, limit: int) -> Sequence[Payment]:
    with house.units.read() as unit:
        found: Sequence[Payment] = unit.payments.list(None, wanted, limit, None)
    return found


@payments.command()
@config_option
@click.argument("payment_id")
def show(path: str, payment_id: str) -> None:
    """Show a payment, its refunds and captures, all that happened, and what the bridge waits for."""
    with _books(path) as house:
        with house.units.read() as unit:
            payment = unit.payments.get(payment_id)
            _print(house.represent.payment(payment))
            for operation in unit.operations.of_payment(payment_id):
                _print({"kind": operation.kind.value} | house.represent.operation(operation))
            for event in unit.events.of_payment(payment_id):
                told = "" if event.sequence is None else f"  told: {event.last_result or 'not yet'}"
                click.echo(
                    f"{event.at:%Y-%m-%d %H:%M:%S}  {event.type:<24} by {event.source:<9} {event.detail or ''}{told}"
                )
        click.echo("\nNow (times are UTC)")
        for sentence in house.services.explain_payment(payment_id):
            click.echo(f"- {sentence}")


@payments.command()
@config_option
@click.argument("payment_id")
def inquire(path: str, payment_id: str) -> None:
    """Ask the provider about a payment now."""
    with _books(path) as house:
        with house.units.read() as unit:
            payment = unit.payments.get(payment_id)
        shop = house.profiles.get(payment.shop)
        _print(house.services.sync_payment(shop, payment_id))


@payments.command()
@config_option
@click.argument("subject")
@click.option(
    "--as",
    "ended",
    required=True,
    type=click.Choice(["failed", "succeeded", "canceled", "reviewed"]),
    help="failed: it never happened; succeeded, canceled: for refunds and captures; reviewed: only close the review.",
)
@WHY
@click.option(
    "--by",
    help="Who says so; with it, --as succeeded takes back an operator's own failed or canceled.",
)
def resolve(path: str, subject: str, ended: str, why: str, by: str | None) -> None:
    """End the doubt about SUBJECT (pay_…, ref_…, cap_…) by an operator's word, when the provider's cannot be had."""
    with _books(path) as house:
        resolve = house.services.resolve
        if by and ended == "succeeded":
            is_payment = subject.startswith("pay_")
            _print(
                house.represent.payment(resolve.payment_paid(subject, why, by))
                if is_payment
                else house.represent.operation(resolve.operation_done(subject, why, by))
            )
            return
        if not subject.startswith("pay_"):
            if ended == "reviewed":
                raise click.ClickException("reviews belong to the payment; name the payment")
            _print(
                house.represent.operation(resolve.operation(subject, OperationStatus(ended), why))
            )
        elif ended == "reviewed":
            _print(house.represent.payment(resolve.reviewed(subject, why)))
        elif ended == "failed":
            _print(house.represent.payment(resolve.payment_failed(subject, why)))
        else:
            raise click.ClickException(
                "only the provider can say that a payment succeeded; try `payments inquire`. To take back an operator's"
                " own failed, name yourself: --by NAME"
            )


@payments.command()
def graph() -> None:
    """Print the two tables of transitions, of a payment and of a request to a provider, as Mermaid diagrams."""
    _draw(Status.CREATED, TRANSITIONS)
    click.echo()
    _draw(AttemptState.NOT_SENT, attempt.TRANSITIONS)


def _draw(first: State, transitions: Mapping[tuple[State, What], State]) -> None:
    click.echo(f"stateDiagram-v2\n    [*] --> {first.value}")
    for (before, what), after in transitions.items():
        click.echo(f"    {before.value} --> {after.value}: {what.value}")


@notifications.command("list")
@config_option
@click.option("--shop", help="Only this shop's.")
def list_undeliverable(path: str, shop: str | None) -> None:
    """List events that were given up."""
    with _books(path) as house, house.units.read() as unit:
        for event in unit.events.undeliverable(shop, 1000):
            click.echo(
                f"{event.id}  {event.undeliverable_at:%Y-%m-%d %H:%M:%S}  {event.shop:<20} {event.type:<22} {event.payment_id}"
                f"  after {event.attempts} tries: {event.last_result}"
            )


@notifications.command()
@config_option
@click.argument("event_id")
def resend(path: str, event_id: str) -> None:
    """Have an event delivered again; the worker does it in a moment."""
    with _books(path) as house:
        event = house.services.resend_notification(event_id)
        click.echo(f"{event.type} of {event.payment_id} will be sent to {event.shop} again")


@notifications.command()
@config_option
@click.argument("shop")
def enable(path: str, shop: str) -> None:
    """Switch on a shop's endpoint that answered 410 Gone, and have all delivered that was given up."""
    with _books(path) as house:
        again = house.services.resend_notification.enable(house.profiles.get(shop).shop)
        click.echo(f"notifications to {shop} are on; {again} that were given up are delivered now")


@merchants.command()
@config_option
def sync(path: str) -> None:
    """Tell every provider where callbacks go and when requests expire."""
    with _house(path) as house:
        problems = house.register_accounts()
        told = len(house.profiles.accounts()) - len(problems)
        click.echo(f"{told} of {len(house.profiles.accounts())} accounts told")
        if problems:
            raise click.ClickException("\n".join(problems))


@merchants.command("accounts")
@config_option
@click.option("--alarms", is_flag=True, help="Only those with an alarm.")
def list_accounts(path: str, alarms: bool) -> None:
    """List the accounts at providers: their last genuine callback, and what is wrong with callbacks or login."""
    with _books(path) as house:
        for one in house.services.watch_accounts():
            if one.alarms or not alarms:
                heard = f"{one.signs.heard_at:%Y-%m-%d %H:%M:%S}" if one.signs.heard_at else "never"
                click.echo(
                    f"{one.signs.merchant:<20} {one.signs.provider:<12} last callback {heard}{_counted(one.signs)}"
                )
                for alarm in one.alarms:
                    click.echo(f"    ALARM {alarm.value}: {ADVICE[alarm]}")


def _counted(signs: AccountSigns) -> str:
    """Tell what has happened since the last genuine callback, and since the last accepted login."""
    parts = [
        f"{number} {what}"
        for number, what in (
            (signs.unheard, "paid without one since"),
            (signs.rejected, f"rejected since ({signs.rejected_why})"),
            (signs.refused, "calls with the login refused"),
        )
        if number
    ]
    return "".join(f"  {part}" for part in parts)


@contextmanager
def _books(path: str) -> Iterator[Any]:
    from bridge.cli_serve import ready

    with _house(path) as house:
        ready(house)
        yield house


@contextmanager
def _house(path: str) -> Iterator[Any]:
    from bridge.cli_serve import composed

    house = composed(path)
    try:
        yield house
    except BridgeError as error:
        raise click.ClickException(error.for_operators) from error
    finally:
        house.close()


def _print(view: dict[str, Any]) -> None:
    click.echo(json.dumps(view, indent=2, ensure_ascii=False))
