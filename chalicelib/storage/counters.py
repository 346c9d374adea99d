"""Counting contacts and memberships exactly once.

The stream delivers each change at least once. One transaction writes a marker for the change and
the counter. So if a change is delivered again, its marker is there and it is not counted, and
after a crash either both are written or neither.
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
"""The changes of the stream that are counted."""

MARKER_LIFETIME: Final = timedelta(days=7)
"""Longer than AWS can deliver a record again: the stream keeps it for 24 hours."""

_FOR_EVER: Final = frozenset({"ValidationError", "ValidationException"})
"""The codes with which DynamoDB refuses a request that will fail each time it is repeated."""


class UncountableError(Exception):
    """A change can never be counted. The message says why."""


class Counter(NamedTuple):
    """The counter of a group's contacts; without a group, of an account's contacts."""

    account_id: str
    group_id: int | None


class CounterStep(NamedTuple):
    """A change of a counter by 1 or -1, and its event in the stream."""

    event_id: str
    counter: Counter
    amount: int


class Fence(NamedTuple):
    """A mark in the stream. When all changes before it are counted, the counter gets its token."""

    event_id: str
    counter: Counter
    token: str


Countable: TypeAlias = CounterStep | Fence
"""What counting applies to a counter."""


def countable_in(change: ItemChange) -> Countable | None:
    """Return what to apply for a change that passed :data:`COUNTED`, or None."""
    counter = Counter(change.account_id, change.group_id)
    has_come = change.before is None
    if change.kind is not ItemKind.FENCE:
        return CounterStep(change.event_id, counter, 1 if has_come else -1)
    token = keys.token_of_fence(change.sort_key)
    return Fence(change.event_id, counter, token) if has_come else None


def counter_told_by(record: object) -> Counter | None:
    """Return the counter of a record of the stream, or None if the record has none."""
    _, partition, sort_key = told_by(record)
    if keys.kind_of(partition, sort_key) not in COUNTED.kinds:
        return None
    try:
        return Counter(*keys.owner_of(partition))
    except ValueError:
        return None


def read_counter(counter: Counter) -> int | None:
    """Return the value of a counter, or None if its account or group does not exist."""
    item = find_counting_item(counter)
    return None if item is None else item.contacts_count


def find_counting_item(counter: Counter) -> CountingItem | None:
    """Return the item that has a counter, or None if there is none."""
    key = item_of(counter)
    try:
        return CountingItem.get(key.pk, key.sk, consistent_read=True)
    except DoesNotExist:
        return None


def fits_with(countable: Countable, together: Sequence[Countable]) -> bool:
    """Say whether one more fits into a transaction, with its marker and its counter.

    A fence is always the last, so that the counter's token and value belong together.
    """
    if together and isinstance(together[-1], Fence):
        return False
    counters = {each.counter for each in together} | {countable.counter}
    return len(together) + 1 + len(counters) <= MAX_ACTIONS


def apply_once(countables: Iterable[Countable], now: datetime) -> None:
    """Count those that were not counted before, except those of deleted groups.

    Duplicates are counted once, since a transaction cannot write one marker twice.

    Raises:
        UnavailableError: The table does not serve us; nothing was counted.
        UncountableError: The table will always refuse one of them; nothing was counted.

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
    """Add markers and the updates of their counters to a transaction."""
    expires_at = int((now + MARKER_LIFETIME).timestamp())
    for each in countables:
        # Fails if it was counted before.
        transaction.save(
            AppliedItem(keys.applied(each.event_id), keys.APPLIED, expires_at=expires_at),
            marker_is_missing(),
        )
    for counter, of_one in _by_counter(countables).items():
        # Fails if the group was deleted meanwhile: nobody needs its count.
        transaction.update(item_of(counter), _actions(of_one), CountingItem.pk.exists())


def marker_is_missing() -> Condition:
    """Return the condition that a marker does not exist, so that its change is not counted yet."""
    is_missing: Condition = AppliedItem.pk.does_not_exist()
    return is_missing


def write_counting(add_actions: Callable[[TransactWrite], None]) -> None:
    """Commit a transaction that counts.

    Raises:
        TransactionRefusedError: A condition failed.
        UncountableError: The table will always refuse it.

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
    """Leave out those whose marker or counter was refused; positions are as in `add_counting`."""
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
    """Return the item that has a counter, with only its keys."""
    if counter.group_id is None:
        return CountingItem(keys.account(counter.account_id), keys.ACCOUNT)
    return CountingItem(keys.groups(counter.account_id), keys.of_id(counter.group_id))


def partition_of(counter: Counter) -> str:
    """Return the partition of the contacts or memberships that a counter counts."""
    if counter.group_id is None:
        return keys.contacts(counter.account_id)
    return keys.members(counter.account_id, counter.group_id)
