"""The numbers that must not be messaged. They need not be contacts."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller
from chalicelib.domain.errors import ErrorCode, NotFoundError
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import blacklist


def blacklist_number(caller: Caller, phone_number: PhoneNumber, now: datetime) -> None:
    """Put a number on the blacklist.

    Raises:
        ConflictError: It is already there.

    """
    blacklist.add_number(caller.account.id, phone_number, caller.stamp(now))


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


def unblacklist_number(caller: Caller, phone_number: PhoneNumber) -> None:
    """Take a number off the blacklist.

    Raises:
        NotFoundError: It is not there.

    """
    blacklist.remove_number(caller.account.id, phone_number)


def list_blacklist(
    account: Account, *, after: str | None = None, expected: int | None = None
) -> Iterator[PhoneNumber]:
    """Yield every number on the blacklist in order, beginning after the number *after*.

    *expected* is how many the caller expects to use; it sets how many are read at a time.
    """
    return blacklist.list_numbers(account.id, after=after, expected=expected)
