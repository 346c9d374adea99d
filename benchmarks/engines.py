"""The engines that serve the subjects, with the phonebook's table on them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias

import boto3

from infra.local import engine
from infra.local.connected import Connected
from infra.table import keys_and_indexes

MINISTACK: Final = "ministack"
DYNAMODB_LOCAL: Final = "DynamoDB Local"

Item: TypeAlias = dict[str, dict[str, Any]]

_STARTED_BY: Final = {MINISTACK: engine.ministack, DYNAMODB_LOCAL: engine.dynamodb_local}
_TABLE: Final = "phonebook-benchmarks"


def engine_of_tables(*, quick: bool) -> str:
    """Return the engine of subjects that need large tables: quick runs have small ones."""
    return MINISTACK if quick else DYNAMODB_LOCAL


@contextmanager
def connected(name: str) -> Iterator[Connected]:
    """Run an engine, and connect this process to a table of the phonebook's on it.

    The table has no stream: nobody reads it here, and DynamoDB Local writes slower with one.

    Raises:
        infra.local.engine.EngineError: It does not start.

    """
    with TemporaryDirectory() as folder, _STARTED_BY[name](Path(folder) / "log") as endpoint:
        with engine.used_in_this_process(endpoint):
            _create_table()
        with Connected(endpoint, _TABLE) as there:
            yield there


def _create_table() -> None:
    client = boto3.client("dynamodb")
    client.create_table(TableName=_TABLE, **keys_and_indexes())
    client.get_waiter("table_exists").wait(TableName=_TABLE)
