"""This process connected to one of several engines at a time."""

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, Self

import boto3
import pytest
from botocore.config import Config

from chalicelib.storage.dynamodb.batches import in_batches
from chalicelib.storage.dynamodb.connection import connect, table
from chalicelib.storage.dynamodb.model import Item
from infra.local import engine
from infra.table import create_table

WRITTEN_AT_ONCE: Final = 25
WRITERS: Final = 4


class Connected:
    """The phonebook's table on one engine; ``with`` it, the storage works there.

    Engines of several fixtures are up at once, but PynamoDB knows one connection: what was
    connected before comes back behind the ``with``.
    """

    def __init__(self, endpoint: str | None, deployed_table: str | None = None) -> None:
        self.endpoint = endpoint or ""
        self.table: Final = deployed_table or "phonebook-tests"
        with self.environment():
            if deployed_table is None:
                create_table(self.table)
            before = self._swap(None)
            connect(self.table)
            _ = table().connection.client  # made while the environment says where
            self._connection = self._swap(before)

    def __enter__(self) -> Self:
        self._before = self._swap(self._connection)
        return self

    def __exit__(self, *_: object) -> None:
        self._swap(self._before)

    @contextmanager
    def environment(self) -> Iterator[None]:
        """Let clients that are made inside find the engine."""
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("AWS_")]:
                patch.delenv(name)
            for name, value in engine.environment(self.endpoint).items():
                if value and name.startswith("AWS_"):
                    patch.setenv(name, value)
            yield

    def client(self) -> Any:
        """Return a client of the engine, as someone has it who uses nothing else."""
        with self.environment():
            config = Config(max_pool_connections=WRITERS)
            return boto3.client("dynamodb", config=config)

    def load(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Write items as they are, many at once."""
        client = self.client()

        def write(batch: list[Mapping[str, Any]]) -> None:
            puts = [{"PutRequest": {"Item": item}} for item in batch]
            while puts:
                answer = client.batch_write_item(RequestItems={self.table: puts})
                puts = answer["UnprocessedItems"].get(self.table, [])

        with ThreadPoolExecutor(WRITERS) as writers:
            list(writers.map(write, in_batches(items, WRITTEN_AT_ONCE)))

    def _swap(self, connection):
        before, Item._connection = Item._connection, connection
        Item.Meta.table_name = self.table
        return before
