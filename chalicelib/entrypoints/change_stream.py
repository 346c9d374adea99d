"""The stream's second Lambda: keeps the index of the search, and tells others what changed.

What it needs is loaded at its first batch: no other Lambda needs it.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib.observability import logger
from chalicelib.settings import Settings
from chalicelib.storage.dynamodb.connection import connect

if TYPE_CHECKING:
    from chalicelib.domain.changes import Change
    from chalicelib.services.telling import Told
    from chalicelib.storage.stream_records import ItemChange, StreamFilter

BATCH_SIZE: Final = 100
"""As many contacts as one batch read has keys."""

MAX_CONTACT_BYTES: Final = 20_000
"""A contact that is larger is told of without its fields: ten events fit into one call."""

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
    """Follow some changes. All of a batch is followed, or it fails as a whole.

    AWS delivers half of a batch that failed again, and so finds the record that fails by itself. A
    record that cannot be from our table's stream is left out: the Lambda that counts puts it aside.
    """
    settings = _settings()
    records = event.to_dict()["Records"]
    started = datetime.now(UTC)
    try:
        if settings.has_search:
            _index(records)
        if settings.has_changes:
            _tell(records, started, settings)
    except Exception:
        logger().exception("Changes could not be followed", records=len(records))
        raise
    seconds = (datetime.now(UTC) - started).total_seconds()
    logger().debug("changes", records=len(records), seconds=seconds)
    return {"batchItemFailures": []}


def _index(records: list[Any]) -> None:
    from chalicelib.services.indexing import INDEXED, index_changes  # noqa: PLC0415 - see above

    index_changes(_changes_in(records, INDEXED))


def _tell(records: list[Any], started: datetime, settings: Settings) -> None:
    """Add what the records say to the feeds, and put it on the bus."""
    from chalicelib.services.telling import publish, tell  # noqa: PLC0415 - see above
    from chalicelib.storage.change_records import TOLD  # noqa: PLC0415 - see above

    for told in tell(_changes_in(records, TOLD), started):
        if settings.bus:
            changes = _with_contacts(told) if settings.tells_contacts else told.changes
            publish(settings.bus, told.account, changes)


def _with_contacts(told: "Told") -> "Iterator[Change]":
    """Yield the changes with their contacts as they are now, as our own API shows them."""
    from chalicelib.dialects.v2.contacts import render_contact  # noqa: PLC0415 - see above
    from chalicelib.domain.ids import id_of_uuid  # noqa: PLC0415 - see above
    from chalicelib.domain.text import json_text  # noqa: PLC0415 - see above
    from chalicelib.services.profiles import list_profiles  # noqa: PLC0415 - see above
    from chalicelib.services.telling import contacts_of  # noqa: PLC0415 - see above

    named = [each.subject["contact"] for each in told.changes if "contact" in each.subject]
    found = contacts_of(told.account, filter(None, map(id_of_uuid, dict.fromkeys(named))))
    rendered = {
        each["id"]: each
        for each in map(render_contact, list_profiles(told.account, found.values()))
        if len(json_text(each).encode()) <= MAX_CONTACT_BYTES
    }
    for change in told.changes:
        yield replace(change, contact=rendered.get(change.subject.get("contact", "")))


def _changes_in(records: list[Any], wanted: "StreamFilter") -> "list[ItemChange]":
    from chalicelib.storage.stream_records import (  # noqa: PLC0415 - see above
        UnreadableRecordError,
        change_of,
        sequence_number_of,
    )

    changes = []
    for record in records:
        try:
            change = change_of(record, wanted)
        except UnreadableRecordError as error:
            number = sequence_number_of(record)
            logger().error("A record was left out", sequence_number=number, why=str(error))
        else:
            if change is not None:
                changes.append(change)
    return changes


@cache
def _settings() -> Settings:
    """Connect this Lambda to its table, once, at its first batch; return its settings."""
    settings = Settings.of(os.environ)
    connect(settings.table_name)
    return settings
