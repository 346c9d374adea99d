"""How many contacts of one account are due on each day, from the index of what is due."""

from collections import Counter
from datetime import date, timedelta
from typing import Final

from chalicelib.storage import keys
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.dynamodb.model import Item, SparseIndex

_READ_AT_ONCE: Final = 1_000


def count_due(account_id: str, shard: int, first: date, last: date) -> Counter[date]:
    """Count what is due for an account from *first* to *last*, in one shard of the index.

    The index is in the order of days, and of accounts within a day: what is another account's is
    passed over, and read only as far as it shares a page.
    """
    counts: Counter[date] = Counter()
    position, end = keys.due_of(first, account_id), keys.due_after(last)
    while position < end:
        answer = table().query(
            keys.due_shard(shard),
            range_key_condition=Item.gsi1sk.between(position, end),
            index_name=SparseIndex.Meta.index_name,
            limit=_READ_AT_ONCE,
        )
        found = [each["GSI1SK"]["S"] for each in answer["Items"]]
        for sort_key in found:
            if sort_key < position:
                continue
            day = keys.day_of_due(sort_key)
            if sort_key.startswith(keys.due_of(day, account_id)):
                counts[day] += 1
            else:
                position = _next_of(account_id, day, sort_key)
        if "LastEvaluatedKey" not in answer:
            break
        # "$" sorts before all that may follow a key, and after the key itself.
        position = max(position, f"{found[-1]}$")
    return counts


def _next_of(account_id: str, day: date, sort_key: str) -> str:
    """Return where the account's next contacts may be after a key of another account."""
    today = keys.due_of(day, account_id)
    return today if sort_key < today else keys.due_of(day + timedelta(days=1), account_id)
