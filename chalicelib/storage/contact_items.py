"""A contact's two items: where they are, what they hold, and on which conditions they are written.

They are for whoever writes contacts, since an item still names groups that were deleted. Whoever
only reads contacts reads them through :mod:`.contacts`.
"""

from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.domain.caller import Stamp
from chalicelib.domain.contact import MAX_DETAIL_CHARACTERS, Contact, ContactKey
from chalicelib.domain.errors import ErrorCode, NotFoundError, UnavailableError
from chalicelib.domain.extra import extra_of_text, text_of_extra
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import keys, tombstones
from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries
from chalicelib.storage.items import ContactIdItem, ContactItem
from chalicelib.storage.stamps import stamped, stamping

_DETAIL_KEYS: Final = {name: getattr(ContactItem, name).attr_name for name in MAX_DETAIL_CHARACTERS}
_DATES: Final[Any] = ContactItem.created_on
_KNOWN: Final = frozenset(each.attr_name for each in ContactItem.get_attributes().values())


def places(account_id: str, key: ContactKey) -> Iterator[PhoneNumber]:
    """Yield where a contact may be, for as long as it was not found there.

    A contact that is asked for by its number is there or nowhere. One that is asked for by its id
    is looked for again: its number may have changed since its id was read. Whoever takes a place
    has to see that the contact there is the one (:func:`is_there`, :func:`answers_to`).

    Raises:
        UnavailableError: Its number was changed at every try.

    """
    if isinstance(key, PhoneNumber):
        yield key
        return
    place = _place_of_id(account_id, key)
    if place is None:
        return
    for _ in tries(DECISION_TRIES):
        yield place
        looked_at, place = place, _place_of_id(account_id, key)
        if place is None or place == looked_at:
            return
    raise UnavailableError(ErrorCode.BUSY)


def get_stored(account_id: str, key: ContactKey) -> StoredItem:
    """Return a contact's item as DynamoDB has it, with what this version does not know, too.

    Raises:
        NotFoundError: There is no such contact.

    """
    stored = find_stored(account_id, key)
    if stored is None:
        raise NotFoundError(ErrorCode.CONTACT_NOT_FOUND)
    return stored


def find_stored(account_id: str, key: ContactKey) -> StoredItem | None:
    """Return a contact's item as DynamoDB has it, or None if there is no such contact."""
    for place in places(account_id, key):
        answer = table().get_item(keys.contacts(account_id), place.e164, consistent_read=True)
        stored: StoredItem | None = answer.get("Item")
        if stored is not None and answers_to(stored, key):
            return stored
    return None


def get_item(account_id: str, key: ContactKey) -> ContactItem:
    """Return a contact's item.

    Raises:
        NotFoundError: There is no such contact.

    """
    return ContactItem.from_raw_data(get_stored(account_id, key))


def find_item(account_id: str, key: ContactKey) -> ContactItem | None:
    """Return a contact's item, or None if there is no such contact."""
    stored = find_stored(account_id, key)
    return ContactItem.from_raw_data(stored) if stored else None


def answers_to(stored: StoredItem, key: ContactKey) -> bool:
    """Say whether a contact that was found where it may be is the one that was asked for."""
    return isinstance(key, PhoneNumber) or stored.get("id") == {"N": str(key)}


def is_there(key: ContactKey) -> Condition:
    """Return the condition that the contact that was asked for is where it may be.

    Fails when there is none of that number, or another one than was asked for by its id.
    """
    is_found: Condition = (
        ContactItem.pk.exists() if isinstance(key, PhoneNumber) else ContactItem.id == key
    )
    return is_found


def revising(stamp: Stamp) -> list[Action]:
    """Return the actions that belong to every update of a contact."""
    return [ContactItem.revision.add(1), *stamping(stamp)]


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


def contact_as_seen(account_id: str, stored: StoredItem) -> Contact:
    """Return the contact in an item as readers see it: without the groups that were deleted.

    One that names no group needs no look at what was deleted.
    """
    contact = contact_in(stored)
    if not contact.group_ids:
        return contact
    return contact.without_deleted_groups(tombstones.deleted_groups(account_id))


def contact_in(stored: StoredItem) -> Contact:
    """Return the contact in an item as DynamoDB returns it, with all groups that it names.

    A model of it would take more time than the rest (docs/performance.md).
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


def is_in_group(stored: StoredItem, group_id: int) -> bool:
    """Say whether an item of a contact names a group, which may be a deleted one."""
    return str(group_id) in stored.get("groupIds", {}).get("NS", ())


def stored_after(before: StoredItem, after: Contact, stamp: Stamp) -> StoredItem:
    """Return the item of a contact as it shall be; what a later version keeps with it stays."""
    unknown = {name: value for name, value in before.items() if name not in _KNOWN}
    return unknown | stored_of(keys.account_in(before["PK"]["S"]), after, stamp)


def item_of(account_id: str, contact: Contact, stamp: Stamp) -> ContactItem:
    """Return the item of a contact, not yet written."""
    return ContactItem.from_raw_data(stored_of(account_id, contact, stamp))


def stored_of(account_id: str, contact: Contact, stamp: Stamp) -> StoredItem:
    """Return the item of a contact as DynamoDB has it, not yet written."""
    e164 = contact.phone_number.e164
    stored: StoredItem = {
        "PK": {"S": keys.contacts(account_id)},
        "SK": {"S": e164},
        "id": {"N": str(contact.id)},
        "createdOn": {"S": text_of_moment(contact.created_on)},
        "updatedOn": {"S": text_of_moment(contact.updated_on)},
        **stamped(stamp),
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


def id_item_of(account_id: str, contact: Contact, stamp: Stamp) -> ContactIdItem:
    """Return the item that finds a contact by its id, not yet written."""
    return ContactIdItem.from_raw_data(stored_id_of(account_id, contact, stamp))


def stored_id_of(account_id: str, contact: Contact, stamp: Stamp) -> StoredItem:
    """Return the item that finds a contact by its id as DynamoDB has it, not yet written."""
    return {
        "PK": {"S": keys.contact_ids(account_id)},
        "SK": {"S": keys.of_id(contact.id)},
        "phoneNumber": {"S": contact.phone_number.e164},
        **stamped(stamp),
    }


@lru_cache(maxsize=100)
def text_of_moment(moment: datetime) -> str:
    """Return a moment as it is kept; one upload has the same in thousands of items."""
    text: str = _DATES.serialize(moment)
    return text


def _place_of_id(account_id: str, contact_id: int) -> PhoneNumber | None:
    try:
        item = ContactIdItem.get(
            keys.contact_ids(account_id), keys.of_id(contact_id), consistent_read=True
        )
    except DoesNotExist:
        return None
    return PhoneNumber(item.phone_number)


def _text(stored: StoredItem, key: str) -> str | None:
    return stored[key]["S"] if key in stored else None


def _numbers(stored: StoredItem, key: str) -> frozenset[int]:
    return frozenset(map(int, stored[key]["NS"])) if key in stored else frozenset()
