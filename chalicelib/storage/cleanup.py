"""What the scheduled Lambda finds in the table, and takes out of it.

Every step may be broken off, repeated, and run by two at once.
"""

import heapq
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Final

from pynamodb.exceptions import DoesNotExist
from pynamodb.transactions import TransactWrite

from chalicelib.storage import contacts, keys, tombstones
from chalicelib.storage.items import (
    ContactIdItem,
    ContactItem,
    DeletedContactItem,
    DeletedGroupItem,
    Item,
    MembershipItem,
    SparseIndex,
)
from chalicelib.storage.transactions import TransactionRefusedError, write_together

TOMBSTONE_LIFETIME: Final = timedelta(minutes=5)
"""Longer than any request can still be running that began before the deletion: a Lambda behind
API Gateway is given up after 29 seconds. Only a sweep that begins later may be the last."""

_READ_AT_ONCE: Final = 100


def due_contacts(today: date) -> Iterator[Item]:
    """Yield the index entries of what is due on *today* or before, the oldest first."""
    shards = (
        Item.query(
            keys.due_shard(shard),
            Item.gsi1sk < keys.due_after(today),
            index_name=SparseIndex.Meta.index_name,
            page_size=_READ_AT_ONCE,
        )
        for shard in range(keys.DUE_SHARDS)
    )
    return heapq.merge(*shards, key=attrgetter("gsi1sk"))


def purge_contact(entry: Item, today: date) -> bool:
    """Delete a contact with its id if it is still due, and say whether it was.

    Its number stays on the blacklist if it is there.
    """
    account_id = keys.account_in(entry.pk)
    item = contacts.find_item(account_id, entry.sk)
    if item is None or not _is_due(item, today):
        return False

    def add_actions(transaction: TransactWrite) -> None:
        # Fails when the contact joined a group, was changed, or was deleted and perhaps
        # created anew since it was read: it is no longer the one that was due.
        transaction.delete(
            item,
            contacts.groups_unchanged_since(item)
            & (ContactItem.scheduled_deletion_date == item.scheduled_deletion_date)
            & (ContactItem.updated_on == item.updated_on),
        )
        transaction.delete(ContactIdItem(keys.contact_ids(account_id), keys.of_id(item.id)))

    try:
        write_together(add_actions)
    except TransactionRefusedError:
        return False
    return True


def _is_due(item: ContactItem, today: date) -> bool:
    day: str | None = item.scheduled_deletion_date
    return not item.group_ids and day is not None and date.fromisoformat(day) <= today


def sweep(entry: Item, now: datetime) -> Iterator[int]:
    """Remove what a tombstone's group or contact left behind, and yield 1 for each membership.

    The tombstone itself goes when nothing is left, and nothing can come any more.
    """
    account_id = keys.account_in(entry.pk)
    if entry.sk.startswith(keys.DELETED_GROUP):
        yield from _sweep_group(account_id, entry, now)
    else:
        yield from _sweep_contact(account_id, entry)


def count_memberships_left(entry: Item) -> int:
    """Return how many memberships a tombstone's sweep would look at."""
    if not entry.sk.startswith(keys.DELETED_GROUP):
        try:
            tombstone = DeletedContactItem.get(entry.pk, entry.sk, consistent_read=True)
        except DoesNotExist:
            return 0
        return len(tombstone.group_ids or ())
    account_id, group_id = keys.account_in(entry.pk), keys.group_of_tombstone(entry.sk)
    return Item.count(
        keys.members(account_id, group_id), Item.sk > keys.BEFORE_ALL_NUMBERS, consistent_read=True
    )


def _sweep_group(account_id: str, entry: Item, now: datetime) -> Iterator[int]:
    try:
        tombstone = DeletedGroupItem.get(entry.pk, entry.sk, consistent_read=True)
    except DoesNotExist:
        return
    group_id = keys.group_of_tombstone(entry.sk)
    deleted = tombstones.deleted_groups(account_id)
    is_empty = True
    for membership in MembershipItem.query(
        keys.members(account_id, group_id),
        MembershipItem.sk > keys.BEFORE_ALL_NUMBERS,
        consistent_read=True,
        page_size=_READ_AT_ONCE,
    ):
        is_empty = False
        yield _sweep_membership(account_id, group_id, membership.sk, deleted)
    if is_empty and now - tombstone.deleted_on >= TOMBSTONE_LIFETIME:
        tombstones.remove_tombstone(tombstone)


def _sweep_contact(account_id: str, entry: Item) -> Iterator[int]:
    try:
        tombstone = DeletedContactItem.get(entry.pk, entry.sk, consistent_read=True)
    except DoesNotExist:
        return
    for group_id in tombstone.group_ids or ():
        tombstones.remove_membership_unless_joined(account_id, tombstone.phone_number, group_id)
        yield 1
    tombstones.remove_tombstone(tombstone)


def _sweep_membership(
    account_id: str, group_id: int, e164: str, deleted: Mapping[int, date]
) -> int:
    """Remove one membership of a deleted group, and return 1, or 0 if it was changing."""
    contact = contacts.find_item(account_id, e164)
    try:
        if contact is None or group_id not in (contact.group_ids or ()):
            tombstones.remove_membership_unless_joined(account_id, e164, group_id)
        else:
            _take_out_of_deleted_groups(account_id, group_id, contact, deleted)
    except TransactionRefusedError:
        return 0
    return 1


def _take_out_of_deleted_groups(
    account_id: str, group_id: int, contact: ContactItem, deleted: Mapping[int, date]
) -> None:
    gone = (contact.group_ids or set()) & deleted.keys()
    if contact.group_ids == gone:
        last = max(deleted[each] for each in gone)
        actions = [
            ContactItem.group_ids.remove(),
            ContactItem.stoplist_ids.remove(),
            *contacts.scheduling(account_id, contact.sk, last),
        ]
    else:
        actions = [ContactItem.group_ids.delete(gone), ContactItem.stoplist_ids.delete(gone)]

    def add_actions(transaction: TransactWrite) -> None:
        transaction.delete(MembershipItem(keys.members(account_id, group_id), contact.sk))
        transaction.update(
            contact, [*actions, contacts.revising()], contacts.groups_unchanged_since(contact)
        )

    write_together(add_actions)
