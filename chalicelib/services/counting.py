"""Counting a batch of the stream's records in their order, each exactly once."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from chalicelib.storage.aside import put_aside
from chalicelib.storage.counters import (
    COUNTED,
    Countable,
    UncountableError,
    apply_once,
    countable_in,
    fits_with,
)
from chalicelib.storage.stream_records import UnreadableRecordError, change_of


class Progress(NamedTuple):
    """How many records are done, and why the last one was put aside, or None if it was not."""

    done: int
    put_aside: str | None = None


class _Waiting(NamedTuple):
    position: int
    record: object
    countable: Countable


def countable_of(record: object) -> Countable | None:
    """Return what to count for a record, or None if it does not change a counter.

    Raises:
        UncountableError: The record cannot be from our table's stream.

    """
    try:
        change = change_of(record, COUNTED)
    except UnreadableRecordError as error:
        raise UncountableError(str(error)) from error
    return None if change is None else countable_in(change)


def count(records: Sequence[object], now: datetime) -> Iterator[Progress]:
    """Count *records*, and yield the progress.

    Changes of one group are summed into one write, as many as a transaction holds. A record that
    can never be counted is put aside, and does not block the others.

    Raises:
        UnavailableError: The table does not serve us. The yielded progress is done.

    """
    waiting: list[_Waiting] = []
    together: list[Countable] = []
    for position, record in enumerate(records):
        try:
            countable = countable_of(record)
        except UncountableError as error:
            yield from _count_together(waiting, now)
            waiting, together = [], []
            yield from _put_aside(position, record, error, now)
            continue
        if countable is None:
            continue
        if not fits_with(countable, together):
            yield from _count_together(waiting, now)
            waiting, together = [], []
        waiting.append(_Waiting(position, record, countable))
        together.append(countable)
    yield from _count_together(waiting, now)
    yield Progress(len(records))


def _count_together(waiting: Sequence[_Waiting], now: datetime) -> Iterator[Progress]:
    if not waiting:
        return
    yield Progress(waiting[0].position)
    try:
        apply_once([each.countable for each in waiting], now)
    except UncountableError as error:
        if len(waiting) == 1:
            yield from _put_aside(waiting[0].position, waiting[0].record, error, now)
            return
        # One of them will always be refused, and with it the whole transaction.
        for each in waiting:
            yield from _count_together([each], now)


def _put_aside(
    position: int, record: object, error: UncountableError, now: datetime
) -> Iterator[Progress]:
    yield Progress(position)
    put_aside(record, str(error), now)
    yield Progress(position + 1, put_aside=str(error))
