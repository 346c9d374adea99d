"""Purging: finding the contacts that are due, and deleting a contact that is still due.

Every step can be interrupted and repeated, and two runs at once do no harm.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from enum import Enum, auto
from operator import attrgetter
from typing import Final

from pynamodb.expressions.condition import Condition
from pynamodb.pagination import PageIterator
from pynamodb.transactions import TransactWrite

from chalicelib.domain.caller import Stamp
from chalicelib.domain.contact import Ending
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import contact_items, keys
from chalicelib.storage.bad_items import BadItemError, refuse_if_unchanged
from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.dynamodb.model import Item, SparseIndex
from chalicelib.storage.dynamodb.transactions import TransactionRefusedError, write_together
from chalicelib.storage.items import ContactItem

_READ_AT_ONCE: Final = 100


class Outcome(Enum):
    """The outcome for a contact in the due index."""

    PURGED = auto()
    LEFT_ALONE = auto()
    """It joined a group, was changed, or was created again after the index was read."""
    GONE = auto()


def due_contacts(
    today: date, is_passed_over: Callable[[Item], bool] = lambda _: False
) -> Iterator[Item]:
    """Yield the index entries of contacts that are due on *today* or before, the oldest first.

    If *is_passed_over* returns True for an entry, this skips all unread entries of the same account
    and day.
    """
    shards = (_due_in_shard(shard, today, is_passed_over) for shard in range(keys.DUE_SHARDS))
    return heapq.merge(*shards, key=attrgetter("gsi1sk"))


def _due_in_shard(
    shard: int, today: date, is_passed_over: Callable[[Item], bool]
) -> Iterator[Item]:
    is_due: Condition = Item.gsi1sk < keys.due_after(today)
    while True:
        for entry in Item.query(
            keys.due_shard(shard),
            is_due,
            index_name=SparseIndex.Meta.index_name,
            page_size=_READ_AT_ONCE,
        ):
            after = keys.after_account(entry.gsi1sk)
            if after > entry.gsi1sk and is_passed_over(entry):
                is_due = Item.gsi1sk.between(after, keys.due_after(today))
                break
            yield entry
        else:
            return


def count_due(today: date) -> Iterator[Counter[str]]:
    """Yield, for each page of the index, how many contacts of each account are due."""
    question = {
        "range_key_condition": Item.gsi1sk < keys.due_after(today),
        "index_name": SparseIndex.Meta.index_name,
    }
    for shard in range(keys.DUE_SHARDS):
        pages: PageIterator[StoredItem] = PageIterator(
            table().query, (keys.due_shard(shard),), question
        )
        for page in pages:
            yield Counter(keys.account_in(stored["PK"]["S"]) for stored in page["Items"])


def purge_contact(entry: Item, stamp: Stamp) -> Outcome:
    """Delete a contact if it is still due on the day of the stamp, and return the outcome.

    If its number is on the blacklist, it stays there.

    Raises:
        BadItemError: It is in the index, but it is not due, or it is malformed.

    """
    account_id, today = keys.account_in(entry.pk), stamp.at.date()
    if entry.pk != keys.contacts(account_id):
        raise BadItemError("no contact, and yet in the index of what is due")
    item = contact_items.find_item(account_id, PhoneNumber(entry.sk))
    if item is None:
        return Outcome.GONE
    if item.gsi1sk != entry.gsi1sk:
        return Outcome.LEFT_ALONE
    if not _is_due(item, today):
        raise BadItemError("in the index of what is due, and yet in a group or without that date")
    if item.id is None:
        raise BadItemError("it has no id")

    def add_actions(transaction: TransactWrite) -> None:
        # Fails if the contact joined a group, was changed, was deleted or was created again
        # after it was read: it is not the one that was due.
        transaction.delete(
            item,
            contact_items.unchanged_since(item)
            # Fails too if it is damaged, in a way that reading it does not show.
            & ContactItem.group_ids.does_not_exist()
            & (ContactItem.scheduled_deletion_date == item.scheduled_deletion_date)
            & (ContactItem.updated_on == item.updated_on),
        )
        transaction.save(contact_items.ended_id_item_of(account_id, item, Ending.PURGED, stamp))

    try:
        write_together(add_actions)
    except TransactionRefusedError as refusal:
        refuse_if_unchanged(account_id, item, refusal)
        return Outcome.LEFT_ALONE
    return Outcome.PURGED


def _is_due(item: ContactItem, today: date) -> bool:
    day: str | None = item.scheduled_deletion_date
    return not item.group_ids and day is not None and date.fromisoformat(day) <= today
