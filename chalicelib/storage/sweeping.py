"""Sweeping: removing the memberships that remain after deletions.

Every step can be interrupted and repeated, and two runs at once do no harm.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Final, NamedTuple, TypeAlias

from pynamodb.exceptions import DoesNotExist, UpdateError

from chalicelib.domain.caller import Stamp
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import contact_items, keys, memberships, tombstones
from chalicelib.storage.bad_items import BadItemError, refuse_if_unchanged
from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.dynamodb.model import Item, SparseIndex
from chalicelib.storage.dynamodb.transactions import (
    Transaction,
    TransactionRefusedError,
    write_together,
)
from chalicelib.storage.items import (
    ContactItem,
    DeletedContactItem,
    DeletedGroupItem,
)
from chalicelib.storage.keys import ItemKind
from chalicelib.storage.stamps import stamping

TOMBSTONE_LIFETIME: Final = timedelta(minutes=5)
"""A request that began before the deletion may still add a member. Within this time it has ended:
API Gateway waits 29 seconds. So only a later sweep may remove the tombstone."""

_READ_AT_ONCE: Final = 100


def oldest_tombstones() -> Iterator[Item]:
    """Yield the keys of all accounts' tombstones, the oldest first."""
    return Item.query(keys.SWEEP, index_name=SparseIndex.Meta.index_name)


class Leftover(NamedTuple):
    """A membership that remains after a deletion: the last part of its key, and its sweep.

    The sweep returns whether it removed the membership: somebody may be changing it. If the
    contact is malformed, the sweep raises :class:`BadItemError`, or what reading it raises.
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

    def leftovers(self, stamp: Stamp) -> Iterator[Leftover]:
        """Yield each remaining membership, in the order of numbers."""
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

    def count_leftovers(self) -> int:
        """Return how many memberships remain."""
        return Item.count(
            keys.members(self._account_id, self._group_id),
            Item.sk > keys.BEFORE_ALL_NUMBERS,
            consistent_read=True,
        )

    def close(self, stamp: Stamp) -> None:
        """Remove the tombstone if no membership remained, and no request can add one any more.

        Raises:
            BadItemError: It does not say when the group was deleted.

        """
        if not self._is_empty:
            return
        if self._item.deleted_on is None:
            raise BadItemError("it does not say when it was deleted")
        if stamp.at - self._item.deleted_on >= TOMBSTONE_LIFETIME:
            self._item.delete()

    def _sweep(self, e164: str, stamp: Stamp) -> bool:
        stored = contact_items.find_stored(self._account_id, PhoneNumber(e164))
        if stored is None or not contact_items.is_in_group(stored, self._group_id):
            return tombstones.remove_membership_unless_joined(
                self._account_id, e164, self._group_id
            )
        try:
            self._take_out(stored, stamp)
        except TransactionRefusedError as refusal:
            refuse_if_unchanged(self._account_id, ContactItem.from_raw_data(stored), refusal)
            return False
        return True

    def _take_out(self, stored: StoredItem, stamp: Stamp) -> None:
        """Store a contact as readers already see it, without any deleted group."""
        seen = contact_items.contact_in(stored).without_deleted_groups(self._deleted)

        def add_actions(transaction: Transaction) -> None:
            memberships.add_leaving(transaction, [self._group_id], stored, seen, stamp)

        write_together(add_actions)


class DeletedContact:
    """The tombstone of a contact that was in more groups than a transaction holds."""

    def __init__(self, entry: Item) -> None:
        self._account_id = keys.account_in(entry.pk)
        self._item = DeletedContactItem.get(entry.pk, entry.sk, consistent_read=True)
        if not self._item.phone_number or not self._item.group_ids:
            raise BadItemError("it does not say which memberships it left")
        self._swept: set[int] = set()

    def leftovers(self, _stamp: Stamp) -> Iterator[Leftover]:
        """Yield each membership that may remain."""
        for group_id in sorted(self._item.group_ids):
            yield Leftover(keys.of_id(group_id), partial(self._sweep, group_id))

    def count_leftovers(self) -> int:
        """Return how many memberships remain at most."""
        return len(self._item.group_ids)

    def close(self, stamp: Stamp) -> None:
        """Remove the tombstone if all was swept, or else the swept groups from it."""
        if self._swept == self._item.group_ids:
            self._item.delete()
        elif self._swept:
            self._shorten(stamp)

    def _shorten(self, stamp: Stamp) -> None:
        # Fails if it is gone, or if another sweep has shortened it: both together might empty it.
        with suppress(UpdateError):
            self._item.update(
                [DeletedContactItem.group_ids.delete(self._swept), *stamping(stamp)],
                DeletedContactItem.group_ids == self._item.group_ids,
            )

    def _sweep(self, group_id: int) -> bool:
        # If this does not remove it, it now belongs to another contact with this number.
        tombstones.remove_membership_unless_joined(
            self._account_id, self._item.phone_number, group_id
        )
        self._swept.add(group_id)
        return True


Tombstone: TypeAlias = DeletedGroup | DeletedContact

_TOMBSTONES: Final[Mapping[ItemKind | None, type[Tombstone]]] = {
    ItemKind.DELETED_GROUP: DeletedGroup,
    ItemKind.DELETED_CONTACT: DeletedContact,
}


def find_tombstone(entry: Item) -> Tombstone | None:
    """Return the tombstone of an index entry, or None if it is gone.

    Raises:
        BadItemError: It is not a tombstone, or it is incomplete.

    """
    tombstone = _TOMBSTONES.get(keys.kind_of(entry.pk, entry.sk))
    if tombstone is None:
        raise BadItemError("no tombstone, and yet in the index of what is to be swept")
    try:
        return tombstone(entry)
    except DoesNotExist:
        return None
