"""Counting what a batch of the stream's records tells, in their order and each exactly once."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from chalicelib.storage.aside import put_aside
from chalicelib.storage.counters import Change, UncountableError, apply_once, fits_with
from chalicelib.storage.stream_records import change_of


class Step(NamedTuple):
    """How many records are done with so far, and why the last of them was put aside, if it was."""

    done: int
    put_aside: str | None = None


class _Waiting(NamedTuple):
    position: int
    record: object
    change: Change


def count(records: Sequence[object], now: datetime) -> Iterator[Step]:
    """Count what *records* tell, and yield each step of it.

    Changes of one group that follow upon each other are summed into one write, as many as a
    transaction holds. A record that can never be counted is put aside, and holds up none.

    Raises:
        UnavailableError: The table does not serve us; what was yielded is done.

    """
    waiting: list[_Waiting] = []
    together: list[Change] = []
    for position, record in enumerate(records):
        try:
            change = change_of(record)
        except UncountableError as error:
            yield from _count_together(waiting, now)
            waiting, together = [], []
            yield from _put_aside(position, record, error, now)
            continue
        if change is None:
            continue
        if not fits_with(change, together):
            yield from _count_together(waiting, now)
            waiting, together = [], []
        waiting.append(_Waiting(position, record, change))
        together.append(change)
    yield from _count_together(waiting, now)
    yield Step(len(records))


def _count_together(waiting: Sequence[_Waiting], now: datetime) -> Iterator[Step]:
    if not waiting:
        return
    yield Step(waiting[0].position)
    try:
        apply_once([each.change for each in waiting], now)
    except UncountableError as error:
        if len(waiting) == 1:
            yield from _put_aside(waiting[0].position, waiting[0].record, error, now)
            return
        # One of them is refused for ever, and the others with it.
        for each in waiting:
            yield from _count_together([each], now)


def _put_aside(
    position: int, record: object, error: UncountableError, now: datetime
) -> Iterator[Step]:
    yield Step(position)
    put_aside(record, str(error), now)
    yield Step(position + 1, put_aside=str(error))
