"""``phonebook webhooks``: where an account wants to be told of changes."""

from datetime import datetime
from itertools import islice
from typing import Annotated, Final, TypeAlias

import typer

from chalicelib.cli.accounts import AccountId
from chalicelib.cli.failures import NOT_MENDED
from chalicelib.cli.output import AsJson, Row, print_done, print_row, print_rows
from chalicelib.cli.table import TableCommands, via_of
from chalicelib.domain.caller import Caller
from chalicelib.domain.changes import ChangeType
from chalicelib.domain.deliveries import Attempt
from chalicelib.domain.errors import ErrorCode
from chalicelib.domain.ids import read_id, uuid_of
from chalicelib.domain.limits import MAX_DELIVERIES_KEPT
from chalicelib.domain.moments import read_moment
from chalicelib.domain.webhooks import Webhook
from chalicelib.services import accounts, webhooks
from chalicelib.services.delivering import Sender
from chalicelib.services.replaying import replay_since
from chalicelib.storage.dynamodb.clock import time_of_table

COLUMNS: Final = ("webhook", "url", "types", "on", "off_because", "failing_since", "created")
DELIVERY_COLUMNS: Final = (
    "at", "message", "type", "attempt", "outcome", "status", "problem", "milliseconds", "again_at",
)  # fmt: skip

WebhookId: TypeAlias = Annotated[
    str, typer.Argument(metavar="WEBHOOK", help="The webhook's id: `webhooks list` shows it.")
]

commands = TableCommands(help="Tell a receiver of an account's changes.", no_args_is_help=True)


@commands.command("add")
def add_webhook(
    context: typer.Context,
    account: AccountId,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to tell: https://…")],
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type", help=f"Of which changes, once for each: {', '.join(ChangeType)}. Or of all."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add a webhook. The secret that signs its messages is shown this once.

    Exits with 7 if the account has as many as it may have.
    """
    caller = Caller.operator(accounts.retrieve_account(account), via=via_of(context))
    webhook = webhooks.add_webhook(caller, url, time_of_table(), types=types or ())
    print_row(_with_secret(webhook), as_json=as_json)


@commands.command("list")
def list_webhooks(account: AccountId, as_json: AsJson = False) -> None:
    """List the webhooks of an account, oldest first, without their secrets."""
    found = webhooks.list_webhooks(accounts.retrieve_account(account))
    print_rows(COLUMNS, list(map(_row, found)), none="It has no webhook.", as_json=as_json)


@commands.command("test")
def try_webhook(
    context: typer.Context, account: AccountId, webhook: WebhookId, as_json: AsJson = False
) -> None:
    """Send a message of the type `webhook.test` to a webhook at once, and say what came of it.

    Exits with 5 if it was not delivered.
    """
    caller = Caller.operator(accounts.retrieve_account(account), via=via_of(context))
    answer = Sender().test(caller, _read(webhook), time_of_table())
    row: Row = {
        "delivered": answer.problem is None,
        "status": answer.status,
        "problem": answer.problem,
        "milliseconds": round(answer.seconds * 1000),
        "answer": answer.text,
    }
    print_row(row, as_json=as_json)
    if answer.problem is not None:
        raise typer.Exit(NOT_MENDED)


@commands.command("rotate")
def rotate_secret(
    context: typer.Context, account: AccountId, webhook: WebhookId, as_json: AsJson = False
) -> None:
    """Give a webhook a new secret, which is shown this once. The former one holds for a day."""
    caller = Caller.operator(accounts.retrieve_account(account), via=via_of(context))
    rotated = webhooks.rotate_secret(caller, _read(webhook), time_of_table())
    print_row(_with_secret(rotated), as_json=as_json)


@commands.command("replay")
def replay_changes(
    account: AccountId,
    webhook: WebhookId,
    since: Annotated[
        str,
        typer.Option(metavar="MOMENT", help="A moment of the last 30 days: 2026-01-31T12:00:00Z."),
    ],
    as_json: AsJson = False,
) -> None:
    """Tell a webhook again of all that happened since a moment, but the last seconds.

    PHONEBOOK_WEBHOOK_QUEUE names the queue, as `make deploy` prints it.
    """
    whose, webhook_id = accounts.retrieve_account(account), _read(webhook)
    moment: datetime | None = read_moment(since, "since")
    told = 0
    while moment is not None:
        replayed = replay_since(whose, webhook_id, moment, time_of_table())
        told, moment = told + replayed.changes, replayed.go_on_since
    row: Row = {"webhook": webhook, "changes": told}
    print_done(f"{told} changes are on their way again.", row, as_json=as_json)


@commands.command("remove")
def remove_webhook(
    context: typer.Context, account: AccountId, webhook: WebhookId, as_json: AsJson = False
) -> None:
    """Remove a webhook and its deliveries. What is on its way to it is not sent."""
    caller = Caller.operator(accounts.retrieve_account(account), via=via_of(context))
    webhooks.remove_webhook(caller, _read(webhook), time_of_table())
    row: Row = {"webhook": webhook, "removed": True}
    print_done(f"{webhook} is removed.", row, as_json=as_json)


@commands.command("deliveries")
def list_deliveries(
    account: AccountId,
    webhook: WebhookId,
    limit: Annotated[
        int, typer.Option(min=1, max=MAX_DELIVERIES_KEPT, help="How many to list.")
    ] = 100,
    as_json: AsJson = False,
) -> None:
    """List the last attempts to send messages to a webhook, newest first."""
    whose = accounts.retrieve_account(account)
    found = webhooks.list_deliveries(whose, _read(webhook), expected=limit)
    rows = [_delivery_row(attempt) for attempt in islice(found, limit)]
    print_rows(DELIVERY_COLUMNS, rows, none="Nothing was sent to it yet.", as_json=as_json)


def _read(text: str) -> int:
    return read_id(text, "webhook", ErrorCode.WEBHOOK_NOT_FOUND)


def _row(webhook: Webhook) -> Row:
    since = webhook.failing_since
    return {
        "webhook": uuid_of(webhook.id),
        "url": webhook.url,
        "types": ", ".join(sorted(webhook.types)) or "all",
        "on": webhook.is_on,
        "off_because": webhook.off_because,
        "failing_since": since.isoformat(timespec="seconds") if since else None,
        "created": webhook.created_on.isoformat(timespec="seconds"),
    }


def _with_secret(webhook: Webhook) -> Row:
    return {**_row(webhook), "secret": webhook.secrets[0].text}


def _delivery_row(attempt: Attempt) -> Row:
    again_at = attempt.again_at
    return {
        "at": attempt.at.isoformat(timespec="seconds"),
        "message": attempt.message_id,
        "type": attempt.type,
        "attempt": attempt.number,
        "outcome": attempt.outcome.value,
        "status": attempt.status,
        "problem": attempt.problem,
        "milliseconds": round(attempt.seconds * 1000),
        "again_at": again_at.isoformat(timespec="seconds") if again_at else None,
    }
