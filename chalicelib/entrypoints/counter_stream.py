"""The stream Lambda: keeps every count equal to what it counts.

It loads nothing that reads phone numbers or speaks a dialect.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib.observability import logger
from chalicelib.services.counting import count
from chalicelib.settings import Settings
from chalicelib.storage import keys
from chalicelib.storage.connection import connect
from chalicelib.storage.counters import Change, counter_of

BATCH_SIZE: Final = 1_000
SET_BY_THE_TEMPLATE: Final = "arn:aws:dynamodb:*:*:table/set-by-the-template/stream/*"
"""Chalice wants the stream's ARN in the code; infra/resources.yaml gives the real one."""

_AMOUNTS: Final = {"INSERT": 1, "REMOVE": -1}

counter_stream = Blueprint(__name__)


@counter_stream.on_dynamodb_record(
    stream_arn=SET_BY_THE_TEMPLATE,
    batch_size=BATCH_SIZE,
    starting_position="TRIM_HORIZON",
    name="counter_stream",
)
def count_changes(event: DynamoDBEvent) -> dict[str, Any]:
    """Count a batch, and report the first record that could not be counted, if any.

    AWS delivers that one and all behind it again, for a bounded number of times, and then
    sends it to the dead-letter queue and goes on behind it.
    """
    _connect()
    records = event.to_dict()["Records"]
    changes: list[Change] = []
    numbers: list[str] = []
    malformed: str | None = None
    for record in records:
        try:
            change = _change_of(record)
        except (KeyError, TypeError, ValueError, AttributeError):
            malformed = record["dynamodb"]["SequenceNumber"]
            logger().exception("A record of the stream is malformed", sequence_number=malformed)
            break
        if change:
            changes.append(change)
            numbers.append(record["dynamodb"]["SequenceNumber"])
    failed = _count(changes, numbers) or malformed
    return {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}


def _change_of(record: Mapping[str, Any]) -> Change | None:
    """Return the change that a record tells of, or None if nothing counts what it is about."""
    record_keys = record["dynamodb"]["Keys"]
    counter = counter_of(record_keys["PK"]["S"])
    fence = keys.token_of_fence(record_keys["SK"]["S"])
    amount = _AMOUNTS.get(record["eventName"])
    event_id = record["eventID"]
    if not isinstance(event_id, str) or not event_id:
        raise ValueError("a record has no event id")
    if counter is None or amount is None:
        return None
    if fence is None:
        return Change(event_id, counter, amount)
    return Change(event_id, counter, 0, fence) if amount > 0 else None


def _count(changes: list[Change], sequence_numbers: list[str]) -> str | None:
    """Count *changes*, and return the sequence number of the first that was not counted."""
    done = 0
    try:
        for done in count(changes, datetime.now(UTC)):  # noqa: B007 - where it broke off
            pass
    except Exception:  # noqa: BLE001 - whatever it was, what is counted must not come again
        logger().exception("Changes could not be counted", sequence_number=sequence_numbers[done])
        return sequence_numbers[done]
    return None


@cache
def _connect() -> None:
    """Connect this Lambda to its table, once, at its first batch."""
    connect(Settings.of(os.environ).table_name)
