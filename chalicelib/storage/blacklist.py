"""The blacklist in the table. It knows nothing of contacts and groups."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from pynamodb.exceptions import DoesNotExist
from pynamodb.transactions import TransactWrite

from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError
from chalicelib.domain.ids import new_id
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import keys
from chalicelib.storage.batches import in_batches, read_batch
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


def ensure_number(
    transaction: TransactWrite, account_id: str, phone_number: PhoneNumber, now: datetime
) -> None:
    """Put a number on the blacklist with a transaction; one that is there keeps its date."""
    transaction.update(
        BlacklistItem(keys.blacklist(account_id), phone_number.e164),
        [
            BlacklistItem.id.set(BlacklistItem.id | new_id()),
            BlacklistItem.created_on.set(BlacklistItem.created_on | now),
        ],
    )


def ensure_no_number(
    transaction: TransactWrite, account_id: str, phone_number: PhoneNumber
) -> None:
    """Take a number off the blacklist with a transaction, if it is there."""
    transaction.delete(BlacklistItem(keys.blacklist(account_id), phone_number.e164))


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


def find_numbers(
    account_id: str, phone_numbers: Iterable[PhoneNumber]
) -> dict[PhoneNumber, datetime]:
    """Return those of some numbers that are on the blacklist, and since when."""
    since: dict[PhoneNumber, datetime] = {}
    for batch in in_batches({number.e164 for number in phone_numbers}):
        found = read_batch(BlacklistItem, keys.blacklist(account_id), batch)
        since.update((PhoneNumber(e164), item.created_on) for e164, item in found.items())
    return since


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
