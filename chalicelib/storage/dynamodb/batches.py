"""Reading many items by their keys."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from math import ceil
from typing import Any, Final, TypeAlias, TypeVar

from chalicelib.domain.errors import ErrorCode, UnavailableError
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries

MAX_KEYS: Final = 100
"""DynamoDB's limit on the keys of one batch read."""

ValueT = TypeVar("ValueT")

StoredItem: TypeAlias = dict[str, Any]
"""An item in DynamoDB's form: each value is in a dict under its type, such as ``{"S": "x"}``."""


def in_batches(values: Iterable[ValueT], most: int = MAX_KEYS) -> Iterator[list[ValueT]]:
    """Yield *values* in lists of up to *most*."""
    remaining = iter(values)
    while batch := list(islice(remaining, most)):
        yield batch


def size_of_batches(expected: int | None) -> int:
    """Return the batch size that reads *expected* keys in the fewest batches and few more keys.

    None expects all keys.
    """
    if expected is None:
        return MAX_KEYS
    return ceil(expected / ceil(expected / MAX_KEYS))


def read_batch(
    read: Callable[[StoredItem], ValueT], pk: str, sort_keys: Iterable[str]
) -> dict[str, ValueT]:
    """Return the items of one partition with some sort keys, if they exist, converted by *read*.

    *sort_keys* are at most :data:`MAX_KEYS`; the result has them as keys. If DynamoDB does not
    read all of them, this asks again. PynamoDB's own batch read would ask for ever, without pauses.

    Raises:
        UnavailableError: Some were still unread after the last try.

    """
    keys: Any = [{"PK": pk, "SK": sort_key} for sort_key in sort_keys]
    found: dict[str, ValueT] = {}
    if not keys:
        return found
    for _ in tries(DECISION_TRIES):
        answer = table().batch_get_item(keys, consistent_read=True)
        page = answer["Responses"].get(table().table_name, [])
        found.update((item["SK"]["S"], read(item)) for item in page)
        unread = answer["UnprocessedKeys"].get(table().table_name)
        if not unread:
            return found
        keys = unread["Keys"]
    raise UnavailableError(ErrorCode.BUSY)
