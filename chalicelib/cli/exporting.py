"""``phonebook export``: what an account has, as a file."""

import sys
from collections.abc import Iterator
from enum import Enum
from itertools import chain
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn

from chalicelib.cli.accounts import account_named
from chalicelib.cli.groups import group_named
from chalicelib.cli.output import say
from chalicelib.domain.account import Account
from chalicelib.domain.errors import InvalidDataError
from chalicelib.exporting.delimited import contacts_as_csv, entries_as_csv
from chalicelib.exporting.objects import (
    contacts_as_objects,
    groups_as_objects,
    numbers_as_objects,
)
from chalicelib.exporting.vcard import contacts_as_cards
from chalicelib.services import blacklist, groups
from chalicelib.services.exporting import export_blacklist, export_contacts


class What(Enum):
    """What is exported."""

    CONTACTS = "contacts"
    BLACKLIST = "blacklist"
    EVERYTHING = "everything"


class ExportFormat(Enum):
    """The formats of exports."""

    CSV = "csv"
    NDJSON = "ndjson"
    VCARD = "vcard"


def export_file(
    account: Annotated[str, typer.Option(help="The account's id, or its name.")],
    group: Annotated[
        str | None, typer.Option(help="Only the contacts of this group: its id, or its name.")
    ] = None,
    what: Annotated[
        What, typer.Option(help="The contacts, the opt-outs, or both and all groups (NDJSON).")
    ] = What.CONTACTS,
    export_format: Annotated[
        ExportFormat, typer.Option("--format", help="NDJSON is one JSON object in each line.")
    ] = ExportFormat.CSV,
) -> None:
    """Print what an account has, in a form that `import` reads. Send it to a file with >.

    Traffic may go on meanwhile: what changes after it was printed is not in the file.
    """
    whose = account_named(account)
    if group is not None and what is not What.CONTACTS:
        raise InvalidDataError.of("group", "goes only with --what contacts")
    if what is What.EVERYTHING and export_format is not ExportFormat.NDJSON:
        raise InvalidDataError.of("format", "must be ndjson for everything")
    if what is What.BLACKLIST and export_format is ExportFormat.VCARD:
        raise InvalidDataError.of("format", "must be csv or ndjson for the blacklist")
    group_id = group_named(whose, group).id if group is not None else None
    console = Console(stderr=True)
    with Progress(
        TextColumn("Exporting"),
        TextColumn("{task.completed} lines"),
        console=console,
        disable=not console.is_terminal or sys.stdout.isatty(),
    ) as bar:
        task = bar.add_task("", total=None)
        for line in _lines(whose, what, export_format, group_id):
            _print(line)
            bar.advance(task)
    sys.stdout.buffer.flush()


def _print(line: str) -> None:
    """Print a line as it is; but on a terminal without what would take it over."""
    if sys.stdout.isatty():
        say(line.rstrip("\r\n"))
    else:
        sys.stdout.buffer.write(line.encode())


def _lines(
    account: Account, what: What, export_format: ExportFormat, group_id: int | None
) -> Iterator[str]:
    if what is What.EVERYTHING:
        return chain(
            groups_as_objects(groups.list_groups(account)),
            contacts_as_objects(export_contacts(account)),
            numbers_as_objects(export_blacklist(account)),
        )
    if what is What.BLACKLIST:
        if export_format is ExportFormat.CSV:
            return entries_as_csv(blacklist.list_blacklist(account))
        return numbers_as_objects(export_blacklist(account))
    found = export_contacts(account, group_id)
    return _WRITERS[export_format](found)


_WRITERS: Final = {
    ExportFormat.CSV: contacts_as_csv,
    ExportFormat.NDJSON: contacts_as_objects,
    ExportFormat.VCARD: contacts_as_cards,
}
