"""Comparing a counter with what it counts while both are changing.

A counter lags its memberships by what is still in the stream, so the two cannot just be
compared. A *fence* is an item put among the memberships; counting writes its token on the
counter when it has passed it, and so has counted all that came before. Between two fences that
counting passed without a change, the memberships stood still: what was read of them then is
what the counter should say.
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
    """A counter is no number."""


class Passed(NamedTuple):
    """A counter, how many changes it has counted, and the token of the fence it passed last."""

    contacts: int
    changes: int
    token: str | None


def accounts_with_counters() -> Iterator[str]:
    """Yield the id of every account; one just opened may be a moment late."""
    for entry in Item.query(keys.ACCOUNTS, index_name=SparseIndex.Meta.index_name):
        yield keys.account_in(entry.pk)


def counters_of(account_id: str) -> Iterator[Counter]:
    """Yield the counter of an account and of each of its groups, readable or not."""
    yield Counter(account_id, None)
    groups = Item.query(keys.groups(account_id), consistent_read=True, attributes_to_get=["SK"])
    yield from (Counter(account_id, int(group.sk)) for group in groups)


def refuse_unless_there(counter: Counter) -> None:
    """Return if the account or group of a counter is there, readable or not.

    Raises:
        OperatorError: The account is not.
        NotFoundError: The group is not.

    """
    key = item_of(counter)
    try:
        Item.get(key.pk, key.sk, consistent_read=True, attributes_to_get=["PK", "SK"])
    except DoesNotExist as error:
        if counter.group_id is None:
            raise OperatorError(OperatorErrorCode.ACCOUNT_NOT_FOUND) from error
        raise NotFoundError(ErrorCode.GROUP_NOT_FOUND) from error


def put_fence(counter: Counter) -> str:
    """Put a fence after all changes so far, and return its token."""
    token = secrets.token_hex(8)
    FenceItem(partition_of(counter), keys.fence(token)).save()
    return token


def remove_fences(counter: Counter, tokens: Sequence[str]) -> None:
    """Take fences away again."""
    for token in tokens:
        FenceItem(partition_of(counter), keys.fence(token)).delete()


def look(counter: Counter) -> Passed:
    """Return what a counter says by now, and which fence counting passed last.

    Raises:
        NotFoundError: The group was deleted.
        UnreadableCounterError: The counter is no number.

    """
    try:
        item = find_counting_item(counter)
    except (TypeError, ValueError) as error:
        raise UnreadableCounterError from error
    if item is None:
        raise NotFoundError(ErrorCode.GROUP_NOT_FOUND)
    return Passed(item.contacts_count, item.changes, item.counted_until)


def count_entries(counter: Counter) -> int:
    """Return how many contacts or memberships there are, by reading all of them."""
    return Item.count(
        partition_of(counter), Item.sk.startswith(keys.BEFORE_ALL_NUMBERS), consistent_read=True
    )


def correct(counter: Counter, drift: int, token: str) -> bool:
    """Add *drift* to a counter, and say whether it was done.

    Changes that are being counted meanwhile are neither lost nor doubled, since they are added
    too.
    """

    def add_actions(transaction: TransactWrite) -> None:
        # Fails when the group was deleted, or when another recount put a fence of its own and
        # so may have corrected it: the drift would be added twice.
        transaction.update(
            item_of(counter),
            [CountingItem.contacts_count.add(drift)],
            CountingItem.counted_until == token,
        )

    try:
        # Not a plain update: repeated after a lost answer, that would add the drift twice.
        write_together(add_actions)
    except TransactionRefusedError:
        return False
    return True
