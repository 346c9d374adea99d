"""Reading records of the table's stream: an item was created, changed or deleted.

The stream has each item before and after the change (``infra/resources.yaml``).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple, cast

from chalicelib.storage import keys
from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.keys import ItemKind

_MAX_EVENT_ID_CHARACTERS: Final = 1_024
"""An event id of AWS has 32 characters. The key of a marker has room for 2,048 bytes."""


class UnreadableRecordError(Exception):
    """The record cannot be from our table's stream. The message says why."""


class StreamEvent(StrEnum):
    """The event of an item, as the stream names it."""

    INSERT = "INSERT"
    MODIFY = "MODIFY"
    REMOVE = "REMOVE"


class StreamFilter(NamedTuple):
    """The changes that a Lambda reads; ``infra/resources.yaml`` has the same filter."""

    kinds: frozenset[ItemKind]
    events: frozenset[StreamEvent]


class ItemChange(NamedTuple):
    """A change of one item.

    ``at`` is when it was made, to the second. ``before`` and ``after`` are the item in DynamoDB's
    form, or None if it did not exist. If the record has no images, they have only the two keys.
    """

    event_id: str
    at: datetime
    kind: ItemKind
    account_id: str
    group_id: int | None
    sort_key: str
    before: StoredItem | None
    after: StoredItem | None


def change_of(record: object, wanted: StreamFilter) -> ItemChange | None:
    """Return the change in a record, or None if *wanted* leaves it out.

    Raises:
        UnreadableRecordError: The record cannot be from our table's stream.

    """
    partition, sort_key = _key_of(record, "PK"), _key_of(record, "SK")
    kind = keys.kind_of(partition, sort_key)
    if kind is None or kind not in wanted.kinds:
        return None
    account_id, group_id = _owner_of(partition)
    event = _event_of(record)
    if event not in wanted.events:
        return None
    if not keys.is_sort_key_of(kind, sort_key):
        raise UnreadableRecordError(f"its sort key is {sort_key}, which no {kind.value} has")
    event_id = event_id_of(record)
    if event_id is None:
        raise UnreadableRecordError("it has no event id")
    return ItemChange(
        event_id=event_id,
        at=_moment_of(record),
        kind=kind,
        account_id=account_id,
        group_id=group_id,
        sort_key=sort_key,
        before=None if event is StreamEvent.INSERT else _image_in(record, "OldImage"),
        after=None if event is StreamEvent.REMOVE else _image_in(record, "NewImage"),
    )


def event_id_of(record: object) -> str | None:
    """Return the unique id of a record in the stream, or None if it has no valid one."""
    event_id = _text_in(record, "eventID")
    is_one = (
        event_id.isascii() and event_id.isprintable() and len(event_id) <= _MAX_EVENT_ID_CHARACTERS
    )
    return event_id if event_id and is_one else None


def sequence_number_of(record: object) -> str | None:
    """Return a record's sequence number, at which the stream can resume, or None."""
    return _text_in(record, "dynamodb", "SequenceNumber") or None


def told_by(record: object) -> tuple[str, str, str]:
    """Return the event, partition and sort key of a record; a missing one is an empty text."""
    keys_of_it = ("dynamodb", "Keys")
    return (
        _text_in(record, "eventName"),
        _text_in(record, *keys_of_it, "PK", "S"),
        _text_in(record, *keys_of_it, "SK", "S"),
    )


def _key_of(record: object, name: str) -> str:
    value = _text_in(record, "dynamodb", "Keys", name, "S")
    if not value:
        raise UnreadableRecordError(f"it has no {name}")
    return value


def _owner_of(partition: str) -> tuple[str, int | None]:
    try:
        return keys.owner_of(partition)
    except ValueError as error:
        raise UnreadableRecordError(f"{partition} is no partition of ours") from error


def _event_of(record: object) -> StreamEvent:
    event = _text_in(record, "eventName")
    try:
        return StreamEvent(event)
    except ValueError as error:
        raise UnreadableRecordError(f"its event is {event}, which is none of the stream") from error


def _moment_of(record: object) -> datetime:
    """Return when the stream got a record; without a time, it is the oldest one."""
    seconds = _at(record, "dynamodb", "ApproximateCreationDateTime")
    return datetime.fromtimestamp(seconds if isinstance(seconds, int | float) else 0, UTC)


def _image_in(record: object, name: str) -> StoredItem:
    """Return an image of the item in a record, or the item's keys if it has none."""
    image = _at(record, "dynamodb", name) or _at(record, "dynamodb", "Keys")
    return dict(cast("Mapping[str, Any]", image)) if isinstance(image, Mapping) else {}


def _text_in(record: object, *path: str) -> str:
    """Return the text at a path in a record, or an empty text if there is none."""
    found = _at(record, *path)
    return found if isinstance(found, str) else ""


def _at(record: object, *path: str) -> object:
    """Return the value at a path in a record, or None if there is none."""
    here = record
    for name in path:
        if not isinstance(here, Mapping):
            return None
        here = cast("Mapping[str, Any]", here).get(name)
    return here
