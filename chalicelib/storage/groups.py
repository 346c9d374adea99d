"""Groups in the table."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime

from pynamodb.exceptions import DoesNotExist
from pynamodb.transactions import TransactWrite

from chalicelib.domain.caller import Stamp
from chalicelib.domain.contact import ContactKey
from chalicelib.domain.errors import (
    ErrorCode,
    NotFoundError,
    PreconditionError,
    UnavailableError,
)
from chalicelib.domain.extra import extra_of_text, text_of_extra
from chalicelib.domain.group import Group, GroupKind
from chalicelib.storage import contact_items, keys, tombstones
from chalicelib.storage.dynamodb.batches import in_batches, read_batch
from chalicelib.storage.dynamodb.transactions import (
    TransactionRefusedError,
    condition_failing_means,
    write_together,
)
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries
from chalicelib.storage.items import DeletedGroupItem, GroupItem
from chalicelib.storage.stamps import stamp_values, stamping


def get_group(account_id: str, group_id: int) -> Group:
    """Return a group.

    Raises:
        NotFoundError: There is no group with this id.

    """
    try:
        item = GroupItem.get(keys.groups(account_id), keys.of_id(group_id), consistent_read=True)
    except DoesNotExist as error:
        raise NotFoundError(ErrorCode.GROUP_NOT_FOUND) from error
    return _group_of(item)


def list_groups_by_id(account_id: str, group_ids: Iterable[int]) -> Iterator[Group]:
    """Yield the groups with some ids, if they exist, in no particular order."""
    for batch in in_batches(map(keys.of_id, set(group_ids))):
        yield from map(
            _group_of, read_batch(GroupItem.from_raw_data, keys.groups(account_id), batch).values()
        )


def list_groups_of(account_id: str, key: ContactKey) -> Iterator[Group]:
    """Yield the groups that a contact is in, in no particular order.

    Raises:
        NotFoundError: There is no such contact.

    """
    contact = contact_items.contact_in(contact_items.get_stored(account_id, key))
    # A deleted group has no item, so there is no need to read the tombstones.
    return list_groups_by_id(account_id, contact.group_ids)


def list_groups(account_id: str) -> Iterator[Group]:
    """Yield every group of an account, in the order of their random ids."""
    return map(_group_of, GroupItem.query(keys.groups(account_id), consistent_read=True))


def count_groups(account_id: str) -> int:
    """Count the groups of an account. This reads all of them."""
    return GroupItem.count(keys.groups(account_id), consistent_read=True)


def put_group(account_id: str, group: Group, stamp: Stamp) -> None:
    """Store a new group."""
    item = _item_of(account_id, group, stamp)
    id_is_taken = UnavailableError(ErrorCode.BUSY)
    try:
        # Fails if another group has the same random id of 53 bits: the caller's next try makes a
        # new one.
        with condition_failing_means(id_is_taken):
            item.save(GroupItem.pk.does_not_exist())
    except UnavailableError as error:
        # botocore repeats a call whose answer was lost. So this may be our own group, which others
        # may have renamed or joined meanwhile: it must not be overwritten either.
        if error is id_is_taken and get_group(account_id, group.id).created_on == group.created_on:
            return
        raise


def put_group_once(account_id: str, group: Group, stamp: Stamp) -> Group:
    """Store a group whose id is chosen, unless it is there; return the group that is there.

    Raises:
        PreconditionError: A group with this id was deleted, and its memberships are not swept.
        UnavailableError: Others changed it at every try.

    """

    def add_actions(transaction: TransactWrite) -> None:
        transaction.save(_item_of(account_id, group, stamp), GroupItem.pk.does_not_exist())
        # Fails if the group was deleted a short time ago. Its memberships would come back.
        transaction.condition_check(
            DeletedGroupItem,
            keys.tombstones(account_id),
            keys.deleted_group(group.id),
            DeletedGroupItem.pk.does_not_exist(),
        )

    for _ in tries(DECISION_TRIES):
        try:
            write_together(add_actions)
        except TransactionRefusedError:
            with suppress(NotFoundError):
                return get_group(account_id, group.id)
            if group.id in tombstones.deleted_groups(account_id):
                raise PreconditionError(ErrorCode.KEY_REUSED) from None
        else:
            return group
    raise UnavailableError(ErrorCode.BUSY)


def rename_group(
    account_id: str, group_id: int, name: str, stamp: Stamp, seen: Group | None = None
) -> Group:
    """Give a group another name, and return it.

    Raises:
        NotFoundError: There is no group with this id, or its count is not that of *seen*.

    """
    item = GroupItem(keys.groups(account_id), keys.of_id(group_id))
    # Fails if there is no such group: an update would otherwise create an incomplete one.
    condition = GroupItem.pk.exists()
    if seen is not None:
        # Fails if its count has changed: the caller decided by it. Of the rest, only the name can
        # change, and this write sets it.
        condition &= GroupItem.contacts_count == seen.contacts_count
    with condition_failing_means(NotFoundError(ErrorCode.GROUP_NOT_FOUND)):
        item.update(
            [
                GroupItem.name.set(name),
                GroupItem.updated_on.set(stamp.at),
                GroupItem.revision.add(1),
                *stamping(stamp),
            ],
            condition,
        )
    return _group_of(item)


def delete_group(
    account_id: str, group_id: int, scheduled_deletion_date: date, stamp: Stamp
) -> None:
    """Delete a group of any size at once. The sweep removes its memberships later.

    A member gets *scheduled_deletion_date* if this was its last group.

    Raises:
        NotFoundError: There is no group with this id.

    """

    def add_actions(transaction: TransactWrite) -> None:
        # Fails if there is no such group: if two callers delete it, one gets this error.
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


def _item_of(account_id: str, group: Group, stamp: Stamp) -> GroupItem:
    return GroupItem(
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
