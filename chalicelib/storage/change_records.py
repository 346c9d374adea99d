"""What a record of the stream says to those who want to be told of changes.

A deleted item takes with it who deleted it, and why, and one at another key does not say what it
was. So what is told of a contact's new number and of its end is read from the item of its id
(:class:`.items.ContactIdItem`), and what is told of a group's end from its tombstone.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from chalicelib.domain.changes import Change, ChangeType, number_id
from chalicelib.domain.contact import Ending
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.ledger import State
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.dynamodb.transactions import REVISION
from chalicelib.storage.items import ContactIdItem, ContactItem, GroupItem, StampedItem
from chalicelib.storage.keys import ItemKind
from chalicelib.storage.stream_records import ItemChange, StreamEvent, StreamFilter

TOLD: Final = StreamFilter(
    kinds=frozenset(
        {
            ItemKind.CONTACT,
            ItemKind.CONTACT_ID,
            ItemKind.GROUP,
            ItemKind.DELETED_GROUP,
            ItemKind.LEDGER_ENTRY,
        }
    ),
    events=frozenset({StreamEvent.INSERT, StreamEvent.MODIFY, StreamEvent.REMOVE}),
)
"""What is told of."""

_DATE: Final = "scheduledDeletionDate"

_CONTACT_FIELDS: Final[Mapping[str, str]] = {
    **{
        name: name
        for name in (
            "email", "firstName", "lastName", "company", "title",
            "custom", "custom2", "custom3", "custom4", _DATE,
        )
    },
    ContactItem.extra.attr_name: "attributes",
}  # fmt: skip
"""The attributes of a contact's item that readers see, and the names of their fields in `/v2`."""

_GROUP_FIELDS: Final[Mapping[str, str]] = {
    GroupItem.name.attr_name: "name",
    GroupItem.kind.attr_name: "kind",
}

_ENDINGS: Final[Mapping[str, ChangeType]] = {
    Ending.DELETED.value: ChangeType.CONTACT_DELETED,
    Ending.PURGED.value: ChangeType.CONTACT_PURGED,
    Ending.ERASED.value: ChangeType.CONTACT_ERASED,
}

_STATES: Final[Mapping[str, ChangeType]] = {
    State.STOPPED.value: ChangeType.NUMBER_STOPPED,
    State.ALLOWED.value: ChangeType.NUMBER_ALLOWED,
}


class _Said(NamedTuple):
    """One thing that a record says."""

    type: ChangeType
    subject: Mapping[str, str]
    revision: int | None
    fields: tuple[str, ...] = ()


def changes_in(record: ItemChange, secret: str) -> list[Change]:
    """Return what a record says; most often one change, or none.

    *secret* is that of the account (:func:`.changes.number_id`).

    Raises:
        KeyError: The item is damaged.
        ValueError: So it is.

    """
    stamp = record.after or {}
    return [
        Change(
            id=f"{record.event_id}-{place}",
            type=said.type,
            at=record.at,
            subject=said.subject,
            revision=said.revision,
            fields=said.fields,
            actor=_text(stamp, StampedItem.changed_by.attr_name),
            source=_text(stamp, StampedItem.changed_via.attr_name),
        )
        for place, said in enumerate(_said_in(record, secret))
    ]


def number_in(record: ItemChange) -> str | None:
    """Return the number of which something is known since a record, if its hash is told of it."""
    if record.kind is not ItemKind.LEDGER_ENTRY or record.after is None:
        return None
    return keys.number_and_position(record.sort_key)[0]


def _said_in(record: ItemChange, secret: str) -> Iterator[_Said]:
    before, after = record.before, record.after
    if record.kind is ItemKind.CONTACT and after is not None:
        yield from _of_contact(before, after)
    elif record.kind is ItemKind.CONTACT_ID and after is not None:
        yield from _of_contact_id(record.sort_key, before or {}, after)
    elif record.kind is ItemKind.GROUP and after is not None:
        yield from _of_group(record.sort_key, before, after)
    elif record.kind is ItemKind.DELETED_GROUP and before is None:
        group = uuid_of(keys.group_of_tombstone(record.sort_key))
        yield _Said(ChangeType.GROUP_DELETED, {"group": group}, None)
    elif record.kind is ItemKind.LEDGER_ENTRY:
        yield from _of_ledger_entry(record, secret)


def _of_contact(before: StoredItem | None, after: StoredItem) -> Iterator[_Said]:
    subject = {"contact": uuid_of(int(after["id"]["N"]))}
    revision = _revision_of(after)
    if before is None and revision:
        # It came here from another number, as the item of its id says.
        return
    group_ids = ContactItem.group_ids.attr_name
    former, groups = _numbers(before or {}, group_ids), _numbers(after, group_ids)
    if before is None:
        yield _Said(ChangeType.CONTACT_CREATED, subject, revision)
    else:
        fields = _changed(_CONTACT_FIELDS, before, after)
        # A date that comes or goes with a membership goes without saying.
        if fields and not (fields == (_DATE,) and former != groups):
            yield _Said(ChangeType.CONTACT_CHANGED, subject, revision, fields)
    yield from _memberships(subject, revision, groups - former, former - groups)


def _of_contact_id(sort_key: str, before: StoredItem, after: StoredItem) -> Iterator[_Said]:
    if REVISION not in after or before.get(REVISION) == after[REVISION]:
        return
    subject = {"contact": uuid_of(keys.id_in(sort_key))}
    revision = _revision_of(after)
    ending = _text(after, ContactIdItem.ending.attr_name)
    if ending is None:
        changed = after[ContactIdItem.changed.attr_name]["SS"]
        fields = tuple(name for key, name in _CONTACT_FIELDS.items() if key in changed)
        yield _Said(ChangeType.CONTACT_NUMBER_CHANGED, subject, revision, ("phoneNumber", *fields))
    joined = _numbers(after, ContactIdItem.joined_group_ids.attr_name)
    left = _numbers(after, ContactIdItem.left_group_ids.attr_name)
    yield from _memberships(subject, revision, joined, left)
    if ending is not None:
        yield _Said(_ENDINGS[ending], subject, revision)


def _of_group(sort_key: str, before: StoredItem | None, after: StoredItem) -> Iterator[_Said]:
    subject = {"group": uuid_of(keys.id_in(sort_key))}
    if before is None:
        yield _Said(ChangeType.GROUP_CREATED, subject, _revision_of(after))
    elif fields := _changed(_GROUP_FIELDS, before, after):
        yield _Said(ChangeType.GROUP_CHANGED, subject, _revision_of(after), fields)


def _of_ledger_entry(record: ItemChange, secret: str) -> Iterator[_Said]:
    e164, position = keys.number_and_position(record.sort_key)
    subject = {"number": number_id(secret, e164)}
    if record.before is None and record.after is not None:
        yield _Said(_STATES[record.after["state"]["S"]], subject, position)
    elif record.after is None and position == 1:
        # Its entries go when a person is erased, the oldest first.
        yield _Said(ChangeType.NUMBER_ERASED, subject, None)


def _memberships(
    subject: Mapping[str, str], revision: int, joined: frozenset[int], left: frozenset[int]
) -> Iterator[_Said]:
    for type_, group_ids in (
        (ChangeType.MEMBERSHIP_JOINED, joined),
        (ChangeType.MEMBERSHIP_LEFT, left),
    ):
        for group_id in sorted(group_ids):
            yield _Said(type_, {**subject, "group": uuid_of(group_id)}, revision)


def _changed(names: Mapping[str, str], before: StoredItem, after: StoredItem) -> tuple[str, ...]:
    return tuple(name for key, name in names.items() if before.get(key) != after.get(key))


def _numbers(stored: StoredItem, key: str) -> frozenset[int]:
    return frozenset(map(int, stored.get(key, {}).get("NS", ())))


def _revision_of(stored: StoredItem) -> int:
    return int(stored.get(REVISION, {}).get("N", "0"))


def _text(stored: StoredItem, key: str) -> str | None:
    text: str | None = stored.get(key, {}).get("S")
    return text
