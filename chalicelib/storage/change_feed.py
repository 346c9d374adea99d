"""The feed of changes: each in the order in which it arrived here, for some days.

A change that is told again arrives again, with its id. What erases a person has nothing to do here:
a change holds ids and names of fields. The one item with a number is what finds it by its id.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.changes import KEPT, Change, rendered
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.batch_writes import WRITTEN_AT_ONCE, write_batch
from chalicelib.storage.dynamodb.batches import in_batches
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.items import ChangeItem, NumberItem

_APART: Final = timedelta(microseconds=1)


class Told(NamedTuple):
    """A change as it was told, and its place in the feed."""

    place: str
    change: dict[str, Any]


def add_changes(account_id: str, changes: Iterable[Change], arrived_on: datetime) -> None:
    """Add changes to the feed, in their order. All of them may be added again.

    Raises:
        UnavailableError: The table was out of reach, or busy at every try.

    """
    expires_at = {"N": str(int((arrived_on + KEPT).timestamp()))}
    requests = [
        {
            "PutRequest": {
                "Item": {
                    "PK": {"S": keys.changes(account_id)},
                    "SK": {"S": keys.change(arrived_on + place * _APART, change.id)},
                    "said": {"S": json.dumps(rendered(change))},
                    "expiresAt": expires_at,
                }
            }
        }
        for place, change in enumerate(changes)
    ]
    for batch in in_batches(requests, WRITTEN_AT_ONCE):
        write_batch(batch)


def list_changes(account_id: str, *, after: str, before: datetime, expected: int) -> list[Told]:
    """Return up to *expected* changes after a place, of those that arrived before a moment."""
    first, last = f"{after}!", keys.arrived(before)
    # DynamoDB refuses such a range.
    if first > last:
        return []
    answer = table().query(
        keys.changes(account_id),
        range_key_condition=ChangeItem.sk.between(first, last),
        consistent_read=True,
        limit=expected,
    )
    return [Told(each["SK"]["S"], json.loads(each["said"]["S"])) for each in answer["Items"]]


def list_latest(account_id: str, *, after: str, before: str, expected: int) -> list[Told]:
    """Return the latest changes after a place and before another one, the newest first."""
    # DynamoDB refuses such a range.
    if after > before:
        return []
    answer = table().query(
        keys.changes(account_id),
        range_key_condition=ChangeItem.sk.between(after, before),
        consistent_read=True,
        limit=expected,
        scan_index_forward=False,
    )
    found = (Told(each["SK"]["S"], json.loads(each["said"]["S"])) for each in answer["Items"])
    return [each for each in found if each.place != before]


def keep_number(account_id: str, number_id: str, phone_number: PhoneNumber) -> None:
    """Let a number be found by the id by which it is told of."""
    NumberItem(keys.numbers(account_id), number_id, phone_number=phone_number.e164).save()


def forget_number(account_id: str, number_id: str) -> None:
    """Let a number be found no more."""
    NumberItem(keys.numbers(account_id), number_id).delete()


def find_number(account_id: str, number_id: str) -> PhoneNumber | None:
    """Return the number that is told of by an id, or None if there is none."""
    try:
        item = NumberItem.get(keys.numbers(account_id), number_id, consistent_read=True)
    except DoesNotExist:
        return None
    return PhoneNumber(item.phone_number)


def forget(account_id: str) -> None:
    """Delete the feed of an account that does not exist any more."""
    for model, partition in (
        (ChangeItem, keys.changes(account_id)),
        (NumberItem, keys.numbers(account_id)),
    ):
        for item in model.query(partition, consistent_read=True):
            item.delete()
