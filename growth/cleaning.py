"""What the clean-up gets done: one contact or membership after the other, in the time of a run."""

from typing import Final

RUN_SECONDS: Final = 610 - 20
"""The Lambda's time, without what it keeps for its report."""

RUNS_A_DAY: Final = 24 * 60 / 15
MAX_RUNS_A_DAY: Final = 24 * 60 / 11
"""With the schedule that `docs/operations.md` advises when the purge is behind."""

READ_SECONDS: Final = 0.005
"""A read of one item from a Lambda in the same region: an assumption."""

TRANSACTION_SECONDS: Final = 0.020
"""A transaction of two actions: the same."""


def a_run(transaction_seconds: float, *, sweeping: bool) -> int:
    """Return how many contacts a run purges; while there is enough to sweep, in half of its time.

    A contact is a read and a transaction; so is a membership that is swept.
    """
    seconds = RUN_SECONDS / 2 if sweeping else RUN_SECONDS
    return int(seconds / (READ_SECONDS + transaction_seconds))


def a_day(transaction_seconds: float, *, sweeping: bool) -> int:
    """Return how many contacts all runs of a day purge."""
    return int(RUNS_A_DAY * a_run(transaction_seconds, sweeping=sweeping))


def days(contacts: int, transaction_seconds: float, *, runs_a_day: float = RUNS_A_DAY) -> float:
    """Return how long it takes until so many are purged, while there is nothing to sweep."""
    return contacts / (a_run(transaction_seconds, sweeping=False) * runs_a_day)
