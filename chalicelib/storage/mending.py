"""Mending single wrong items, during traffic.

Each function takes an item and the related items, as they were read. It writes on the condition
that they have not changed: if somebody changes them meanwhile, the mending fails, and the verifier
reads them again.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from pynamodb.constants import NUMBER
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.domain.caller import Stamp
from chalicelib.domain.contact import deletion_date
from chalicelib.domain.limits import DEFAULT_RETENTION_DAYS
from chalicelib.storage import contact_items, keys, memberships, tombstones
from chalicelib.storage.counters import MARKER_LIFETIME
from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.dynamodb.model import Item
from chalicelib.storage.dynamodb.transactions import Transaction, write_together
from chalicelib.storage.inspection import Found, Key
from chalicelib.storage.items import (
    ContactIdItem,
    ContactItem,
    CountingItem,
    CredentialItem,
    DeletedGroupItem,
    GroupItem,
    MembershipItem,
)
from chalicelib.storage.stamps import stamp_values, stamping

# Contacts


def put_id(item: StoredItem, _found: Found, stamp: Stamp) -> None:
    """Write the missing id item of a contact, also in place of one that says that it ended.

    Raises:
        TransactionRefusedError: The contact has changed, or the id is taken.

    """
    contact, id_item = _contact_and_id(item, stamp)

    def add_actions(transaction: TransactWrite) -> None:
        _check(transaction, contact, ContactItem.id == contact.id)
        transaction.save(id_item, ContactIdItem.pk.does_not_exist() | ContactIdItem.ending.exists())

    write_together(add_actions)


def point_id_here(item: StoredItem, found: Found, stamp: Stamp) -> None:
    """Point an id item to the contact that has the id, unless its current contact has it too.

    Raises:
        TransactionRefusedError: One of them has changed, or both have the id.

    """
    contact, id_item = _contact_and_id(item, stamp)
    elsewhere = found[Key(id_item.pk, id_item.sk)]["phoneNumber"]["S"]

    def add_actions(transaction: TransactWrite) -> None:
        _check(transaction, contact, ContactItem.id == contact.id)
        _check(transaction, ContactItem(contact.pk, elsewhere), ~(ContactItem.id == contact.id))
        transaction.save(id_item, ContactIdItem.phone_number == elsewhere)

    write_together(add_actions)


def remove_orphaned_id(item: StoredItem, _found: Found, _stamp: Stamp) -> None:
    """Remove an id item that points to no contact with its id.

    Raises:
        TransactionRefusedError: It does point to one, or to a contact without any id; or it now
            points elsewhere.

    """
    id_item = ContactIdItem.from_raw_data(item)
    account_id = keys.account_in(id_item.pk)

    def add_actions(transaction: TransactWrite) -> None:
        there = ContactItem(keys.contacts(account_id), id_item.phone_number)
        carries_another = Path("id").is_type(NUMBER) & (ContactItem.id != int(id_item.sk))
        _check(transaction, there, ContactItem.pk.does_not_exist() | carries_another)
        transaction.delete(id_item, ContactIdItem.phone_number == id_item.phone_number)

    write_together(add_actions)


def schedule(item: StoredItem, found: Found, stamp: Stamp) -> None:
    """Give a contact in no group a deletion date. It counts from today, so it is never too early.

    Raises:
        TransactionRefusedError: The contact has changed.

    """
    account_id, e164 = keys.account_in(item["PK"]["S"]), item["SK"]["S"]
    day = _deletion_date(found, account_id, stamp.at)
    _update_contact(item, contact_items.scheduling(account_id, e164, day), stamp)


def unschedule(item: StoredItem, _found: Found, stamp: Stamp) -> None:
    """Remove the deletion date of a contact that is in a group.

    Raises:
        TransactionRefusedError: The contact has changed.

    """
    _update_contact(item, [ContactItem.scheduled_deletion_date.remove(), *_off_index()], stamp)


def index_by_date(item: StoredItem, _found: Found, stamp: Stamp) -> None:
    """Put a contact into the due index under its date, or take it out if it has none.

    Raises:
        TransactionRefusedError: The contact has changed.

    """
    if "scheduledDeletionDate" not in item:
        _update_contact(item, _off_index(), stamp)
        return
    day = date.fromisoformat(item["scheduledDeletionDate"]["S"])
    account_id = keys.account_in(item["PK"]["S"])
    _update_contact(item, contact_items.scheduling(account_id, item["SK"]["S"], day), stamp)


def take_out_of(item: StoredItem, group_id: int, found: Found, stamp: Stamp) -> None:
    """Take a contact out of a missing group; if it was its last, give it a deletion date.

    Raises:
        TransactionRefusedError: The contact has changed, or the group exists.

    """
    account_id = keys.account_in(item["PK"]["S"])
    day = _deletion_date(found, account_id, stamp.at)
    after = contact_items.contact_in(item).without_groups({group_id}, day)

    def add_actions(transaction: Transaction) -> None:
        for other in _group_and_tombstone(account_id, group_id):
            _check(transaction, other, Item.pk.does_not_exist())
        memberships.add_leaving(transaction, [group_id], item, after, stamp)

    write_together(add_actions)


def put_membership(item: StoredItem, group_id: int, found: Found, stamp: Stamp) -> None:
    """Write the missing membership of a contact in a group that it names.

    This includes deleted groups: their sweep then finds the membership and takes the contact out.

    Raises:
        TransactionRefusedError: The contact or the group has changed.

    """
    contact = ContactItem.from_raw_data(item)
    account_id = keys.account_in(contact.pk)
    group, tombstone = _group_and_tombstone(account_id, group_id)
    there = group if Key(group.pk, group.sk) in found else tombstone

    def add_actions(transaction: TransactWrite) -> None:
        _check(transaction, contact, ContactItem.group_ids.contains(group_id))
        _check(transaction, there, Item.pk.exists())
        transaction.save(
            MembershipItem(
                keys.members(account_id, group_id),
                contact.sk,
                joined_on=stamp.at,
                **stamp_values(stamp),
            ),
            MembershipItem.pk.does_not_exist(),
        )

    write_together(add_actions)


def remove_membership(account_id: str, group_id: int, e164: str) -> None:
    """Remove a membership that its contact does not name."""
    tombstones.remove_membership_unless_joined(account_id, e164, group_id)


def mark_stoplist(item: StoredItem, group_id: int, stamp: Stamp) -> None:
    """Mark a contact's group as a stoplist. This does not change the blacklist.

    Raises:
        TransactionRefusedError: The contact has changed.

    """
    _update_contact(item, [ContactItem.stoplist_ids.add({group_id})], stamp)


def unmark_stoplist(item: StoredItem, group_id: int, stamp: Stamp) -> None:
    """Unmark a contact's group as a stoplist. This does not change the blacklist.

    Raises:
        TransactionRefusedError: The contact has changed.

    """
    _update_contact(item, [ContactItem.stoplist_ids.delete({group_id})], stamp)


# Tombstones


def is_half_a_tombstone(item: StoredItem) -> bool:
    """Say whether a tombstone is so incomplete that the sweep cannot find it or use it."""
    when = deleted_on(item)
    account_id, sort_key = keys.account_in(item["PK"]["S"]), item["SK"]["S"]
    if when is None or _index_keys_of(item) != (
        keys.SWEEP,
        keys.sweep_order(when, account_id, sort_key),
    ):
        return True
    if sort_key.startswith(keys.DELETED_GROUP):
        return not _is_date(item)
    return not item.get("phoneNumber", {}).get("S") or not item.get("groupIds", {}).get("NS")


def deleted_on(item: StoredItem) -> datetime | None:
    """Return when a tombstone's group or contact was deleted, or None if this is missing."""
    text = item.get("deletedOn", {}).get("S")
    deserialize: Any = DeletedGroupItem.deleted_on.deserialize
    try:
        when: datetime = deserialize(text)
    except (AttributeError, TypeError, ValueError):
        return None
    return when


def complete_tombstone(item: StoredItem, found: Found, stamp: Stamp) -> None:
    """Complete a tombstone for the sweep; delete a contact's that does not name any membership.

    Raises:
        TransactionRefusedError: It does not exist any more.

    """
    tombstone = Item(item["PK"]["S"], item["SK"]["S"])
    account_id = keys.account_in(tombstone.pk)
    is_of_group = tombstone.sk.startswith(keys.DELETED_GROUP)
    names_no_membership = not is_of_group and not (
        item.get("phoneNumber", {}).get("S") and item.get("groupIds", {}).get("NS")
    )
    when = deleted_on(item) or stamp.at
    actions: list[Action] = [
        DeletedGroupItem.deleted_on.set(when),
        Item.gsi1pk.set(keys.SWEEP),
        Item.gsi1sk.set(keys.sweep_order(when, account_id, tombstone.sk)),
        *stamping(stamp),
    ]
    if is_of_group and not _is_date(item):
        day = _deletion_date(found, account_id, stamp.at)
        actions.append(DeletedGroupItem.scheduled_deletion_date.set(day.isoformat()))

    def add_actions(transaction: TransactWrite) -> None:
        if names_no_membership:
            transaction.delete(tombstone, Item.pk.exists())
        else:
            # Fails if it was swept meanwhile.
            transaction.update(tombstone, actions, Item.pk.exists())

    write_together(add_actions)


def remove_tombstone_of_group(item: StoredItem, _found: Found, _stamp: Stamp) -> None:
    """Remove the tombstone of an existing group, so that its members stay in it.

    Raises:
        TransactionRefusedError: The group was deleted meanwhile.

    """
    tombstone = Item(item["PK"]["S"], item["SK"]["S"])
    group_id = keys.group_of_tombstone(tombstone.sk)
    group, _ = _group_and_tombstone(keys.account_in(tombstone.pk), group_id)

    def add_actions(transaction: TransactWrite) -> None:
        _check(transaction, group, Item.pk.exists())
        transaction.delete(tombstone)

    write_together(add_actions)


# The rest


def remove_revoked_credential(item: StoredItem, _found: Found, _stamp: Stamp) -> None:
    """Remove a revoked credential of an account that does not exist.

    Raises:
        TransactionRefusedError: The account exists.

    """
    credential = CredentialItem.from_raw_data(item)

    def add_actions(transaction: TransactWrite) -> None:
        account = Item(keys.account(credential.account_id), keys.ACCOUNT)
        _check(transaction, account, Item.pk.does_not_exist())
        transaction.delete(credential, CredentialItem.revoked_on.exists())

    write_together(add_actions)


def let_marker_expire(item: StoredItem, _found: Found, stamp: Stamp) -> None:
    """Give a marker the expiry of a marker that is written now.

    Raises:
        TransactionRefusedError: It does not exist any more.

    """
    expires_at = int((stamp.at + MARKER_LIFETIME).timestamp())
    _update(item, [Path("expiresAt").set(expires_at)], Item.pk.exists())


def spoilt_counts(item: StoredItem) -> list[str]:
    """Return which of an item's counts are not numbers."""
    counts = (CountingItem.contacts_count, CountingItem.changes)
    return [
        each.attr_name
        for each in counts
        if each.attr_name in item and "N" not in item[each.attr_name]
    ]


def remove_spoilt_counts(item: StoredItem, _found: Found, _stamp: Stamp) -> None:
    """Remove counts that are not numbers, so that counting goes on and a recount can mend them.

    Raises:
        TransactionRefusedError: They are numbers now.

    """
    for name in spoilt_counts(item):
        _update(item, [Path(name).remove()], ~Path(name).is_type(NUMBER) & Item.pk.exists())


def remove(item: StoredItem, _found: Found, _stamp: Stamp) -> None:
    """Remove a fence, which counting passes even then, or what is left of a webhook's ledger."""
    Item(item["PK"]["S"], item["SK"]["S"]).delete()


def remove_search_entry(item: StoredItem, found: Found, _stamp: Stamp) -> None:
    """Remove an entry of the search that its contact, as it was found, does not have.

    Raises:
        TransactionRefusedError: The contact has changed: it may have the token now.

    """
    entry = Item(item["PK"]["S"], item["SK"]["S"])
    _, e164 = keys.token_and_number(entry.sk)
    contact = Item(keys.contacts(keys.account_of_search(entry.pk)), e164)
    stored = next((each for key, each in found.items() if key == (contact.pk, contact.sk)), None)
    as_found = (
        Item.pk.does_not_exist()
        if stored is None
        else contact_items.unchanged_since(ContactItem.from_raw_data(stored))
    )

    def add_actions(transaction: TransactWrite) -> None:
        _check(transaction, contact, as_found)
        transaction.delete(entry)

    write_together(add_actions)


def index_as(item: StoredItem, pk: str, sk: str, stamp: Stamp) -> None:
    """Put an item into the index under the right keys.

    Raises:
        TransactionRefusedError: It does not exist any more.

    """
    actions = [Item.gsi1pk.set(pk), Item.gsi1sk.set(sk), *stamping(stamp)]
    _update(item, actions, Item.pk.exists())


def take_off_index(item: StoredItem, _found: Found, stamp: Stamp) -> None:
    """Take an item out of the index if nothing looks for it there.

    Raises:
        TransactionRefusedError: It does not exist any more.

    """
    _update(item, [*_off_index(), *stamping(stamp)], Item.pk.exists())


def _contact_and_id(item: StoredItem, stamp: Stamp) -> tuple[ContactItem, ContactIdItem]:
    contact = ContactItem.from_raw_data(item)
    ids = keys.contact_ids(keys.account_in(contact.pk))
    return contact, ContactIdItem(
        ids, keys.of_id(contact.id), phone_number=contact.sk, **stamp_values(stamp)
    )


def _update_contact(item: StoredItem, actions: Iterable[Action], stamp: Stamp) -> None:
    contact = ContactItem.from_raw_data(item)
    _update(
        item, [*actions, *contact_items.revising(stamp)], contact_items.unchanged_since(contact)
    )


def _update(item: StoredItem, actions: Iterable[Action], condition: Condition) -> None:
    def add_actions(transaction: TransactWrite) -> None:
        transaction.update(Item(item["PK"]["S"], item["SK"]["S"]), [*actions], condition)

    write_together(add_actions)


def _check(transaction: TransactWrite, item: Item, condition: Condition) -> None:
    transaction.condition_check(type(item), item.pk, item.sk, condition=condition)


def _off_index() -> list[Action]:
    return [Item.gsi1pk.remove(), Item.gsi1sk.remove()]


def _group_and_tombstone(account_id: str, group_id: int) -> tuple[Item, Item]:
    return (
        GroupItem(keys.groups(account_id), keys.of_id(group_id)),
        Item(keys.tombstones(account_id), keys.deleted_group(group_id)),
    )


def _deletion_date(found: Found, account_id: str, now: datetime) -> date:
    account = found.get(Key(keys.account(account_id), keys.ACCOUNT), {})
    days = int(account.get("retentionDays", {}).get("N", DEFAULT_RETENTION_DAYS))
    return deletion_date(now, days)


def _is_date(item: StoredItem) -> bool:
    try:
        date.fromisoformat(item["scheduledDeletionDate"]["S"])
    except (KeyError, ValueError):
        return False
    return True


def _index_keys_of(item: StoredItem) -> tuple[str | None, str | None]:
    return item.get("GSI1PK", {}).get("S"), item.get("GSI1SK", {}).get("S")
