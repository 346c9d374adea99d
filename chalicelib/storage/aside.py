"""What the stream told and can never be counted: whole, until an operator has dealt with it.

The id of such a record is a hash of all that it says. So a record that is delivered again is put
aside once, and two that differ never take each other's place.
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
"""Of up to four bytes: an item holds 400 KB, and a record twice as much and more."""


_MAX_REASON_CHARACTERS: Final = 1_000


class Aside(NamedTuple):
    """A record that lies aside, since when, and why.

    Of one that is not whole any more, ``record`` is what is left of its text.
    """

    id: str
    record: Any
    why: str
    put_aside_on: datetime
    sort_keys: tuple[str, ...]
    is_whole: bool


def put_aside(record: object, why: str, now: datetime) -> bool:
    """Put a record aside, whole, and say whether it was not there already, and not counted.

    Raises:
        UnavailableError: The table does not serve us.

    """
    text = _text_of(record)
    record_id = _id_of(text)
    # It may name what the record has, which may be anything.
    reason = why.encode("ascii", "backslashreplace").decode()[:_MAX_REASON_CHARACTERS]
    event_id = event_id_of(record)

    def add_actions(transaction: TransactWrite) -> None:
        if event_id:
            # Fails when it lay aside, was counted, and came once more: it has had its turn.
            transaction.condition_check(
                AppliedItem, keys.applied(event_id), keys.APPLIED, condition=marker_is_missing()
            )
        for part, start in enumerate(range(0, len(text), _MAX_PART_CHARACTERS)):
            # Fails when it lies there already.
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
    """Yield whatever lies aside, in no particular order."""
    items = AsideItem.query(keys.ASIDE, consistent_read=True)
    for record_id, parts in groupby(items, lambda item: keys.record_of_aside(item.sk)):
        yield _aside_of(record_id, list(parts))


def find_aside(record_id: str) -> Aside | None:
    """Return what lies aside under an id, or None if nothing does."""
    items = AsideItem.query(
        keys.ASIDE, AsideItem.sk.startswith(keys.aside(record_id, 0)[:-4]), consistent_read=True
    )
    parts = list(items)
    return _aside_of(record_id, parts) if parts else None


def count_aside() -> int:
    """Return how many records lie aside."""
    items = AsideItem.query(keys.ASIDE, consistent_read=True, attributes_to_get=["SK"])
    return len({keys.record_of_aside(item.sk) for item in items})


def forget(aside: Aside) -> None:
    """Let go of a record: of all its parts, or of none, as far as a transaction holds them."""
    for together in in_batches(aside.sort_keys, MAX_ACTIONS):
        _remove(together)


def count_once(aside: Aside, step: CounterStep, now: datetime) -> bool:
    """Count what a record tells of and let go of it, both or neither; say whether it counted.

    It does not if it was counted before, or what it belongs to is gone. It is let go of then, too.

    Raises:
        UnavailableError: The table does not serve us.
        UncountableError: The table still does not take it; it stays.

    """

    def add_actions(transaction: TransactWrite) -> None:
        for sort_key in aside.sort_keys:
            # Fails when another has dealt with it meanwhile.
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
    # What UTF-8 does not hold is JSON again when it is escaped: half of a surrogate pair.
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
