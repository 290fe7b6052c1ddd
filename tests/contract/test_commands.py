"""The operator's commands, run as an operator would, on a database with payments in it."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bridge.__main__ import main
from bridge.domain.attempt import Attempt, AttemptState
from bridge.domain.payment import Status
from bridge.ports import JobKind
from bridge.services.deliver_notification import OWNER, endpoint_document
from bridge.store.migrate import newest_revision
from bridge.store.unit import SqlUnits
from bridge.version import software_version
from factories import NOON, a_config, a_payment, an_event, an_operation, migrated

ROOT = Path(__file__).resolve().parents[2]


class Desk:
    """A configured installation, and somebody who types commands at it."""

    def __init__(self, folder: Path) -> None:
        self.config = str(folder / "bridge.yaml")
        url = f"sqlite:///{folder}/bridge.db"
        a_config(folder, database=url)
        self.units = SqlUnits(migrated(url))

    def type(self, *words: str) -> Result:
        return CliRunner().invoke(main, [*words, "--config", self.config])

    def doubtful_payment(self):  # type: ignore[no-untyped-def]
        payment = a_payment(status=Status.PENDING, attempt=Attempt(AttemptState.IN_DOUBT, 1, NOON))
        with self.units() as unit:
            unit.payments.add(payment)
            unit.outbox.put(JobKind.PAYMENT, payment.id, "acme:cashcloud", NOON)
        return payment


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_graph__printed__is_the_two_pictures_in_the_readme() -> None:
    pictures = CliRunner().invoke(main, ["payments", "graph"]).output.strip().split("\n\n")
    readme = (ROOT / "README.md").read_text("utf-8")
    assert len(pictures) == 2 and all(
        f"```mermaid\n{picture}\n```" in readme for picture in pictures
    )


def test_version__asked_for__is_that_of_the_installed_package() -> None:
    assert (
        CliRunner().invoke(main, ["--version"]).output == f"bridge, version {software_version()}\n"
    )


def test_every_command__asked_for_help__explains_itself() -> None:
    for name, command in main.commands.items():
        result = CliRunner().invoke(main, [name, "--help"])
        assert result.exit_code == 0 and (command.help or "").strip(), name


@pytest.mark.invariant("I28")
def test_merchants_accounts__with_an_alarm__says_what_is_wrong_and_what_to_do(desk: Desk) -> None:
    with desk.units() as unit:
        unit.signs.heard("globex", "cashcloud", NOON)
        (
            unit.signs.rejected("acme", "cashcloud", NOON, "the control value is wrong"),
            unit.signs.unheard("acme", "cashcloud", NOON),
        )
        unit.signs.login_refused("acme", "cashcloud", NOON)
    told = desk.type("merchants", "accounts").output
    assert (
        "last callback never  1 paid without one since  1 rejected since (the control value is wrong)  1 calls with the login refused"
        in told
    )
    assert (
        "ALARM callbacks_rejected: " in told
        and "ALARM login_refused: " in told
        and "last callback 2026-03-01 12:00:00" in told
    )
    assert "globex" not in desk.type("merchants", "accounts", "--alarms").output


def test_payments_list__with_one_in_doubt__says_so(desk: Desk) -> None:
    payment = desk.doubtful_payment()
    result = desk.type("payments", "list")
    assert (
        result.exit_code == 0 and payment.id in result.output and "outcome unknown" in result.output
    )


def test_payments_show__in_doubt__ends_with_what_the_bridge_waits_for(desk: Desk) -> None:
    payment = desk.doubtful_payment()
    result = desk.type("payments", "show", payment.id)
    now = result.output.rpartition("\nNow (times are UTC)\n")[2]
    assert result.exit_code == 0 and now.startswith(
        "- The request may have been sent to cashcloud at"
    )
    assert "The payment is checked now; no worker holds the job" in now


def test_payments_show__unknown_id__is_a_plain_sentence(desk: Desk) -> None:
    result = desk.type("payments", "show", "pay_nobody")
    assert (
        result.exit_code == 1
        and "There is no such resource" in result.output
        and "Traceback" not in result.output
    )


@pytest.mark.invariant("I5")
def test_resolve__payment_in_doubt__ends_with_the_reason_kept(desk: Desk) -> None:
    payment = desk.doubtful_payment()
    result = desk.type(
        "payments",
        "resolve",
        payment.id,
        "--as",
        "failed",
        "--why",
        "the provider confirmed by telephone",
    )
    assert result.exit_code == 0, result.output
    with desk.units.read() as unit:
        ended, history = unit.payments.get(payment.id), unit.events.of_payment(payment.id)
    assert ended.status is Status.FAILED and ended.outcome_known
    assert ("operator", "the provider confirmed by telephone") in [
        (event.source, event.detail) for event in history
    ]


def test_resolve__payment_that_is_known__changes_nothing(desk: Desk) -> None:
    payment = a_payment(status=Status.PENDING, attempt=Attempt(AttemptState.ACCEPTED, 1, NOON))
    with desk.units() as unit:
        unit.payments.add(payment)
    result = desk.type("payments", "resolve", payment.id, "--as", "failed", "--why", "impatience")
    assert result.exit_code == 1 and "not in doubt" in result.output
    with desk.units.read() as unit:
        assert unit.payments.get(payment.id) == payment


def test_resolve__payment_as_succeeded__is_refused(desk: Desk) -> None:
    result = desk.type(
        "payments", "resolve", desk.doubtful_payment().id, "--as", "succeeded", "--why", "hope"
    )
    assert result.exit_code == 1 and "only the provider" in result.output


@pytest.mark.invariant("I6")
def test_resolve__own_failed_as_succeeded_with_a_name__is_paid_and_keeps_both_words(
    desk: Desk,
) -> None:
    payment = desk.doubtful_payment()
    failed = desk.type(
        "payments", "resolve", payment.id, "--as", "failed", "--why", "no answer by telephone"
    )
    nameless = desk.type(
        "payments", "resolve", payment.id, "--as", "succeeded", "--why", "the payer showed it"
    )
    assert (failed.exit_code, nameless.exit_code) == (0, 1) and "--by NAME" in nameless.output
    named = desk.type(
        "payments",
        "resolve",
        payment.id,
        "--as",
        "succeeded",
        "--why",
        "the payer showed it",
        "--by",
        "Ada",
    )
    assert named.exit_code == 0, named.output
    with desk.units.read() as unit:
        paid, history = unit.payments.get(payment.id), unit.events.of_payment(payment.id)
    assert (paid.status, paid.amount_captured) == (Status.PAID, payment.amount)
    words = [event.detail for event in history if event.source == "operator" and event.detail]
    assert words == ["no answer by telephone", "succeeded, by Ada: the payer showed it"]


def test_resolve__own_failed_refund_as_succeeded_with_a_name__moves_the_amounts(desk: Desk) -> None:
    payment = a_payment(
        status=Status.PAID,
        attempt=Attempt(AttemptState.ACCEPTED),
        amount_authorized=4999,
        amount_captured=4999,
        amount_refund_pending=1500,
    )
    refund = an_operation(payment, attempt=Attempt(AttemptState.IN_DOUBT, 1, NOON))
    with desk.units() as unit:
        unit.payments.add(payment)
        unit.operations.add(refund)
    assert (
        desk.type(
            "payments", "resolve", refund.id, "--as", "failed", "--why", "not in the account"
        ).exit_code
        == 0
    )
    assert (
        desk.type(
            "payments",
            "resolve",
            refund.id,
            "--as",
            "succeeded",
            "--why",
            "it is now",
            "--by",
            "Ada",
        ).exit_code
        == 0
    )
    with desk.units.read() as unit:
        after = unit.payments.get(payment.id)
    assert (after.amount_refunded, after.amount_refund_pending) == (1500, 0)


def test_resolve__refund_in_doubt__moves_the_amounts(desk: Desk) -> None:
    payment = a_payment(
        status=Status.PAID,
        attempt=Attempt(AttemptState.ACCEPTED),
        amount_authorized=4999,
        amount_captured=4999,
        amount_refund_pending=1500,
    )
    refund = an_operation(payment, attempt=Attempt(AttemptState.IN_DOUBT, 1, NOON))
    with desk.units() as unit:
        unit.payments.add(payment)
        unit.operations.add(refund)
    assert (
        desk.type(
            "payments", "resolve", refund.id, "--as", "succeeded", "--why", "seen in the account"
        ).exit_code
        == 0
    )
    with desk.units.read() as unit:
        after = unit.payments.get(payment.id)
    assert (after.amount_refunded, after.amount_refund_pending) == (1500, 0)


def test_notifications__given_up__are_listed_and_sent_again(desk: Desk) -> None:
    payment = a_payment()
    event = replace(an_event(payment), undeliverable_at=NOON, attempts=12, last_result="HTTP 500")
    with desk.units() as unit:
        unit.payments.add(payment)
        unit.events.add(event)
    assert event.id in desk.type("notifications", "list").output
    assert desk.type("notifications", "resend", event.id).exit_code == 0
    with desk.units.read() as unit:
        assert unit.events.next_undelivered(payment.id) is not None and unit.outbox.depth() == {
            "notify": 1
        }


def test_notifications_enable__switched_off_endpoint__is_on_again(desk: Desk) -> None:
    with desk.units() as unit:
        unit.documents.put(OWNER, endpoint_document("acme-one"), {"since": "then"})
    assert desk.type("notifications", "enable", "acme-one").exit_code == 0
    with desk.units.read() as unit:
        assert unit.documents.get(OWNER, endpoint_document("acme-one")) is None


def test_merchants_sync__provider_away__names_each_account(desk: Desk) -> None:
    result = desk.type("merchants", "sync")
    assert result.exit_code == 1 and "0 of 2 accounts told" in result.output
    assert "acme: cashcloud could not be told" in result.output and "canary" not in result.output


def test_serve__tables_missing__says_what_to_do(tmp_path: Path) -> None:
    a_config(tmp_path, database=f"sqlite:///{tmp_path}/empty.db")
    result = CliRunner().invoke(main, ["serve", "--config", str(tmp_path / "bridge.yaml")])
    assert (
        result.exit_code == 1
        and "bridge migrate" in result.output
        and "Traceback" not in result.output
    )


def test_migrate__twice__is_harmless(tmp_path: Path) -> None:
    a_config(tmp_path, database=f"sqlite:///{tmp_path}/new.db")
    for _ in range(2):
        result = CliRunner().invoke(main, ["migrate", "--config", str(tmp_path / "bridge.yaml")])
        assert result.exit_code == 0 and "revision" in result.output


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """A command that begins to serve sends the log of the whole process elsewhere."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.captureWarnings(False)


def listening(name: str) -> tuple[str, ...]:
    return ("--listen", "127.0.0.1:0") if name == "serve" else ()


@pytest.mark.parametrize(
    "words",
    [("migrate",), ("serve",), ("worker",), ("payments", "list"), ("notifications", "list")],
    ids=" ".join,
)
def test_command__database_cannot_be_had__says_why_in_a_sentence(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    a_config(tmp_path, database=f"sqlite:///{tmp_path}/nowhere/bridge.db")
    result = CliRunner().invoke(
        main, [*words, *listening(words[0]), "--config", str(tmp_path / "bridge.yaml")]
    )
    assert (result.exit_code, result.output) == (
        1,
        "Error: the database cannot be had: unable to open database file\n",
    )


@pytest.mark.usefixtures("logging_as_it_was")
@pytest.mark.parametrize(
    "words",
    [("serve",), ("worker",), ("payments", "list"), ("notifications", "list")],
    ids=" ".join,
)
def test_command__tables_not_made_yet__says_what_to_run(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    a_config(tmp_path, database=f"sqlite:///{tmp_path}/bridge.db")
    result = CliRunner().invoke(
        main, [*words, *listening(words[0]), "--config", str(tmp_path / "bridge.yaml")]
    )
    assert (
        result.exit_code == 1
        and result.output.startswith("Error: ")
        and "run `bridge migrate` first" in result.output
    )


def test_migrate__tables_of_a_newer_version__are_left_alone(desk: Desk) -> None:
    with desk.units._transactions.write() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
    result = desk.type("migrate")
    assert (
        result.exit_code == 1
        and "revision 9999" in result.output
        and "does not know" in result.output
    )
    assert desk.type("payments", "list").exit_code == 1


def test_migrate__revision_that_is_none__is_refused_with_those_there_are(desk: Desk) -> None:
    result = desk.type("migrate", "--revision", "0999")
    assert result.exit_code == 1 and result.output.startswith(
        "Error: there is no revision 0999; there are 0001"
    )
    assert newest_revision() in result.output


@pytest.mark.usefixtures("logging_as_it_was")
def test_serve__address_is_taken__says_which_one(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = desk.type("serve", "--listen", address)
    assert (result.exit_code, result.output.splitlines()[-1]) == (
        1,
        f"Error: cannot serve on {address}: address already in use",
    )


@pytest.mark.parametrize("address", ["8080", "127.0.0.1", ":8080", "127.0.0.1:99999"])
def test_serve__no_address__is_refused_before_anything_is_done(desk: Desk, address: str) -> None:
    result = desk.type("serve", "--listen", address)
    assert result.exit_code == 2 and "must be host:port" in result.output
