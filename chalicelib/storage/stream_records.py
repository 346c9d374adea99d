"""What a record of the table's stream says of what is counted."""

from collections.abc import Mapping
from typing import Any, Final, cast

from chalicelib.storage import keys
from chalicelib.storage.counters import Change, UncountableError, counter_of

AMOUNTS: Final[Mapping[str, int]] = {"INSERT": 1, "REMOVE": -1}
"""What an event is for the counter of what came or went."""

_OTHER_EVENTS: Final = frozenset({"MODIFY"})
_LONGEST_EVENT_ID: Final = 1_024
"""Characters; those of AWS have 32, and the key of a marker takes 2,048 bytes."""


def change_of(record: object) -> Change | None:
    """Return the change that a record tells of, or None if nothing counts what it is about.

    Raises:
        UncountableError: The stream of our table cannot hold such a record.

    """
    partition, sort_key = _key_of(record, "PK"), _key_of(record, "SK")
    try:
        counter = counter_of(partition)
    except ValueError as error:
        raise UncountableError(f"{partition} is no partition of ours") from error
    if counter is None:
        return None
    event = _entry_of(record, "eventName")
    if event not in AMOUNTS:
        if event in _OTHER_EVENTS:
            return None
        raise UncountableError(f"its event is {event}, which is none of the stream")
    fence = keys.token_of_fence(sort_key)
    if fence is None and not keys.is_number(sort_key):
        raise UncountableError(f"its sort key is {sort_key}, which is no number")
    event_id, amount = event_id_of(record), AMOUNTS[event]
    if event_id is None:
        raise UncountableError("it has no event id")
    if fence is None:
        return Change(event_id, counter, amount)
    return Change(event_id, counter, 0, fence) if amount > 0 else None


def event_id_of(record: object) -> str | None:
    """Return what tells a record from all others of the stream, or None if it has no such thing."""
    event_id = _entry_of(record, "eventID")
    is_one = event_id.isascii() and event_id.isprintable() and len(event_id) <= _LONGEST_EVENT_ID
    return event_id if event_id and is_one else None


def sequence_number_of(record: object) -> str | None:
    """Return by what the stream is told where to go on, or None if the record does not say."""
    return _entry_of(record, "dynamodb", "SequenceNumber") or None


def told_by(record: object) -> tuple[str, str, str]:
    """Return the event, the partition and the sort key in a record, as far as it has them."""
    keys_of_it = ("dynamodb", "Keys")
    return (
        _entry_of(record, "eventName"),
        _entry_of(record, *keys_of_it, "PK", "S"),
        _entry_of(record, *keys_of_it, "SK", "S"),
    )


def _key_of(record: object, name: str) -> str:
    value = _entry_of(record, "dynamodb", "Keys", name, "S")
    if not value:
        raise UncountableError(f"it has no {name}")
    return value


def _entry_of(record: object, *path: str) -> str:
    """Return the text at a path into a record, or nothing if there is none."""
    here: Any = record
    for name in path:
        if not isinstance(here, Mapping):
            return ""
        here = cast("Mapping[str, Any]", here).get(name)
    return here if isinstance(here, str) else ""
