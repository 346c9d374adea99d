"""Writing items that depend on nothing, many at a time."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from chalicelib.domain.errors import ErrorCode, UnavailableError
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries

WRITTEN_AT_ONCE: Final = 25
"""DynamoDB's limit on the writes of one batch."""


def write_batch(requests: Collection[Mapping[str, Any]]) -> None:
    """Write up to :data:`WRITTEN_AT_ONCE` items. Some may be written if it fails.

    Raises:
        UnavailableError: The table was out of reach, or busy at every try.

    """
    left: Any = list(requests)
    for _ in tries(DECISION_TRIES):
        answer = table().connection.dispatch(
            "BatchWriteItem",
            {"RequestItems": {table().table_name: left}, "ReturnConsumedCapacity": "TOTAL"},
        )
        left = answer.get("UnprocessedItems", {}).get(table().table_name)
        if not left:
            return
    raise UnavailableError(ErrorCode.BUSY)
