"""The numbers that must not be messaged, and who stopped them. They need not be contacts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller, Stamp
from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError, PhonebookError
from chalicelib.domain.ledger import LedgerEntry, OptOut, Reason, Stop, Stopping
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.rows import (
    Effect,
    Rejected,
    StopOutcome,
    Stopped,
    StopRow,
    with_duplicates,
)
from chalicelib.observability import logger
from chalicelib.services.threads import in_threads
from chalicelib.storage import blacklist
from chalicelib.storage.dynamodb.batches import in_batches
from chalicelib.storage.rewrites import DAMAGED

_READ_AT_ONCE: Final = 25
"""Numbers that a thread reads together, and then stops one after another."""

_EFFECTS: Final = {
    Stopping.NEW: Effect.CREATED,
    Stopping.OUTWEIGHED: Effect.UPDATED,
    Stopping.UNCHANGED: Effect.UNCHANGED,
}


def stop_number(
    caller: Caller,
    phone_number: PhoneNumber,
    now: datetime,
    *,
    reason: Reason = Reason.REQUEST,
    note: str | None = None,
) -> Stopping:
    """Put a number on the blacklist, and return what this changed.

    If it is already there, only a reason of greater weight changes anything. Its date stays.

    Raises:
        UnavailableError: Others changed it at every try.

    """
    stamp = caller.stamp(now)
    return blacklist.stop_number(caller.account.id, phone_number, stamp, reason, note)


def stop_numbers(
    caller: Caller, rows: Sequence[StopRow], now: datetime, *, is_rehearsal: bool = False
) -> list[StopOutcome]:
    """Stop the number of each row, and return what became of each row, in their order.

    This is idempotent. Rows of one number take effect in their order. No row fails for another;
    those that were not begun by the end of the request's time are rejected as unavailable. A
    *rehearsal* tells what it would do, and writes nothing.
    """
    outcomes: dict[int, StopOutcome] = {}
    rows_of: dict[PhoneNumber, dict[int, Stop]] = defaultdict(dict)
    for position, row in enumerate(rows):
        if isinstance(row, Rejected):
            outcomes[position] = row
        else:
            rows_of[row.phone_number][position] = row
    stamp = None if is_rehearsal else caller.stamp(now)
    stop_some = partial(_stop_some, caller.account.id, stamp)
    for stopped in in_threads(stop_some, map(dict, in_batches(rows_of.items(), _READ_AT_ONCE))):
        outcomes |= stopped
    return [outcomes[position] for position in range(len(rows))]


def blacklist_number(caller: Caller, phone_number: PhoneNumber, now: datetime) -> None:
    """Put a number on the blacklist because somebody requested it.

    Raises:
        ConflictError: It is already there. The request is recorded, if the reason was another one.
        UnavailableError: Others changed it at every try.

    """
    if stop_number(caller, phone_number, now) is not Stopping.NEW:
        raise ConflictError(ErrorCode.NUMBER_BLACKLISTED)


def check_blacklisted(account: Account, phone_number: PhoneNumber) -> None:
    """Check that a number is on the blacklist.

    Raises:
        NotFoundError: It is not there.

    """
    if not blacklist.contains_number(account.id, phone_number):
        raise NotFoundError(ErrorCode.NUMBER_NOT_BLACKLISTED)


def blacklisted_since(
    account: Account, phone_numbers: Iterable[PhoneNumber]
) -> dict[PhoneNumber, datetime]:
    """Return since when numbers have been on the blacklist, for those that are on it."""
    return blacklist.blacklisted_since(account.id, phone_numbers)


def allow_number(
    caller: Caller,
    phone_number: PhoneNumber,
    now: datetime,
    *,
    reason: Reason = Reason.REQUEST,
    note: str | None = None,
) -> None:
    """Take a number off the blacklist.

    Raises:
        NotFoundError: It is not there.
        UnavailableError: Others changed it at every try.

    """
    stamp = caller.stamp(now)
    blacklist.allow_number(caller.account.id, phone_number, stamp, reason, note)


def retrieve_opt_out(account: Account, phone_number: PhoneNumber) -> OptOut:
    """Return the state of a number that was ever stopped, and since when it has it.

    Raises:
        NotFoundError: It was never stopped.

    """
    opt_out = blacklist.find_opt_out(account.id, phone_number)
    if opt_out is None:
        raise NotFoundError(ErrorCode.NUMBER_NOT_BLACKLISTED)
    return opt_out


def list_ledger(
    account: Account,
    phone_number: PhoneNumber,
    *,
    before: int | None = None,
    expected: int | None = None,
) -> Iterator[tuple[int, LedgerEntry]]:
    """Yield the ledger of a number with the position of each entry, the newest first.

    *before* is the position after which to go on. *expected* is how many the caller expects to
    use; it sets how many are read at a time.
    """
    return blacklist.list_ledger(account.id, phone_number, before=before, expected=expected)


def list_blacklist(
    account: Account, *, after: str | None = None, expected: int | None = None
) -> Iterator[LedgerEntry]:
    """Yield the newest entry of every blacklisted number in order, after the number *after*.

    *expected* is how many the caller expects to use; it sets how many are read at a time.
    """
    return blacklist.list_entries(account.id, after=after, expected=expected)


def _stop_some(
    account_id: str, stamp: Stamp | None, rows_of: Mapping[PhoneNumber, Mapping[int, Stop]]
) -> dict[int, StopOutcome]:
    """Stop some numbers, and return what became of the rows of each.

    Without a stamp, it only tells that.
    """
    standings: Mapping[PhoneNumber, blacklist.Standing] = {}
    try:
        standings = blacklist.Standing.read_each(account_id, rows_of)
    except PhonebookError as error:
        return {position: Rejected(error) for rows in rows_of.values() for position in rows}
    except DAMAGED:
        pass  # Each is read alone, so that one which is damaged stops no other.
    outcomes: dict[int, StopOutcome] = {}
    for number, rows in rows_of.items():
        standing = standings.get(number)
        outcomes |= _stop(account_id, number, standing, stamp, rows)
    return outcomes


def _stop(
    account_id: str,
    number: PhoneNumber,
    standing: blacklist.Standing | None,
    stamp: Stamp | None,
    rows: Mapping[int, Stop],
) -> dict[int, StopOutcome]:
    """Stop one number, and return what became of its rows. Without a stamp, it only tells that.

    *standing* is None if the number is to be read first. It is read again after each change.
    """
    rejected: dict[int, StopOutcome] = {}
    effects: dict[int, Effect] = {}
    weightiest: Reason | None = None
    for position, row in rows.items():
        try:
            standing = standing or blacklist.Standing.read(account_id, number)
            if stamp is not None:
                stopping = blacklist.stop(standing, stamp, row.reason, row.note)
            elif weightiest is None:
                stopping = standing.stopping(row.reason)
            else:
                is_weightier = row.reason.outweighs(weightiest)
                stopping = Stopping.OUTWEIGHED if is_weightier else Stopping.UNCHANGED
            if weightiest is None or row.reason.outweighs(weightiest):
                weightiest = row.reason
        except PhonebookError as error:
            rejected[position] = Rejected(error)
        except DAMAGED:
            logger().exception("A number could not be stopped")
            rejected[position] = Rejected(PhonebookError(ErrorCode.BUG))
        else:
            effects[position] = _EFFECTS[stopping]
            standing = standing if stamp is None or stopping is Stopping.UNCHANGED else None
    return rejected | {
        position: Stopped(number, effect, repeats)
        for position, effect, repeats in with_duplicates(effects)
    }
