"""The two items of a contact: their keys, their attributes, and the conditions of their writes.

Only code that writes contacts uses them, since an item may name deleted groups. Code that only
reads contacts uses :mod:`.contacts`.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.domain.caller import Stamp
from chalicelib.domain.changes import KEPT
from chalicelib.domain.contact import MAX_DETAIL_CHARACTERS, Contact, ContactKey, Ending
from chalicelib.domain.errors import ErrorCode, NotFoundError, UnavailableError
from chalicelib.domain.extra import extra_of_text, text_of_extra
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import keys, tombstones
from chalicelib.storage.dynamodb.batches import StoredItem, read_batch
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.dynamodb.transactions import REVISION
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries
from chalicelib.storage.items import ContactIdItem, ContactItem
from chalicelib.storage.stamps import stamp_values, stamped, stamping

_DETAIL_KEYS: Final = {name: getattr(ContactItem, name).attr_name for name in MAX_DETAIL_CHARACTERS}
_DATES: Final[Any] = ContactItem.created_on
_KNOWN: Final = frozenset(each.attr_name for each in ContactItem.get_attributes().values())


def places(account_id: str, key: ContactKey) -> Iterator[PhoneNumber]:
    """Yield the numbers at which to look for a contact, until the caller has found it.

    If *key* is a number, the contact is there or does not exist. If *key* is an id, its number may
    change after the id was read, so the id is read again. The caller has to check that it found
    the right contact (:func:`is_there`, :func:`answers_to`).

    Raises:
        UnavailableError: Its number changed at every try.

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


def places_of_ids(account_id: str, contact_ids: Iterable[int]) -> dict[int, PhoneNumber]:
    """Return where to look for up to 100 contacts, for those of which there is an id item.

    The caller has to check that it found the right contact, as for :func:`places`.
    """
    sort_keys = map(keys.of_id, contact_ids)
    found = read_batch(_phone_number_in, keys.contact_ids(account_id), sort_keys)
    return {int(sort_key): place for sort_key, place in found.items() if place}


def get_stored(account_id: str, key: ContactKey) -> StoredItem:
    """Return a contact's item as DynamoDB has it, with attributes that this version does not know.

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
    """Say whether a contact that was read at one of its :func:`places` is the right one."""
    return isinstance(key, PhoneNumber) or stored.get("id") == {"N": str(key)}


def is_there(key: ContactKey) -> Condition:
    """Return the condition that the right contact is at one of its :func:`places`.

    It fails if there is no contact at this number, or one with another id.
    """
    is_found: Condition = (
        ContactItem.pk.exists() if isinstance(key, PhoneNumber) else ContactItem.id == key
    )
    return is_found


def revising(stamp: Stamp) -> list[Action]:
    """Return the actions that every update of a contact needs."""
    return [ContactItem.revision.add(1), *stamping(stamp)]


def unchanged_since(item: ContactItem) -> Condition:
    """Return the condition that nobody has written a contact since it was read.

    It fails if the contact was deleted, created again, or changed: a write of the whole item
    would undo this.
    """
    revision: int | None = item.revision
    same_revision = (
        ContactItem.revision.does_not_exist()
        if revision is None
        else ContactItem.revision == revision
    )
    unchanged: Condition = (ContactItem.id == item.id) & same_revision
    return unchanged


def scheduling(account_id: str, e164: str, day: date) -> list[Action]:
    """Return the actions that give a contact in no group its deletion date."""
    gsi1pk, gsi1sk = keys.due(day, account_id, e164)
    return [
        ContactItem.scheduled_deletion_date.set(day.isoformat()),
        ContactItem.gsi1pk.set(gsi1pk),
        ContactItem.gsi1sk.set(gsi1sk),
    ]


def contact_as_seen(account_id: str, stored: StoredItem) -> Contact:
    """Return the contact in an item as readers see it: without deleted groups.

    If the item names no group, the tombstones are not read.
    """
    contact = contact_in(stored)
    if not contact.group_ids:
        return contact
    return contact.without_deleted_groups(tombstones.deleted_groups(account_id))


def contact_in(stored: StoredItem) -> Contact:
    """Return the contact in an item as DynamoDB returns it, with all groups that it names.

    It does not use a PynamoDB model, since this would take most of the time
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
        # A damaged one must not hide the contact; a write on its condition fails.
        revision=int(stored.get(REVISION, {}).get("N", "0")),
    )


def is_ended_id(stored: StoredItem) -> bool:
    """Say whether an id item only tells how its contact ended."""
    return "ending" in stored


def is_in_group(stored: StoredItem, group_id: int) -> bool:
    """Say whether a contact's item names a group, even a deleted one."""
    return str(group_id) in stored.get("groupIds", {}).get("NS", ())


def stored_after(before: StoredItem, after: Contact, stamp: Stamp) -> StoredItem:
    """Return a contact's new item. It keeps attributes that only a later version knows."""
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


def stored_moved_id_of(
    account_id: str, before: StoredItem, after: StoredItem, stamp: Stamp
) -> StoredItem:
    """Return the item that finds a contact by its id when its number changes, not yet written.

    It says what else changes, for those who are told of changes (:mod:`.change_records`): the
    contact's two items are at two keys.
    """
    groups, former = _numbers(after, "groupIds"), _numbers(before, "groupIds")
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    stored = {
        "PK": {"S": keys.contact_ids(account_id)},
        "SK": {"S": keys.of_id(int(after["id"]["N"]))},
        "phoneNumber": after["SK"],
        REVISION: after[REVISION],
        "changed": {"SS": changed},
        **stamped(stamp),
    }
    if joined := groups - former:
        stored["joinedGroupIds"] = {"NS": list(map(str, joined))}
    if left := former - groups:
        stored["leftGroupIds"] = {"NS": list(map(str, left))}
    return stored


def ended_id_item_of(
    account_id: str, item: ContactItem, ending: Ending, stamp: Stamp
) -> ContactIdItem:
    """Return what is left of a contact's id when the contact ends, not yet written.

    It is for those who are told of changes (:mod:`.change_records`). It replaces the item that
    finds the contact, and so costs what deleting that would.
    """
    return ContactIdItem(
        keys.contact_ids(account_id),
        keys.of_id(item.id),
        ending=ending.value,
        revision=(item.revision or 0) + 1,
        left_group_ids=item.group_ids,
        expires_at=int((stamp.at + KEPT).timestamp()),
        **stamp_values(stamp),
    )


@lru_cache(maxsize=100)
def text_of_moment(moment: datetime) -> str:
    """Return a moment as it is stored; cached, as an upload writes one into thousands of items."""
    text: str = _DATES.serialize(moment)
    return text


def _place_of_id(account_id: str, contact_id: int) -> PhoneNumber | None:
    try:
        item = ContactIdItem.get(
            keys.contact_ids(account_id), keys.of_id(contact_id), consistent_read=True
        )
    except DoesNotExist:
        return None
    e164: str | None = item.phone_number
    return PhoneNumber(e164) if e164 else None


def _phone_number_in(stored: StoredItem) -> PhoneNumber | None:
    return PhoneNumber(stored["phoneNumber"]["S"]) if "phoneNumber" in stored else None


def _text(stored: StoredItem, key: str) -> str | None:
    return stored[key]["S"] if key in stored else None


def _numbers(stored: StoredItem, key: str) -> frozenset[int]:
    return frozenset(map(int, stored[key]["NS"])) if key in stored else frozenset()
