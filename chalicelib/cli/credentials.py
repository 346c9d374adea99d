"""``phonebook credentials``: what clients present."""

from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from chalicelib.cli.accounts import AccountId
from chalicelib.cli.failures import tell_of_unreadable
from chalicelib.cli.output import AsJson, Row, print_done, print_row, print_rows
from chalicelib.cli.program import command_line
from chalicelib.cli.table import TableCommands, via_of
from chalicelib.domain.caller import Stamp
from chalicelib.domain.credential import Credential, Scope, token_of
from chalicelib.services import accounts
from chalicelib.storage.accounts import UnreadableItemError
from chalicelib.storage.dynamodb.clock import time_of_table

COLUMNS: Final = ("username", "scope", "label", "issued", "last_used", "revoked")

commands = TableCommands(help="Issue, list and revoke credentials.", no_args_is_help=True)


@commands.command("issue")
def issue_credential(
    context: typer.Context,
    account: AccountId,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Refuse every operation that changes anything.")
    ] = False,
    label: Annotated[
        str | None, typer.Option(help="Who or what uses it; `credentials list` shows it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Issue a credential for an account. Its secret is shown this once, and kept nowhere.

    A client presents the username and the secret, or both as one token, as its vendor has it.
    """
    credential, secret = accounts.issue_credential(
        account,
        Stamp.operator(datetime.now(UTC), via=via_of(context)),
        scope=Scope.READ if read_only else Scope.FULL,
        label=label,
    )
    row: Row = {
        "account": account,
        "username": credential.username,
        "secret": secret,
        "token": token_of(credential.username, secret),
        "scope": credential.scope.value,
        "label": credential.label,
    }
    print_row(row, as_json=as_json)


@commands.command("list")
def list_credentials(account: AccountId, as_json: AsJson = False) -> None:
    """List an account's credentials, the revoked ones too, oldest first.

    `last_used` is a day in UTC. Exits with 5 if one cannot be read; it is named.
    """
    unreadable: list[UnreadableItemError] = []
    found = accounts.list_credentials(account, unreadable.append)
    issue_one = command_line("credentials", "issue", account)
    print_rows(
        COLUMNS,
        [_row(credential) for credential in found],
        none=f"It has no credential yet; to issue one: {issue_one}",
        as_json=as_json,
    )
    tell_of_unreadable(unreadable)


@commands.command("revoke")
def revoke_credential(
    context: typer.Context,
    username: Annotated[
        str,
        typer.Argument(metavar="USERNAME", help="The credential's: `credentials list` shows it."),
    ],
    as_json: AsJson = False,
) -> None:
    """Revoke a credential for good. It is refused everywhere within a minute."""
    accounts.revoke_credential(username, Stamp.operator(time_of_table(), via=via_of(context)))
    row: Row = {"username": username, "revoked": True}
    print_done(f"{username} is revoked: refused everywhere within a minute.", row, as_json=as_json)


def _row(credential: Credential) -> Row:
    return {
        "username": credential.username,
        "scope": credential.scope.value,
        "label": credential.label,
        "issued": credential.created_on.isoformat(timespec="seconds"),
        "last_used": credential.last_used_on.isoformat() if credential.last_used_on else None,
        "revoked": credential.revoked,
    }
