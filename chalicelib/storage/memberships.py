"""Memberships in the table: an item in the group's partition, and an id on the contact.

Both are written in one transaction, which never touches the group's own item: concurrent
transactions on one item cancel each other, and a popular group would serialise its joins.
"""

import heapq
from collections.abc import Collection, Iterator
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Final

from pynamodb.transactions import TransactWrite

from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError, UnavailableError
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import contacts, keys, tombstones
from chalicelib.storage.items import ContactItem, MembershipItem
from chalicelib.storage.transactions import TransactionRefusedError, write_together
from chalicelib.storage.tries import DECISION_TRIES, tries

_MEMBERS_READ_AT_ONCE: Final = 250
"""Of each of several groups, whose pages are all in memory at once."""


def join(account_id: str, group_id: int, phone_number: PhoneNumber, now: datetime) -> None:
    """Put a contact into a group that exists, which ends its schedule.

    Raises:
        NotFoundError: There is no such contact.
        ConflictError: It is in that group already.

    """
    contact = ContactItem(keys.contacts(account_id), phone_number.e164)

    def add_actions(transaction: TransactWrite) -> None:
        transaction.save(
            MembershipItem(keys.members(account_id, group_id), phone_number.e164, joined_on=now)
        )
        # Fails when there is no such contact, or when it is in the group already; the item
        # that comes back tells which. A membership that an earlier contact of that number
        # left behind is no obstacle: it is overwritten.
        transaction.update(
            contact,
            [
                ContactItem.group_ids.add({group_id}),
                ContactItem.scheduled_deletion_date.remove(),
                ContactItem.gsi1pk.remove(),
                ContactItem.gsi1sk.remove(),
            ],
            ContactItem.pk.exists() & ~ContactItem.group_ids.contains(group_id),
            return_values="ALL_OLD",
        )

    try:
        write_together(add_actions)
    except TransactionRefusedError as error:
        if error.item_exists:
            raise ConflictError(ErrorCode.MEMBERSHIP_EXISTS) from error
        raise NotFoundError(ErrorCode.CONTACT_NOT_FOUND) from error


def leave(
    account_id: str, group_id: int, phone_number: PhoneNumber, scheduled_deletion_date: date
) -> None:
    """Take a contact out of a group; if it was the last, schedule its deletion.

    Groups that were deleted and not swept yet do not count as groups, so leaving the last
    one that is still there ends them too.

    Raises:
        NotFoundError: There is no such contact, or it is not in such a group.
        UnavailableError: It was changed by others at every try.

    """
    for _ in tries(DECISION_TRIES):
        contact = contacts.get_item(account_id, phone_number)
        stored = set(contact.group_ids or ())
        deleted = tombstones.deleted_groups(account_id).keys() if stored else set()
        if group_id not in stored - deleted:
            raise NotFoundError(ErrorCode.MEMBERSHIP_NOT_FOUND)
        try:
            if stored - deleted == {group_id}:
                _leave_last(account_id, contact, group_id, scheduled_deletion_date)
            else:
                _leave_one_of_several(account_id, contact, group_id)
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


def _leave_one_of_several(account_id: str, contact: ContactItem, group_id: int) -> None:
    def add_actions(transaction: TransactWrite) -> None:
        transaction.delete(MembershipItem(keys.members(account_id, group_id), contact.sk))
        transaction.update(
            contact,
            [ContactItem.group_ids.delete({group_id})],
            contacts.groups_unchanged_since(contact),
        )

    write_together(add_actions)


def _leave_last(
    account_id: str, contact: ContactItem, group_id: int, scheduled_deletion_date: date
) -> None:
    actions = [
        ContactItem.group_ids.remove(),
        *contacts.scheduling(account_id, contact.sk, scheduled_deletion_date),
    ]

    def add_actions(transaction: TransactWrite) -> None:
        transaction.delete(MembershipItem(keys.members(account_id, group_id), contact.sk))
        transaction.update(contact, actions, contacts.groups_unchanged_since(contact))

    write_together(add_actions)
