"""The scheduled clean-up: first it sweeps, then it purges.

The *sweep* removes the memberships that remain of deleted groups and contacts. The *purge* deletes
the contacts that are due. Both work for all accounts, in turns.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Final, NamedTuple, TypeAlias

from chalicelib.domain.caller import Stamp
from chalicelib.domain.errors import UnavailableError
from chalicelib.services.turns import FAILURES_NAMED, Failure, HasTime, Run, Task, oldest, task_of
from chalicelib.storage import counters, keys, purging, sweeping
from chalicelib.storage.dynamodb.model import Item
from chalicelib.storage.purging import Outcome

LARGE_SHARE: Final = 10
"""A purge is large if it deletes more than one in LARGE_SHARE contacts of an account ..."""

LARGE_NUMBER: Final = 100
"""... and at least LARGE_NUMBER: a small account often has a tenth of its contacts due."""

SecondsLeft: TypeAlias = Callable[[], float]


class LargePurge(NamedTuple):
    """How many contacts of an account are due, and how many it has; None if this is unreadable."""

    account_id: str
    due: int
    contacts: int | None


@dataclass(slots=True)
class CleanupReport:
    """What one run did, and what remains to do.

    ``items_failed`` counts the items that failed. ``failures`` has the first of them.
    ``oldest_due_left`` is the day of the oldest contact that is still due. ``oldest_deletion_left``
    is the day of the oldest deletion that is not swept yet. If one of them is None, nothing
    remains, but only if the run came to the end: ``is_purge_seen`` and ``is_sweep_seen`` say so.
    """

    today: date | None = None
    contacts_purged: int = 0
    contacts_skipped: int = 0
    memberships_swept: int = 0
    items_failed: int = 0
    oldest_due_left: date | None = None
    is_purge_seen: bool = False
    oldest_deletion_left: date | None = None
    is_sweep_seen: bool = False
    large_purges: list[LargePurge] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def add_failures_of(self, run: Run) -> None:
        """Add the failures of one half of the clean-up."""
        self.items_failed += run.items_failed
        self.failures += run.failures[: FAILURES_NAMED - len(self.failures)]


def clean_up(
    stamp: Stamp, seconds_left: SecondsLeft | None = None, report: CleanupReport | None = None
) -> CleanupReport:
    """Sweep and purge, the oldest first, until all is done or the time is up.

    Finished items leave the index, so the next run finds the rest. The sweep uses at most half of
    the time, so that a large group cannot block the purge. A caller that needs the report of an
    interrupted run passes in *report*.

    Raises:
        UnavailableError: The table does not serve us. Both halves were tried.

    """
    report = report or CleanupReport()
    report.today = stamp.at.date()
    failures: list[Exception] = []
    for half in (_sweep, _purge):
        try:
            half(stamp, report, seconds_left)
        except Exception as error:  # noqa: BLE001 - a failure of one half must not stop the other
            failures.append(error)
    if failures:
        raise failures[0]
    return report


def list_large_purges(today: date) -> list[LargePurge]:
    """Return the accounts of which unusually many contacts are due.

    Raises:
        UnavailableError: The table does not serve us.

    """
    return _large_ones(_count_due(today, lambda: True))


class CleanupPreview(NamedTuple):
    """The work of the next run. That run may find more bad items when it reads them."""

    contacts_due: int
    oldest_due: date | None
    tombstones: int
    memberships_to_sweep: int
    bad_items: int
    large_purges: list[LargePurge]


def preview(today: date) -> CleanupPreview:
    """Count what is due on *today* or before and what is to be swept, without any change.

    Raises:
        UnavailableError: The table does not serve us.

    """
    due: Counter[str] = Counter()
    days: list[date | None] = []
    for entry in purging.due_contacts(today):
        task = task_of(entry, keys.day_of_due)
        due[task.account_id] += 1
        days.append(task.day)
    waiting = [_count_leftovers(entry) for entry in sweeping.oldest_tombstones()]
    return CleanupPreview(
        contacts_due=len(days),
        oldest_due=oldest(*days),
        tombstones=len(waiting),
        memberships_to_sweep=sum(count for count in waiting if count),
        bad_items=[*days, *waiting].count(None),
        large_purges=_large_ones(due),
    )


def _count_leftovers(entry: Item) -> int | None:
    """Return how many memberships a tombstone's sweep would read, or None if it is malformed."""
    try:
        tombstone = sweeping.find_tombstone(entry)
        return tombstone.count_leftovers() if tombstone else 0
    except UnavailableError:
        raise
    except Exception:  # noqa: BLE001 - any fault of it must not stop the counting of the others
        return None


def _count_due(today: date, has_time: HasTime) -> Counter[str]:
    due: Counter[str] = Counter()
    for page in purging.count_due(today):
        due.update(page)
        if not has_time():
            break
    return due


def _large_ones(due: Counter[str]) -> list[LargePurge]:
    return [
        LargePurge(account_id, count, contacts)
        for account_id, count in due.items()
        if count >= LARGE_NUMBER
        and ((contacts := _count_contacts(account_id)) is None or count * LARGE_SHARE > contacts)
    ]


def _count_contacts(account_id: str) -> int | None:
    """Return how many contacts an account has, or None if its counter is unreadable."""
    try:
        return counters.read_counter(counters.Counter(account_id, None))
    except UnavailableError:
        raise
    except Exception:  # noqa: BLE001 - without a count, any purge of the account may be large
        return None


def _sweep(stamp: Stamp, report: CleanupReport, seconds_left: SecondsLeft | None) -> None:
    run = Run(_until_half_of(seconds_left))

    def sweep_one(entry: Item, task: Task) -> bool:
        tombstone = sweeping.find_tombstone(entry)
        if tombstone is None:
            return True
        try:
            for leftover in tombstone.leftovers(stamp):
                if run.is_turn_over(task):
                    break
                membership = task._replace(key=f"{task.key} {leftover.key}")
                if run.is_next(membership) and run.attempt(membership, leftover.sweep):
                    report.memberships_swept += 1
        finally:
            tombstone.close(stamp)
        return True

    def sweep_each() -> None:
        for entry in sweeping.oldest_tombstones():
            task = task_of(entry, keys.day_of_sweep)
            if run.is_next(task):
                run.attempt(task, partial(sweep_one, entry, task))

    try:
        report.is_sweep_seen = run.in_turns(sweep_each)
    finally:
        report.oldest_deletion_left = run.oldest_left
        report.add_failures_of(run)


def _purge(stamp: Stamp, report: CleanupReport, seconds_left: SecondsLeft | None) -> None:
    today = stamp.at.date()
    run = Run(_until_end_of(seconds_left))
    has_time_to_count = _until_half_of(seconds_left)
    due = _count_due(today, has_time_to_count)
    if not due and has_time_to_count():
        report.is_purge_seen = True
        return
    report.large_purges = _large_ones(due)

    def purge_one(entry: Item) -> bool:
        outcome = purging.purge_contact(entry, stamp)
        report.contacts_purged += outcome is Outcome.PURGED
        report.contacts_skipped += outcome is Outcome.LEFT_ALONE
        return True

    def is_passed_over(entry: Item) -> bool:
        return run.is_turn_over(task_of(entry, keys.day_of_due))

    def purge_each() -> None:
        for entry in purging.due_contacts(today, is_passed_over):
            task = task_of(entry, keys.day_of_due)
            if run.is_next(task):
                run.attempt(task, partial(purge_one, entry))

    try:
        report.is_purge_seen = run.in_turns(purge_each)
    finally:
        report.oldest_due_left = run.oldest_left
        report.add_failures_of(run)


def _until_half_of(seconds_left: SecondsLeft | None) -> HasTime:
    half = seconds_left() / 2 if seconds_left else 0.0
    return lambda: seconds_left is None or seconds_left() > half


def _until_end_of(seconds_left: SecondsLeft | None) -> HasTime:
    return lambda: seconds_left is None or seconds_left() > 0
