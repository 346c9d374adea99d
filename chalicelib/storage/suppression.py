"""Suppressions: what is left of the opt-out of an erased person, a keyed hash of the number.

The key is the account's own, and is stored with its first suppression. So one read tells that an
account has none. Whoever asks about a number reads the blacklist first: an erasure suppresses the
number before it takes its entry off.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from pynamodb.exceptions import DoesNotExist
from pynamodb.transactions import TransactWrite

from chalicelib.domain.caller import Stamp
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.batches import in_batches, read_batch
from chalicelib.storage.dynamodb.transactions import TransactionRefusedError, write_together
from chalicelib.storage.items import SuppressedItem, SuppressionKeyItem
from chalicelib.storage.stamps import stamp_values

_KEY_BYTES: Final = 32


def suppressed_since(
    account_id: str, phone_numbers: Iterable[PhoneNumber]
) -> dict[PhoneNumber, datetime]:
    """Return since when numbers are suppressed, for those that are.

    This is one read if the account has no suppression, and one more for each number if it has.
    """
    numbers = list(phone_numbers)
    key = _find_key(account_id) if numbers else None
    if key is None:
        return {}
    number_of = {_hash(key, number): number for number in numbers}
    since: dict[PhoneNumber, datetime] = {}
    for batch in in_batches(number_of):
        found = read_batch(SuppressedItem.from_raw_data, keys.suppressed(account_id), batch)
        since.update((number_of[each], item.created_on) for each, item in found.items())
    return since


def has_any(account_id: str) -> bool:
    """Say whether an account ever suppressed a number."""
    return _find_key(account_id) is not None


def suppress(account_id: str, phone_number: PhoneNumber, stamp: Stamp) -> None:
    """Suppress a number. If it is suppressed already, its date stays."""
    key = _find_key(account_id) or _make_key(account_id, stamp)

    def add_actions(transaction: TransactWrite) -> None:
        item = SuppressedItem(
            keys.suppressed(account_id),
            _hash(key, phone_number),
            created_on=stamp.at,
            **stamp_values(stamp),
        )
        transaction.save(item, SuppressedItem.pk.does_not_exist())

    try:
        write_together(add_actions)
    except TransactionRefusedError:
        return


def add_lifting(transaction: TransactWrite, account_id: str, phone_number: PhoneNumber) -> None:
    """Add to a transaction that a suppressed number is suppressed no more.

    The transaction fails if somebody was faster.
    """
    key = _find_key(account_id)
    if key is None:
        raise ValueError(account_id)
    item = SuppressedItem(keys.suppressed(account_id), _hash(key, phone_number))
    transaction.delete(item, SuppressedItem.pk.exists())


def forget(account_id: str) -> None:
    """Delete the suppressions of an account that does not exist any more."""
    for item in SuppressedItem.query(keys.suppressed(account_id), consistent_read=True):
        item.delete()


def _find_key(account_id: str) -> str | None:
    try:
        item = SuppressionKeyItem.get(
            keys.suppressed(account_id), keys.SUPPRESSION_KEY, consistent_read=True
        )
    except DoesNotExist:
        return None
    return str(item.key)


def _make_key(account_id: str, stamp: Stamp) -> str:
    """Store the key of an account; whoever is first decides it."""
    item = SuppressionKeyItem(
        keys.suppressed(account_id),
        keys.SUPPRESSION_KEY,
        key=secrets.token_hex(_KEY_BYTES),
        **stamp_values(stamp),
    )

    def add_actions(transaction: TransactWrite) -> None:
        transaction.save(item, SuppressionKeyItem.pk.does_not_exist())

    try:
        write_together(add_actions)
    except TransactionRefusedError:
        found = _find_key(account_id)
        if found is None:
            raise
        return found
    return str(item.key)


def _hash(key: str, phone_number: PhoneNumber) -> str:
    return hmac.digest(bytes.fromhex(key), phone_number.e164.encode(), hashlib.sha256).hex()
