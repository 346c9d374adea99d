"""``phonebook blacklist``: numbers that must not be messaged, and who stopped them."""

from itertools import islice
from typing import Annotated, Final, TypeAlias

import typer

from chalicelib.cli.accounts import AccountId
from chalicelib.cli.contacts import WrittenNumber
from chalicelib.cli.output import AsJson, Row, print_done, print_json, print_row, print_rows
from chalicelib.cli.table import TableCommands, via_of
from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller
from chalicelib.domain.errors import InvalidDataError, ProblemCollector
from chalicelib.domain.ledger import LedgerEntry, Reason, Stopping
from chalicelib.domain.limits import MAX_NOTE_CHARACTERS
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.phone_reading import read_phone_number
from chalicelib.domain.text import checked_text
from chalicelib.services import accounts, blacklist
from chalicelib.storage.dynamodb.clock import time_of_table

REASONS: Final = {reason.value: reason for reason in Reason if reason is not Reason.STOPLIST}
"""The reasons that an operator can give."""

COLUMNS: Final = ("at", "state", "reason", "actor", "source", "note")

Note: TypeAlias = Annotated[
    str | None,
    typer.Option(help=f"A note for the ledger, up to {MAX_NOTE_CHARACTERS:,} characters."),
]

commands = TableCommands(
    help="Show who stopped a number, and stop or allow one.", no_args_is_help=True
)


@commands.command("show")
def show_number(account: AccountId, number: WrittenNumber, as_json: AsJson = False) -> None:
    """Show whether a number may be messaged, and who stopped or allowed it, newest first.

    Exits with 3 if it was never stopped.
    """
    whose = accounts.retrieve_account(account)
    phone_number, _ = _read(whose, number, None)
    opt_out = blacklist.retrieve_opt_out(whose, phone_number)
    entries = [_row(entry) for _, entry in blacklist.list_ledger(whose, phone_number)]
    row: Row = {
        "number": phone_number.e164,
        "state": opt_out.entry.state.value,
        "since": opt_out.since.isoformat(timespec="seconds"),
    }
    if as_json:
        print_json({**row, "entries": entries})
    else:
        print_row(row, as_json=False)
        print_rows(COLUMNS, entries, none="", as_json=False)


@commands.command("add")
def add_number(
    context: typer.Context,
    account: AccountId,
    number: WrittenNumber,
    reason: Annotated[
        str, typer.Option(help=f"Why: {', '.join(REASONS)}.")
    ] = Reason.OPERATOR.value,
    note: Note = None,
    as_json: AsJson = False,
) -> None:
    """Put a number on the blacklist; if it is there, only a weightier reason is recorded."""
    whose = accounts.retrieve_account(account)
    phone_number, note = _read(whose, number, note)
    caller = Caller.operator(whose, via=via_of(context))
    stopping = blacklist.stop_number(
        caller, phone_number, time_of_table(), reason=_reason_of(reason), note=note
    )
    said = {
        Stopping.NEW: "is blacklisted now.",
        Stopping.OUTWEIGHED: "was already blacklisted; the new reason is recorded.",
        Stopping.UNCHANGED: "was already blacklisted; nothing changed.",
    }
    row: Row = {"number": phone_number.e164, "changed": stopping is not Stopping.UNCHANGED}
    print_done(f"{phone_number} {said[stopping]}", row, as_json=as_json)


@commands.command("remove")
def remove_number(
    context: typer.Context,
    account: AccountId,
    number: WrittenNumber,
    note: Note = None,
    as_json: AsJson = False,
) -> None:
    """Take a number off the blacklist: it may be messaged again. Its ledger stays.

    Exits with 3 if it is not there.
    """
    whose = accounts.retrieve_account(account)
    phone_number, note = _read(whose, number, note)
    blacklist.allow_number(
        Caller.operator(whose, via=via_of(context)),
        phone_number,
        time_of_table(),
        reason=Reason.OPERATOR,
        note=note,
    )
    row: Row = {"number": phone_number.e164, "changed": True}
    print_done(f"{phone_number} may be messaged again.", row, as_json=as_json)


@commands.command("list")
def list_numbers(
    account: AccountId,
    limit: Annotated[int, typer.Option(min=1, help="How many to list.")] = 1_000,
    after: Annotated[str | None, typer.Option(help="List those after this number.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the blacklisted numbers in their order, each with its newest ledger entry."""
    whose = accounts.retrieve_account(account)
    from_there = _read(whose, after, None)[0].e164 if after else None
    found = blacklist.list_blacklist(whose, after=from_there, expected=limit)
    rows = [{"number": entry.phone_number.e164, **_row(entry)} for entry in islice(found, limit)]
    print_rows(("number", *COLUMNS), rows, none="No number is blacklisted.", as_json=as_json)


def _read(account: Account, number: str, note: str | None) -> tuple[PhoneNumber, str | None]:
    """Read a number as typed or pasted, and a note.

    Raises:
        InvalidDataError: One of them is not acceptable.

    """
    problems = ProblemCollector()
    with problems:
        phone_number = read_phone_number(number, account, field="number", is_strict=True)
    with problems:
        if note is not None:
            note = checked_text("note", note, longest=MAX_NOTE_CHARACTERS)
    problems.raise_if_any()
    return phone_number, note


def _reason_of(name: str) -> Reason:
    if name not in REASONS:
        raise InvalidDataError.of("reason", f"must be one of {', '.join(REASONS)}")
    return REASONS[name]


def _row(entry: LedgerEntry) -> Row:
    return {
        "at": entry.at.isoformat(timespec="seconds"),
        "state": entry.state.value,
        "reason": entry.reason.value,
        "actor": entry.actor,
        "source": entry.source,
        "note": entry.note,
    }
