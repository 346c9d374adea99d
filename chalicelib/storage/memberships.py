"""Memberships in the table: an item in the group's partition, and an id on the contact.

Both are written in one transaction, which never touches the group's own item: concurrent
transactions on one item cancel each other, and a popular group would serialise its joins.
"""

import heapq
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Final

from pynamodb.expressions.condition import Condition

from chalicelib.domain.caller import Stamp
from chalicelib.domain.contact import Contact, ContactKey
from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import blacklist, contact_items, keys
from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.dynamodb.transactions import (
    Transaction,
    TransactionRefusedError,
    write_together,
)
from chalicelib.storage.items import ContactItem, MembershipItem
from chalicelib.storage.stamps import stamped

_MEMBERS_READ_AT_ONCE: Final = 250
"""Of each of several groups, whose pages are all in memory at once."""


def join(account_id: str, group: Group, key: ContactKey, stamp: Stamp) -> None:
    """Put a contact into a group that exists, which ends its schedule.

    If the group is a stoplist, its number is on the blacklist from then on.

    Raises:
        NotFoundError: There is no such contact.
        ConflictError: It is in that group already.

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
    """Put into a transaction that a contact leaves some groups, and how it shall be *after* that.

    The transaction fails when somebody wrote the contact since it was read *before*: whether it
    gets a date depends on its other groups.
    """
    account_id = keys.account_in(before["PK"]["S"])
    for group_id in group_ids:
        transaction.delete(MembershipItem(keys.members(account_id, group_id), before["SK"]["S"]))
    transaction.change(before, contact_items.stored_after(before, after, stamp))


def list_members(
    account_id: str, group_ids: Collection[int], *, after: str | None, expected: int | None
) -> Iterator[str]:
    """Yield the numbers in any of some groups, each once and in order, from behind *after*.

    *expected* is how many of a single group to read at a time, where fewer than all may be
    wanted. Of what a deleted contact or group left behind, some may be among them.
    """
    of_each_group = (
        MembershipItem.query(
            keys.members(account_id, group_id),
            MembershipItem.sk > (after or keys.BEFORE_ALL_NUMBERS),
            consistent_read=True,
            page_size=expected if len(group_ids) == 1 else _MEMBERS_READ_AT_ONCE,
        )
        for group_id in group_ids
    )
    numbers = heapq.merge(*(map(attrgetter("sk"), items) for items in of_each_group))
    return (number for number, _ in groupby(numbers))


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


def _join(
    account_id: str, group: Group, phone_number: PhoneNumber, stamp: Stamp, is_there: Condition
) -> None:
    is_stoplist = group.kind is GroupKind.STOPLIST
    marking = [ContactItem.stoplist_ids.add({group.id})] if is_stoplist else []

    def add_actions(transaction: Transaction) -> None:
        transaction.put(stored_of(account_id, group.id, phone_number, stamp))
        if is_stoplist:
            blacklist.ensure_number(transaction, account_id, phone_number, stamp)
        # Fails when there is no such contact, or when it is in the group already; the item
        # that comes back tells which. A membership that an earlier contact of that number
        # left behind is no obstacle: it is overwritten.
        transaction.update(
            ContactItem(keys.contacts(account_id), phone_number.e164),
            [
                ContactItem.group_ids.add({group.id}),
                *marking,
                *contact_items.revising(stamp),
                ContactItem.scheduled_deletion_date.remove(),
                ContactItem.gsi1pk.remove(),
                ContactItem.gsi1sk.remove(),
            ],
            is_there & ~ContactItem.group_ids.contains(group.id),
            return_values="ALL_OLD",
        )

    write_together(add_actions)
