"""``phonebook accounts``: the tenants."""

from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Final

import typer

from chalicelib.cli.output import AsJson, Row, print_row, print_rows
from chalicelib.cli.table import connect_to_table
from chalicelib.domain.account import Account, AccountChanges
from chalicelib.domain.limits import RETENTION_DAYS
from chalicelib.domain.phone import Notation
from chalicelib.services import accounts

COLUMNS: Final = ("account", "name", "region", "retention", "opened")


class MeantNotation(Enum):
    """How the digits of an account are meant that come without a plus."""

    INTERNATIONAL = Notation.INTERNATIONAL.value
    NATIONAL = Notation.NATIONAL.value
    DOCUMENTED = "documented"

    @property
    def notation(self) -> Notation | None:
        """It in the words of the domain."""
        return None if self is MeantNotation.DOCUMENTED else Notation(self.value)


REGION_HELP: Final = (
    "Two letters, such as EE or GB: where a phone number is from that has no country code."
)
NOTATION_HELP: Final = (
    "How digits without a plus are meant: all international, all national, or as the dialect"
    " documents them, where they could be both."
)
RETENTION_HELP: Final = "How many days a contact outside every group is kept."

commands = typer.Typer(
    help="Open, change, list and close accounts.", no_args_is_help=True, callback=connect_to_table
)


@commands.command("open")
def open_account(
    name: Annotated[str, typer.Argument(help="Whose account it is.")],
    default_region: Annotated[str, typer.Option(help=REGION_HELP)],
    notation: Annotated[MeantNotation, typer.Option(help=NOTATION_HELP)] = MeantNotation.DOCUMENTED,
    retention_days: Annotated[int, typer.Option(help=RETENTION_HELP)] = RETENTION_DAYS,
    as_json: AsJson = False,
) -> None:
    """Open an account. It needs a credential before anyone can use it."""
    account = accounts.open_account(
        name, default_region, retention_days, datetime.now(UTC), notation=notation.notation
    )
    print_row(_row(account), as_json=as_json)


@commands.command("change")
def change_account(
    account: Annotated[str, typer.Argument(help="Its id, as `list` shows it.")],
    name: Annotated[str | None, typer.Option(help="Whose account it is.")] = None,
    default_region: Annotated[str | None, typer.Option(help=REGION_HELP)] = None,
    notation: Annotated[MeantNotation | None, typer.Option(help=NOTATION_HELP)] = None,
    retention_days: Annotated[int | None, typer.Option(help=RETENTION_HELP)] = None,
    as_json: AsJson = False,
) -> None:
    """Change an account, everywhere within a minute. Contacts that have their date keep it."""
    changes: AccountChanges = {}
    if name is not None:
        changes["name"] = name
    if default_region is not None:
        changes["default_region"] = default_region
    if notation is not None:
        changes["notation"] = notation.notation
    if retention_days is not None:
        changes["retention_days"] = retention_days
    print_row(_row(accounts.change_account(account, changes)), as_json=as_json)


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
        "notation": (account.notation or MeantNotation.DOCUMENTED).value,
        "retention": account.retention_days,
        "opened": account.created_on.isoformat(timespec="seconds"),
    }
