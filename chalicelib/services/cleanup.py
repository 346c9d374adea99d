"""The clean-up that runs unattended: purging contacts that are due, sweeping up after deletions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from chalicelib.storage import cleanup, keys
from chalicelib.storage.tombstones import oldest_tombstones


@dataclass(slots=True)
class CleanupReport:
    """What one run did, and the day of the oldest contact that it left due, if any."""

    contacts_purged: int = 0
    contacts_skipped: int = 0
    memberships_swept: int = 0
    oldest_due_left: date | None = None


def clean_up(now: datetime, seconds_left: Callable[[], float]) -> CleanupReport:
    """Sweep and purge, the oldest first, for as long as there is time.

    What is not done in time is found by the next run: what is done leaves the index. The
    sweep takes half of the time at most, so that a large group never keeps contacts from
    being purged.
    """
    report = CleanupReport()
    half = seconds_left() / 2
    _sweep(now, report, lambda: seconds_left() > half)
    _purge(now.date(), report, lambda: seconds_left() > 0)
    return report


class CleanupPreview(NamedTuple):
    """What the next run would find to do."""

    contacts_due: int
    oldest_due: date | None
    tombstones: int
    memberships_to_sweep: int


def preview(today: date) -> CleanupPreview:
    """Count what is due on *today* or before and what waits to be swept, and change nothing."""
    days = [keys.day_of_due(entry.gsi1sk) for entry in cleanup.due_contacts(today)]
    waiting = [cleanup.count_memberships_left(entry) for entry in oldest_tombstones()]
    return CleanupPreview(
        contacts_due=len(days),
        oldest_due=days[0] if days else None,
        tombstones=len(waiting),
        memberships_to_sweep=sum(waiting),
    )


def _sweep(now: datetime, report: CleanupReport, has_time: Callable[[], bool]) -> None:
    for entry in oldest_tombstones():
        for swept in cleanup.sweep(entry, now):
            report.memberships_swept += swept
            if not has_time():
                return


def _purge(today: date, report: CleanupReport, has_time: Callable[[], bool]) -> None:
    for entry in cleanup.due_contacts(today):
        if not has_time():
            report.oldest_due_left = keys.day_of_due(entry.gsi1sk)
            return
        if cleanup.purge_contact(entry, today):
            report.contacts_purged += 1
        else:
            report.contacts_skipped += 1
