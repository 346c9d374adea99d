"""Writing several items together or not at all, and what a failed condition means."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from pynamodb.exceptions import (
    CancellationReason,
    DeleteError,
    PutError,
    TransactWriteError,
    UpdateError,
)
from pynamodb.transactions import TransactWrite

from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.dynamodb.connection import table

MAX_ACTIONS: Final = 100
"""The actions that DynamoDB takes in one transaction."""

REVISION: Final = "revision"
"""What every write of an item that is written whole raises."""

_IS_NEW: Final[Mapping[str, Any]] = {
    "ConditionExpression": "attribute_not_exists (#pk)",
    "ExpressionAttributeNames": {"#pk": "PK"},
}
_UNCHANGED: Final = frozenset({"PK", "SK", REVISION})
_CONDITION_FAILED: Final = "ConditionalCheckFailed"


class TransactionRefusedError(Exception):
    """A condition of a transaction failed, so nothing of it was written.

    ``positions`` are those of the refused actions, in the order in which PynamoDB sends them:
    checks, deletes, puts, updates. ``existing`` is the item where one failed, if there is one
    and it was asked for with ``return_values``.
    """

    def __init__(self, reasons: Sequence[CancellationReason | None]) -> None:
        super().__init__()
        refused = [
            (position, reason)
            for position, reason in enumerate(reasons)
            if reason and reason.code == _CONDITION_FAILED
        ]
        self.positions = frozenset(position for position, _ in refused)
        self.existing = next((reason.raw_item for _, reason in refused if reason.raw_item), None)


class Transaction(TransactWrite):
    """A transaction that also takes items as DynamoDB has them.

    Where thousands of them are written, a model of each would take most of the processor's time.
    """

    def put(self, stored: StoredItem, *, if_new: bool = False) -> None:
        """Write an item; *if_new*, the transaction fails when there is one of its key."""
        action: dict[str, Any] = {"TableName": table().table_name, "Item": stored}
        if if_new:
            action |= _IS_NEW
        self._put_items.append(action)

    def change(self, before: StoredItem, after: StoredItem) -> None:
        """Write what of an item is another, and raise its revision.

        The transaction fails when it is not the item that was read *before*, by its id, or was
        written since, by its revision: whoever writes it whole would undo that.
        """
        names = {"#id": "id", "#revision": REVISION}
        values = {":id": before["id"], ":one": {"N": "1"}}
        sets, removes = [], []
        for place, name in enumerate({**before, **after}):
            if name in _UNCHANGED or _is_same(before.get(name), after.get(name)):
                continue
            names[f"#{place}"] = name
            if name in after:
                values[f":{place}"] = after[name]
                sets.append(f"#{place} = :{place}")
            else:
                removes.append(f"#{place}")
        update = [f"SET {', '.join(sets)}"] if sets else []
        update += [f"REMOVE {', '.join(removes)}"] if removes else []
        condition = "attribute_not_exists (#revision)"
        if REVISION in before:
            values[":revision"] = before[REVISION]
            condition = "#revision = :revision"
        self._update_items.append({
            "TableName": table().table_name,
            "Key": {"PK": before["PK"], "SK": before["SK"]},
            "UpdateExpression": " ".join([*update, "ADD #revision :one"]),
            "ConditionExpression": f"#id = :id AND {condition}",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        })  # fmt: skip


def _is_same(one: Any, other: Any) -> bool:  # noqa: ANN401 - JSON
    """Say whether two values are the same; the numbers of a set come in any order."""
    if one is None or other is None or "NS" not in one:
        return bool(one == other)
    return "NS" in other and set(one["NS"]) == set(other["NS"])


def write_together(add_actions: Callable[[Transaction], None]) -> None:
    """Commit the actions that *add_actions* puts into the transaction.

    Lost races are tried again beneath (:mod:`.connection`), and botocore's request token
    keeps a repeated call from being applied twice.

    Raises:
        TransactionRefusedError: A condition failed.

    """
    try:
        with Transaction(connection=table().connection) as transaction:
            add_actions(transaction)
    except TransactWriteError as error:
        refusal = TransactionRefusedError(error.cancellation_reasons)
        if refusal.positions:
            raise refusal from error
        raise


@contextmanager
def condition_failing_means(meaning: Exception) -> Iterator[None]:
    """Raise *meaning* when the condition of the single write inside fails."""
    try:
        yield
    except (PutError, UpdateError, DeleteError) as error:
        if error.cause_response_code == f"{_CONDITION_FAILED}Exception":
            raise meaning from error
        raise
