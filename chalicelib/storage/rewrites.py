"""Writing a contact whole: from how it was read to how it shall be, in one transaction.

That is how a contact changes in more than one way at once: its number, its groups and its fields.
What was read is the condition of what is written. If others were faster, nothing is written, and
whoever wanted to has to read it again and decide anew.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, NamedTuple

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

MAX_MEMBERSHIPS: Final = MAX_ACTIONS - 4
"""What a transaction holds beside the contact where it was, and where it is, its id, and the
blacklist."""

MAX_TOGETHER: Final = MAX_ACTIONS // 4
"""Contacts that are written in one transaction when each joins one group at most."""

DAMAGED: Final = (KeyError, TypeError, ValueError, TransactWriteError)
"""What is raised of a contact whose item is not whole, or not of the types that it has to be: when
it is read, or by DynamoDB when it is changed."""


class Kept(NamedTuple):
    """A contact as it is kept: its item as DynamoDB has it, and itself as readers see it."""

    stored: StoredItem
    contact: Contact


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


def rewrite(account_id: str, kept: Kept | None, after: Contact, stamp: Stamp) -> Contact | None:
    """Let a contact that was *kept* be as it shall be *after*, or create it if there was none.

    Return it as it was written; or None if others changed it since it was read, and so nothing
    was written.

    Raises:
        ConflictError: Its number was to change, and there is another contact of the new one.
        RefusedError: It is in too many groups for that.

    """
    planned = _plan(account_id, kept, after, stamp)
    try:
        write_together(planned.add_actions)
    except TransactionRefusedError as refusal:
        if planned.is_moving:
            _refuse_if_number_is_taken(account_id, after, refusal)
        return None
    return after


class Found(NamedTuple):
    """Several contacts that are to be rewritten, as DynamoDB has them, by their numbers."""

    stored: Mapping[str, StoredItem]
    deleted: Mapping[int, date]

    def kept(self, phone_number: PhoneNumber) -> Kept | None:
        """Return one of them, or None if there is none of that number.

        Raises:
            Exception: One of :data:`DAMAGED`.

        """
        stored = self.stored.get(phone_number.e164)
        if stored is None:
            return None
        return Kept(stored, contact_items.contact_in(stored).without_deleted_groups(self.deleted))


def read_each(account_id: str, phone_numbers: Iterable[PhoneNumber]) -> Found:
    """Return those of up to 100 contacts that are there.

    Raises:
        UnavailableError: Not all could be read.

    """
    e164s = [number.e164 for number in phone_numbers]
    stored = read_batch(_as_it_is, keys.contacts(account_id), e164s)
    is_any_in_groups = any("groupIds" in item for item in stored.values())
    return Found(stored, tombstones.deleted_groups(account_id) if is_any_in_groups else {})


def rewrite_together(
    account_id: str, changes: Iterable[tuple[Kept | None, Contact]], stamp: Stamp
) -> bool:
    """Do what :func:`rewrite` does for :data:`MAX_TOGETHER` contacts at most, or for none of them.

    Each keeps its number, and may join one group. Return whether they were written; if not, for
    whichever of them, each can be rewritten by itself.

    Raises:
        UnavailableError: The table is out of reach.

    """

    def add_actions(transaction: Transaction) -> None:
        for kept, after in changes:
            _plan(account_id, kept, after, stamp).add_actions(transaction)

    try:
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
    unlists: bool
    stamp: Stamp

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
        """
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
        self._add_blacklist(transaction)

    @property
    def _number_before(self) -> PhoneNumber:
        return (self.kept.contact if self.kept else self.after).phone_number

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
        transaction.put(contact_items.stored_id_of(self.account_id, self.after, self.stamp))
        item = ContactItem.from_raw_data(before)
        # Fails when the contact is no longer as it was read.
        transaction.delete(item, contact_items.unchanged_since(item))
        for group_id in self.left_group_ids:
            transaction.delete(MembershipItem(keys.members(self.account_id, group_id), item.sk))

    def _add_blacklist(self, transaction: Transaction) -> None:
        """Blacklist the number of whoever is put into a stoplist, until the last one is left.

        The number that a contact had before stays on the blacklist.
        """
        stoplist_ids = self.after.stoplist_ids
        if self.after.is_stopped_anew or (self.is_moving and stoplist_ids):
            blacklist.ensure_number(
                transaction, self.account_id, self.after.phone_number, self.stamp
            )
        elif self.unlists:
            blacklist.ensure_no_number(transaction, self.account_id, self._number_before)


def _plan(account_id: str, kept: Kept | None, after: Contact, stamp: Stamp) -> _Rewrite:
    planned = _Rewrite(
        account_id=account_id,
        kept=kept,
        after=after,
        unlists=_is_to_unlist(account_id, kept, after),
        stamp=stamp,
    )
    if len(planned.left_group_ids) + len(planned.joined_group_ids) > MAX_MEMBERSHIPS:
        raise RefusedError(ErrorCode.TOO_MANY_GROUPS)
    return planned


def _is_to_unlist(account_id: str, kept: Kept | None, after: Contact) -> bool:
    """Say whether a contact leaves its last stoplist, and nobody asked for its number to stay."""
    if kept is None or not kept.contact.stoplist_ids or after.stoplist_ids:
        return False
    return not blacklist.is_by_request(account_id, kept.contact.phone_number)


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
