"""Querying many items of which only the keys are needed."""

from collections.abc import Iterator
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.pagination import PageIterator

from chalicelib.storage.dynamodb.connection import table


def list_sort_keys(pk: str, condition: Condition | None, page_size: int | None) -> Iterator[str]:
    """Yield the sort keys of a partition in order, of those items that meet a condition.

    *page_size* is how many are read at a time; None means as many as DynamoDB answers at once.
    DynamoDB charges for whole items, but answers only their keys: to read the answers takes most
    of the time of a long list.
    """
    question = {
        "range_key_condition": condition,
        "consistent_read": True,
        "limit": page_size,
        "attributes_to_get": ["SK"],
    }
    pages: PageIterator[Any] = PageIterator(table().query, (pk,), question)
    for page in pages:
        for item in page["Items"]:
            yield item["SK"]["S"]
