"""The steps that storage tests are told in."""

from chalicelib.domain.phone import PhoneNumber
from chalicelib.services import contacts, groups, memberships
from chalicelib.storage import keys
from chalicelib.storage.items import ContactItem, Item, MembershipItem
from tests.storage.conftest import NOW


def number(index=0):
    return PhoneNumber(f"+3725{index:07d}")


def create(account, index=0, **details):
    return contacts.create_contact(account, number(index), details, NOW)


def create_group(account, name="Group"):
    return groups.create_group(account, name, NOW)


def join(account, group, index=0, now=NOW):
    memberships.add_to_group(account, group.id, number(index), now)


def leave(account, group, index=0, now=NOW):
    memberships.remove_from_group(account, group.id, number(index), now)


def stored_contact(account, index=0):
    return ContactItem.get(keys.contacts(account.id), number(index).e164, consistent_read=True)


def stored_members(account, group):
    items = MembershipItem.query(keys.members(account.id, group.id), consistent_read=True)
    return {item.sk for item in items}


def stored_keys(partition):
    return {item.sk for item in Item.query(partition, consistent_read=True)}


def assert_rule_3_holds(account, index=0):
    """A contact has a date, and is in the due index, if and only if it is in no group."""
    item = stored_contact(account, index)
    assert bool(item.group_ids) != bool(item.scheduled_deletion_date)
    assert bool(item.scheduled_deletion_date) == bool(item.gsi1pk) == bool(item.gsi1sk)
