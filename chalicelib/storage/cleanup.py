"""What the scheduled Lambda finds in the table, and takes out of it.

Every step may be broken off, repeated, and run by two at once.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from enum import Enum, auto
from functools import partial
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.pagination import PageIterator
from pynamodb.transactions import TransactWrite

from chalicelib.domain.caller import Stamp
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import contact_items, keys, tombstones
from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.dynamodb.model import Item, SparseIndex
from chalicelib.storage.dynamodb.transactions import TransactionRefusedError, write_together
from chalicelib.storage.items import (
    ContactIdItem,
    ContactItem,
    DeletedContactItem,
    DeletedGroupItem,
    MembershipItem,
)

TOMBSTONE_LIFETIME: Final = timedelta(minutes=5)
"""Longer than any request can still be running that began before the deletion: a Lambda behind
API Gateway is given up after 29 seconds. Only a sweep that begins later may be the last."""

_READ_AT_ONCE: Final = 100


class BadItemError(Exception):
    """An item is not as we write them, so it is left as it is; the message says what is wrong."""


class Outcome(Enum):
    """What became of a contact that was in the index of what is due."""

    PURGED = auto()
    LEFT_ALONE = auto()
    """It joined a group, or was changed or created anew, since the index was read."""
    GONE = auto()


def due_contacts(
    today: date, is_passed_over: Callable[[Item], bool] = lambda _: False
) -> Iterator[Item]:
    """Yield the index entries of what is due on *today* or before, the oldest first.

    Where one is passed over, so is, at once, all that its account has due on that day; not quite
    all, where it was read already.
    """
    shards = (_due_in_shard(shard, today, is_passed_over) for shard in range(keys.DUE_SHARDS))
    return heapq.merge(*shards, key=attrgetter("gsi1sk"))


def _due_in_shard(
    shard: int, today: date, is_passed_over: Callable[[Item], bool]
) -> Iterator[Item]:
    is_due: Condition = Item.gsi1sk < keys.due_after(today)
    while True:
        for entry in Item.query(
            keys.due_shard(shard),
            is_due,
            index_name=SparseIndex.Meta.index_name,
            page_size=_READ_AT_ONCE,
        ):
            behind = keys.behind_account(entry.gsi1sk)
            if behind > entry.gsi1sk and is_passed_over(entry):
                is_due = Item.gsi1sk.between(behind, keys.due_after(today))
                break
            yield entry
        else:
            return


def count_due(today: date) -> Iterator[Counter[str]]:
    """Yield, page by page of the index, how much of each account is due."""
    question = {
        "range_key_condition": Item.gsi1sk < keys.due_after(today),
        "index_name": SparseIndex.Meta.index_name,
    }
    for shard in range(keys.DUE_SHARDS):
        pages: PageIterator[StoredItem] = PageIterator(
            table().query, (keys.due_shard(shard),), question
        )
        for page in pages:
            yield Counter(keys.account_in(stored["PK"]["S"]) for stored in page["Items"])


def purge_contact(entry: Item, today: date) -> Outcome:
    """Delete a contact with its id if it is still due, and say what became of it.

    Its number stays on the blacklist if it is there.

    Raises:
        BadItemError: It is in the index, and yet not due, or not whole.

    """
    account_id = keys.account_in(entry.pk)
    if entry.pk != keys.contacts(account_id):
        raise BadItemError("no contact, and yet in the index of what is due")
    item = contact_items.find_item(account_id, PhoneNumber(entry.sk))
    if item is None:
        return Outcome.GONE
    if item.gsi1sk != entry.gsi1sk:
        return Outcome.LEFT_ALONE
    if not _is_due(item, today):
        raise BadItemError("in the index of what is due, and yet in a group or without that date")
    if item.id is None:
        raise BadItemError("it has no id")

    def add_actions(transaction: TransactWrite) -> None:
        # Fails when the contact joined a group, was changed, or was deleted and perhaps
        # created anew since it was read: it is no longer the one that was due.
        transaction.delete(
            item,
            contact_items.groups_unchanged_since(item)
            & (ContactItem.scheduled_deletion_date == item.scheduled_deletion_date)
            & (ContactItem.updated_on == item.updated_on),
        )
        transaction.delete(ContactIdItem(keys.contact_ids(account_id), keys.of_id(item.id)))

    try:
        write_together(add_actions)
    except TransactionRefusedError as refusal:
        _refuse_if_unchanged(account_id, item, refusal)
        return Outcome.LEFT_ALONE
    return Outcome.PURGED


def _is_due(item: ContactItem, today: date) -> bool:
    day: str | None = item.scheduled_deletion_date
    return not item.group_ids and day is not None and date.fromisoformat(day) <= today


def _refuse_if_unchanged(
    account_id: str, item: ContactItem, refusal: TransactionRefusedError
) -> None:
    """Return if a contact that was refused had changed meanwhile, as it would have to.

    Otherwise one of its attributes is written as we never write it, and it is refused each time.
    """
    there = contact_items.find_item(account_id, PhoneNumber(item.sk))
    if there is not None and there.attribute_values == item.attribute_values:
        raise BadItemError("it is refused, and yet as it was read") from refusal


# What a deletion left behind


class Leftover(NamedTuple):
    """A membership that a deletion left: its last key, and what removes it.

    That returns whether it is gone: it may be just changing. It raises :class:`BadItemError`
    where its contact is not whole.
    """

    key: str
    sweep: Callable[[], bool]


class DeletedGroup:
    """The tombstone of a group that had members."""

    def __init__(self, entry: Item) -> None:
        self._account_id = keys.account_in(entry.pk)
        self._group_id = keys.group_of_tombstone(entry.sk)
        self._item = DeletedGroupItem.get(entry.pk, entry.sk, consistent_read=True)
        self._deleted = tombstones.deleted_groups(self._account_id)
        if self._group_id not in self._deleted:
            raise BadItemError("it does not say which date its members get")
        self._is_empty = False

    def left(self, stamp: Stamp) -> Iterator[Leftover]:
        """Yield each membership that is left, in the order of numbers."""
        is_empty = True
        for item in Item.query(
            keys.members(self._account_id, self._group_id),
            Item.sk > keys.BEFORE_ALL_NUMBERS,
            consistent_read=True,
            page_size=_READ_AT_ONCE,
        ):
            is_empty = False
            yield Leftover(item.sk, partial(self._sweep, item.sk, stamp))
        self._is_empty = is_empty

    def count_left(self) -> int:
        """Return how many memberships are left."""
        return Item.count(
            keys.members(self._account_id, self._group_id),
            Item.sk > keys.BEFORE_ALL_NUMBERS,
            consistent_read=True,
        )

    def close(self, stamp: Stamp) -> None:
        """Remove the tombstone if nothing was left, and nothing can come any more.

        Raises:
            BadItemError: It does not say since when.

        """
        if not self._is_empty:
            return
        if self._item.deleted_on is None:
            raise BadItemError("it does not say when it was deleted")
        if stamp.at - self._item.deleted_on >= TOMBSTONE_LIFETIME:
            tombstones.remove_tombstone(self._item)

    def _sweep(self, e164: str, stamp: Stamp) -> bool:
        contact = contact_items.find_item(self._account_id, PhoneNumber(e164))
        if contact is None or self._group_id not in (contact.group_ids or ()):
            return tombstones.remove_membership_unless_joined(
                self._account_id, e164, self._group_id
            )
        try:
            _take_out_of_deleted_groups(
                self._account_id, self._group_id, contact, self._deleted, stamp
            )
        except TransactionRefusedError as refusal:
            _refuse_if_unchanged(self._account_id, contact, refusal)
            return False
        return True


class DeletedContact:
    """The tombstone of a contact that was in very many groups."""

    def __init__(self, entry: Item) -> None:
        self._account_id = keys.account_in(entry.pk)
        self._item = DeletedContactItem.get(entry.pk, entry.sk, consistent_read=True)
        if not self._item.phone_number or not self._item.group_ids:
            raise BadItemError("it does not say which memberships it left")
        self._swept: set[int] = set()

    def left(self, _stamp: Stamp) -> Iterator[Leftover]:
        """Yield each membership that may be left."""
        for group_id in sorted(self._item.group_ids):
            yield Leftover(keys.of_id(group_id), partial(self._sweep, group_id))

    def count_left(self) -> int:
        """Return how many memberships are left at most."""
        return len(self._item.group_ids)

    def close(self, stamp: Stamp) -> None:
        """Remove the tombstone, or from it what was swept."""
        if self._swept == self._item.group_ids:
            tombstones.remove_tombstone(self._item)
        elif self._swept:
            tombstones.shorten_tombstone(self._item, self._swept, stamp)

    def _sweep(self, group_id: int) -> bool:
        # Where it is not removed, another contact of that number took it over: none is left.
        tombstones.remove_membership_unless_joined(
            self._account_id, self._item.phone_number, group_id
        )
        self._swept.add(group_id)
        return True


Tombstone: TypeAlias = DeletedGroup | DeletedContact


def find_tombstone(entry: Item) -> Tombstone | None:
    """Return the tombstone of an index entry, or None if it is gone.

    Raises:
        BadItemError: It is none, or half of one.

    """
    if entry.pk != keys.tombstones(keys.account_in(entry.pk)):
        raise BadItemError("no tombstone, and yet in the index of what is to be swept")
    kind = DeletedGroup if entry.sk.startswith(keys.DELETED_GROUP) else DeletedContact
    try:
        return kind(entry)
    except DoesNotExist:
        return None


def _take_out_of_deleted_groups(
    account_id: str,
    group_id: int,
    contact: ContactItem,
    deleted: Mapping[int, date],
    stamp: Stamp,
) -> None:
    gone = (contact.group_ids or set()) & deleted.keys()
    if contact.group_ids == gone:
        last = max(deleted[each] for each in gone)
        actions = [
            ContactItem.group_ids.remove(),
            ContactItem.stoplist_ids.remove(),
            *contact_items.scheduling(account_id, contact.sk, last),
        ]
    else:
        actions = [ContactItem.group_ids.delete(gone), ContactItem.stoplist_ids.delete(gone)]

    def add_actions(transaction: TransactWrite) -> None:
        transaction.delete(MembershipItem(keys.members(account_id, group_id), contact.sk))
        transaction.update(
            contact,
            [*actions, *contact_items.revising(stamp)],
            contact_items.groups_unchanged_since(contact),
        )

    write_together(add_actions)
