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
from chalicelib.settings import Settings
from chalicelib.storage.dynamodb.connection import connect

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

    AWS delivers that record and all after it again. After too many attempts, AWS sends a message
    about the record to the dead-letter queue, and goes on with the next. We put aside a record
    that can never be counted, whole, at the first attempt, so that it does not block the others.
    """
    _connect()
    records = _records_in(event.to_dict())
    failed = _count(records)
    return {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}


def _records_in(event: object) -> Sequence[object]:
    """Return the records of an event. An event without records counts as one unreadable record."""
    records = event.get("Records") if isinstance(event, Mapping) else None
    return records if isinstance(records, list) else [event]


def _count(records: Sequence[object]) -> str | None:
    """Count *records*, and return the sequence number of the first that failed, or None."""
    from chalicelib.services.counting import count  # noqa: PLC0415 - no other Lambda needs it
    from chalicelib.storage.stream_records import sequence_number_of  # noqa: PLC0415 - as above

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
            # Without a sequence number AWS has to deliver the whole batch again.
            raise
        return failed
    finally:
        if put_aside:
            _publish(put_aside)
    return None


def _publish(put_aside: int) -> None:
    """Publish how many records were put aside now; the clean-up publishes how many there are."""
    metrics = Metrics(namespace="Phonebook", service=service())
    metrics.add_metric("RecordsAside", MetricUnit.Count, put_aside)
    metrics.flush_metrics()


@cache
def _connect() -> None:
    """Connect this Lambda to its table, once, at its first batch."""
    connect(Settings.of(os.environ).table_name)
