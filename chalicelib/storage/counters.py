"""Counting contacts and memberships, each that comes or goes exactly once.

The stream delivers a change at least once. A marker for the change and the counter it moves
are written in one transaction. So a change which comes again finds its marker and is left out,
and a crash leaves either both or neither.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeAlias

from pynamodb.exceptions import DoesNotExist, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.storage import keys
from chalicelib.storage.dynamodb.transactions import (
    MAX_ACTIONS,
    TransactionRefusedError,
    write_together,
)
from chalicelib.storage.items import AppliedItem, CountingItem
from chalicelib.storage.keys import ItemKind
from chalicelib.storage.stream_records import ItemChange, StreamEvent, StreamFilter, told_by

COUNTED: Final = StreamFilter(
    kinds=frozenset({ItemKind.CONTACT, ItemKind.MEMBERSHIP, ItemKind.FENCE}),
    events=frozenset({StreamEvent.INSERT, StreamEvent.REMOVE}),
)
"""What counting reads of the stream."""

MARKER_LIFETIME: Final = timedelta(days=7)
"""A stream keeps its records for 24 hours, and so does whatever may deliver one again."""

_FOR_EVER: Final = frozenset({"ValidationError", "ValidationException"})
"""How DynamoDB says that what it was asked is wrong, and so will be when it is asked again."""


class UncountableError(Exception):
    """What the stream told can never be counted as things are; the message says why."""


class Counter(NamedTuple):
    """What is counted: the contacts of a group, or, without one, of an account."""

    account_id: str
    group_id: int | None


class CounterStep(NamedTuple):
    """One more or one less, and the event of the stream that said so."""

    event_id: str
    counter: Counter
    amount: int


class Fence(NamedTuple):
    """A mark in the stream: its token is written on the counter once all before it is counted."""

    event_id: str
    counter: Counter
    token: str


Countable: TypeAlias = CounterStep | Fence
"""What the stream tells counting."""


def countable_in(change: ItemChange) -> Countable | None:
    """Return what counting makes of a change that :data:`COUNTED` lets through, if anything."""
    counter = Counter(change.account_id, change.group_id)
    has_come = change.before is None
    if change.kind is not ItemKind.FENCE:
        return CounterStep(change.event_id, counter, 1 if has_come else -1)
    token = keys.token_of_fence(change.sort_key)
    return Fence(change.event_id, counter, token) if has_come else None


def counter_told_by(record: object) -> Counter | None:
    """Return the counter that a record of the stream is about, as far as it says so."""
    _, partition, sort_key = told_by(record)
    if keys.kind_of(partition, sort_key) not in COUNTED.kinds:
        return None
    try:
        return Counter(*keys.owner_of(partition))
    except ValueError:
        return None


def read_counter(counter: Counter) -> int | None:
    """Return what a counter says, or None if what it belongs to is not there."""
    item = find_counting_item(counter)
    return None if item is None else item.contacts_count


def find_counting_item(counter: Counter) -> CountingItem | None:
    """Return the item that holds a counter, or None if it is not there."""
    key = item_of(counter)
    try:
        return CountingItem.get(key.pk, key.sk, consistent_read=True)
    except DoesNotExist:
        return None


def fits_with(countable: Countable, together: Sequence[Countable]) -> bool:
    """Say whether one transaction holds one more, with its marker and its counter.

    Nothing follows a fence, so that the counter is as it was when counting passed it.
    """
    if together and isinstance(together[-1], Fence):
        return False
    counters = {each.counter for each in together} | {countable.counter}
    return len(together) + 1 + len(counters) <= MAX_ACTIONS


def apply_once(countables: Iterable[Countable], now: datetime) -> None:
    """Count those that were not counted before; of a group deleted since, none.

    One that is among them twice is counted once: a transaction takes no marker twice.

    Raises:
        UnavailableError: The table does not serve us; nothing was counted.
        UncountableError: The table never takes one of them; nothing was counted.

    """
    waiting = list({each.event_id: each for each in countables}.values())
    while waiting:
        try:
            _apply_together(waiting, now)
        except TransactionRefusedError as refusal:
            waiting = _without_refused(waiting, refusal.positions)
        else:
            return


def add_counting(
    transaction: TransactWrite, countables: Sequence[Countable], now: datetime
) -> None:
    """Put some markers, and the counters that are to be moved, into a transaction."""
    expires_at = int((now + MARKER_LIFETIME).timestamp())
    for each in countables:
        # Fails when it was counted before, by whomever.
        transaction.save(
            AppliedItem(keys.applied(each.event_id), keys.APPLIED, expires_at=expires_at),
            marker_is_missing(),
        )
    for counter, of_one in _by_counter(countables).items():
        # Fails when the group was deleted meanwhile: nobody asks for its count any more.
        transaction.update(item_of(counter), _actions(of_one), CountingItem.pk.exists())


def marker_is_missing() -> Condition:
    """Return the condition, on its marker, that something was not counted yet."""
    is_missing: Condition = AppliedItem.pk.does_not_exist()
    return is_missing


def write_counting(add_actions: Callable[[TransactWrite], None]) -> None:
    """Commit a transaction that counts.

    Raises:
        TransactionRefusedError: A condition failed.
        UncountableError: The table never takes it.

    """
    try:
        write_together(add_actions)
    except TransactWriteError as error:
        reasons = {reason.code for reason in error.cancellation_reasons if reason}
        if _FOR_EVER.isdisjoint({error.cause_response_code, *reasons}):
            raise
        raise UncountableError(error.cause_response_message or str(error)) from error


def _apply_together(countables: Sequence[Countable], now: datetime) -> None:
    write_counting(lambda transaction: add_counting(transaction, countables, now))


def _without_refused(countables: Sequence[Countable], positions: frozenset[int]) -> list[Countable]:
    """Leave out those whose marker or counter was refused, as `add_counting` sent them."""
    gone = {
        counter
        for position, counter in enumerate(_by_counter(countables), start=len(countables))
        if position in positions
    }
    return [
        each
        for position, each in enumerate(countables)
        if position not in positions and each.counter not in gone
    ]


def _actions(countables: Sequence[Countable]) -> list[Action]:
    amounts = [each.amount for each in countables if isinstance(each, CounterStep)]
    actions: list[Action] = [
        CountingItem.contacts_count.add(sum(amounts)),
        CountingItem.changes.add(sum(map(abs, amounts))),
    ]
    last = countables[-1]
    if isinstance(last, Fence):
        actions.append(CountingItem.counted_until.set(last.token))
    return actions


def _by_counter(countables: Iterable[Countable]) -> dict[Counter, list[Countable]]:
    by_counter: dict[Counter, list[Countable]] = {}
    for each in countables:
        by_counter.setdefault(each.counter, []).append(each)
    return by_counter


def item_of(counter: Counter) -> CountingItem:
    """Return the item that holds a counter, as a key."""
    if counter.group_id is None:
        return CountingItem(keys.account(counter.account_id), keys.ACCOUNT)
    return CountingItem(keys.groups(counter.account_id), keys.of_id(counter.group_id))


def partition_of(counter: Counter) -> str:
    """Return the partition of what a counter counts."""
    if counter.group_id is None:
        return keys.contacts(counter.account_id)
    return keys.members(counter.account_id, counter.group_id)
