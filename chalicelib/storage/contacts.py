"""Contacts in the table, as readers see them.

The item of a contact names a deleted group until the sweep. The functions here hide such groups
from readers at once.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from pynamodb.constants import ALL_NEW
from pynamodb.exceptions import DeleteError, PynamoDBException
from pynamodb.pagination import ResultIterator
from pynamodb.transactions import TransactWrite

from chalicelib.domain.caller import Stamp
from chalicelib.domain.contact import Contact, ContactKey, Details, Ending
from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError, UnavailableError
from chalicelib.domain.precondition import NOTHING_DEMANDED, Precondition
from chalicelib.storage import contact_items, keys, tombstones
from chalicelib.storage.dynamodb.batches import in_batches, read_batch, size_of_batches
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.dynamodb.queries import list_sort_keys
from chalicelib.storage.dynamodb.transactions import (
    MAX_ACTIONS,
    TransactionRefusedError,
    condition_failing_means,
    write_together,
)
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries
from chalicelib.storage.items import ContactIdItem, ContactItem, MembershipItem

_AFTER_ALL_DIGITS: Final = ":"

_MEMBERSHIPS_DELETED_AT_ONCE: Final = MAX_ACTIONS - 3
"""The other actions of the transaction are the contact, its id and a tombstone."""

_MEMBERSHIPS_SWEPT_AT_ONCE: Final = 500
"""More memberships, each in its own transaction, for which one request has time."""


def get_contact(account_id: str, key: ContactKey) -> Contact:
    """Return a contact.

    Raises:
        NotFoundError: There is no such contact.

    """
    return contact_items.contact_as_seen(account_id, contact_items.get_stored(account_id, key))


def check_contact(account_id: str, key: ContactKey) -> None:
    """Check that a contact exists, without reading which of its groups were deleted.

    Raises:
        NotFoundError: There is no such contact.

    """
    contact_items.get_stored(account_id, key)


def list_contacts_by_number(
    account_id: str, phone_numbers: Iterable[str], *, expected: int | None = None
) -> Iterator[Contact]:
    """Yield the contacts of some E.164 numbers, in the order of *phone_numbers*, if they exist.

    *expected* is how many the caller expects to use; None means all. It sets only how many are
    read at a time.
    """
    deleted = tombstones.deleted_groups(account_id)
    for batch in in_batches(phone_numbers, size_of_batches(expected)):
        found = read_batch(contact_items.contact_in, keys.contacts(account_id), batch)
        for e164 in batch:
            if e164 in found:
                yield found[e164].without_deleted_groups(deleted)


def list_contacts(account_id: str, *, after: str | None, expected: int | None) -> Iterator[Contact]:
    """Yield every contact in the order of numbers, beginning after the number *after*.

    *expected* is how many the caller expects to use; None means all. It sets only how many are
    read at a time.
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


def list_numbers(
    account_id: str, prefix: str, *, after: str | None, expected: int | None
) -> Iterator[str]:
    """Yield the numbers of all contacts that begin with *prefix*, in order, after *after*.

    *expected* is as for :func:`list_contacts`.
    """
    first = max(prefix, f"{after}0" if after else prefix)
    within = ContactItem.sk.between(first, prefix + _AFTER_ALL_DIGITS)
    return list_sort_keys(keys.contacts(account_id), within, expected)


def put_contact(account_id: str, contact: Contact, stamp: Stamp) -> None:
    """Store a new contact. It becomes visible as a whole, with its last write.

    Raises:
        ConflictError: There is a contact with this number.

    """
    id_item = contact_items.id_item_of(account_id, contact, stamp)
    # Fails if another contact has the same random id of 53 bits: the caller's next try makes
    # a new one. A repeated call of our own does not fail.
    id_is_free = ContactIdItem.pk.does_not_exist() | (
        ContactIdItem.phone_number == contact.phone_number.e164
    )
    with condition_failing_means(UnavailableError(ErrorCode.BUSY)):
        id_item.save(id_is_free)
    try:
        # Fails if there is a contact with this number: it must not be overwritten.
        with condition_failing_means(ConflictError(ErrorCode.CONTACT_EXISTS)):
            item = contact_items.item_of(account_id, contact, stamp)
            item.save(ContactItem.pk.does_not_exist())
    except ConflictError as error:
        # botocore repeats a call whose answer was lost. So this may be our own contact, which
        # others may have changed meanwhile: it must not be overwritten either.
        existing = contact_items.find_item(account_id, contact.phone_number)
        if existing and existing.id == contact.id:
            return
        # Fails if our own contact changed its number meanwhile, and took the id with it.
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
        # Fails if there is no such contact: an update would otherwise create an incomplete one.
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


def delete_contact(
    account_id: str,
    key: ContactKey,
    stamp: Stamp,
    precondition: Precondition = NOTHING_DEMANDED,
    ending: Ending = Ending.DELETED,
) -> None:
    """Delete a contact and its memberships. Readers see all of it at once.

    Its id item stays for some days, without the number, to say how it ended.

    A transaction has room for 97 memberships. If a contact has more, a tombstone records the
    others. They are swept right after the transaction, or by the scheduled sweep if there are
    more than 500. Readers ignore them, since no contact's ``groupIds`` has them. If the number
    is on the blacklist, it stays there.

    Raises:
        NotFoundError: There is no such contact.
        PreconditionError: It is not as it must be.
        UnavailableError: Others changed it at every try.

    """
    for _ in tries(DECISION_TRIES):
        stored = contact_items.find_stored(account_id, key)
        precondition.check(contact_items.contact_in(stored) if stored else None)
        if stored is None:
            raise NotFoundError(ErrorCode.CONTACT_NOT_FOUND)
        try:
            _delete_as_read(account_id, ContactItem.from_raw_data(stored), ending, stamp)
        except TransactionRefusedError:
            continue
        return
    raise UnavailableError(ErrorCode.BUSY)


def _delete_as_read(account_id: str, item: ContactItem, ending: Ending, stamp: Stamp) -> None:
    group_ids = sorted(item.group_ids or ())
    at_once = group_ids[:_MEMBERSHIPS_DELETED_AT_ONCE]
    left_behind = group_ids[_MEMBERSHIPS_DELETED_AT_ONCE:]

    def add_actions(transaction: TransactWrite) -> None:
        # Fails if anybody wrote it meanwhile: its memberships, what was demanded and the revision
        # at which it ended are those of the contact that was read.
        transaction.delete(item, contact_items.unchanged_since(item))
        transaction.save(contact_items.ended_id_item_of(account_id, item, ending, stamp))
        for group_id in at_once:
            transaction.delete(MembershipItem(keys.members(account_id, group_id), item.sk))
        if left_behind:
            transaction.save(
                tombstones.deleted_contact_item(account_id, item.id, item.sk, left_behind, stamp)
            )

    write_together(add_actions)
    if 0 < len(left_behind) <= _MEMBERSHIPS_SWEPT_AT_ONCE:
        # The contact is deleted. If this sweep fails, the scheduled one finds the tombstone.
        with suppress(UnavailableError, PynamoDBException):
            tombstones.sweep_contact(account_id, item.id, item.sk, left_behind)
