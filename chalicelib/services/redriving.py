"""Sending again what the stream told and was not counted: what lies aside, and dead letters."""

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
    """Nothing lies aside under an id."""


class Fate(Enum):
    """What became of something that was sent again."""

    WAITS = "not sent"
    COUNTED = "counted"
    NOTHING = "nothing to count"
    STAYS = "stays"
    GONE = "gone from the stream"
    ELSEWHERE = "of another table"


class Resent(NamedTuple):
    """A record that lies aside, or a dead letter; what became of it; and why it stays, if so."""

    what: Aside | DeadLetter
    fate: Fate
    why: str


def look() -> Iterator[Resent]:
    """Yield all that lies aside, and change nothing.

    Raises:
        UnavailableError: The table does not serve us.

    """
    return (Resent(lying, Fate.WAITS, lying.why) for lying in aside.list_aside())


def look_into(letters: DeadLetters) -> Iterator[Resent]:
    """Yield every dead letter, and change nothing.

    Raises:
        UnavailableError: AWS refused, or is out of reach.

    """
    for letter in list(letters.receive()):
        letters.show_again(letter)
        yield Resent(letter, Fate.WAITS, "")


def send_again(now: datetime) -> Iterator[Resent]:
    """Count what lies aside and can be counted by now, and yield what became of each.

    It is counted and let go of together or not at all, so that each counts once, whenever this
    is broken off or run twice.

    Raises:
        UnavailableError: The table does not serve us; what was yielded is done.

    """
    for lying in aside.list_aside():
        if not lying.is_whole:
            yield Resent(lying, Fate.STAYS, "a part of it is missing")
            continue
        try:
            countable = countable_of(lying.record)
            # Whoever put the fence has long stopped waiting for it.
            if countable is None or isinstance(countable, Fence):
                aside.forget(lying)
                yield Resent(lying, Fate.NOTHING, "")
            else:
                was_counted = aside.count_once(lying, countable, now)
                yield Resent(lying, Fate.COUNTED if was_counted else Fate.NOTHING, "")
        except UncountableError as error:
            yield Resent(lying, Fate.STAYS, str(error))


def send_letters_again(letters: DeadLetters, now: datetime) -> Iterator[Resent]:
    """Count what dead letters name, as far as the stream still has it, and yield what became of it.

    A letter is removed when all that it names is counted, was counted before, or lies aside. One
    about another table stays: its counters are not in this one.

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
    """Return a record that lies aside, whole.

    Raises:
        NothingAsideError: There is none of that id.

    """
    return _get(record_id).record


def forget(ids: list[str], letters: DeadLetters | None) -> None:
    """Let go of records that lie aside, or of dead letters, for good.

    Raises:
        NothingAsideError: There is none of one of the ids; those before it are gone.
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
