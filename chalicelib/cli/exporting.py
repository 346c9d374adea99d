"""``phonebook export``: what an account has, as a file."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn

from chalicelib.cli.accounts import account_named
from chalicelib.cli.groups import group_named
from chalicelib.cli.output import say
from chalicelib.domain.exports import ExportFormat, Selected, What, check_export
from chalicelib.exporting.selected import lines_of


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
    check_export(what, export_format, has_group=group is not None)
    group_id = group_named(whose, group).id if group is not None else None
    selected = Selected(what=what, format=export_format, group_id=group_id)
    console = Console(stderr=True)
    with Progress(
        TextColumn("Exporting"),
        TextColumn("{task.completed} lines"),
        console=console,
        disable=not console.is_terminal or sys.stdout.isatty(),
    ) as bar:
        task = bar.add_task("", total=None)
        for line in lines_of(whose, selected):
            _print(line)
            bar.advance(task)
    sys.stdout.buffer.flush()


def _print(line: str) -> None:
    """Print a line as it is; but on a terminal without what would take it over."""
    if sys.stdout.isatty():
        say(line.rstrip("\r\n"))
    else:
        sys.stdout.buffer.write(line.encode())
