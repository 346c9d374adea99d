"""``phonebook credentials``: what clients present."""

from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from chalicelib.cli.output import AsJson, Row, print_row, print_rows
from chalicelib.cli.table import connect_to_table
from chalicelib.domain.account import Credential, token_of
from chalicelib.services import accounts

COLUMNS: Final = ("username", "issued", "revoked")

commands = typer.Typer(
    help="Issue, list and revoke credentials.", no_args_is_help=True, callback=connect_to_table
)


@commands.command("issue")
def issue_credential(
    account: Annotated[str, typer.Argument(help="The account's id.")], as_json: AsJson = False
) -> None:
    """Issue a credential. Its secret is shown this once, and kept nowhere."""
    credential, secret = accounts.issue_credential(account, datetime.now(UTC))
    row: Row = {
        "account": account,
        "username": credential.username,
        "secret": secret,
        "token": token_of(credential.username, secret),
    }
    print_row(row, as_json=as_json)


@commands.command("list")
def list_credentials(
    account: Annotated[str, typer.Argument(help="The account's id.")], as_json: AsJson = False
) -> None:
    """List an account's credentials, the revoked ones too, oldest first."""
    found = accounts.list_credentials(account)
    print_rows(COLUMNS, [_row(credential) for credential in found], as_json=as_json)


@commands.command("revoke")
def revoke_credential(
    username: Annotated[str, typer.Argument(help="The credential's public name.")],
    as_json: AsJson = False,
) -> None:
    """Revoke a credential. Lambdas that know it may take it for one more minute."""
    accounts.revoke_credential(username, datetime.now(UTC))
    print_row({"username": username, "revoked": True}, as_json=as_json)


def _row(credential: Credential) -> Row:
    return {
        "username": credential.username,
        "issued": credential.created_on.isoformat(timespec="seconds"),
        "revoked": credential.revoked,
    }
