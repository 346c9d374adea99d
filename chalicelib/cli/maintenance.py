"""``phonebook maintenance``: looking after what runs unattended."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from chalicelib.cli.output import AsJson, print_row
from chalicelib.cli.recounting import recount
from chalicelib.cli.redriving import redrive
from chalicelib.cli.table import connect_to_table
from chalicelib.cli.verifying import verify
from chalicelib.services import cleanup

commands = typer.Typer(no_args_is_help=True)
commands.command("recount")(recount)
commands.command("redrive")(redrive)
commands.command("verify")(verify)


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
