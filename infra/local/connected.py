"""Connecting this process to one of several engines at a time."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

import boto3
from botocore.config import Config
from pynamodb.connection import TableConnection

from chalicelib.storage.dynamodb.batches import in_batches
from chalicelib.storage.dynamodb.connection import connect, table
from chalicelib.storage.dynamodb.model import Item
from infra.local import engine
from infra.local.job_places import create_job_places
from infra.local.webhook_places import create_webhook_places
from infra.table import create_table

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from types_boto3_dynamodb import DynamoDBClient

TABLE: Final = "phonebook-tests"
"""The table that is created if none is named."""

WRITTEN_AT_ONCE: Final = 25
WRITERS: Final = 4

_READS: Final = frozenset({"BatchGetItem", "GetItem", "Query", "Scan"})
"""The calls that choose between a consistent read and one that may be stale."""


class StaleReadError(Exception):
    """A read is not consistent, so it may miss the latest writes; the message names the call."""


class Connected:
    """The phonebook's table on one engine; inside a ``with``, the storage uses this table.

    Several engines may run at the same time, but PynamoDB has one connection: after the ``with``,
    the previous one is restored. Without an *endpoint*, the engine is in this process.

    Inside the ``with``, every read must be consistent, except reads of an index, which cannot
    be. Any other read raises :class:`StaleReadError`: a client must read its own writes.
    """

    def __init__(self, endpoint: str | None, deployed_table: str | None = None) -> None:
        self.endpoint = endpoint or ""
        self.table: Final = deployed_table or TABLE
        with self.environment():
            if deployed_table is None:
                create_table(self.table)
            before = self._swap(None)
            connect(self.table)
            client = table().connection.client  # created while the environment names the engine
            client.meta.events.register("provide-client-params.dynamodb", _refuse_a_stale_read)
            self._connection = self._swap(before)

    def __enter__(self) -> Self:
        self._before = self._swap(self._connection)
        return self

    def __exit__(self, *_: object) -> None:
        self._swap(self._before)

    @contextmanager
    def environment(self) -> Iterator[None]:
        """Set the environment so that clients created inside the ``with`` find the engine."""
        with engine.used_in_this_process(self.endpoint):
            yield

    def client(self) -> "DynamoDBClient":
        """Return a plain boto3 client of the engine, independent of the storage."""
        with self.environment():
            config = Config(max_pool_connections=WRITERS)
            return boto3.client("dynamodb", config=config)

    def create_places(self, name: str | None = None) -> dict[str, str]:
        """Create what there is beside the table, and return the variables that name it.

        That is the bucket and the queues of jobs, the bus of changes and the queue of webhooks.
        *name* is for those that nobody shares; without one they are the table's.
        """
        name = name or self.table
        with self.environment():
            return {**create_job_places(name), **create_webhook_places(name)}

    def load(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Write items as they are, in batches."""
        client = self.client()

        def write(batch: list[Mapping[str, Any]]) -> None:
            unwritten: Any = {self.table: [{"PutRequest": {"Item": item}} for item in batch]}
            while unwritten:
                unwritten = client.batch_write_item(RequestItems=unwritten)["UnprocessedItems"]

        with ThreadPoolExecutor(WRITERS) as writers:
            list(writers.map(write, in_batches(items, WRITTEN_AT_ONCE)))

    def _swap(self, connection: TableConnection | None) -> TableConnection | None:
        before = Item._connection  # noqa: SLF001 - where PynamoDB keeps a model's connection
        Item._connection = connection  # noqa: SLF001
        Item.Meta.table_name = self.table
        return before


def _refuse_a_stale_read(params: Mapping[str, Any], model: "OperationModel", **_: object) -> None:
    if model.name not in _READS or "IndexName" in params:
        return
    for asked in params.get("RequestItems", {"": params}).values():
        if not asked.get("ConsistentRead"):
            raise StaleReadError(model.name)
