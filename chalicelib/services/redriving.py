"""Counting again what was not counted: records that were put aside, and dead letters."""

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from chalicelib.services.counting import count, countable_of
from chalicelib.storage import aside
from chalicelib.storage.aside import Aside
from chalicelib.storage.counters import Fence, UncountableError
from chalicelib.storage.dead_letters import (
    DeadLetter,
    DeadLetters,
    NoLongerInStreamError,
    is_of_this_table,
    records_of,
)


class NothingAsideError(Exception):
    """No record with this id was put aside."""


class Fate(Enum):
    """The outcome for a record or letter."""

    WAITS = "not sent"
    COUNTED = "counted"
    NOTHING = "nothing to count"
    STAYS = "stays"
    GONE = "gone from the stream"
    ELSEWHERE = "of another table"


class Resent(NamedTuple):
    """A record that was put aside or a dead letter, with its outcome and the reason."""

    what: Aside | DeadLetter
    fate: Fate
    why: str


def look() -> Iterator[Resent]:
    """Yield every record that was put aside, without any change.

    Raises:
        UnavailableError: The table does not serve us.

    """
    return (Resent(lying, Fate.WAITS, lying.why) for lying in aside.list_aside())


def look_into(letters: DeadLetters) -> Iterator[Resent]:
    """Yield every dead letter, without any change.

    Raises:
        UnavailableError: AWS refused, or is out of reach.

    """
    for letter in list(letters.receive()):
        letters.show_again(letter)
        yield Resent(letter, Fate.WAITS, "")


def send_again(now: datetime) -> Iterator[Resent]:
    """Count the records that were put aside, if this is now possible, and yield the outcomes.

    One transaction counts a record and deletes it. So each is counted once, even if this is
    interrupted or runs twice.

    Raises:
        UnavailableError: The table does not serve us. The yielded outcomes are done.

    """
    for lying in aside.list_aside():
        if not lying.is_whole:
            yield Resent(lying, Fate.STAYS, "a part of it is missing")
            continue
        try:
            countable = countable_of(lying.record)
            # The recount that wrote the fence does not wait for it any more.
            if countable is None or isinstance(countable, Fence):
                aside.forget(lying)
                yield Resent(lying, Fate.NOTHING, "")
            else:
                was_counted = aside.count_once(lying, countable, now)
                yield Resent(lying, Fate.COUNTED if was_counted else Fate.NOTHING, "")
        except UncountableError as error:
            yield Resent(lying, Fate.STAYS, str(error))


def send_letters_again(letters: DeadLetters, now: datetime) -> Iterator[Resent]:
    """Count the records of dead letters that the stream still has, and yield the outcomes.

    A letter is removed after all its records are counted or put aside, now or before. A letter
    about another table stays, since its counters are not in this table.

    Raises:
        UnavailableError: The table, the stream or the queue does not serve us.

    """
    for letter in list(letters.receive()):
        if not is_of_this_table(letter):
            letters.show_again(letter)
            yield Resent(letter, Fate.ELSEWHERE, letter.stream)
            continue
        try:
            for _ in count(records_of(letter), now):
                pass
        except NoLongerInStreamError:
            letters.show_again(letter)
            yield Resent(letter, Fate.GONE, "the stream keeps a record for a day")
        else:
            letters.remove(letter)
            yield Resent(letter, Fate.COUNTED, "")


def record_of(record_id: str) -> object:
    """Return a record that was put aside; if a part is missing, its remaining text.

    Raises:
        NothingAsideError: There is no record with this id.

    """
    return _get(record_id).record


def forget(ids: list[str], letters: DeadLetters | None) -> None:
    """Delete records that were put aside, or dead letters, for good.

    Raises:
        NothingAsideError: There is nothing with one of the ids. Those before it are deleted.
        UnavailableError: The table or the queue does not serve us.

    """
    in_queue = {letter.id: letter for letter in letters.receive()} if letters else {}
    for each in ids:
        if letters and each in in_queue:
            letters.remove(in_queue.pop(each))
        else:
            aside.forget(_get(each))
    for letter in in_queue.values():
        if letters:
            letters.show_again(letter)


def _get(record_id: str) -> Aside:
    found = aside.find_aside(record_id)
    if found is None:
        raise NothingAsideError(record_id)
    return found
