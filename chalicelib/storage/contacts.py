"""Contacts in the table, as readers see them.

A deleted group is none of a contact's from its deletion on, though the contact's item names it
until it is swept. It is hidden here, in whatever is read.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from pynamodb.constants import ALL_NEW
from pynamodb.exceptions import DeleteError, PynamoDBException
from pynamodb.pagination import ResultIterator
from pynamodb.transactions import TransactWrite

from chalicelib.domain.caller import Stamp
from chalicelib.domain.contact import Contact, ContactKey, Details
from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError, UnavailableError
from chalicelib.storage import contact_items, keys, tombstones
from chalicelib.storage.dynamodb.batches import in_batches, read_batch, size_of_batches
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.dynamodb.transactions import (
    MAX_ACTIONS,
    TransactionRefusedError,
    condition_failing_means,
    write_together,
)
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries
from chalicelib.storage.items import ContactIdItem, ContactItem, MembershipItem

_MEMBERSHIPS_DELETED_AT_ONCE: Final = MAX_ACTIONS - 3
"""What a transaction holds beside the contact, its id and a tombstone."""

_MEMBERSHIPS_SWEPT_AT_ONCE: Final = 500
"""Further ones, each in a transaction of its own, that still fit well into a request."""


def get_contact(account_id: str, key: ContactKey) -> Contact:
    """Return a contact.

    Raises:
        NotFoundError: There is no such contact.

    """
    return contact_items.contact_as_seen(account_id, contact_items.get_stored(account_id, key))


def check_contact(account_id: str, key: ContactKey) -> None:
    """Return if there is such a contact; what groups it is in is not read.

    Raises:
        NotFoundError: There is none.

    """
    contact_items.get_stored(account_id, key)


def list_contacts_by_number(
    account_id: str, phone_numbers: Iterable[str], *, expected: int | None = None
) -> Iterator[Contact]:
    """Yield those contacts that exist, in the order of their E.164 numbers given.

    *expected* is how many are wanted, where it may be fewer than all.
    """
    deleted = tombstones.deleted_groups(account_id)
    for batch in in_batches(phone_numbers, size_of_batches(expected)):
        found = read_batch(contact_items.contact_in, keys.contacts(account_id), batch)
        for e164 in batch:
            if e164 in found:
                yield found[e164].without_deleted_groups(deleted)


def list_contacts(account_id: str, *, after: str | None, expected: int | None) -> Iterator[Contact]:
    """Yield every contact in the order of numbers, from behind the number *after*.

    *expected* is how many to read at a time, where fewer than all may be wanted.
    """
    deleted = tombstones.deleted_groups(account_id)
    question = {
        "range_key_condition": ContactItem.sk > (after or keys.BEFORE_ALL_NUMBERS),
        "consistent_read": True,
        "limit": expected,
    }
    found: ResultIterator[Contact] = ResultIterator(
        table().query, (keys.contacts(account_id),), question, map_fn=contact_items.contact_in
    )
    for contact in found:
        yield contact.without_deleted_groups(deleted)


def put_contact(account_id: str, contact: Contact, stamp: Stamp) -> None:
    """Keep a new contact. It becomes visible with its last write, whole or not at all.

    Raises:
        ConflictError: There is one of that number.

    """
    id_item = contact_items.id_item_of(account_id, contact, stamp)
    # Fails when another contact drew the same id, which is one chance in 2^53 for each:
    # the caller's next try draws another. A repeated call of our own does not fail.
    id_is_free = ContactIdItem.pk.does_not_exist() | (
        ContactIdItem.phone_number == contact.phone_number.e164
    )
    with condition_failing_means(UnavailableError(ErrorCode.BUSY)):
        id_item.save(id_is_free)
    try:
        # Fails when there is a contact of that number: creating never overwrites one.
        with condition_failing_means(ConflictError(ErrorCode.CONTACT_EXISTS)):
            item = contact_items.item_of(account_id, contact, stamp)
            item.save(ContactItem.pk.does_not_exist())
    except ConflictError as error:
        # botocore repeats a call whose answer was lost, and may so meet our own contact,
        # which others may have changed by now: it must not be written over either.
        existing = contact_items.find_item(account_id, contact.phone_number)
        if existing and existing.id == contact.id:
            return
        # Fails when the id is by now at another number, to which our own contact went meanwhile.
        with suppress(DeleteError):
            id_item.delete(ContactIdItem.phone_number == contact.phone_number.e164)
        error.contact_id = existing.id if existing else None
        raise


def update_contact(account_id: str, key: ContactKey, changes: Details, stamp: Stamp) -> Contact:
    """Set or clear some details of a contact, and return it.

    Raises:
        NotFoundError: There is no such contact.

    """
    actions = [
        attribute.remove() if value is None else attribute.set(value)
        for attribute, value in ((getattr(ContactItem, name), changes[name]) for name in changes)
    ]
    not_found = NotFoundError(ErrorCode.CONTACT_NOT_FOUND)
    for place in contact_items.places(account_id, key):
        # Fails when there is no such contact: an update would otherwise create half of one.
        with suppress(NotFoundError), condition_failing_means(not_found):
            answer = table().update_item(
                keys.contacts(account_id),
                place.e164,
                actions=[
                    *actions,
                    ContactItem.updated_on.set(stamp.at),
                    *contact_items.revising(stamp),
                ],
                condition=contact_items.is_there(key),
                return_values=ALL_NEW,
            )
            return contact_items.contact_as_seen(account_id, answer["Attributes"])
    raise not_found


def delete_contact(account_id: str, key: ContactKey, stamp: Stamp) -> None:
    """Delete a contact, its id and its memberships: for readers, all of it at once.

    A transaction holds 97 memberships beside the rest. Of a contact in more groups the
    others are left behind under a tombstone, and swept at once after, or, if there are very
    many, by the scheduled sweep. Readers ignore them all the while, since no contact's
    ``groupIds`` names them. The number stays on the blacklist if it is there.

    Raises:
        NotFoundError: There is no such contact.
        UnavailableError: It was changed by others at every try.

    """
    for _ in tries(DECISION_TRIES):
        item = contact_items.get_item(account_id, key)
        try:
            _delete_as_read(account_id, item, stamp)
        except TransactionRefusedError:
            continue
        return
    raise UnavailableError(ErrorCode.BUSY)


def _delete_as_read(account_id: str, item: ContactItem, stamp: Stamp) -> None:
    group_ids = sorted(item.group_ids or ())
    at_once = group_ids[:_MEMBERSHIPS_DELETED_AT_ONCE]
    left_behind = group_ids[_MEMBERSHIPS_DELETED_AT_ONCE:]

    def add_actions(transaction: TransactWrite) -> None:
        transaction.delete(item, contact_items.groups_unchanged_since(item))
        transaction.delete(ContactIdItem(keys.contact_ids(account_id), keys.of_id(item.id)))
        for group_id in at_once:
            transaction.delete(MembershipItem(keys.members(account_id, group_id), item.sk))
        if left_behind:
            transaction.save(
                tombstones.deleted_contact_item(account_id, item.id, item.sk, left_behind, stamp)
            )

    write_together(add_actions)
    if 0 < len(left_behind) <= _MEMBERSHIPS_SWEPT_AT_ONCE:
        # It is deleted: if the sweep fails now, the scheduled one finds the tombstone.
        with suppress(UnavailableError, PynamoDBException):
            tombstones.sweep_contact(account_id, item.id, item.sk, left_behind)
