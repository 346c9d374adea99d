"""A meter of what calls to DynamoDB cost."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self

from chalicelib.storage.dynamodb.connection import table

if TYPE_CHECKING:
    from botocore.model import OperationModel

READ_UNIT_BYTES: Final = 4096
WRITES: Final = frozenset({
    "BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem",
})  # fmt: skip


class Meter:
    """Counts calls and units between ``with`` and its end.

    ``writes`` is what the engine says it charged. ``reads`` is worked out from what came
    back, as AWS charges a strongly consistent read, because ministack's own figure is a
    constant; ``charged_reads`` is what the engine said all the same.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.writes = 0.0
        self.reads = 0
        self.charged_reads = 0.0
        self.empty_queries = 0

    def __enter__(self) -> Self:
        self._events = table().connection.client.meta.events
        self._events.register("after-call.dynamodb", self._count)
        return self

    def __exit__(self, *_: object) -> None:
        self._events.unregister("after-call.dynamodb", self._count)

    def _count(self, parsed: dict[str, Any], model: "OperationModel", **_: object) -> None:
        self.calls.append(model.name)
        charged = parsed.get("ConsumedCapacity", [])
        units = sum(
            each["CapacityUnits"] for each in ([charged] if isinstance(charged, dict) else charged)
        )
        if model.name in WRITES:
            self.writes += units
        else:
            self.charged_reads += units
            self.reads += _read_units(model.name, parsed)
            self.empty_queries += parsed.get("Items") == []


def _read_units(operation: str, answer: dict[str, Any]) -> int:
    if operation == "GetItem":
        return _units(size_of(answer.get("Item", {})))
    if operation == "BatchGetItem":
        (items,) = answer["Responses"].values()
        return sum(_units(size_of(item)) for item in items)
    if operation == "Query":
        return _units(sum(map(size_of, answer["Items"])))
    raise LookupError(f"nobody knows what {operation} costs")


def _units(size: int) -> int:
    return max(1, math.ceil(size / READ_UNIT_BYTES))


def size_of(item: Mapping[str, Any]) -> int:
    """Return the bytes of an item: its names and its values, numbers at about two digits a byte."""
    return sum(len(name.encode()) + _size_of_value(value) for name, value in item.items())


def _size_of_value(typed: dict[str, Any]) -> int:
    ((kind, value),) = typed.items()
    if kind == "N":
        return len(value) // 2 + 1
    if kind == "NS":
        return sum(len(number) // 2 + 1 for number in value)
    return len(value.encode()) if kind == "S" else 1
