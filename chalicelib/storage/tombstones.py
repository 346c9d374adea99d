"""Tombstones: deleted groups and contacts that still have memberships.

The scheduled sweep works through them. A deleted group always has a tombstone. A deleted contact
has one only if it was in more groups than a transaction holds.
"""

from collections.abc import Iterable
from datetime import date

from pynamodb.pagination import ResultIterator
from pynamodb.transactions import TransactWrite

from chalicelib.domain.caller import Stamp
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.dynamodb.transactions import TransactionRefusedError, write_together
from chalicelib.storage.items import (
    ContactItem,
    DeletedContactItem,
    DeletedGroupItem,
    MembershipItem,
)
from chalicelib.storage.stamps import stamp_values


def deleted_groups(account_id: str) -> dict[int, date]:
    """Return the deleted groups that are not swept yet, and the deletion date of their members.

    An incomplete tombstone is left out, since it must not make readers fail. Its members seem to
    stay in the group, and so are not purged, until it is mended. The sweep reports it.
    """
    question = {
        "range_key_condition": DeletedGroupItem.sk.startswith(keys.DELETED_GROUP),
        "consistent_read": True,
    }
    stored: ResultIterator[StoredItem] = ResultIterator(
        table().query, (keys.tombstones(account_id),), question
    )
    return dict(each for each in map(_deleted_group_in, stored) if each)


def deleted_group_item(
    account_id: str, group_id: int, scheduled_deletion_date: date, stamp: Stamp
) -> DeletedGroupItem:
    """Return the tombstone of a group, not yet written."""
    sort_key = keys.deleted_group(group_id)
    return DeletedGroupItem(
        keys.tombstones(account_id),
        sort_key,
        gsi1pk=keys.SWEEP,
        gsi1sk=keys.sweep_order(stamp.at, account_id, sort_key),
        scheduled_deletion_date=scheduled_deletion_date.isoformat(),
        deleted_on=stamp.at,
        **stamp_values(stamp),
    )


def deleted_contact_item(
    account_id: str, contact_id: int, e164: str, group_ids: Iterable[int], stamp: Stamp
) -> DeletedContactItem:
    """Return the tombstone of a contact, not yet written."""
    sort_key = keys.deleted_contact(contact_id)
    return DeletedContactItem(
        keys.tombstones(account_id),
        sort_key,
        gsi1pk=keys.SWEEP,
        gsi1sk=keys.sweep_order(stamp.at, account_id, sort_key),
        phone_number=e164,
        group_ids=set(group_ids),
        deleted_on=stamp.at,
        **stamp_values(stamp),
    )


def sweep_contact(account_id: str, contact_id: int, e164: str, group_ids: Iterable[int]) -> None:
    """Remove the remaining memberships of a deleted contact, and then its tombstone.

    This can be interrupted and repeated, and two runs at once do no harm.
    """
    for group_id in group_ids:
        remove_membership_unless_joined(account_id, e164, group_id)
    DeletedContactItem(keys.tombstones(account_id), keys.deleted_contact(contact_id)).delete()


def remove_membership_unless_joined(account_id: str, e164: str, group_id: int) -> bool:
    """Remove a membership, unless a contact with this number names the group.

    Return whether it was removed.
    """

    def add_actions(transaction: TransactWrite) -> None:
        # Fails if a contact with this number is in the group: when it joined, it took over the
        # membership of an earlier contact.
        transaction.condition_check(
            ContactItem,
            keys.contacts(account_id),
            e164,
            condition=~ContactItem.group_ids.contains(group_id),
        )
        transaction.delete(MembershipItem(keys.members(account_id, group_id), e164))

    try:
        write_together(add_actions)
    except TransactionRefusedError:
        return False
    return True


def _deleted_group_in(stored: StoredItem) -> tuple[int, date] | None:
    try:
        day = date.fromisoformat(stored["scheduledDeletionDate"]["S"])
        return keys.group_of_tombstone(stored["SK"]["S"]), day
    except (KeyError, ValueError):
        return None
