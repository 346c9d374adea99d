"""Counting a batch of changes, in their order and each exactly once."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from chalicelib.storage.counters import Change, apply_once, fits_with


def count(changes: Sequence[Change], now: datetime) -> Iterator[int]:
    """Count *changes*, and after each transaction yield how many are done with so far.

    Changes of one group that follow upon each other are summed into one write, as many as a
    transaction holds.

    Raises:
        UnavailableError: The table does not serve us; what was yielded is counted.

    """
    done = 0
    together: list[Change] = []
    for change in changes:
        if not fits_with(change, together):
            apply_once(together, now)
            done += len(together)
            yield done
            together = []
        together.append(change)
    apply_once(together, now)
    yield len(changes)
