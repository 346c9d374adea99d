"""Comparing a counter with what it counts while both are changing.

A counter lags behind its memberships, since some changes are still in the stream. So they cannot
be compared directly. A *fence* is an item among the memberships. When counting reads it in the
stream, all changes before it are counted, and counting writes its token into the counter. If
nothing was counted between two fences, the memberships did not change between them either. So the
number of memberships that was read in that time is the right value of the counter.
"""

import secrets
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pynamodb.exceptions import DoesNotExist
from pynamodb.transactions import TransactWrite

from chalicelib.domain.errors import (
    ErrorCode,
    NotFoundError,
    OperatorError,
    OperatorErrorCode,
)
from chalicelib.storage import keys
from chalicelib.storage.counters import Counter, find_counting_item, item_of, partition_of
from chalicelib.storage.dynamodb.model import Item, SparseIndex
from chalicelib.storage.dynamodb.transactions import TransactionRefusedError, write_together
from chalicelib.storage.items import CountingItem, FenceItem


class UnreadableCounterError(Exception):
    """A counter is not a number."""


class Passed(NamedTuple):
    """A counter's value, its number of counted changes, and the token of the last fence."""

    contacts: int
    changes: int
    token: str | None


def accounts_with_counters() -> Iterator[str]:
    """Yield the id of every account. A new one may be missing for a moment."""
    for entry in Item.query(keys.ACCOUNTS, index_name=SparseIndex.Meta.index_name):
        yield keys.account_in(entry.pk)


def counters_of(account_id: str) -> Iterator[Counter]:
    """Yield the counters of an account and of each of its groups, even unreadable ones."""
    yield Counter(account_id, None)
    groups = Item.query(keys.groups(account_id), consistent_read=True, attributes_to_get=["SK"])
    yield from (Counter(account_id, int(group.sk)) for group in groups)


def refuse_unless_there(counter: Counter) -> None:
    """Check that the account or group of a counter exists, even if it is unreadable.

    Raises:
        OperatorError: The account does not exist.
        NotFoundError: The group does not exist.

    """
    key = item_of(counter)
    try:
        Item.get(key.pk, key.sk, consistent_read=True, attributes_to_get=["PK", "SK"])
    except DoesNotExist as error:
        if counter.group_id is None:
            raise OperatorError(OperatorErrorCode.ACCOUNT_NOT_FOUND) from error
        raise NotFoundError(ErrorCode.GROUP_NOT_FOUND) from error


def put_fence(counter: Counter) -> str:
    """Write a fence, which follows all changes so far in the stream, and return its token."""
    token = secrets.token_hex(8)
    FenceItem(partition_of(counter), keys.fence(token)).save()
    return token


def remove_fences(counter: Counter, tokens: Sequence[str]) -> None:
    """Delete fences."""
    for token in tokens:
        FenceItem(partition_of(counter), keys.fence(token)).delete()


def look(counter: Counter) -> Passed:
    """Return the current value of a counter, and the last fence that counting passed.

    Raises:
        NotFoundError: The group was deleted.
        UnreadableCounterError: The counter is not a number.

    """
    try:
        item = find_counting_item(counter)
    except (TypeError, ValueError) as error:
        raise UnreadableCounterError from error
    if item is None:
        raise NotFoundError(ErrorCode.GROUP_NOT_FOUND)
    return Passed(item.contacts_count, item.changes, item.counted_until)


def count_entries(counter: Counter) -> int:
    """Count the contacts or memberships of a counter. This reads all of them."""
    return Item.count(
        partition_of(counter), Item.sk.startswith(keys.BEFORE_ALL_NUMBERS), consistent_read=True
    )


def correct(counter: Counter, drift: int, token: str) -> bool:
    """Add *drift* to a counter, and say whether this was done.

    An addition does not overwrite changes that are counted at the same time.
    """

    def add_actions(transaction: TransactWrite) -> None:
        # Fails if the group was deleted; or if counting passed the fence of another recount,
        # which may have added the drift before.
        transaction.update(
            item_of(counter),
            [CountingItem.contacts_count.add(drift)],
            CountingItem.counted_until == token,
        )

    try:
        # Not a plain update: if its answer were lost and botocore repeated it, it would add twice.
        write_together(add_actions)
    except TransactionRefusedError:
        return False
    return True
