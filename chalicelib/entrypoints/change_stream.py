"""The stream's second Lambda: keeps the index of the search equal to the contacts.

What it needs is loaded at its first batch: no other Lambda needs it.
"""

import os
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib.observability import logger
from chalicelib.settings import Settings
from chalicelib.storage.dynamodb.connection import connect

if TYPE_CHECKING:
    from chalicelib.storage.stream_records import ItemChange

BATCH_SIZE: Final = 100
"""As many contacts as one batch read has keys."""

SET_BY_THE_TEMPLATE: Final = "arn:aws:dynamodb:*:*:table/set-by-the-template/stream/*"
"""Chalice wants the stream's ARN in the code; infra/resources.yaml gives the real one."""

change_stream = Blueprint(__name__)


@change_stream.on_dynamodb_record(
    stream_arn=SET_BY_THE_TEMPLATE,
    batch_size=BATCH_SIZE,
    starting_position="TRIM_HORIZON",
    name="change_stream",
)
def follow_changes(event: DynamoDBEvent) -> dict[str, Any]:
    """Bring the index up to date, and report the first record of a batch that failed, if it did.

    AWS delivers that record and all after it again. A record that cannot be from our table's
    stream is left out: the Lambda that counts puts it aside.
    """
    from chalicelib.services.indexing import index_changes  # noqa: PLC0415 - see above
    from chalicelib.storage.stream_records import sequence_number_of  # noqa: PLC0415 - see above

    _connect()
    records = event.to_dict()["Records"]
    started = datetime.now(UTC)
    try:
        index_changes(_changes_in(records))
    except Exception:
        failed = sequence_number_of(records[0])
        logger().exception("Changes could not be followed", sequence_number=failed)
        if failed is None:
            raise
        return {"batchItemFailures": [{"itemIdentifier": failed}]}
    seconds = (datetime.now(UTC) - started).total_seconds()
    logger().debug("changes", records=len(records), seconds=seconds)
    return {"batchItemFailures": []}


def _changes_in(records: list[Any]) -> "list[ItemChange]":
    from chalicelib.services.indexing import INDEXED  # noqa: PLC0415 - see above
    from chalicelib.storage.stream_records import (  # noqa: PLC0415 - see above
        UnreadableRecordError,
        change_of,
        sequence_number_of,
    )

    changes = []
    for record in records:
        try:
            change = change_of(record, INDEXED)
        except UnreadableRecordError as error:
            number = sequence_number_of(record)
            logger().error("A record was left out", sequence_number=number, why=str(error))
        else:
            if change is not None:
                changes.append(change)
    return changes


@cache
def _connect() -> None:
    """Connect this Lambda to its table, once, at its first batch."""
    connect(Settings.of(os.environ).table_name)
