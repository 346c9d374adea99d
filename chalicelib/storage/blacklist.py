"""The blacklist in the table. It knows nothing of contacts."""

from collections.abc import Iterator
from datetime import datetime

from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError
from chalicelib.domain.ids import new_id
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import keys
from chalicelib.storage.items import BlacklistItem
from chalicelib.storage.transactions import condition_failing_means


def add_number(account_id: str, phone_number: PhoneNumber, now: datetime) -> None:
    """Put a number on the blacklist.

    Raises:
        ConflictError: It is there already.

    """
    item = BlacklistItem(keys.blacklist(account_id), phone_number.e164, id=new_id(), created_on=now)
    # Fails when the number is there: its date stays, and the caller is told. A repeated
    # call of our own does not fail.
    is_not_there = BlacklistItem.pk.does_not_exist() | (BlacklistItem.id == item.id)
    with condition_failing_means(ConflictError(ErrorCode.NUMBER_BLACKLISTED)):
        item.save(is_not_there)


def contains_number(account_id: str, phone_number: PhoneNumber) -> bool:
    """Say whether a number is on the blacklist."""
    try:
        BlacklistItem.get(keys.blacklist(account_id), phone_number.e164, consistent_read=True)
    except DoesNotExist:
        return False
    return True


def remove_number(account_id: str, phone_number: PhoneNumber) -> None:
    """Take a number off the blacklist.

    Raises:
        NotFoundError: It is not there.

    """
    item = BlacklistItem(keys.blacklist(account_id), phone_number.e164)
    # Fails when the number is not there: of two who remove it, one is told so.
    with condition_failing_means(NotFoundError(ErrorCode.NUMBER_NOT_BLACKLISTED)):
        item.delete(BlacklistItem.pk.exists())


def list_numbers(
    account_id: str, *, after: str | None, page_size: int | None
) -> Iterator[PhoneNumber]:
    """Yield every number on the blacklist in order, from behind the number *after*.

    *page_size* is how many to read at a time, where fewer than all may be wanted.
    """
    items = BlacklistItem.query(
        keys.blacklist(account_id),
        BlacklistItem.sk > after if after else None,
        consistent_read=True,
        page_size=page_size,
    )
    return (PhoneNumber(item.sk) for item in items)
