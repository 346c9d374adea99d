"""The blacklist in the table. It knows neither contacts nor groups."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime

from pynamodb.exceptions import DoesNotExist, UpdateError
from pynamodb.transactions import TransactWrite

from chalicelib.domain.caller import Stamp
from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError
from chalicelib.domain.ids import new_id
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.batches import in_batches, read_batch
from chalicelib.storage.dynamodb.transactions import condition_failing_means
from chalicelib.storage.items import BlacklistItem
from chalicelib.storage.stamps import stamp_values, stamping, stamping_if_new


def add_number(account_id: str, phone_number: PhoneNumber, stamp: Stamp) -> None:
    """Put a number on the blacklist, even if a stoplist put it there before.

    Raises:
        ConflictError: It was there. It now stays, even if its contact leaves its last stoplist.

    """
    item = BlacklistItem(
        keys.blacklist(account_id),
        phone_number.e164,
        id=new_id(),
        created_on=stamp.at,
        by_request=True,
        **stamp_values(stamp),
    )
    # Fails if the number is there: its date must not change. A repeated call of our own does
    # not fail.
    is_not_there = BlacklistItem.pk.does_not_exist() | (BlacklistItem.id == item.id)
    try:
        with condition_failing_means(ConflictError(ErrorCode.NUMBER_BLACKLISTED)):
            item.save(is_not_there)
    except ConflictError:
        # Fails if somebody requested it before: their stamp stays. Fails also if it was taken off
        # meanwhile.
        is_for_a_stoplist = BlacklistItem.pk.exists() & BlacklistItem.by_request.does_not_exist()
        with suppress(UpdateError):
            item.update([BlacklistItem.by_request.set(True), *stamping(stamp)], is_for_a_stoplist)
        raise


def ensure_number(
    transaction: TransactWrite, account_id: str, phone_number: PhoneNumber, stamp: Stamp
) -> None:
    """Add to a transaction that the number of a stoplist's contact goes on the blacklist.

    If the number is there, its entry does not change.
    """
    transaction.update(
        BlacklistItem(keys.blacklist(account_id), phone_number.e164),
        [
            BlacklistItem.id.set(BlacklistItem.id | new_id()),
            BlacklistItem.created_on.set(BlacklistItem.created_on | stamp.at),
            *stamping_if_new(stamp),
        ],
    )


def ensure_no_number(
    transaction: TransactWrite, account_id: str, phone_number: PhoneNumber
) -> None:
    """Add to a transaction that a number is taken off the blacklist, if it is there.

    Use it only if :func:`is_by_request` returned False for the number.
    """
    # Fails if somebody requested it meanwhile: the caller has to decide again.
    transaction.delete(
        BlacklistItem(keys.blacklist(account_id), phone_number.e164),
        BlacklistItem.by_request.does_not_exist(),
    )


def is_by_request(account_id: str, phone_number: PhoneNumber) -> bool:
    """Say whether a number is on the blacklist because somebody requested it."""
    item = _find(account_id, phone_number)
    return item is not None and bool(item.by_request)


def contains_number(account_id: str, phone_number: PhoneNumber) -> bool:
    """Say whether a number is on the blacklist."""
    return _find(account_id, phone_number) is not None


def remove_number(account_id: str, phone_number: PhoneNumber) -> None:
    """Take a number off the blacklist.

    Raises:
        NotFoundError: It is not there.

    """
    item = BlacklistItem(keys.blacklist(account_id), phone_number.e164)
    # Fails if the number is not there: if two callers remove it, one gets this error.
    with condition_failing_means(NotFoundError(ErrorCode.NUMBER_NOT_BLACKLISTED)):
        item.delete(BlacklistItem.pk.exists())


def blacklisted_since(
    account_id: str, phone_numbers: Iterable[PhoneNumber]
) -> dict[PhoneNumber, datetime]:
    """Return since when numbers have been on the blacklist, for those that are on it."""
    since: dict[PhoneNumber, datetime] = {}
    for batch in in_batches({number.e164 for number in phone_numbers}):
        found = read_batch(BlacklistItem.from_raw_data, keys.blacklist(account_id), batch)
        since.update((PhoneNumber(e164), item.created_on) for e164, item in found.items())
    return since


def list_numbers(
    account_id: str, *, after: str | None, expected: int | None
) -> Iterator[PhoneNumber]:
    """Yield every number on the blacklist in order, beginning after the number *after*.

    *expected* is how many the caller expects to use; None means all. It sets only how many are
    read at a time.
    """
    items = BlacklistItem.query(
        keys.blacklist(account_id),
        BlacklistItem.sk > after if after else None,
        consistent_read=True,
        page_size=expected,
    )
    return (PhoneNumber(item.sk) for item in items)


def count_numbers(account_id: str) -> int:
    """Count the numbers on the blacklist. This reads all of them."""
    return BlacklistItem.count(keys.blacklist(account_id), consistent_read=True)


def _find(account_id: str, phone_number: PhoneNumber) -> BlacklistItem | None:
    try:
        return BlacklistItem.get(
            keys.blacklist(account_id), phone_number.e164, consistent_read=True
        )
    except DoesNotExist:
        return None
