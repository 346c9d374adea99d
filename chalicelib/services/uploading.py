"""Writing the contacts of thousands of rows, each row with an outcome of its own."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime
from typing import Final, TypeVar

from chalicelib.domain.caller import Caller
from chalicelib.domain.contact import Contact, ContactData, deletion_date
from chalicelib.domain.errors import ErrorCode, PhonebookError, UnavailableError
from chalicelib.domain.group import GroupKind
from chalicelib.domain.limits import MAX_UPLOAD_ROWS
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.rows import Outcome, Rejected, Row, Upsert
from chalicelib.observability import logger
from chalicelib.storage import groups, rewrites
from chalicelib.storage.dynamodb.batches import in_batches
from chalicelib.storage.dynamodb.deadline import refuse_if_too_late
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries

THREADS: Final = 8
"""Transactions under way at once; botocore keeps ten connections."""

PART_ROWS: Final = MAX_UPLOAD_ROWS
"""Rows that are held at once, with their outcomes. Those of one number are written together."""

SentT = TypeVar("SentT")


def read_rows(sent: Iterable[SentT], read: Callable[[SentT], ContactData]) -> Iterator[Row]:
    """Yield each row as *read* reads it, or rejected for what it raises.

    Those that are not reached by the end of the request's time are rejected as unavailable.
    """
    for each in sent:
        row: Row
        try:
            refuse_if_too_late()
            row = read(each)
        except PhonebookError as error:
            row = Rejected(error)
        yield row


def upload_contacts(
    caller: Caller,
    rows: Iterable[Row],
    now: datetime,
    *,
    group_id: int | None = None,
    refuse_members: bool = False,
) -> Iterator[Outcome]:
    """Create or change the contact of each row, and yield what became of each, in their order.

    If there is a group, each contact joins it. One that is in it already, or was put there by an
    earlier row, is rejected if *refuse_members*, and changed otherwise. Rows of one number take
    effect in their order. No row fails for another; those that were not begun by the end of the
    request's time are rejected as unavailable.

    Rows are taken and written in parts of :data:`PART_ROWS`, and no more of them are held, so
    there may be any number. A part is written when its first outcome is asked for.

    Raises:
        NotFoundError: There is no such group, or no more; nothing of this part is written.

    """
    day = deletion_date(now, caller.account.retention_days)
    for part in in_batches(rows, PART_ROWS):
        try:
            # For each part, since a deleted group may be swept before the last part is written.
            group = None if group_id is None else groups.get_group(caller.account.id, group_id)
        except UnavailableError as error:
            yield from (row if isinstance(row, Rejected) else Rejected(error) for row in part)
            continue
        yield from _upload_part(caller, part, Upsert(group, now, day, refuse_members))


def _upload_part(caller: Caller, part: Sequence[Row], upsert: Upsert) -> list[Outcome]:
    """Write the contacts of some rows, and return what became of each."""
    outcomes: dict[int, Outcome] = {}
    rows_of: dict[PhoneNumber, dict[int, ContactData]] = defaultdict(dict)
    for position, row in enumerate(part):
        if isinstance(row, Rejected):
            outcomes[position] = row
        else:
            rows_of[row.phone_number][position] = row
    with ThreadPoolExecutor(THREADS) as pool:
        # In a copy of the context, since the deadline of the request is in it.
        writing = [
            pool.submit(
                copy_context().run,
                _write_some,
                caller,
                {number: rows_of[number].values() for number in numbers},
                upsert,
            )
            for numbers in in_batches(rows_of)
        ]
        for future in writing:
            for number, written in future.result().items():
                outcomes |= zip(rows_of[number], written, strict=True)
    return [outcomes[position] for position in range(len(part))]


def _write_some(
    caller: Caller, rows_of: Mapping[PhoneNumber, Collection[ContactData]], upsert: Upsert
) -> dict[PhoneNumber, list[Outcome]]:
    """Write the contacts of up to 100 numbers, and return what became of the rows of each.

    As many as fit are written together. Where that fails, for whichever of them, each is written
    alone.
    """
    try:
        found = rewrites.read_each(caller.account.id, rows_of)
    except PhonebookError as error:
        return {number: _rejected(rows, error) for number, rows in rows_of.items()}
    # Each outcome is what it is once its contact is written; if it is not, there is another below.
    outcomes: dict[PhoneNumber, list[Outcome]] = {}
    changes: dict[PhoneNumber, tuple[rewrites.Kept | None, Contact]] = {}
    alone: list[PhoneNumber] = []
    for number, rows in rows_of.items():
        try:
            kept = found.kept(number)
            after, outcomes[number] = upsert.take_all(rows, kept.contact if kept else None)
        except rewrites.DAMAGED:
            alone.append(number)
        else:
            if after:
                changes[number] = kept, after
    for numbers in in_batches(changes, _most_together(upsert)):
        together = [changes[number] for number in numbers]
        try:
            if not rewrites.rewrite_together(caller.account.id, together, caller.stamp(upsert.now)):
                alone += numbers
        except UnavailableError as error:
            outcomes |= {number: _rejected(rows_of[number], error) for number in numbers}
    return outcomes | {
        number: _write_alone(caller, number, rows_of[number], upsert) for number in alone
    }


def _write_alone(
    caller: Caller, number: PhoneNumber, rows: Collection[ContactData], upsert: Upsert
) -> list[Outcome]:
    """Write the contact of one number, and return what became of its rows."""
    try:
        for _ in tries(DECISION_TRIES):
            kept = rewrites.find(caller.account.id, number)
            after, outcomes = upsert.take_all(rows, kept.contact if kept else None)
            if not after or rewrites.rewrite(
                caller.account.id, kept, after, caller.stamp(upsert.now)
            ):
                return outcomes
        return _rejected(rows, UnavailableError(ErrorCode.BUSY))
    except PhonebookError as error:
        return _rejected(rows, error)
    except rewrites.DAMAGED:
        logger().exception("A contact could not be written")
        return _rejected(rows, PhonebookError(ErrorCode.BUG))


def _most_together(upsert: Upsert) -> int:
    """Return how many contacts fit into a transaction."""
    stops = upsert.group is not None and upsert.group.kind is GroupKind.STOPLIST
    return rewrites.MAX_STOPPED_TOGETHER if stops else rewrites.MAX_TOGETHER


def _rejected(rows: Collection[ContactData], error: PhonebookError) -> list[Outcome]:
    return [Rejected(error)] * len(rows)
