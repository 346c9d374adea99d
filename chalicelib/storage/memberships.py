"""Memberships in the table: an item in the group's partition, and an id on the contact.

Both are written in one transaction, which never touches the group's own item: concurrent
transactions on one item cancel each other, and a popular group would serialise its joins.
"""

import heapq
from collections.abc import Collection, Iterator
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Final

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.domain.caller import Stamp
from chalicelib.domain.contact import ContactKey
from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError, UnavailableError
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import blacklist, contact_items, keys, tombstones
from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.dynamodb.transactions import (
    Transaction,
    TransactionRefusedError,
    write_together,
)
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries
from chalicelib.storage.items import ContactItem, MembershipItem
from chalicelib.storage.stamps import stamped

_MEMBERS_READ_AT_ONCE: Final = 250
"""Of each of several groups, whose pages are all in memory at once."""


def join(account_id: str, group: Group, key: ContactKey, stamp: Stamp) -> None:
    """Put a contact into a group that exists, which ends its schedule.

    If the group is a stoplist, its number is on the blacklist from then on.

    Raises:
        NotFoundError: There is no such contact.
        ConflictError: It is in that group already.

    """
    for place in contact_items.places(account_id, key):
        try:
            _join(account_id, group, place, stamp, contact_items.is_there(key))
        except TransactionRefusedError as refusal:
            if refusal.existing and contact_items.answers_to(refusal.existing, key):
                member = ContactItem.from_raw_data(refusal.existing)
                code = ErrorCode.MEMBERSHIP_EXISTS
                raise ConflictError(code, contact_id=member.id) from refusal
        else:
            return
    raise NotFoundError(ErrorCode.CONTACT_NOT_FOUND)


def leave(
    account_id: str, group_id: int, key: ContactKey, scheduled_deletion_date: date, stamp: Stamp
) -> None:
    """Take a contact out of a group; if it was the last, schedule its deletion.

    Groups that were deleted and not swept yet do not count as groups, so leaving the last
    one that is still there ends them too. With its last stoplist, its number leaves the
    blacklist, unless somebody asked for it to be there.

    Raises:
        NotFoundError: There is no such contact, or it is not in such a group.
        UnavailableError: It was changed by others at every try.

    """
    for _ in tries(DECISION_TRIES):
        contact = contact_items.get_item(account_id, key)
        stored = set(contact.group_ids or ())
        deleted = tombstones.deleted_groups(account_id).keys() if stored else set()
        if group_id not in stored - deleted:
            raise NotFoundError(ErrorCode.MEMBERSHIP_NOT_FOUND)
        if stored - deleted == {group_id}:
            actions = [
                ContactItem.group_ids.remove(),
                ContactItem.stoplist_ids.remove(),
                *contact_items.scheduling(account_id, contact.sk, scheduled_deletion_date),
            ]
        else:
            actions = [
                ContactItem.group_ids.delete({group_id}),
                ContactItem.stoplist_ids.delete({group_id}),
            ]
        is_last_stoplist = set(contact.stoplist_ids or ()) - deleted == {group_id}
        unlists = is_last_stoplist and not blacklist.is_by_request(
            account_id, PhoneNumber(contact.sk)
        )
        try:
            _leave(
                account_id,
                group_id,
                contact,
                [*actions, *contact_items.revising(stamp)],
                unlists=unlists,
            )
        except TransactionRefusedError:
            continue
        return
    raise UnavailableError(ErrorCode.BUSY)


def list_members(
    account_id: str, group_ids: Collection[int], *, after: str | None, page_size: int | None
) -> Iterator[str]:
    """Yield the numbers in any of some groups, each once and in order, from behind *after*.

    *page_size* is how many of a single group to read at a time, where fewer than all may be
    wanted. Of what a deleted contact or group left behind, some may be among them.
    """
    of_each_group = (
        MembershipItem.query(
            keys.members(account_id, group_id),
            MembershipItem.sk > (after or keys.BEFORE_ALL_NUMBERS),
            consistent_read=True,
            page_size=page_size if len(group_ids) == 1 else _MEMBERS_READ_AT_ONCE,
        )
        for group_id in group_ids
    )
    numbers = heapq.merge(*(map(attrgetter("sk"), items) for items in of_each_group))
    return (number for number, _ in groupby(numbers))


def stored_of(
    account_id: str, group_id: int, phone_number: PhoneNumber, stamp: Stamp
) -> StoredItem:
    """Return a membership as DynamoDB has it, not yet written."""
    return {
        "PK": {"S": keys.members(account_id, group_id)},
        "SK": {"S": phone_number.e164},
        "joinedOn": {"S": contact_items.text_of_moment(stamp.at)},
        **stamped(stamp),
    }


def _join(
    account_id: str, group: Group, phone_number: PhoneNumber, stamp: Stamp, is_there: Condition
) -> None:
    is_stoplist = group.kind is GroupKind.STOPLIST
    marking = [ContactItem.stoplist_ids.add({group.id})] if is_stoplist else []

    def add_actions(transaction: Transaction) -> None:
        transaction.put(stored_of(account_id, group.id, phone_number, stamp))
        if is_stoplist:
            blacklist.ensure_number(transaction, account_id, phone_number, stamp)
        # Fails when there is no such contact, or when it is in the group already; the item
        # that comes back tells which. A membership that an earlier contact of that number
        # left behind is no obstacle: it is overwritten.
        transaction.update(
            ContactItem(keys.contacts(account_id), phone_number.e164),
            [
                ContactItem.group_ids.add({group.id}),
                *marking,
                *contact_items.revising(stamp),
                ContactItem.scheduled_deletion_date.remove(),
                ContactItem.gsi1pk.remove(),
                ContactItem.gsi1sk.remove(),
            ],
            is_there & ~ContactItem.group_ids.contains(group.id),
            return_values="ALL_OLD",
        )

    write_together(add_actions)


def _leave(
    account_id: str,
    group_id: int,
    contact: ContactItem,
    actions: list[Action],
    *,
    unlists: bool,
) -> None:
    def add_actions(transaction: Transaction) -> None:
        transaction.delete(MembershipItem(keys.members(account_id, group_id), contact.sk))
        if unlists:
            blacklist.ensure_no_number(transaction, account_id, PhoneNumber(contact.sk))
        transaction.update(contact, actions, contact_items.groups_unchanged_since(contact))

    write_together(add_actions)
