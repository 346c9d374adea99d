"""Reading many items by their keys, all of them."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final, TypeVar

from chalicelib.domain.errors import ErrorCode, UnavailableError
from chalicelib.storage.connection import table
from chalicelib.storage.items import Item
from chalicelib.storage.tries import DECISION_TRIES, tries

MOST_KEYS: Final = 100
"""The keys that DynamoDB takes in one batch read."""

ItemT = TypeVar("ItemT", bound=Item)
ValueT = TypeVar("ValueT")


def in_batches(values: Iterable[ValueT], most: int = MOST_KEYS) -> Iterator[list[ValueT]]:
    """Yield *values* in lists of up to *most*."""
    remaining = iter(values)
    while batch := list(islice(remaining, most)):
        yield batch


def read_batch(model: type[ItemT], pk: str, sort_keys: Iterable[str]) -> dict[str, ItemT]:
    """Return those items of one partition that exist, by sort key; at most :data:`MOST_KEYS`.

    What DynamoDB left unread is asked for again; PynamoDB's own batch read does so without
    a pause, for ever.

    Raises:
        UnavailableError: Some were left unread every time.

    """
    keys: Any = [{"PK": pk, "SK": sort_key} for sort_key in sort_keys]
    found: dict[str, ItemT] = {}
    if not keys:
        return found
    for _ in tries(DECISION_TRIES):
        answer = table().batch_get_item(keys, consistent_read=True)
        page = answer["Responses"].get(table().table_name, [])
        found.update((item.sk, item) for item in map(model.from_raw_data, page))
        unread = answer["UnprocessedKeys"].get(table().table_name)
        if not unread:
            return found
        keys = unread["Keys"]
    raise UnavailableError(ErrorCode.BUSY)
