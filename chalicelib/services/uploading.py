"""Putting thousands of contacts into a group, each with an outcome of its own."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime
from typing import Any, Final

from chalicelib.domain.caller import Caller
from chalicelib.domain.contact import Contact, ContactData
from chalicelib.domain.errors import PhonebookError, UnavailableError
from chalicelib.domain.group import Group
from chalicelib.domain.phone import PhoneNumber
from chalicelib.services.memberships import created_or_joined
from chalicelib.storage import groups
from chalicelib.storage.dynamodb.batches import in_batches
from chalicelib.storage.dynamodb.deadline import refuse_if_too_late
from chalicelib.storage.rewrites import Change, rewrite_each

THREADS: Final = 8
"""Transactions under way at once; botocore keeps ten connections."""


def read_rows(
    sent: Iterable[Any], read: Callable[[Any], ContactData]
) -> list[ContactData | PhonebookError]:
    """Return each row as *read* reads it, or why it is none.

    Those that are not reached by the end of the request's time are answered as unavailable.
    """
    rows: list[ContactData | PhonebookError] = []
    for row in sent:
        try:
            refuse_if_too_late()
            rows.append(read(row))
        except PhonebookError as error:
            rows.append(error)
    return rows


def upload_contacts(
    caller: Caller,
    group_id: int,
    rows: Sequence[ContactData],
    now: datetime,
    *,
    refuse_members: bool,
) -> list[Contact | PhonebookError]:
    """Create each contact in a group, or let it join, and return what became of each row.

    A contact that is in the group already, or was put there by an earlier row, is refused if
    *refuse_members*, and changed otherwise. Rows of one number take effect in their order, in
    one write, and are answered with the same contact. No row fails for another; those that were
    not begun by the end of the request's time are answered as unavailable.

    Raises:
        NotFoundError: There is no such group.

    """
    try:
        group = groups.get_group(caller.account.id, group_id)
    except UnavailableError as error:
        return [error] * len(rows)
    rows_of: dict[PhoneNumber, dict[int, ContactData]] = defaultdict(dict)
    for position, row in enumerate(rows):
        rows_of[row.phone_number][position] = row
    refused: dict[int, PhonebookError] = {}

    def changing(number: PhoneNumber) -> Change:
        return _taking(rows_of[number], group, now, refused, refuse_members=refuse_members)

    stamp = caller.stamp(now)
    outcomes: dict[int, Contact | PhonebookError] = {}
    with ThreadPoolExecutor(THREADS) as pool:
        # In a copy of the context, since the deadline of the request is in it.
        writing = [
            pool.submit(
                copy_context().run, rewrite_each, caller.account.id, numbers, changing, stamp
            )
            for numbers in in_batches(rows_of)
        ]
        for future in writing:
            for number, written in future.result().items():
                outcomes |= _outcomes(rows_of[number], written, refused)
    return [outcomes[position] for position in range(len(rows))]


def _taking(
    rows: Mapping[int, ContactData],
    group: Group,
    now: datetime,
    refused: dict[int, PhonebookError],
    *,
    refuse_members: bool,
) -> Change:
    """Return how rows of one number change its contact, each what the one before made of it.

    Those that fail are put into *refused*, and if all do, the first one's error is raised.
    """

    def change(contact: Contact | None) -> Contact:
        taken: Contact | None = None
        for position, row in rows.items():
            refused.pop(position, None)
            try:
                contact = taken = created_or_joined(
                    contact, group, row, now, refuse_member=refuse_members
                )
            except PhonebookError as error:
                refused[position] = error
        if taken is None:
            raise refused[min(rows)]
        return taken

    return change


def _outcomes(
    rows: Mapping[int, ContactData],
    written: Contact | PhonebookError,
    refused: Mapping[int, PhonebookError],
) -> dict[int, Contact | PhonebookError]:
    """Return what became of the rows of one number.

    If their contact could not be written, none was refused for what another row made of it.
    """
    if isinstance(written, PhonebookError) and written is not refused.get(min(rows)):
        return dict.fromkeys(rows, written)
    return {position: refused.get(position, written) for position in rows}
