"""Writing several items together or not at all, and what a failed condition means."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from pynamodb.exceptions import (
    CancellationReason,
    DeleteError,
    PutError,
    TransactWriteError,
    UpdateError,
)
from pynamodb.transactions import TransactWrite

from chalicelib.domain.errors import PhonebookError
from chalicelib.storage.connection import table

MOST_ACTIONS: Final = 100
"""The actions that DynamoDB takes in one transaction."""

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


def write_together(add_actions: Callable[[TransactWrite], None]) -> None:
    """Commit the actions that *add_actions* puts into the transaction.

    Lost races are tried again beneath (:mod:`.connection`), and botocore's request token
    keeps a repeated call from being applied twice.

    Raises:
        TransactionRefusedError: A condition failed.

    """
    try:
        with TransactWrite(connection=table().connection) as transaction:
            add_actions(transaction)
    except TransactWriteError as error:
        refusal = TransactionRefusedError(error.cancellation_reasons)
        if refusal.positions:
            raise refusal from error
        raise


@contextmanager
def condition_failing_means(meaning: PhonebookError) -> Iterator[None]:
    """Raise *meaning* when the condition of the single write inside fails."""
    try:
        yield
    except (PutError, UpdateError, DeleteError) as error:
        if error.cause_response_code == f"{_CONDITION_FAILED}Exception":
            raise meaning from error
        raise
