"""Querying many items of which only the keys are needed."""

from collections.abc import Iterator

from pynamodb.expressions.condition import Condition
from pynamodb.pagination import ResultIterator

from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.dynamodb.connection import table


def list_sort_keys(pk: str, condition: Condition | None, page_size: int | None) -> Iterator[str]:
    """Yield the sort keys of a partition in order, of those items that meet a condition.

    *page_size* is how many are read at a time; None means as many as DynamoDB answers at once.
    It does not use a PynamoDB model, which would take most of the time.
    """
    question = {"range_key_condition": condition, "consistent_read": True, "limit": page_size}
    found: ResultIterator[str] = ResultIterator(table().query, (pk,), question, map_fn=_sort_key_of)
    return found


def _sort_key_of(stored: StoredItem) -> str:
    sort_key: str = stored["SK"]["S"]
    return sort_key
