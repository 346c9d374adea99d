"""The blacklist in the table. It knows nothing of contacts and groups."""

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
    """Put a number on the blacklist, whatever stoplists it is in.

    Raises:
        ConflictError: It is there already; it stays when its last stoplist is left, too.

    """
    item = BlacklistItem(
        keys.blacklist(account_id),
        phone_number.e164,
        id=new_id(),
        created_on=stamp.at,
        by_request=True,
        **stamp_values(stamp),
    )
    # Fails when the number is there: its date stays, and the caller is told. A repeated
    # call of our own does not fail.
    is_not_there = BlacklistItem.pk.does_not_exist() | (BlacklistItem.id == item.id)
    try:
        with condition_failing_means(ConflictError(ErrorCode.NUMBER_BLACKLISTED)):
            item.save(is_not_there)
    except ConflictError:
        # Fails when somebody else asked for it, who stays the one that did; or when it was taken
        # off meanwhile: then nobody has it there any more.
        is_for_a_stoplist = BlacklistItem.pk.exists() & BlacklistItem.by_request.does_not_exist()
        with suppress(UpdateError):
            item.update([BlacklistItem.by_request.set(True), *stamping(stamp)], is_for_a_stoplist)
        raise


def ensure_number(
    transaction: TransactWrite, account_id: str, phone_number: PhoneNumber, stamp: Stamp
) -> None:
    """Put the number of a stoplist's contact on the blacklist with a transaction.

    One that is there stays as it is, with its date and who put it there.
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
    """Take a number off the blacklist with a transaction, if it is there.

    It is for numbers that :func:`is_by_request` says no of.
    """
    # Fails when somebody asked for it to be there in between: it has to be decided anew.
    transaction.delete(
        BlacklistItem(keys.blacklist(account_id), phone_number.e164),
        BlacklistItem.by_request.does_not_exist(),
    )


def is_by_request(account_id: str, phone_number: PhoneNumber) -> bool:
    """Say whether a number is on the blacklist, and not for a stoplist alone."""
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
    # Fails when the number is not there: of two who remove it, one is told so.
    with condition_failing_means(NotFoundError(ErrorCode.NUMBER_NOT_BLACKLISTED)):
        item.delete(BlacklistItem.pk.exists())


def blacklisted_since(
    account_id: str, phone_numbers: Iterable[PhoneNumber]
) -> dict[PhoneNumber, datetime]:
    """Return those of some numbers that are on the blacklist, and since when."""
    since: dict[PhoneNumber, datetime] = {}
    for batch in in_batches({number.e164 for number in phone_numbers}):
        found = read_batch(BlacklistItem.from_raw_data, keys.blacklist(account_id), batch)
        since.update((PhoneNumber(e164), item.created_on) for e164, item in found.items())
    return since


def list_numbers(
    account_id: str, *, after: str | None, expected: int | None
) -> Iterator[PhoneNumber]:
    """Yield every number on the blacklist in order, from behind the number *after*.

    *expected* is how many to read at a time, where fewer than all may be wanted.
    """
    items = BlacklistItem.query(
        keys.blacklist(account_id),
        BlacklistItem.sk > after if after else None,
        consistent_read=True,
        page_size=expected,
    )
    return (PhoneNumber(item.sk) for item in items)


def count_numbers(account_id: str) -> int:
    """Count the numbers on the blacklist, which reads all of it."""
    return BlacklistItem.count(keys.blacklist(account_id), consistent_read=True)


def _find(account_id: str, phone_number: PhoneNumber) -> BlacklistItem | None:
    try:
        return BlacklistItem.get(
            keys.blacklist(account_id), phone_number.e164, consistent_read=True
        )
    except DoesNotExist:
        return None
