"""``phonebook maintenance purge``: the clean-up by hand."""

from datetime import date
from typing import Annotated

import typer

from chalicelib.cli.failures import NOT_MENDED
from chalicelib.cli.output import AsJson, print_row
from chalicelib.services import cleanup
from chalicelib.services.cleanup import CleanupReport
from chalicelib.storage.clock import time_of_table


def purge(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what the next run would do.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Purge what is due and sweep up after deletions now, for as long as it takes.

    The table's own clock says what is due. Exits with 5 if an item failed; it is named.
    """
    now = time_of_table()
    if dry_run:
        preview = cleanup.preview(now.date())
        row = {
            **preview._asdict(),
            "today": now.date().isoformat(),
            "oldest_due": _text(preview.oldest_due),
        }
        print_row(row, as_json=as_json)
        return
    report = CleanupReport()
    try:
        cleanup.clean_up(now, report=report)
    finally:
        _print(report, as_json=as_json)
    if report.items_failed:
        raise typer.Exit(NOT_MENDED)


def _print(report: CleanupReport, *, as_json: bool) -> None:
    # Whole keys, which no log has: whoever may run this may read them, and has to find them.
    for key, error in report.failures:
        typer.echo(f"Left as it is: {key}: {type(error).__name__}: {error}", err=True)
    print_row(
        {
            "today": _text(report.today),
            "contacts_purged": report.contacts_purged,
            "contacts_skipped": report.contacts_skipped,
            "memberships_swept": report.memberships_swept,
            "items_failed": report.items_failed,
            "oldest_due_left": _text(report.oldest_due_left),
            "oldest_deletion_left": _text(report.oldest_deletion_left),
        },
        as_json=as_json,
    )


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
