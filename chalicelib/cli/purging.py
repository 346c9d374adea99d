"""``phonebook maintenance purge``: run the clean-up by hand."""

import sys
from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer

from chalicelib.cli.failures import NOT_MENDED, PurgeNotConfirmedError
from chalicelib.cli.output import AsJson, print_row, say, warn
from chalicelib.cli.table import via_of
from chalicelib.domain.caller import Stamp
from chalicelib.services import cleanup
from chalicelib.services.cleanup import CleanupReport, LargePurge
from chalicelib.storage.dynamodb.clock import time_of_table


def purge(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what the next clean-up would do.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask, even about more than a tenth of an account.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Clean up now: sweep what deletions left behind, and purge the contacts whose day has come.

    The schedule does the same; this goes on until all is done. The table's own clock says what
    is due. Exits with 5 if an item failed; it is named.
    """
    now = time_of_table()
    if dry_run:
        preview = cleanup.preview(now.date())
        _warn(preview.large_purges)
        row = {
            **preview._asdict(),
            "today": now.date().isoformat(),
            "oldest_due": _text(preview.oldest_due),
            "large_purges": len(preview.large_purges),
        }
        print_row(row, as_json=as_json)
        if not (as_json or preview.contacts_due or preview.memberships_to_sweep):
            say("Nothing is due.")
        return
    if not yes:
        _ask_about(cleanup.list_large_purges(now.date()))
    report = CleanupReport()
    try:
        cleanup.clean_up(Stamp.operator(now, via=via_of(context)), report=report)
    finally:
        _print(report, as_json=as_json)
    if report.items_failed:
        raise typer.Exit(NOT_MENDED)


def _ask_about(large_purges: Sequence[LargePurge]) -> None:
    """Ask the operator to confirm large purges, if there are any.

    Raises:
        PurgeNotConfirmedError: The answer is no, or nobody is there to ask.

    """
    if not large_purges:
        return
    _warn(large_purges)
    if not (sys.stdin.isatty() and typer.confirm("Purge them?", err=True)):
        raise PurgeNotConfirmedError


def _warn(large_purges: Sequence[LargePurge]) -> None:
    for account_id, due, contacts in large_purges:
        of = "of an unknown number of" if contacts is None else f"of {contacts}"
        warn(f"Account {account_id}: {due} {of} contacts are due.")


def _print(report: CleanupReport, *, as_json: bool) -> None:
    # Whole keys, unlike in logs: an operator may read them, and needs them to find the items.
    for key, error in report.failures:
        warn(f"Left as it is: {key}: {type(error).__name__}: {error}")
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
    done = report.contacts_purged or report.contacts_skipped or report.memberships_swept
    if not (as_json or done or report.items_failed):
        say("Nothing was due.")


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
