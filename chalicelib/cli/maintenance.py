"""``phonebook maintenance``: looking after what runs unattended."""

from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress

from chalicelib.cli.failures import NOT_MENDED
from chalicelib.cli.output import AsJson, Row, print_row, print_rows
from chalicelib.cli.redriving import redrive
from chalicelib.cli.table import connect_to_table
from chalicelib.domain.ids import uuid_of
from chalicelib.services import cleanup, recounting

COLUMNS: Final = ("account", "group", "count", "truth", "fixed")

commands = typer.Typer(no_args_is_help=True)
commands.command("redrive")(redrive)


@commands.callback()
def connect() -> None:
    """Look after counts and the purge."""
    connect_to_table()


@commands.command("purge")
def purge(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what the next run would do.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Purge what is due and sweep up after deletions now, for as long as it takes."""
    now = datetime.now(UTC)
    if dry_run:
        preview = cleanup.preview(now.date())
        oldest = preview.oldest_due
        row = {**preview._asdict(), "oldest_due": None if oldest is None else oldest.isoformat()}
        print_row(row, as_json=as_json)
        return
    report = cleanup.clean_up(now, lambda: float("inf"))
    print_row(
        {
            "contacts_purged": report.contacts_purged,
            "contacts_skipped": report.contacts_skipped,
            "memberships_swept": report.memberships_swept,
        },
        as_json=as_json,
    )


@commands.command("recount")
def recount(
    fix: Annotated[bool, typer.Option("--fix", help="Repair the counters that drifted.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare every counter with the truth, while traffic runs; needs the stream Lambda to run.

    Exits with 5 if a counter drifted and was not repaired.
    """
    counters = list(recounting.all_counters())
    bar = Progress(console=Console(stderr=True), disable=as_json)
    with bar:
        found = [
            result
            for counter in bar.track(counters, description="Recounting")
            if (result := recounting.recount_one(counter, fix=fix))
        ]
    wrong = [result for result in found if result.drift or result.truth is None]
    print_rows(COLUMNS, [_row(result) for result in wrong], as_json=as_json)
    if not as_json:
        typer.echo(f"{len(found)} counters, {len(wrong)} of them not right.")
    if any(not result.is_fixed for result in wrong):
        raise typer.Exit(NOT_MENDED)


def _row(result: recounting.Recount) -> Row:
    group_id = result.counter.group_id
    return {
        "account": result.counter.account_id,
        "group": "" if group_id is None else uuid_of(group_id),
        "count": result.count,
        "truth": "still changing" if result.truth is None else result.truth,
        "fixed": result.is_fixed,
    }
