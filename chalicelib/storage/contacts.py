"""Contacts in the table: one item each, and a second one that finds it by id."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from pynamodb.constants import ALL_NEW
from pynamodb.exceptions import DeleteError, DoesNotExist, PynamoDBException
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.pagination import ResultIterator
from pynamodb.transactions import TransactWrite

from chalicelib.domain.contact import DETAIL_CHARACTERS, Contact, Details
from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError, UnavailableError
from chalicelib.domain.extra import extra_of_text, text_of_extra
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import keys, tombstones
from chalicelib.storage.dynamodb.batches import StoredItem, in_batches, read_batch, size_of_batches
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.dynamodb.transactions import (
    MOST_ACTIONS,
    TransactionRefusedError,
    condition_failing_means,
    write_together,
)
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries
from chalicelib.storage.items import ContactIdItem, ContactItem, MembershipItem

_MEMBERSHIPS_DELETED_AT_ONCE: Final = MOST_ACTIONS - 3
"""What a transaction holds beside the contact, its id and a tombstone."""

_MEMBERSHIPS_SWEPT_AT_ONCE: Final = 500
"""Further ones, each in a transaction of its own, that still fit well into a request."""

_DETAIL_KEYS: Final = {name: getattr(ContactItem, name).attr_name for name in DETAIL_CHARACTERS}
_DATES: Final[Any] = ContactItem.created_on
_KNOWN: Final = frozenset(each.attr_name for each in ContactItem.get_attributes().values())


def get_contact(
    account_id: str, phone_number: PhoneNumber, contact_id: int | None = None
) -> Contact:
    """Return a contact, with the groups that its item names.

    Raises:
        NotFoundError: There is none of that number, or it has another id than the one given.

    """
    stored = find_stored(account_id, phone_number.e164)
    contact = stored and contact_in(stored)
    if not contact or contact_id not in {None, contact.id}:
        raise NotFoundError(ErrorCode.CONTACT_NOT_FOUND)
    return contact


def find_number(account_id: str, contact_id: int) -> PhoneNumber:
    """Return where the contact with an id is, if it is anywhere: it must carry that id there.

    Raises:
        NotFoundError: There is none.

    """
    try:
        item = ContactIdItem.get(
            keys.contact_ids(account_id), keys.of_id(contact_id), consistent_read=True
        )
    except DoesNotExist as error:
        raise NotFoundError(ErrorCode.CONTACT_NOT_FOUND) from error
    return PhoneNumber(item.phone_number)


def get_contacts(
    account_id: str, phone_numbers: Iterable[str], *, page_size: int | None = None
) -> Iterator[Contact]:
    """Yield those contacts that exist, in the order of their E.164 numbers given.

    *page_size* is how many are wanted, where it may be fewer than all.
    """
    for batch in in_batches(phone_numbers, size_of_batches(page_size)):
        found = read_batch(contact_in, keys.contacts(account_id), batch)
        yield from (found[e164] for e164 in batch if e164 in found)


def list_contacts(
    account_id: str, *, after: str | None, page_size: int | None
) -> Iterator[Contact]:
    """Yield every contact in the order of numbers, from behind the number *after*.

    *page_size* is how many to read at a time, where fewer than all may be wanted.
    """
    question = {
        "range_key_condition": ContactItem.sk > (after or keys.BEFORE_ALL_NUMBERS),
        "consistent_read": True,
        "limit": page_size,
    }
    return ResultIterator(table().query, (keys.contacts(account_id),), question, map_fn=contact_in)


def put_contact(account_id: str, contact: Contact) -> None:
    """Keep a new contact. It becomes visible with its last write, whole or not at all.

    Raises:
        ConflictError: There is one of that number.

    """
    id_item = id_item_of(account_id, contact)
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
            item_of(account_id, contact).save(ContactItem.pk.does_not_exist())
    except ConflictError as error:
        # botocore repeats a call whose answer was lost, and may so meet our own contact,
        # which others may have changed by now: it must not be written over either.
        existing = find_item(account_id, contact.phone_number.e164)
        if existing and existing.id == contact.id:
            return
        # Fails when the id is by now at another number, to which our own contact went meanwhile.
        with suppress(DeleteError):
            id_item.delete(ContactIdItem.phone_number == contact.phone_number.e164)
        error.contact_id = existing.id if existing else None
        raise


def update_contact(
    account_id: str,
    phone_number: PhoneNumber,
    changes: Details,
    now: datetime,
    contact_id: int | None = None,
) -> Contact:
    """Set or clear some details of a contact, and return it with the groups its item names.

    Raises:
        NotFoundError: There is none of that number, or it has another id than the one given.

    """
    actions = [
        attribute.remove() if value is None else attribute.set(value)
        for attribute, value in ((getattr(ContactItem, name), changes[name]) for name in changes)
    ]
    # Fails when there is no such contact: an update would otherwise create half of one.
    with condition_failing_means(NotFoundError(ErrorCode.CONTACT_NOT_FOUND)):
        answer = table().update_item(
            keys.contacts(account_id),
            phone_number.e164,
            actions=[*actions, ContactItem.updated_on.set(now), revising()],
            condition=is_there(contact_id),
            return_values=ALL_NEW,
        )
    return contact_in(answer["Attributes"])


def delete_contact(
    account_id: str, phone_number: PhoneNumber, now: datetime, contact_id: int | None = None
) -> None:
    """Delete a contact, its id and its memberships: for readers, all of it at once.

    A transaction holds 97 memberships beside the rest. Of a contact in more groups the
    others are left behind under a tombstone, and swept at once after, or, if there are very
    many, by the scheduled sweep. Readers ignore them all the while, since no contact's
    ``groupIds`` names them. The number stays on the blacklist if it is there.

    Raises:
        NotFoundError: There is none of that number, or it has another id than the one given.
        UnavailableError: It was changed by others at every try.

    """
    for _ in tries(DECISION_TRIES):
        item = get_item(account_id, phone_number, contact_id)
        try:
            _delete_as_read(account_id, item, now)
        except TransactionRefusedError:
            continue
        return
    raise UnavailableError(ErrorCode.BUSY)


def is_there(contact_id: int | None) -> Condition:
    """Return the condition that there is a contact, with that id if one is given.

    Fails when there is none of that number, or another one than was asked for by its id.
    """
    is_found: Condition = (
        ContactItem.pk.exists() if contact_id is None else ContactItem.id == contact_id
    )
    return is_found


def revising() -> Action:
    """Return the action that belongs to every update of a contact."""
    return ContactItem.revision.add(1)


def unchanged_since(item: ContactItem) -> Condition:
    """Return the condition that a contact is the one that was read, and nobody wrote it since.

    Fails when it was deleted, created anew, or changed in any way: whoever writes it whole
    would undo that.
    """
    revision: int | None = item.revision
    same_revision = (
        ContactItem.revision.does_not_exist()
        if revision is None
        else ContactItem.revision == revision
    )
    unchanged: Condition = (ContactItem.id == item.id) & same_revision
    return unchanged


def groups_unchanged_since(item: ContactItem) -> Condition:
    """Return the condition that a contact is the one read, in the groups that were read.

    Fails when it was deleted, created anew, or joined or left a group since: whoever
    decides by its groups has to look at it again.
    """
    same_groups = (
        ContactItem.group_ids == item.group_ids
        if item.group_ids
        else ContactItem.group_ids.does_not_exist()
    )
    unchanged: Condition = (ContactItem.id == item.id) & same_groups
    return unchanged


def scheduling(account_id: str, e164: str, day: date) -> list[Action]:
    """Return the actions by which a contact that is in no group gets its date."""
    gsi1pk, gsi1sk = keys.due(day, account_id, e164)
    return [
        ContactItem.scheduled_deletion_date.set(day.isoformat()),
        ContactItem.gsi1pk.set(gsi1pk),
        ContactItem.gsi1sk.set(gsi1sk),
    ]


def get_item(
    account_id: str, phone_number: PhoneNumber, contact_id: int | None = None
) -> ContactItem:
    """Return a contact's item, for those who are to write it.

    Raises:
        NotFoundError: There is none of that number, or it has another id than the one given.

    """
    return ContactItem.from_raw_data(get_stored(account_id, phone_number, contact_id))


def get_stored(
    account_id: str, phone_number: PhoneNumber, contact_id: int | None = None
) -> StoredItem:
    """Return a contact's item as DynamoDB has it, with what this version does not know, too.

    Raises:
        NotFoundError: There is none of that number, or it has another id than the one given.

    """
    stored = find_stored(account_id, phone_number.e164)
    if stored is None or (contact_id is not None and stored.get("id") != {"N": str(contact_id)}):
        raise NotFoundError(ErrorCode.CONTACT_NOT_FOUND)
    return stored


def find_item(account_id: str, e164: str) -> ContactItem | None:
    """Return a contact's item, or None if there is none of that number."""
    stored = find_stored(account_id, e164)
    return ContactItem.from_raw_data(stored) if stored else None


def find_stored(account_id: str, e164: str) -> StoredItem | None:
    """Return a contact's item as DynamoDB has it, or None if there is none of that number."""
    answer = table().get_item(keys.contacts(account_id), e164, consistent_read=True)
    stored: StoredItem | None = answer.get("Item")
    return stored


def _delete_as_read(account_id: str, item: ContactItem, now: datetime) -> None:
    group_ids = sorted(item.group_ids or ())
    at_once = group_ids[:_MEMBERSHIPS_DELETED_AT_ONCE]
    left_behind = group_ids[_MEMBERSHIPS_DELETED_AT_ONCE:]

    def add_actions(transaction: TransactWrite) -> None:
        transaction.delete(item, groups_unchanged_since(item))
        transaction.delete(ContactIdItem(keys.contact_ids(account_id), keys.of_id(item.id)))
        for group_id in at_once:
            transaction.delete(MembershipItem(keys.members(account_id, group_id), item.sk))
        if left_behind:
            transaction.save(
                tombstones.deleted_contact_item(account_id, item.id, item.sk, left_behind, now)
            )

    write_together(add_actions)
    if 0 < len(left_behind) <= _MEMBERSHIPS_SWEPT_AT_ONCE:
        # It is deleted: if the sweep fails now, the scheduled one finds the tombstone.
        with suppress(UnavailableError, PynamoDBException):
            tombstones.sweep_contact(account_id, item.id, item.sk, left_behind)


def stored_of(account_id: str, contact: Contact) -> StoredItem:
    """Return the item of a contact as DynamoDB has it, not yet written."""
    e164 = contact.phone_number.e164
    stored: StoredItem = {
        "PK": {"S": keys.contacts(account_id)},
        "SK": {"S": e164},
        "id": {"N": str(contact.id)},
        "createdOn": {"S": text_of_moment(contact.created_on)},
        "updatedOn": {"S": text_of_moment(contact.updated_on)},
    }
    for name, text in contact.details.items():
        stored[_DETAIL_KEYS[name]] = {"S": text}
    if extra := text_of_extra(contact.extra):
        stored["extra"] = {"S": extra}
    if contact.group_ids:
        stored["groupIds"] = {"NS": list(map(str, contact.group_ids))}
    if contact.stoplist_ids:
        stored["stoplistIds"] = {"NS": list(map(str, contact.stoplist_ids))}
    if day := contact.scheduled_deletion_date:
        gsi1pk, gsi1sk = keys.due(day, account_id, e164)
        stored["scheduledDeletionDate"] = {"S": day.isoformat()}
        stored["GSI1PK"], stored["GSI1SK"] = {"S": gsi1pk}, {"S": gsi1sk}
    return stored


def unknown_in(stored: StoredItem) -> StoredItem:
    """Return what an item of a contact has that this version does not know."""
    return {name: value for name, value in stored.items() if name not in _KNOWN}


def item_of(account_id: str, contact: Contact) -> ContactItem:
    """Return the item of a contact, not yet written."""
    return ContactItem.from_raw_data(stored_of(account_id, contact))


def stored_id_of(account_id: str, contact: Contact) -> StoredItem:
    """Return the item that finds a contact by its id as DynamoDB has it, not yet written."""
    return {
        "PK": {"S": keys.contact_ids(account_id)},
        "SK": {"S": keys.of_id(contact.id)},
        "phoneNumber": {"S": contact.phone_number.e164},
    }


def id_item_of(account_id: str, contact: Contact) -> ContactIdItem:
    """Return the item that finds a contact by its id, not yet written."""
    return ContactIdItem.from_raw_data(stored_id_of(account_id, contact))


def contact_in(stored: StoredItem) -> Contact:
    """Return the contact in an item as DynamoDB returns it, with the groups that it names.

    Who only reads needs no model of it, which would take more time than the rest
    (docs/performance.md).
    """
    day = _text(stored, "scheduledDeletionDate")
    return Contact(
        id=int(stored["id"]["N"]),
        phone_number=PhoneNumber(stored["SK"]["S"]),
        details={name: stored[key]["S"] for name, key in _DETAIL_KEYS.items() if key in stored},
        extra=extra_of_text(_text(stored, "extra")),
        group_ids=_numbers(stored, "groupIds"),
        stoplist_ids=_numbers(stored, "stoplistIds"),
        scheduled_deletion_date=date.fromisoformat(day) if day else None,
        created_on=_DATES.deserialize(stored["createdOn"]["S"]),
        updated_on=_DATES.deserialize(stored["updatedOn"]["S"]),
    )


@lru_cache(maxsize=100)
def text_of_moment(moment: datetime) -> str:
    """Return a moment as it is kept; one upload has the same in thousands of items."""
    text: str = _DATES.serialize(moment)
    return text


def _text(stored: StoredItem, key: str) -> str | None:
    return stored[key]["S"] if key in stored else None


def _numbers(stored: StoredItem, key: str) -> frozenset[int]:
    return frozenset(map(int, stored[key]["NS"])) if key in stored else frozenset()
