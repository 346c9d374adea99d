"""The clean-up that runs unattended: purging contacts that are due, sweeping up after deletions.

It works for all accounts, so nothing that is wrong with one item, and nothing that one account has
too much of, may keep it from the others.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Final, NamedTuple, TypeAlias

from chalicelib.domain.caller import Stamp
from chalicelib.domain.errors import ErrorCode, UnavailableError
from chalicelib.storage import cleanup, counters, keys
from chalicelib.storage.cleanup import Outcome
from chalicelib.storage.dynamodb.model import Item
from chalicelib.storage.tombstones import oldest_tombstones

LARGE_SHARE: Final = 10
"""A purge is large if it takes more than one in so many contacts of an account ..."""

LARGE_NUMBER: Final = 100
"""... and not fewer than so many: a tenth of a small account is a handful, and due every day."""

FAILURES_NAMED: Final = 100
"""Of a run; the others are counted."""

FIRST_TURN: Final = 100
"""Items of one account before the others have their turn; each further turn is twice as long."""

SecondsLeft: TypeAlias = Callable[[], float]
HasTime: TypeAlias = Callable[[], bool]


class LargePurge(NamedTuple):
    """How much of an account is due, and how many contacts it has, if its counter can be read."""

    account_id: str
    due: int
    contacts: int | None


class Failure(NamedTuple):
    """What could not be purged or swept, by its keys, and why."""

    key: str
    error: Exception


@dataclass(slots=True)
class CleanupReport:
    """What one run did, and what it left undone.

    ``items_failed`` are those that failed by themselves, of which ``failures`` names the first.
    ``oldest_due_left`` is the day of the oldest contact that is due still, and
    ``oldest_deletion_left`` that of the oldest deletion that is not swept yet: None says that there
    is none, if ``is_purge_seen`` or ``is_sweep_seen`` says that the run came so far, and
    otherwise that nobody knows.
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


def clean_up(
    stamp: Stamp, seconds_left: SecondsLeft | None = None, report: CleanupReport | None = None
) -> CleanupReport:
    """Sweep and purge, the oldest first, for as long as there is time, or until all is done.

    What is not done in time is found by the next run: what is done leaves the index. The
    sweep takes half of the time at most, so that a large group never keeps contacts from
    being purged. Whoever needs the *report* of a run that is broken off passes it in.

    Raises:
        UnavailableError: The table does not serve us; what could be done was done.

    """
    report = report or CleanupReport()
    report.today = stamp.at.date()
    failures: list[Exception] = []
    for work in (_sweep, _purge):
        try:
            work(stamp, report, seconds_left)
        except Exception as error:  # noqa: BLE001 - one work's failure is not the other's
            failures.append(error)
    if failures:
        raise failures[0]
    return report


def find_large_purges(today: date, has_time: HasTime = lambda: True) -> list[LargePurge]:
    """Return the accounts of which more is due than is usual, as far as there is time to count.

    Raises:
        UnavailableError: The table does not serve us.

    """
    return _large_ones(_count_due(today, has_time))


class CleanupPreview(NamedTuple):
    """What the next run would find to do; it finds more bad items when it reads them."""

    contacts_due: int
    oldest_due: date | None
    tombstones: int
    memberships_to_sweep: int
    bad_items: int
    large_purges: list[LargePurge]


def preview(today: date) -> CleanupPreview:
    """Count what is due on *today* or before and what waits to be swept, and change nothing.

    Raises:
        UnavailableError: The table does not serve us.

    """
    due: Counter[str] = Counter()
    days: list[date | None] = []
    for entry in cleanup.due_contacts(today):
        item = _item_of(entry, keys.day_of_due)
        due[item.account_id] += 1
        days.append(item.day)
    waiting = [_count_left(entry) for entry in oldest_tombstones()]
    return CleanupPreview(
        contacts_due=len(days),
        oldest_due=_oldest(*days),
        tombstones=len(waiting),
        memberships_to_sweep=sum(count for count in waiting if count),
        bad_items=[*days, *waiting].count(None),
        large_purges=_large_ones(due),
    )


def _count_left(entry: Item) -> int | None:
    """Return how many memberships a tombstone's sweep would look at, or None if it is a bad one."""
    try:
        tombstone = cleanup.find_tombstone(entry)
        return tombstone.count_left() if tombstone else 0
    except UnavailableError:
        raise
    except Exception:  # noqa: BLE001 - whatever is wrong with it, the others are counted
        return None


def _count_due(today: date, has_time: HasTime) -> Counter[str]:
    due: Counter[str] = Counter()
    for page in cleanup.count_due(today):
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
    """Return how many contacts an account has, or None where its counter cannot be read."""
    try:
        return counters.read_counter(counters.Counter(account_id, None))
    except UnavailableError:
        raise
    except Exception:  # noqa: BLE001 - of a bad account, whatever is due is much
        return None


def _sweep(stamp: Stamp, report: CleanupReport, seconds_left: SecondsLeft | None) -> None:
    run = _Run(report, _until_half_of(seconds_left))

    def sweep_one(entry: Item, item: _Item) -> bool:
        tombstone = cleanup.find_tombstone(entry)
        if tombstone is None:
            return True
        try:
            for leftover in tombstone.left(stamp):
                if run.is_turn_over(item):
                    break
                membership = item._replace(key=f"{item.key} {leftover.key}")
                if run.is_next(membership) and run.attempt(membership, leftover.sweep):
                    report.memberships_swept += 1
        finally:
            tombstone.close(stamp)
        return True

    def sweep_each() -> None:
        for entry in oldest_tombstones():
            item = _item_of(entry, keys.day_of_sweep)
            if run.is_next(item):
                run.attempt(item, partial(sweep_one, entry, item))

    try:
        report.is_sweep_seen = run.in_turns(sweep_each)
    finally:
        report.oldest_deletion_left = run.oldest_left


def _purge(stamp: Stamp, report: CleanupReport, seconds_left: SecondsLeft | None) -> None:
    today = stamp.at.date()
    run = _Run(report, _until_end_of(seconds_left))
    has_time_to_count = _until_half_of(seconds_left)
    due = _count_due(today, has_time_to_count)
    if not due and has_time_to_count():
        report.is_purge_seen = True
        return
    report.large_purges = _large_ones(due)

    def purge_one(entry: Item) -> bool:
        outcome = cleanup.purge_contact(entry, today)
        report.contacts_purged += outcome is Outcome.PURGED
        report.contacts_skipped += outcome is Outcome.LEFT_ALONE
        return True

    def is_passed_over(entry: Item) -> bool:
        return run.is_turn_over(_item_of(entry, keys.day_of_due))

    def purge_each() -> None:
        for entry in cleanup.due_contacts(today, is_passed_over):
            item = _item_of(entry, keys.day_of_due)
            if run.is_next(item):
                run.attempt(item, partial(purge_one, entry))

    try:
        report.is_purge_seen = run.in_turns(purge_each)
    finally:
        report.oldest_due_left = run.oldest_left


class _Item(NamedTuple):
    """One item to be purged or swept: whose it is, by which keys it is found, and since when."""

    account_id: str
    key: str
    day: date | None


def _item_of(entry: Item, day_of: Callable[[str], date]) -> _Item:
    try:
        day = day_of(entry.gsi1sk)
    except ValueError:
        day = None
    return _Item(keys.account_in(entry.pk), f"{entry.pk} {entry.sk}", day)


class _TimeIsUpError(Exception):
    """There is no time for one more item."""


class _Run:
    """Goes through an index, account by account in turns, and lets each item fail by itself."""

    def __init__(self, report: CleanupReport, has_time: HasTime) -> None:
        self._report = report
        self._has_time = has_time
        self._settled: set[str] = set()
        self._oldest_failed: date | None = None
        self._turns = _Turns(FIRST_TURN)

    @property
    def oldest_left(self) -> date | None:
        """Since when the oldest is due that failed, or was not come to."""
        return _oldest(self._oldest_failed, self._turns.oldest_waiting)

    def in_turns(self, go_through: Callable[[], None]) -> bool:
        """Go through the index until nobody waits for a turn, and say whether it came so far."""
        length = FIRST_TURN
        try:
            go_through()
            while self._turns.is_anybody_waiting:
                length *= 2
                self._turns = _Turns(length)
                go_through()
        except _TimeIsUpError:
            return False
        except UnavailableError:
            if self._has_time():
                raise
            return False
        return True

    def is_turn_over(self, item: _Item) -> bool:
        """Say whether an item has to wait because its account has had its turn."""
        if not self._turns.is_over(item.account_id):
            return False
        self._turns.wait(item.day)
        return True

    def is_next(self, item: _Item) -> bool:
        """Say whether to do an item now: it neither failed in this run nor has to wait."""
        if item.key in self._settled:
            return False
        if self._turns.has_to_wait(item.account_id):
            self._turns.wait(item.day)
            return False
        return True

    def attempt(self, item: _Item, do: Callable[[], bool]) -> bool:
        """Do something with one item, and say whether it is done.

        Where it fails, this is its failure alone; unless nobody can reach the table.
        """
        try:
            self._refuse_if_time_is_up()
            is_done = do()
        except _TimeIsUpError:
            self._turns.wait(item.day)
            raise
        except Exception as error:
            if isinstance(error, UnavailableError) and error.code is ErrorCode.UNREACHABLE:
                self._turns.wait(item.day)
                raise
            if not self._has_time():
                self._turns.wait(item.day)
                raise _TimeIsUpError from error
            self._fail(item, error)
            return False
        self._turns.count_done(item.account_id)
        if not is_done:
            self._leave(item)
        return is_done

    def _refuse_if_time_is_up(self) -> None:
        if not self._has_time():
            raise _TimeIsUpError

    def _fail(self, item: _Item, error: Exception) -> None:
        self._leave(item)
        self._turns.count_failed(item.account_id)
        self._report.items_failed += 1
        if len(self._report.failures) < FAILURES_NAMED:
            self._report.failures.append(Failure(item.key, error))

    def _leave(self, item: _Item) -> None:
        self._settled.add(item.key)
        self._oldest_failed = _oldest(self._oldest_failed, item.day)


class _Turns:
    """Whose turn it is: not that of an account that had one, nor of what is behind its failures.

    In the first turn, each failure in a row doubles how many items of that account are leapt over,
    give or take, so that very many bad ones hardly hold up the good ones. Where each leap ends is
    left to chance: the next run may try another.
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._done: Counter[str] = Counter()
        self._failed_in_a_row: Counter[str] = Counter()
        self._to_leap: Counter[str] = Counter()
        self.is_anybody_waiting = False
        self.oldest_waiting: date | None = None

    def is_over(self, account_id: str) -> bool:
        return self._done[account_id] >= self._length

    def has_to_wait(self, account_id: str) -> bool:
        if self.is_over(account_id):
            return True
        if self._to_leap[account_id]:
            self._to_leap[account_id] -= 1
            return True
        return False

    def wait(self, day: date | None) -> None:
        self.is_anybody_waiting = True
        self.oldest_waiting = _oldest(self.oldest_waiting, day)

    def count_done(self, account_id: str) -> None:
        self._done[account_id] += 1
        self._failed_in_a_row[account_id] = 0

    def count_failed(self, account_id: str) -> None:
        self._done[account_id] += 1
        self._failed_in_a_row[account_id] += 1
        if self._length == FIRST_TURN:
            most = 2 ** self._failed_in_a_row[account_id]
            self._to_leap[account_id] = random.randrange(most)  # noqa: S311 - guards nothing


def _oldest(*days: date | None) -> date | None:
    return min((day for day in days if day), default=None)


def _until_half_of(seconds_left: SecondsLeft | None) -> HasTime:
    half = seconds_left() / 2 if seconds_left else 0.0
    return lambda: seconds_left is None or seconds_left() > half


def _until_end_of(seconds_left: SecondsLeft | None) -> HasTime:
    return lambda: seconds_left is None or seconds_left() > 0
