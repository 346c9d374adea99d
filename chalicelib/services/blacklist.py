"""The numbers that must not be messaged, and who stopped them. They need not be contacts."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller
from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError
from chalicelib.domain.ledger import LedgerEntry, OptOut, Reason, Stopping
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import blacklist


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
