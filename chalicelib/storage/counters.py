"""Counting contacts and memberships, each change exactly once.

The stream delivers a change at least once. A marker for the change and the counter it moves
are written in one transaction, so that a change which comes again finds its marker and is
left out, and a crash leaves either both or neither.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from pynamodb.exceptions import DoesNotExist, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.storage import keys
from chalicelib.storage.dynamodb.transactions import (
    MOST_ACTIONS,
    TransactionRefusedError,
    write_together,
)
from chalicelib.storage.items import AppliedItem, CountingItem

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


class Change(NamedTuple):
    """One more or one less, and the event of the stream that said so.

    Or a fence, and neither more nor less: its token is written on the counter with all that
    came before it, and nothing that came behind.
    """

    event_id: str
    counter: Counter
    amount: int
    fence: str | None = None


def counter_of(partition: str) -> Counter | None:
    """Return what counts the items of a partition, if anything does.

    Raises:
        ValueError: It looks like a partition of ours, and none of our functions made it.

    """
    counted_in = keys.counted_in(partition)
    return Counter(*counted_in) if counted_in else None


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


def fits_with(change: Change, changes: Sequence[Change]) -> bool:
    """Say whether one transaction holds a further change, with its marker and its counter."""
    if changes and changes[-1].fence:
        return False
    counters = {each.counter for each in changes} | {change.counter}
    return len(changes) + 1 + len(counters) <= MOST_ACTIONS


def apply_once(changes: Iterable[Change], now: datetime) -> None:
    """Count those of some changes that were not counted before; of a group deleted since, none.

    One that is among them twice is counted once: a transaction takes no marker twice.

    Raises:
        UnavailableError: The table does not serve us; nothing was counted.
        UncountableError: The table never takes one of them; nothing was counted.

    """
    waiting = list({change.event_id: change for change in changes}.values())
    while waiting:
        try:
            _apply_together(waiting, now)
        except TransactionRefusedError as refusal:
            waiting = _without_refused(waiting, refusal.positions)
        else:
            return


def add_counting(transaction: TransactWrite, changes: Sequence[Change], now: datetime) -> None:
    """Put the markers of some changes and the counters that they move into a transaction."""
    expires_at = int((now + MARKER_LIFETIME).timestamp())
    for change in changes:
        # Fails when the change was counted before, by whomever.
        transaction.save(
            AppliedItem(keys.applied(change.event_id), keys.APPLIED, expires_at=expires_at),
            marker_is_missing(),
        )
    for counter, changes_of_one in _by_counter(changes).items():
        # Fails when the group was deleted meanwhile: nobody asks for its count any more.
        transaction.update(item_of(counter), _actions(changes_of_one), CountingItem.pk.exists())


def marker_is_missing() -> Condition:
    """Return the condition, on its marker, that a change was not counted yet."""
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


def _apply_together(changes: Sequence[Change], now: datetime) -> None:
    write_counting(lambda transaction: add_counting(transaction, changes, now))


def _without_refused(changes: Sequence[Change], positions: frozenset[int]) -> list[Change]:
    """Leave out the changes whose marker or counter was refused, as `add_counting` sent them."""
    gone = {
        counter
        for position, counter in enumerate(_by_counter(changes), start=len(changes))
        if position in positions
    }
    return [
        change
        for position, change in enumerate(changes)
        if position not in positions and change.counter not in gone
    ]


def _actions(changes: Sequence[Change]) -> list[Action]:
    actions: list[Action] = [
        CountingItem.contacts_count.add(sum(change.amount for change in changes)),
        CountingItem.changes.add(sum(abs(change.amount) for change in changes)),
    ]
    fence = changes[-1].fence
    return [*actions, CountingItem.counted_until.set(fence)] if fence else actions


def _by_counter(changes: Iterable[Change]) -> dict[Counter, list[Change]]:
    by_counter: dict[Counter, list[Change]] = {}
    for change in changes:
        by_counter.setdefault(change.counter, []).append(change)
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
