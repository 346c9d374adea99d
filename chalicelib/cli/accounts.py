"""``phonebook accounts``: the tenants."""

from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from chalicelib.cli.output import AsJson, Row, print_row, print_rows
from chalicelib.cli.table import connect_to_table
from chalicelib.domain.account import Account
from chalicelib.domain.limits import DEFAULT_REGION, RETENTION_DAYS
from chalicelib.services import accounts

COLUMNS: Final = ("account", "name", "region", "retention", "opened")

commands = typer.Typer(
    help="Open, list and close accounts.", no_args_is_help=True, callback=connect_to_table
)


@commands.command("open")
def open_account(
    name: Annotated[str, typer.Argument(help="Whose account it is.")],
    default_region: Annotated[
        str, typer.Option(help="Two letters; where a national phone number is from.")
    ] = DEFAULT_REGION,
    retention_days: Annotated[
        int, typer.Option(help="How long a contact outside every group is kept.")
    ] = RETENTION_DAYS,
    as_json: AsJson = False,
) -> None:
    """Open an account. It needs a credential before anyone can use it."""
    account = accounts.open_account(name, default_region, retention_days, datetime.now(UTC))
    print_row(_row(account), as_json=as_json)


@commands.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """List all accounts, oldest first."""
    print_rows(COLUMNS, [_row(account) for account in accounts.list_accounts()], as_json=as_json)


@commands.command("close")
def close_account(
    account: Annotated[str, typer.Argument(help="Its id, as `list` shows it.")],
) -> None:
    """Remove an account that is empty, two minutes after its last credential was revoked."""
    accounts.close_account(account, datetime.now(UTC))
    typer.echo(f"{account} is closed.")


def _row(account: Account) -> Row:
    return {
        "account": account.id,
        "name": account.name,
        "region": account.default_region,
        "retention": account.retention_days,
        "opened": account.created_on.isoformat(timespec="seconds"),
    }
