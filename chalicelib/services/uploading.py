"""Putting thousands of contacts into a group, each with an outcome of its own."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime
from typing import Final

from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact, ContactData
from chalicelib.domain.errors import ConflictError, ErrorCode, PhonebookError
from chalicelib.domain.phone import PhoneNumber
from chalicelib.services.memberships import creating_or_joining
from chalicelib.storage import groups
from chalicelib.storage.batches import in_batches
from chalicelib.storage.rewrites import rewrite_each

THREADS: Final = 8
"""Transactions under way at once; botocore keeps ten connections."""


def upload_contacts(
    account: Account,
    group_id: int,
    rows: Sequence[ContactData],
    now: datetime,
    *,
    refuse_members: bool,
) -> list[Contact | PhonebookError]:
    """Create each contact in a group, or let it join, and return what became of each row.

    A contact that is in the group already, or was put there by an earlier row, is refused if
    *refuse_members*, and changed otherwise. Rows of one number take effect in their order. No
    row fails for another; those that were not begun by the end of the request's time are
    answered as unavailable.

    Raises:
        NotFoundError: There is no such group.

    """
    group = groups.get_group(account.id, group_id)
    outcomes: dict[int, Contact | PhonebookError] = {}
    members: dict[PhoneNumber, ConflictError] = {}

    def write(positions: Sequence[int]) -> dict[int, Contact | PhonebookError]:
        data = {rows[position].phone_number: rows[position] for position in positions}
        written = rewrite_each(
            account.id,
            list(data),
            lambda number: creating_or_joining(
                group, data[number], now, refuse_member=refuse_members
            ),
            now,
        )
        return {position: written[rows[position].phone_number] for position in positions}

    with ThreadPoolExecutor(THREADS) as pool:
        for positions in _rounds(rows):
            refused = {
                position: members[rows[position].phone_number]
                for position in positions
                if refuse_members and rows[position].phone_number in members
            }
            batches = in_batches(position for position in positions if position not in refused)
            # In a copy of the context, since the deadline of the request is in it.
            writing = [pool.submit(copy_context().run, write, batch) for batch in batches]
            outcomes |= refused
            for future in writing:
                for position, outcome in future.result().items():
                    outcomes[position] = outcome
                    is_member = _as_refused(outcome)
                    if is_member:
                        members[rows[position].phone_number] = is_member
    return [outcomes[position] for position in range(len(rows))]


def _rounds(rows: Sequence[ContactData]) -> list[list[int]]:
    """Return the positions of all rows in lists of distinct numbers, each number's in order."""
    rounds: list[list[int]] = []
    seen: Counter[PhoneNumber] = Counter()
    for position, row in enumerate(rows):
        nth = seen[row.phone_number]
        if nth == len(rounds):
            rounds.append([])
        rounds[nth].append(position)
        seen[row.phone_number] += 1
    return rounds


def _as_refused(outcome: Contact | PhonebookError) -> ConflictError | None:
    """Return how a further row of the same number is refused, if the contact is in the group."""
    if isinstance(outcome, Contact):
        return ConflictError(ErrorCode.MEMBERSHIP_EXISTS, contact_id=outcome.id)
    is_member = outcome.code is ErrorCode.MEMBERSHIP_EXISTS
    return outcome if is_member and isinstance(outcome, ConflictError) else None
