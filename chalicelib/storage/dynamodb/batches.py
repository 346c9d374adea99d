"""Reading many items by their keys, all of them."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from math import ceil
from typing import Any, Final, TypeAlias, TypeVar

from chalicelib.domain.errors import ErrorCode, UnavailableError
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries

MAX_KEYS: Final = 100
"""The keys that DynamoDB takes in one batch read."""

ValueT = TypeVar("ValueT")

StoredItem: TypeAlias = dict[str, Any]
"""An item as DynamoDB returns it: each attribute's value, under the name of its type."""


def in_batches(values: Iterable[ValueT], most: int = MAX_KEYS) -> Iterator[list[ValueT]]:
    """Yield *values* in lists of up to *most*."""
    remaining = iter(values)
    while batch := list(islice(remaining, most)):
        yield batch


def size_of_batches(wanted: int | None) -> int:
    """Return a size of which the fewest batches hold what is wanted, with the least beyond it."""
    if wanted is None:
        return MAX_KEYS
    return ceil(wanted / ceil(wanted / MAX_KEYS))


def read_batch(
    read: Callable[[StoredItem], ValueT], pk: str, sort_keys: Iterable[str]
) -> dict[str, ValueT]:
    """Return those items of one partition that exist, as *read* reads them, by sort key.

    They are at most :data:`MAX_KEYS`. What DynamoDB left unread is asked for again;
    PynamoDB's own batch read does so without a pause, for ever.

    Raises:
        UnavailableError: Some were left unread every time.

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
