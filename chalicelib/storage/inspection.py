"""Reads that only operators need: the whole table, or a snapshot of several items."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import boto3

from chalicelib.domain.errors import ErrorCode, UnavailableError
from chalicelib.storage import keys
from chalicelib.storage.aws_calls import refusals_told
from chalicelib.storage.dynamodb.batches import StoredItem, in_batches
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.dynamodb.model import SparseIndex
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import (
        QueryOutputTypeDef,
        ScanOutputTypeDef,
        TransactGetItemTypeDef,
    )

ITEMS_AT_ONCE: Final = 100


class Key(NamedTuple):
    """The key of an item."""

    pk: str
    sk: str

    @property
    def stored(self) -> StoredItem:
        """The key, as DynamoDB has it."""
        return {"PK": {"S": self.pk}, "SK": {"S": self.sk}}


Found: TypeAlias = Mapping[Key, StoredItem]
"""Items that were read, by key. A requested item that does not exist is absent."""


def key_of(item: StoredItem) -> Key:
    """Return the key of an item."""
    return Key(item["PK"]["S"], item["SK"]["S"])


class Inspector:
    """Reads the connected table. Reads are strongly consistent, except those of the index."""

    def __init__(self) -> None:
        with refusals_told():
            self._client = boto3.client("dynamodb")
        self._table = table().table_name

    def all_items(self) -> Iterator[list[StoredItem]]:
        """Yield every item of the table, in batches.

        Raises:
            UnavailableError: The table does not serve us.

        """
        pages = self._client.get_paginator("scan")
        return _items_in(pages.paginate(TableName=self._table, ConsistentRead=True))

    def items_in(self, partition: str, beginning: str | None = None) -> Iterator[list[StoredItem]]:
        """Yield the items of a partition, or those whose sort key has a *beginning*, in batches.

        Raises:
            UnavailableError: The table does not serve us.

        """
        condition, values = "PK = :pk", {":pk": {"S": partition}}
        if beginning:
            condition += " AND begins_with(SK, :beginning)"
            values[":beginning"] = {"S": beginning}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
        )
        return _items_in(pages)

    def credentials_of(self, account_id: str) -> Iterator[list[StoredItem]]:
        """Yield an account's credentials. A new one may be missing for a moment.

        Raises:
            UnavailableError: The table does not serve us.

        """
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=SparseIndex.Meta.index_name,
            KeyConditionExpression="GSI1PK = :pk",
            ExpressionAttributeValues={":pk": {"S": keys.account(account_id)}},
        )
        for entries in _items_in(pages):
            yield list(self.read(map(key_of, entries)).values())

    def read(self, wanted: Iterable[Key]) -> dict[Key, StoredItem]:
        """Return the items with some keys, if they exist. They are not a snapshot.

        Raises:
            UnavailableError: The table does not serve us.

        """
        found: dict[Key, StoredItem] = {}
        for batch in in_batches(dict.fromkeys(wanted)):
            for item in self._batch(batch):
                found[key_of(item)] = item
        return found

    def read_together(self, wanted: Iterable[Key]) -> dict[Key, StoredItem]:
        """Return a snapshot of the items with up to 100 keys, if they exist.

        Raises:
            UnavailableError: The table does not serve us.

        """
        gets: list[TransactGetItemTypeDef] = [
            {"Get": {"TableName": self._table, "Key": key.stored}} for key in dict.fromkeys(wanted)
        ]
        for _ in tries(DECISION_TRIES):
            try:
                answer = self._client.transact_get_items(TransactItems=gets)
            except self._client.exceptions.TransactionCanceledException:
                continue  # a write was under way on one of them
            except Exception:
                with refusals_told():
                    raise
            items = [each["Item"] for each in answer["Responses"] if "Item" in each]
            return {key_of(item): item for item in items}
        raise UnavailableError(ErrorCode.BUSY)

    def _batch(self, batch: list[Key]) -> Iterator[StoredItem]:
        unread: Any = [key.stored for key in batch]
        for _ in tries(DECISION_TRIES):
            with refusals_told():
                answer = self._client.batch_get_item(
                    RequestItems={self._table: {"Keys": unread, "ConsistentRead": True}}
                )
            yield from answer["Responses"].get(self._table, [])
            if self._table not in answer["UnprocessedKeys"]:
                return
            unread = answer["UnprocessedKeys"][self._table]["Keys"]
        raise UnavailableError(ErrorCode.BUSY)


def _items_in(
    pages: "Iterable[QueryOutputTypeDef | ScanOutputTypeDef]",
) -> Iterator[list[StoredItem]]:
    with refusals_told():
        for page in pages:
            yield from in_batches(page["Items"], ITEMS_AT_ONCE)
