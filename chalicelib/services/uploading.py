"""Writing the contacts of thousands of rows, each row with an outcome of its own."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, TypeVar

from chalicelib.domain.caller import Caller
from chalicelib.domain.contact import deletion_date
from chalicelib.domain.errors import PhonebookError, UnavailableError
from chalicelib.domain.limits import MAX_UPLOAD_ROWS
from chalicelib.domain.rows import Mode, Outcome, Rejected, Row, Upsert
from chalicelib.services.rows import RowWriter
from chalicelib.storage import groups
from chalicelib.storage.dynamodb.batches import in_batches
from chalicelib.storage.dynamodb.deadline import refuse_if_too_late

PART_ROWS: Final = MAX_UPLOAD_ROWS
"""Rows that are held at once, with their outcomes. Those of one number are written together."""

SentT = TypeVar("SentT")
ReadT = TypeVar("ReadT")


def read_rows(sent: Iterable[SentT], read: Callable[[SentT], ReadT]) -> Iterator[ReadT | Rejected]:
    """Yield each row as *read* reads it, or rejected for what it raises.

    Those that are not reached by the end of the request's time are rejected as unavailable.
    """
    for each in sent:
        row: ReadT | Rejected
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
    mode: Mode = Mode.TOUCH,
) -> Iterator[Outcome]:
    """Create or change the contact of each row, and yield what became of each, in their order.

    If there is a group, each contact joins it, and those that its row names. *mode* says what
    becomes of a contact that is there already; an upsert also reads who is on the blacklist. Rows
    of one number take effect in their order. No row fails for another; those that were not begun
    by the end of the request's time are rejected as unavailable.

    Rows are taken and written in parts of :data:`PART_ROWS`, and no more of them are held, so
    there may be any number. A part is written when its first outcome is asked for.

    Raises:
        NotFoundError: There is no such group, or no more; nothing of this part is written. A row
            that names another group which does not exist is only rejected itself.

    """
    for part in map(dict, in_batches(enumerate(rows), PART_ROWS)):
        try:
            # For each part, since a deleted group may be swept before the last part is written.
            upsert = _upsert(caller, part, now, group_id, mode)
        except UnavailableError as error:
            yield from (
                row if isinstance(row, Rejected) else Rejected(error) for row in part.values()
            )
            continue
        writer = RowWriter(
            caller.account.id,
            upsert,
            caller.stamp(now),
            tells_suppressed=mode is Mode.UPSERT,
        )
        yield from writer.write(part)


def _upsert(
    caller: Caller, part: Mapping[int, Row], now: datetime, group_id: int | None, mode: Mode
) -> Upsert:
    """Return the rule for some rows, with the groups that they name."""
    account = caller.account
    named = {
        each for row in part.values() if not isinstance(row, Rejected) for each in row.group_ids
    }
    return Upsert(
        group=None if group_id is None else groups.get_group(account.id, group_id),
        now=now,
        scheduled_deletion_date=deletion_date(now, account.retention_days),
        mode=mode,
        groups={group.id: group for group in groups.list_groups_by_id(account.id, named)},
    )
