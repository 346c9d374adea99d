"""The stream Lambda: keeps every count equal to what it counts.

It loads nothing that reads phone numbers or speaks a dialect.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from aws_lambda_powertools.metrics import Metrics, MetricUnit
from chalice.app import Blueprint, DynamoDBEvent

from chalicelib.observability import logger, service
from chalicelib.services.counting import count
from chalicelib.settings import Settings
from chalicelib.storage.dynamodb.connection import connect
from chalicelib.storage.stream_records import sequence_number_of

BATCH_SIZE: Final = 1_000
SET_BY_THE_TEMPLATE: Final = "arn:aws:dynamodb:*:*:table/set-by-the-template/stream/*"
"""Chalice wants the stream's ARN in the code; infra/resources.yaml gives the real one."""

counter_stream = Blueprint(__name__)


@counter_stream.on_dynamodb_record(
    stream_arn=SET_BY_THE_TEMPLATE,
    batch_size=BATCH_SIZE,
    starting_position="TRIM_HORIZON",
    name="counter_stream",
)
def count_changes(event: DynamoDBEvent) -> dict[str, Any]:
    """Count a batch, and report the first record that could not be counted, if any.

    AWS delivers that one and all after it again. When it has done so too many times, it sends a
    letter about that record to the dead-letter queue, and goes on after it. A record that can never
    be counted does not come to that: it is put aside, whole, and holds up no other.
    """
    _connect()
    records = _records_in(event.to_dict())
    failed = _count(records)
    return {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}


def _records_in(event: object) -> Sequence[object]:
    """Return the records of an event. An event without any is itself one that tells nothing."""
    records = event.get("Records") if isinstance(event, Mapping) else None
    return records if isinstance(records, list) else [event]


def _count(records: Sequence[object]) -> str | None:
    """Count what *records* tell, and return the sequence number of the first that failed."""
    done = put_aside = 0
    try:
        for done, why in count(records, datetime.now(UTC)):
            if why is not None:
                put_aside += 1
                number = sequence_number_of(records[done - 1])
                logger().error("A record was put aside", sequence_number=number, why=why)
    except Exception:
        failed = sequence_number_of(records[done])
        logger().exception("Changes could not be counted", sequence_number=failed)
        if failed is None:
            # Nothing says where to go on, so the whole batch has to come again.
            raise
        return failed
    finally:
        if put_aside:
            _publish(put_aside)
    return None


def _publish(put_aside: int) -> None:
    """Publish that something lies aside, at once; the clean-up says so as long as it does."""
    metrics = Metrics(namespace="Phonebook", service=service())
    metrics.add_metric("RecordsAside", MetricUnit.Count, put_aside)
    metrics.flush_metrics()


@cache
def _connect() -> None:
    """Connect this Lambda to its table, once, at its first batch."""
    connect(Settings.of(os.environ).table_name)
