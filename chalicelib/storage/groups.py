"""Groups in the table."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from pynamodb.exceptions import DoesNotExist
from pynamodb.transactions import TransactWrite

from chalicelib.domain.caller import Stamp
from chalicelib.domain.contact import ContactKey
from chalicelib.domain.errors import ErrorCode, NotFoundError, UnavailableError
from chalicelib.domain.extra import extra_of_text, text_of_extra
from chalicelib.domain.group import Group, GroupKind
from chalicelib.storage import contact_items, keys, tombstones
from chalicelib.storage.dynamodb.batches import in_batches, read_batch
from chalicelib.storage.dynamodb.transactions import (
    TransactionRefusedError,
    condition_failing_means,
    write_together,
)
from chalicelib.storage.items import GroupItem
from chalicelib.storage.stamps import stamp_values, stamping


def get_group(account_id: str, group_id: int) -> Group:
    """Return a group.

    Raises:
        NotFoundError: There is none of that id.

    """
    try:
        item = GroupItem.get(keys.groups(account_id), keys.of_id(group_id), consistent_read=True)
    except DoesNotExist as error:
        raise NotFoundError(ErrorCode.GROUP_NOT_FOUND) from error
    return _group_of(item)


def list_groups_by_id(account_id: str, group_ids: Iterable[int]) -> Iterator[Group]:
    """Yield those groups that exist, in no particular order."""
    for batch in in_batches(map(keys.of_id, group_ids)):
        yield from map(
            _group_of, read_batch(GroupItem.from_raw_data, keys.groups(account_id), batch).values()
        )


def list_groups_of(account_id: str, key: ContactKey) -> Iterator[Group]:
    """Yield the groups that a contact is in, in no particular order.

    Raises:
        NotFoundError: There is no such contact.

    """
    contact = contact_items.contact_in(contact_items.get_stored(account_id, key))
    # Those that were deleted are not there, so that no tombstone has to be read.
    return list_groups_by_id(account_id, contact.group_ids)


def list_groups(account_id: str) -> Iterator[Group]:
    """Yield every group of an account, in the order of their random ids."""
    return map(_group_of, GroupItem.query(keys.groups(account_id), consistent_read=True))


def count_groups(account_id: str) -> int:
    """Count the groups of an account, which reads all of them."""
    return GroupItem.count(keys.groups(account_id), consistent_read=True)


def put_group(account_id: str, group: Group, stamp: Stamp) -> None:
    """Keep a new group."""
    item = GroupItem(
        keys.groups(account_id),
        keys.of_id(group.id),
        name=group.name,
        kind=group.kind.value,
        extra=text_of_extra(group.extra),
        contacts_count=group.contacts_count,
        created_on=group.created_on,
        updated_on=group.updated_on,
        **stamp_values(stamp),
    )
    id_is_taken = UnavailableError(ErrorCode.BUSY)
    try:
        # Fails when another group drew the same id, which is one chance in 2^53 for each: the
        # caller's next try draws another.
        with condition_failing_means(id_is_taken):
            item.save(GroupItem.pk.does_not_exist())
    except UnavailableError as error:
        # botocore repeats a call whose answer was lost, and may so meet our own group, which
        # others may have renamed and joined by now: it must not be written over either.
        if error is id_is_taken and get_group(account_id, group.id).created_on == group.created_on:
            return
        raise


def rename_group(
    account_id: str, group_id: int, name: str, stamp: Stamp, seen: Group | None = None
) -> Group:
    """Give a group another name, and return it.

    Raises:
        NotFoundError: There is none of that id, or it is no longer of the count that was *seen*.

    """
    item = GroupItem(keys.groups(account_id), keys.of_id(group_id))
    # Fails when there is no such group: an update would otherwise bring back half of one.
    condition = GroupItem.pk.exists()
    if seen is not None:
        # Fails when its count is another by now: it was decided by that. The rest never changes.
        condition &= GroupItem.contacts_count == seen.contacts_count
    with condition_failing_means(NotFoundError(ErrorCode.GROUP_NOT_FOUND)):
        item.update(
            [GroupItem.name.set(name), GroupItem.updated_on.set(stamp.at), *stamping(stamp)],
            condition,
        )
    return _group_of(item)


def delete_group(
    account_id: str, group_id: int, scheduled_deletion_date: date, stamp: Stamp
) -> None:
    """Delete a group at once, whatever its size, and leave its memberships to the sweep.

    *scheduled_deletion_date* is what members get for whom it is the last group.

    Raises:
        NotFoundError: There is none of that id.

    """

    def add_actions(transaction: TransactWrite) -> None:
        # Fails when there is no such group: of two who delete it, one is told so.
        transaction.delete(
            GroupItem(keys.groups(account_id), keys.of_id(group_id)), GroupItem.pk.exists()
        )
        transaction.save(
            tombstones.deleted_group_item(account_id, group_id, scheduled_deletion_date, stamp)
        )

    try:
        write_together(add_actions)
    except TransactionRefusedError as error:
        raise NotFoundError(ErrorCode.GROUP_NOT_FOUND) from error


def _group_of(item: GroupItem) -> Group:
    updated_on: datetime | None = item.updated_on
    return Group(
        id=int(item.sk),
        name=item.name,
        kind=GroupKind(item.kind or GroupKind.STANDARD.value),
        extra=extra_of_text(item.extra),
        created_on=item.created_on,
        updated_on=updated_on or item.created_on,
        contacts_count=item.contacts_count,
    )
