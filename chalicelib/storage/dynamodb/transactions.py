"""Transactions, and the meaning of a failed condition."""

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
"""DynamoDB's limit on the actions of one transaction."""

REVISION: Final = "revision"
"""The attribute that every write of a contact increments."""

_IS_NEW: Final[Mapping[str, Any]] = {
    "ConditionExpression": "attribute_not_exists (#pk)",
    "ExpressionAttributeNames": {"#pk": "PK"},
}
_UNCHANGED: Final = frozenset({"PK", "SK", REVISION})
_CONDITION_FAILED: Final = "ConditionalCheckFailed"


class TransactionRefusedError(Exception):
    """A condition of a transaction failed, so nothing was written.

    ``positions`` are those of the refused actions, in the order in which PynamoDB sends them:
    checks, deletes, puts, updates. ``existing`` is the item at the first refused action that
    returns one: the item has to exist, and ``return_values`` has to request it.
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
    """A transaction that also accepts items in DynamoDB's form.

    For thousands of items, PynamoDB's models would need most of the processor's time.
    """

    def put(self, stored: StoredItem, *, if_new: bool = False) -> None:
        """Write an item. With *if_new*, the transaction fails if one with its key exists."""
        action: dict[str, Any] = {"TableName": table().table_name, "Item": stored}
        if if_new:
            action |= _IS_NEW
        self._put_items.append(action)

    def change(self, before: StoredItem, after: StoredItem) -> None:
        """Write the attributes in which *after* differs, and increment the revision.

        The transaction fails if the item has another id or another revision than *before*: this
        write could undo what somebody wrote since then.
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
    """Say whether two values are equal; the numbers of a set may be in any order."""
    if one is None or other is None or "NS" not in one:
        return bool(one == other)
    return "NS" in other and set(one["NS"]) == set(other["NS"])


def write_together(add_actions: Callable[[Transaction], None]) -> None:
    """Commit the actions that *add_actions* adds to the transaction.

    The connection retries lost races (:mod:`.connection`). botocore's request token makes its
    own repeated calls idempotent.

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
    """Raise *meaning* if the condition of the single write inside fails."""
    try:
        yield
    except (PutError, UpdateError, DeleteError) as error:
        if error.cause_response_code == f"{_CONDITION_FAILED}Exception":
            raise meaning from error
        raise
