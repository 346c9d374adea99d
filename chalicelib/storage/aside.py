"""Records of the stream that can never be counted. They wait for an operator.

The id of such a record is a hash of its text. So a record that is delivered twice is put aside
once, and two different records never overwrite each other.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any, Final, NamedTuple

from pynamodb.transactions import TransactWrite

from chalicelib.storage import keys
from chalicelib.storage.counters import (
    CounterStep,
    add_counting,
    marker_is_missing,
    write_counting,
)
from chalicelib.storage.dynamodb.batches import in_batches
from chalicelib.storage.dynamodb.transactions import (
    MAX_ACTIONS,
    TransactionRefusedError,
    write_together,
)
from chalicelib.storage.items import AppliedItem, AsideItem
from chalicelib.storage.stream_records import event_id_of

_MAX_PART_CHARACTERS: Final = 90_000
"""A character has up to four bytes. An item holds 400 KB, and a record may have more than twice as
much, so it is stored in parts."""


_MAX_REASON_CHARACTERS: Final = 1_000


class Aside(NamedTuple):
    """A record that was put aside, when, and why.

    If a part is missing, ``record`` is the remaining text.
    """

    id: str
    record: Any
    why: str
    put_aside_on: datetime
    sort_keys: tuple[str, ...]
    is_whole: bool


def put_aside(record: object, why: str, now: datetime) -> bool:
    """Put a record aside. Return False if it was put aside or counted before.

    Raises:
        UnavailableError: The table does not serve us.

    """
    text = _text_of(record)
    record_id = _id_of(text)
    # The reason may quote the record, which may contain any character.
    reason = why.encode("ascii", "backslashreplace").decode()[:_MAX_REASON_CHARACTERS]
    event_id = event_id_of(record)

    def add_actions(transaction: TransactWrite) -> None:
        if event_id:
            # Fails if it was put aside, counted later, and then delivered again.
            transaction.condition_check(
                AppliedItem, keys.applied(event_id), keys.APPLIED, condition=marker_is_missing()
            )
        for part, start in enumerate(range(0, len(text), _MAX_PART_CHARACTERS)):
            # Fails if it was put aside before.
            transaction.save(
                AsideItem(
                    keys.ASIDE,
                    keys.aside(record_id, part),
                    text=text[start : start + _MAX_PART_CHARACTERS],
                    why=reason,
                    put_aside_on=now,
                ),
                AsideItem.pk.does_not_exist(),
            )

    try:
        write_together(add_actions)
    except TransactionRefusedError:
        return False
    return True


def list_aside() -> Iterator[Aside]:
    """Yield every record that was put aside, in no particular order."""
    items = AsideItem.query(keys.ASIDE, consistent_read=True)
    for record_id, parts in groupby(items, lambda item: keys.record_of_aside(item.sk)):
        yield _aside_of(record_id, list(parts))


def find_aside(record_id: str) -> Aside | None:
    """Return the record with this id, or None if there is none."""
    items = AsideItem.query(
        keys.ASIDE, AsideItem.sk.startswith(keys.aside(record_id, 0)[:-4]), consistent_read=True
    )
    parts = list(items)
    return _aside_of(record_id, parts) if parts else None


def count_aside() -> int:
    """Return how many records are put aside."""
    items = AsideItem.query(keys.ASIDE, consistent_read=True, attributes_to_get=["SK"])
    return len({keys.record_of_aside(item.sk) for item in items})


def forget(aside: Aside) -> None:
    """Delete a record: all its parts in one transaction, or in several if they are too many."""
    for together in in_batches(aside.sort_keys, MAX_ACTIONS):
        _remove(together)


def count_once(aside: Aside, step: CounterStep, now: datetime) -> bool:
    """Count a record and delete it in one transaction, and say whether it was counted.

    If it was counted before, or its account or group is gone, it is only deleted.

    Raises:
        UnavailableError: The table does not serve us.
        UncountableError: The table still refuses it. It is not deleted.

    """

    def add_actions(transaction: TransactWrite) -> None:
        for sort_key in aside.sort_keys:
            # Fails if another operator deleted it meanwhile.
            transaction.delete(AsideItem(keys.ASIDE, sort_key), AsideItem.pk.exists())
        add_counting(transaction, [step], now)

    try:
        write_counting(add_actions)
    except TransactionRefusedError:
        forget(aside)
        return False
    return True


def _remove(sort_keys: Iterable[str]) -> None:
    def add_actions(transaction: TransactWrite) -> None:
        for sort_key in sort_keys:
            transaction.delete(AsideItem(keys.ASIDE, sort_key))

    write_together(add_actions)


def _text_of(record: object) -> str:
    text = json.dumps(record, sort_keys=True, default=str, ensure_ascii=False)
    # UTF-8 cannot encode half of a surrogate pair. Escaped, it is still JSON.
    return text.encode(errors="backslashreplace").decode()


def _id_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]


def _aside_of(record_id: str, parts: list[AsideItem]) -> Aside:
    text = "".join(part.text or "" for part in parts)
    is_whole = _id_of(text) == record_id
    return Aside(
        id=record_id,
        record=json.loads(text) if is_whole else text,
        why=parts[0].why,
        put_aside_on=parts[0].put_aside_on,
        sort_keys=tuple(part.sk for part in parts),
        is_whole=is_whole,
    )
