"""``phonebook contacts``: one contact, by its number."""

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Annotated, Final, TypeAlias

import typer

from chalicelib.cli.accounts import AccountId
from chalicelib.cli.output import AsJson, Row, print_done, print_json, print_row
from chalicelib.cli.table import TableCommands, via_of
from chalicelib.dialects.v2.erasure import render_everything
from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller
from chalicelib.domain.contact import MAX_DETAIL_CHARACTERS, Contact, Details
from chalicelib.domain.errors import InvalidDataError, ProblemCollector
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.phone_reading import read_phone_number
from chalicelib.domain.text import checked_text
from chalicelib.services import accounts, blacklist, contacts
from chalicelib.services.erasing import erase, retrieve_everything
from chalicelib.storage.dynamodb.clock import time_of_table

WrittenNumber: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="NUMBER",
        help="The contact's: with + and a country code, or as the account's region dials it.",
    ),
]

_OF_A_DETAIL: Final = tuple(
    Parameter(
        name,
        Parameter.POSITIONAL_OR_KEYWORD,
        default=None,
        annotation=Annotated[
            str | None,
            typer.Option(help=f"Up to {longest:,} characters; an empty text clears it."),
        ],
    )
    for name, longest in MAX_DETAIL_CHARACTERS.items()
)

commands = TableCommands(help="Create, show, change and delete contacts.", no_args_is_help=True)


def _takes_details(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each detail of a contact, in place of its ``**details``.

    Typer reads the options from the signature.
    """
    taken = signature(command)
    *others, as_json, _details = taken.parameters.values()
    parameters = [*others, *_OF_A_DETAIL, as_json]
    vars(command)["__signature__"] = taken.replace(parameters=parameters)
    return command


@commands.command("create")
@_takes_details
def create_contact(
    context: typer.Context,
    account: AccountId,
    number: WrittenNumber,
    as_json: AsJson = False,
    **details: str | None,
) -> None:
    """Create a contact. It is in no group, so it is deleted on its scheduled day.

    Exits with 7 if there is already a contact with this number. It does not change.
    """
    whose = accounts.retrieve_account(account)
    phone_number, known = _read(whose, number, details)
    contact = contacts.create_contact(
        Caller.operator(whose, via=via_of(context)), phone_number, known, time_of_table()
    )
    print_row(_row(whose, contact), as_json=as_json)


@commands.command("show")
def show_contact(account: AccountId, number: WrittenNumber, as_json: AsJson = False) -> None:
    """Show all of a contact, and whether its number is on the blacklist."""
    whose = accounts.retrieve_account(account)
    phone_number, _ = _read(whose, number, {})
    print_row(_row(whose, contacts.retrieve_contact(whose, phone_number)), as_json=as_json)


@commands.command("change")
@_takes_details
def change_contact(
    context: typer.Context,
    account: AccountId,
    number: WrittenNumber,
    as_json: AsJson = False,
    **details: str | None,
) -> None:
    """Change the named details of a contact. Its groups and its scheduled day do not change."""
    whose = accounts.retrieve_account(account)
    phone_number, changes = _read(whose, number, details)
    if not changes:
        raise InvalidDataError.of("contact", "name at least one thing to change")
    contact = contacts.update_contact(
        Caller.operator(whose, via=via_of(context)), phone_number, changes, time_of_table()
    )
    print_row(_row(whose, contact), as_json=as_json)


@commands.command("delete")
def delete_contact(
    context: typer.Context, account: AccountId, number: WrittenNumber, as_json: AsJson = False
) -> None:
    """Delete a contact for good. Its number stays on the blacklist if it is there."""
    whose = accounts.retrieve_account(account)
    phone_number, _ = _read(whose, number, {})
    contacts.delete_contact(
        Caller.operator(whose, via=via_of(context)), phone_number, time_of_table()
    )
    row: Row = {"number": phone_number.e164, "deleted": True}
    print_done(f"{phone_number} is deleted.", row, as_json=as_json)


@commands.command("erase")
def erase_contact(
    context: typer.Context,
    account: AccountId,
    number: WrittenNumber,
    suppress: Annotated[
        bool, typer.Option("--suppress", help="Stop its messages for good, even if nobody asked.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Forget a person: the contact, and the opt-out and the ledger of its number.

    A number that is blacklisted stays stopped, as a keyed hash. Exits with 3 if nothing is known.
    """
    whose = accounts.retrieve_account(account)
    phone_number, _ = _read(whose, number, {})
    is_suppressed = erase(
        Caller.operator(whose, via=via_of(context)),
        phone_number,
        time_of_table(),
        keeps_opt_out=suppress,
    )
    said = "It stays stopped." if is_suppressed else "It may be messaged if it comes back."
    row: Row = {"erased": True, "suppressed": is_suppressed}
    print_done(f"The person is erased. {said}", row, as_json=as_json)


@commands.command("everything")
def show_everything(account: AccountId, number: WrittenNumber) -> None:
    """Print all that is kept about a person, as JSON, for a request of access."""
    whose = accounts.retrieve_account(account)
    phone_number, _ = _read(whose, number, {})
    print_json(render_everything(whose, retrieve_everything(whose, phone_number)))


def _read(
    account: Account, number: str, details: Mapping[str, str | None]
) -> tuple[PhoneNumber, Details]:
    """Read a number and details as typed or pasted; refuse digits that could be two numbers.

    Raises:
        InvalidDataError: For the number and every detail that is not acceptable.

    """
    known: dict[str, str | None] = {}
    problems = ProblemCollector()
    with problems:
        phone_number = read_phone_number(number, account, field="number", is_strict=True)
    for name, text in details.items():
        if text is not None:
            with problems:
                longest = MAX_DETAIL_CHARACTERS[name]
                known[name] = checked_text(name.replace("_", " "), text, longest=longest) or None
    problems.raise_if_any()
    return phone_number, known


def _row(account: Account, contact: Contact) -> Row:
    day = contact.scheduled_deletion_date
    return {
        "number": contact.phone_number.e164,
        "id": uuid_of(contact.id),
        **{name: contact.details.get(name) for name in MAX_DETAIL_CHARACTERS},
        "extra": contact.extra,
        "groups": [uuid_of(group_id) for group_id in sorted(contact.group_ids)],
        "blacklisted": bool(blacklist.blacklisted_since(account, [contact.phone_number])),
        "scheduled_deletion_date": day.isoformat() if day else None,
        "created": contact.created_on.isoformat(timespec="seconds"),
        "updated": contact.updated_on.isoformat(timespec="seconds"),
    }
