"""Working for all accounts in turns, so that a failure of one item stops no other.

Neither a bad item, nor an account with very many items, may block the other accounts in a run
that nobody watches.
"""

import random
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Final, NamedTuple, TypeAlias

from chalicelib.domain.errors import ErrorCode, UnavailableError
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.model import Item

FAILURES_NAMED: Final = 100
"""Failures of a run that are named. The others are only counted."""

FIRST_TURN: Final = 100
"""Items of one account in its first turn. Each further turn is twice as long."""

HasTime: TypeAlias = Callable[[], bool]


class Failure(NamedTuple):
    """A failed item, by its keys, and the error."""

    key: str
    error: Exception


class Task(NamedTuple):
    """The work on one item: its account, its keys, and the day since when it is due, if known."""

    account_id: str
    key: str
    day: date | None


def task_of(entry: Item, day_of: Callable[[str], date]) -> Task:
    """Return the task of an index entry."""
    try:
        day = day_of(entry.gsi1sk)
    except ValueError:
        day = None
    return Task(keys.account_in(entry.pk), f"{entry.pk} {entry.sk}", day)


class _TimeIsUpError(Exception):
    """There is no time for another item."""


class Run:
    """Goes through an index, with turns for the accounts, and goes on after failures.

    ``items_failed`` counts the failed items. ``failures`` has the first of them.
    """

    def __init__(self, has_time: HasTime) -> None:
        self.items_failed = 0
        self.failures: list[Failure] = []
        self._has_time = has_time
        self._settled: set[str] = set()
        self._oldest_failed: date | None = None
        self._turns = _Turns(FIRST_TURN)

    @property
    def oldest_left(self) -> date | None:
        """The day of the oldest item that failed or is still waiting."""
        return oldest(self._oldest_failed, self._turns.oldest_waiting)

    def in_turns(self, go_through: Callable[[], None]) -> bool:
        """Go through the index until no account waits for a turn; return False if time was up."""
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

    def is_turn_over(self, task: Task) -> bool:
        """Say whether an item has to wait because its account's turn is over."""
        if not self._turns.is_over(task.account_id):
            return False
        self._turns.wait(task.day)
        return True

    def is_next(self, task: Task) -> bool:
        """Say whether to do an item now: it did not fail in this run, and need not wait."""
        if task.key in self._settled:
            return False
        if self._turns.has_to_wait(task.account_id):
            self._turns.wait(task.day)
            return False
        return True

    def attempt(self, task: Task, do: Callable[[], bool]) -> bool:
        """Do an item, and say whether it is done.

        If it fails, the run goes on, except if the table is out of reach.
        """
        try:
            self._refuse_if_time_is_up()
            is_done = do()
        except _TimeIsUpError:
            self._turns.wait(task.day)
            raise
        except Exception as error:
            if isinstance(error, UnavailableError) and error.code is ErrorCode.UNREACHABLE:
                self._turns.wait(task.day)
                raise
            if not self._has_time():
                self._turns.wait(task.day)
                raise _TimeIsUpError from error
            self._fail(task, error)
            return False
        self._turns.count_done(task.account_id)
        if not is_done:
            self._settle(task)
        return is_done

    def _refuse_if_time_is_up(self) -> None:
        if not self._has_time():
            raise _TimeIsUpError

    def _fail(self, task: Task, error: Exception) -> None:
        self._settle(task)
        self._turns.count_failed(task.account_id)
        self.items_failed += 1
        if len(self.failures) < FAILURES_NAMED:
            self.failures.append(Failure(task.key, error))

    def _settle(self, task: Task) -> None:
        self._settled.add(task.key)
        self._oldest_failed = oldest(self._oldest_failed, task.day)


class _Turns:
    """The turns of accounts: which items have to wait.

    An item waits if the turn of its account is over. In the first turn, items also wait after
    failures of their account: we skip a random number of items, and its maximum doubles with each
    failure in a row. So many bad items hardly delay the good ones, and since the number is random,
    the next run tries other items.
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
        self.oldest_waiting = oldest(self.oldest_waiting, day)

    def count_done(self, account_id: str) -> None:
        self._done[account_id] += 1
        self._failed_in_a_row[account_id] = 0

    def count_failed(self, account_id: str) -> None:
        self._done[account_id] += 1
        self._failed_in_a_row[account_id] += 1
        if self._length == FIRST_TURN:
            most = 2 ** self._failed_in_a_row[account_id]
            self._to_leap[account_id] = random.randrange(most)  # noqa: S311 - guards nothing


def oldest(*days: date | None) -> date | None:
    """Return the oldest day, or None if there is no day."""
    return min((day for day in days if day), default=None)
