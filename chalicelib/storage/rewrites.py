"""Writing a contact whole: from how it was read to how it shall be, in one transaction.

That is how a contact changes in more than one way at once: its number, its groups and its fields.
What was read is the condition of what is written. If others were faster, nothing is written, and
whoever wanted to has to read it again and decide anew.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Final, NamedTuple, TypeAlias, TypeVar

from pynamodb.exceptions import TransactWriteError

from chalicelib.domain.caller import Stamp
from chalicelib.domain.contact import Contact, ContactKey
from chalicelib.domain.errors import (
    ConflictError,
    ErrorCode,
    RefusedError,
    UnavailableError,
)
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import blacklist, contact_items, keys, memberships, tombstones
from chalicelib.storage.dynamodb.batches import StoredItem, read_batch
from chalicelib.storage.dynamodb.transactions import (
    MAX_ACTIONS,
    REVISION,
    Transaction,
    TransactionRefusedError,
    write_together,
)
from chalicelib.storage.items import ContactItem, MembershipItem

MAX_MEMBERSHIPS: Final = MAX_ACTIONS - 3 - blacklist.MAX_ACTIONS_OF_A_NUMBER
"""The other actions of a transaction are the contact at its old and at its new number, its id, and
the blacklist."""

MAX_TOGETHER: Final = MAX_ACTIONS // 4
"""Contacts that are written in one transaction, if all their actions fit. A transaction holds 4 MB,
and so 25 contacts of the largest size."""

DAMAGED: Final = (KeyError, TypeError, ValueError, TransactWriteError)
"""What is raised of a contact or a number whose item is not whole, or not of the types that it has
to be: when it is read, or by DynamoDB when it is changed."""

KeyT = TypeVar("KeyT")


class Kept(NamedTuple):
    """A contact as it is kept: its item as DynamoDB has it, and itself as readers see it."""

    stored: StoredItem
    contact: Contact


Change: TypeAlias = tuple[Kept | None, Contact]
"""A contact as it was kept, if it was, and how it shall be."""


def get(account_id: str, key: ContactKey) -> Kept:
    """Return a contact that is to be rewritten.

    Raises:
        NotFoundError: There is no such contact.

    """
    return _kept(account_id, contact_items.get_stored(account_id, key))


def find(account_id: str, key: ContactKey) -> Kept | None:
    """Return a contact that is to be rewritten, or None if there is no such contact."""
    stored = contact_items.find_stored(account_id, key)
    return None if stored is None else _kept(account_id, stored)


def rewrite(
    account_id: str, kept: Kept | None, after: Contact, stamp: Stamp, *, may_allow: bool = False
) -> Contact | None:
    """Let a contact that was *kept* be as it shall be *after*, or create it if there was none.

    If it leaves stoplists, its number stays stopped. With *may_allow*, the number is allowed again
    if it was stopped for these stoplists alone: the caller was asked to take the contact out of
    them.

    Return it as it was written; or None if others changed it since it was read, and so nothing
    was written.

    Raises:
        ConflictError: Its number was to change, and there is another contact of the new one.
        RefusedError: It is in too many groups for that.

    """
    left = _left_stoplists(kept, after) if may_allow else frozenset()
    standing = None
    if _stopped_by(kept, after) or left:
        standing = blacklist.Standing.read(account_id, after.phone_number)
    planned = _Rewrite(account_id, kept, after, stamp, standing, left)
    try:
        write_together(planned.add_actions)
    except TransactionRefusedError as refusal:
        if planned.is_moving:
            _refuse_if_number_is_taken(account_id, after, refusal)
        return None
    return replace(after, revision=kept.contact.revision + 1 if kept else 0)


class Found(NamedTuple):
    """Several contacts that are to be rewritten, as DynamoDB has them, by their numbers.

    ``places`` are the numbers of those that were looked for by their ids.
    """

    stored: Mapping[str, StoredItem]
    places: Mapping[int, PhoneNumber]
    deleted: Mapping[int, date]

    def place_of(self, key: ContactKey) -> PhoneNumber | None:
        """Return the number at which to look for a contact; None if no contact has the id."""
        return key if isinstance(key, PhoneNumber) else self.places.get(key)

    def kept(self, key: ContactKey) -> Kept | None:
        """Return one of them, or None if there is none of that key.

        Raises:
            Exception: One of :data:`DAMAGED`; also if the contact of an id was not where it was
                looked for, since its number may have changed meanwhile.

        """
        place = self.place_of(key)
        stored = self.stored.get(place.e164) if place else None
        if place is not None and not isinstance(key, PhoneNumber):
            stored = self.stored[place.e164]
            if not contact_items.answers_to(stored, key):
                raise KeyError(key)
        if stored is None:
            return None
        return Kept(stored, contact_items.contact_in(stored).without_deleted_groups(self.deleted))


def read_each(account_id: str, contact_keys: Iterable[ContactKey]) -> Found:
    """Return those of up to 100 contacts that are there.

    Raises:
        UnavailableError: Not all could be read.

    """
    numbers = {key for key in contact_keys if isinstance(key, PhoneNumber)}
    ids = {key for key in contact_keys if not isinstance(key, PhoneNumber)}
    places = contact_items.places_of_ids(account_id, ids)
    e164s = {number.e164 for number in numbers.union(places.values())}
    stored = read_batch(_as_it_is, keys.contacts(account_id), e164s)
    is_any_in_groups = any("groupIds" in item for item in stored.values())
    deleted = tombstones.deleted_groups(account_id) if is_any_in_groups else {}
    return Found(stored, places, deleted)


def fitting_together(changes: Mapping[KeyT, Change]) -> Iterator[list[KeyT]]:
    """Yield the keys of some changes in parts that :func:`rewrite_together` takes."""
    together: list[KeyT] = []
    actions = 0
    for key, change in changes.items():
        more = _most_actions(*change)
        if together and (actions + more > MAX_ACTIONS or len(together) == MAX_TOGETHER):
            yield together
            together, actions = [], 0
        together.append(key)
        actions += more
    if together:
        yield together


def rewrite_together(
    account_id: str, changes: Collection[Change], stamp: Stamp, *, may_allow: bool = False
) -> bool:
    """Do what :func:`rewrite` does for several contacts, or for none of them.

    They are a part of :func:`fitting_together`, and each keeps its number. Return whether they were
    written; if not, for whichever of them, each can be rewritten by itself.

    Raises:
        UnavailableError: The table is out of reach.

    """
    left_by = {
        after.phone_number: left
        for kept, after in changes
        if may_allow and (left := _left_stoplists(kept, after))
    }
    stopped = {after.phone_number for kept, after in changes if _stopped_by(kept, after)}

    def add_actions(transaction: Transaction) -> None:
        for kept, after in changes:
            standing = standings.get(after.phone_number)
            left = left_by.get(after.phone_number, frozenset())
            _Rewrite(account_id, kept, after, stamp, standing, left).add_actions(transaction)

    try:
        standings = blacklist.Standing.read_each(account_id, stopped.union(left_by))
        write_together(add_actions)
    except (TransactionRefusedError, TransactWriteError, RefusedError):
        return False
    except UnavailableError as error:
        if error.code is ErrorCode.UNREACHABLE:
            raise
        return False
    return True


class _Rewrite(NamedTuple):
    """A contact as it was kept, if it was, and how it shall be."""

    account_id: str
    kept: Kept | None
    after: Contact
    stamp: Stamp
    standing: blacklist.Standing | None
    left_stoplist_ids: frozenset[int] = frozenset()

    @property
    def is_moving(self) -> bool:
        """Whether its number changes."""
        return self.kept is not None and self.kept.contact.phone_number != self.after.phone_number

    @property
    def left_group_ids(self) -> frozenset[int]:
        """The groups whose membership goes, at the number that it had."""
        if self.kept is None:
            return frozenset()
        if self.is_moving:
            return self.kept.contact.group_ids
        return self.kept.contact.group_ids - self.after.group_ids

    @property
    def joined_group_ids(self) -> frozenset[int]:
        """The groups whose membership comes, at the number that it gets."""
        if self.kept is None or self.is_moving:
            return self.after.group_ids
        return self.after.group_ids - self.kept.contact.group_ids

    def add_actions(self, transaction: Transaction) -> None:
        """Put all that is to be written into a transaction.

        Memberships of deleted groups are left to their sweep. No reader heeds them, since the
        contact names those groups no longer.

        Raises:
            RefusedError: The contact joins and leaves too many groups.

        """
        if len(self.left_group_ids) + len(self.joined_group_ids) > MAX_MEMBERSHIPS:
            raise RefusedError(ErrorCode.TOO_MANY_GROUPS)
        if self.kept is None:
            self._create(transaction)
        elif self.is_moving:
            self._move(transaction, self.kept.stored)
        else:
            memberships.add_leaving(
                transaction, self.left_group_ids, self.kept.stored, self.after, self.stamp
            )
        for group_id in self.joined_group_ids:
            transaction.put(
                memberships.stored_of(
                    self.account_id, group_id, self.after.phone_number, self.stamp
                )
            )
        if self.standing:
            self.standing.add_change_of_stoplists(
                transaction,
                self.stamp,
                before=self.kept.contact.stoplist_ids if self.kept else frozenset(),
                joined=_stopped_by(self.kept, self.after),
                left=self.left_stoplist_ids,
            )

    def _create(self, transaction: Transaction) -> None:
        # Fails when there is a contact of that number: none is ever overwritten.
        transaction.put(
            contact_items.stored_of(self.account_id, self.after, self.stamp), if_new=True
        )
        # Fails when another contact drew the same id; the next try draws another.
        transaction.put(
            contact_items.stored_id_of(self.account_id, self.after, self.stamp), if_new=True
        )

    def _move(self, transaction: Transaction, before: StoredItem) -> None:
        # It may come back to the number that it has now, and must not look unchanged there.
        revision = int(before.get(REVISION, {"N": "0"})["N"]) + 1
        after = contact_items.stored_after(before, self.after, self.stamp)
        after[REVISION] = {"N": str(revision)}
        # Fails when there is a contact of that number: none is ever overwritten.
        transaction.put(after, if_new=True)
        transaction.put(
            contact_items.stored_moved_id_of(self.account_id, before, after, self.stamp)
        )
        item = ContactItem.from_raw_data(before)
        # Fails when the contact is no longer as it was read.
        transaction.delete(item, contact_items.unchanged_since(item))
        for group_id in self.left_group_ids:
            transaction.delete(MembershipItem(keys.members(self.account_id, group_id), item.sk))


def _stopped_by(kept: Kept | None, after: Contact) -> frozenset[int]:
    """Return the stoplists for which a contact's number is stopped now.

    A new number is stopped for all stoplists of the contact. The old one stays on the blacklist.
    """
    is_moving = kept is not None and kept.contact.phone_number != after.phone_number
    return after.stoplist_ids if is_moving else after.stopped_anew_by


def _left_stoplists(kept: Kept | None, after: Contact) -> frozenset[int]:
    """Return the stoplists that a contact leaves with the number that it keeps.

    Whatever stopped a number that it gets only now, no call for this contact was about it.
    """
    if kept is None or kept.contact.phone_number != after.phone_number:
        return frozenset()
    return kept.contact.stoplist_ids - after.stoplist_ids


def _most_actions(kept: Kept | None, after: Contact) -> int:
    """Return how many actions a contact that keeps its number adds to a transaction at most."""
    groups_before = kept.contact.group_ids if kept else frozenset()
    of_contact = 1 if kept else 2
    is_blacklist_changed = _stopped_by(kept, after) or _left_stoplists(kept, after)
    of_number = blacklist.MAX_ACTIONS_OF_A_NUMBER if is_blacklist_changed else 0
    return of_contact + len(groups_before ^ after.group_ids) + of_number


def _kept(account_id: str, stored: StoredItem) -> Kept:
    return Kept(stored, contact_items.contact_as_seen(account_id, stored))


def _as_it_is(stored: StoredItem) -> StoredItem:
    return stored


def _refuse_if_number_is_taken(
    account_id: str, contact: Contact, refusal: TransactionRefusedError
) -> None:
    there = contact_items.find_item(account_id, contact.phone_number)
    if there is not None and there.id != contact.id:
        raise ConflictError(ErrorCode.CONTACT_EXISTS, contact_id=there.id) from refusal
