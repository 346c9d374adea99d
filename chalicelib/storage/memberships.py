"""Memberships in the table: an item in the group's partition, and the group's id in the contact.

One transaction writes both. It never touches the group's own item: concurrent transactions on
one item cancel each other, so joins of a popular group would have to wait for each other.
"""

import heapq
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from math import ceil
from typing import Final

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition

from chalicelib.domain.caller import Stamp
from chalicelib.domain.contact import Contact, ContactKey
from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError
from chalicelib.domain.group import Group
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import contact_items, keys
from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.dynamodb.queries import list_sort_keys
from chalicelib.storage.dynamodb.transactions import (
    Transaction,
    TransactionRefusedError,
    write_together,
)
from chalicelib.storage.items import ContactItem, MembershipItem
from chalicelib.storage.stamps import stamped

_MAX_READ_AT_ONCE: Final = 500
_MIN_READ_AT_ONCE: Final = 25
"""The page size for each of several groups, since all their pages are in memory at once."""

_SHARE: Final = 2.2
"""How many keys of several groups are read for each number that is expected. Many contacts are in
two of them, and none is spread evenly: a few keys too many cost less than a second query."""


def join(account_id: str, group: Group, key: ContactKey, stamp: Stamp) -> None:
    """Put a contact into an existing group that is no stoplist, and remove its deletion date.

    Raises:
        NotFoundError: There is no such contact.
        ConflictError: It is already in this group.

    """
    for place in contact_items.places(account_id, key):
        try:
            _join(account_id, group, place, stamp, contact_items.is_there(key))
        except TransactionRefusedError as refusal:
            if refusal.existing and contact_items.answers_to(refusal.existing, key):
                member = ContactItem.from_raw_data(refusal.existing)
                code = ErrorCode.MEMBERSHIP_EXISTS
                raise ConflictError(code, contact_id=member.id) from refusal
        else:
            return
    raise NotFoundError(ErrorCode.CONTACT_NOT_FOUND)


def add_leaving(
    transaction: Transaction,
    group_ids: Iterable[int],
    before: StoredItem,
    after: Contact,
    stamp: Stamp,
) -> None:
    """Add to a transaction that a contact leaves some groups. *after* is its new state.

    The transaction fails if somebody has written the contact since *before* was read: its
    deletion date depends on its other groups.
    """
    account_id = keys.account_in(before["PK"]["S"])
    for group_id in group_ids:
        transaction.delete(MembershipItem(keys.members(account_id, group_id), before["SK"]["S"]))
    transaction.change(before, contact_items.stored_after(before, after, stamp))


def list_members(
    account_id: str, group_ids: Collection[int], *, after: str | None, expected: int | None
) -> Iterator[str]:
    """Yield the numbers of the members of some groups, each once and in order, after *after*.

    They may include memberships of deleted contacts and groups that are not swept yet. *expected*
    is how many the caller expects to use; None means all. It sets only how many are read at a time.
    """
    page_size = _page_size(expected, len(group_ids))
    of_each_group = (
        list_sort_keys(
            keys.members(account_id, group_id),
            MembershipItem.sk > (after or keys.BEFORE_ALL_NUMBERS),
            page_size,
        )
        for group_id in group_ids
    )
    return (number for number, _ in groupby(heapq.merge(*of_each_group)))


def joined_on(account_id: str, group_id: int, phone_number: PhoneNumber) -> datetime | None:
    """Return when a contact joined a group, or None if there is no such membership."""
    try:
        item = MembershipItem.get(
            keys.members(account_id, group_id), phone_number.e164, consistent_read=True
        )
    except DoesNotExist:
        return None
    return item.joined_on


def stored_of(
    account_id: str, group_id: int, phone_number: PhoneNumber, stamp: Stamp
) -> StoredItem:
    """Return a membership as DynamoDB has it, not yet written."""
    return {
        "PK": {"S": keys.members(account_id, group_id)},
        "SK": {"S": phone_number.e164},
        "joinedOn": {"S": contact_items.text_of_moment(stamp.at)},
        **stamped(stamp),
    }


def _page_size(expected: int | None, groups: int) -> int | None:
    if groups <= 1:
        return expected
    if expected is None:
        return _MAX_READ_AT_ONCE
    return min(max(ceil(_SHARE * expected / groups), _MIN_READ_AT_ONCE), _MAX_READ_AT_ONCE)


def _join(
    account_id: str, group: Group, phone_number: PhoneNumber, stamp: Stamp, is_there: Condition
) -> None:
    def add_actions(transaction: Transaction) -> None:
        transaction.put(stored_of(account_id, group.id, phone_number, stamp))
        # Fails if there is no such contact, or if it is already in the group: the returned item
        # tells which. The put above overwrites a membership of an earlier contact with this number.
        transaction.update(
            ContactItem(keys.contacts(account_id), phone_number.e164),
            [
                ContactItem.group_ids.add({group.id}),
                *contact_items.revising(stamp),
                ContactItem.scheduled_deletion_date.remove(),
                ContactItem.gsi1pk.remove(),
                ContactItem.gsi1sk.remove(),
            ],
            is_there & ~ContactItem.group_ids.contains(group.id),
            return_values="ALL_OLD",
        )

    write_together(add_actions)
