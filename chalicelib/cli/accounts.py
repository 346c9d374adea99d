"""``phonebook accounts``: the tenants."""

from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Final, TypeAlias

import typer

from chalicelib.cli.failures import tell_of_unreadable
from chalicelib.cli.output import AsJson, Row, print_done, print_row, print_rows
from chalicelib.cli.program import command_line
from chalicelib.cli.table import TableCommands, via_of
from chalicelib.domain.account import Account, AccountChanges
from chalicelib.domain.caller import Stamp
from chalicelib.domain.errors import InvalidDataError, OperatorError, OperatorErrorCode
from chalicelib.domain.limits import DEFAULT_RETENTION_DAYS
from chalicelib.domain.phone import Notation
from chalicelib.services import accounts
from chalicelib.storage.accounts import UnreadableItemError
from chalicelib.storage.dynamodb.clock import time_of_table

COLUMNS: Final = ("account", "name", "region", "retention", "opened")

AccountId: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="ACCOUNT", help="The account's id: `accounts list` shows it."),
]


class MeantNotation(Enum):
    """How an account's clients write numbers that have no plus."""

    INTERNATIONAL = Notation.INTERNATIONAL.value
    NATIONAL = Notation.NATIONAL.value
    DOCUMENTED = "documented"

    @property
    def notation(self) -> Notation | None:
        """The domain's notation; None for the one that each dialect documents."""
        return None if self is MeantNotation.DOCUMENTED else Notation(self.value)


REGION_HELP: Final = (
    "Two letters, such as EE or GB: where phone numbers without a country code are from."
)
NOTATION_HELP: Final = (
    "How digits without a plus are meant where they could be both: all as international, all as"
    " national, or as each vendor documents them."
)
RETENTION_HELP: Final = "How many days a contact is kept that is in no group."

commands = TableCommands(help="Open, show, change, list and close accounts.", no_args_is_help=True)


def account_named(text: str) -> Account:
    """Return the account of an id, or the one account of a name.

    Raises:
        OperatorError: There is none.
        InvalidDataError: Several accounts have that name.
        UnreadableItemError: It is incomplete.

    """
    try:
        return accounts.retrieve_account(text)
    except OperatorError:
        found = [each for each in accounts.list_accounts() if each.name == text]
    if len(found) > 1:
        ids = ", ".join(each.id for each in found)
        raise InvalidDataError.of("account", f"several are called {text}: name one of {ids}")
    if not found:
        raise OperatorError(OperatorErrorCode.ACCOUNT_NOT_FOUND)
    return found[0]


@commands.command("open")
def open_account(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose account it is.")],
    default_region: Annotated[str, typer.Option(help=REGION_HELP)],
    notation: Annotated[MeantNotation, typer.Option(help=NOTATION_HELP)] = MeantNotation.DOCUMENTED,
    retention_days: Annotated[int, typer.Option(help=RETENTION_HELP)] = DEFAULT_RETENTION_DAYS,
    as_json: AsJson = False,
) -> None:
    """Open an account. Nobody can use it before `credentials issue`."""
    stamp = Stamp.operator(datetime.now(UTC), via=via_of(context))
    account = accounts.open_account(
        name, default_region, retention_days, stamp, notation=notation.notation
    )
    print_row(_row(account), as_json=as_json)


@commands.command("change")
def change_account(
    context: typer.Context,
    account: AccountId,
    name: Annotated[str | None, typer.Option(help="Whose account it is.")] = None,
    default_region: Annotated[str | None, typer.Option(help=REGION_HELP)] = None,
    notation: Annotated[MeantNotation | None, typer.Option(help=NOTATION_HELP)] = None,
    retention_days: Annotated[int | None, typer.Option(help=RETENTION_HELP)] = None,
    as_json: AsJson = False,
) -> None:
    """Change the named settings of an account. They apply everywhere within a minute.

    Contacts that have their day of deletion already keep it.
    """
    changes: AccountChanges = {}
    if name is not None:
        changes["name"] = name
    if default_region is not None:
        changes["default_region"] = default_region
    if notation is not None:
        changes["notation"] = notation.notation
    if retention_days is not None:
        changes["retention_days"] = retention_days
    stamp = Stamp.operator(datetime.now(UTC), via=via_of(context))
    print_row(_row(accounts.change_account(account, changes, stamp)), as_json=as_json)


@commands.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """List all accounts, oldest first. Exits with 5 if one cannot be read; it is named."""
    unreadable: list[UnreadableItemError] = []
    found = accounts.list_accounts(unreadable.append)
    open_one = command_line("accounts", "open", "Acme", "--default-region", "EE")
    print_rows(
        COLUMNS,
        [_row(account) for account in found],
        none=f"There is no account yet; to open one: {open_one}",
        as_json=as_json,
    )
    tell_of_unreadable(unreadable)


@commands.command("show")
def show_account(account: AccountId, as_json: AsJson = False) -> None:
    """Show all of an account: how it is set, what it holds, and how many credentials it has."""
    found = accounts.survey_account(account)
    row: Row = {
        **_row(found.account),
        "contacts": found.holdings.contacts,
        "groups": found.holdings.groups,
        "blacklisted": found.holdings.blacklisted,
        "credentials_in_force": found.credentials_in_force,
        "credentials_revoked": found.credentials_revoked,
    }
    print_row(row, as_json=as_json)


@commands.command("close")
def close_account(account: AccountId, as_json: AsJson = False) -> None:
    """Close an account that holds nothing, two minutes after its last credential was revoked.

    The account is gone for good, and its credentials with it.
    """
    accounts.close_account(account, time_of_table())
    row: Row = {"account": account, "closed": True}
    print_done(f"{account} is closed.", row, as_json=as_json)


def _row(account: Account) -> Row:
    return {
        "account": account.id,
        "name": account.name,
        "region": account.default_region,
        "notation": (account.notation or MeantNotation.DOCUMENTED).value,
        "retention": account.retention_days,
        "opened": account.created_on.isoformat(timespec="seconds"),
    }
