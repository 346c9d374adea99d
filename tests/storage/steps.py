"""The steps that storage tests are told in."""

from functools import reduce

from chalicelib.domain.contact import Contact, ContactChanges, ContactData
from chalicelib.domain.group import GroupKind
from chalicelib.domain.phone import PhoneNumber
from chalicelib.services import blacklist, contacts, groups, memberships
from chalicelib.storage import keys, rewrites
from chalicelib.storage.dynamodb.batches import in_batches
from chalicelib.storage.dynamodb.model import Item
from chalicelib.storage.items import ContactIdItem, ContactItem, MembershipItem
from tests.account import caller_of, stamp_of
from tests.storage.conftest import NOW


def number(index=0):
    return PhoneNumber(f"+3725{index:07d}")


def create(account, index=0, **details):
    return contacts.create_contact(caller_of(account), number(index), details, NOW)


def create_group(account, name="Group", kind=GroupKind.STANDARD):
    return groups.create_group(caller_of(account), name, NOW, kind=kind)


def join(account, group, index=0, now=NOW):
    memberships.add_to_group(caller_of(account), group.id, number(index), now)


def leave(account, group, index=0, now=NOW):
    memberships.remove_from_group(caller_of(account), group.id, number(index), now)


def blacklisted_numbers(account, **page):
    return [entry.phone_number for entry in blacklist.list_blacklist(account, **page)]


def stored_contact(account, index=0):
    return ContactItem.get(keys.contacts(account.id), number(index).e164, consistent_read=True)


def stored_members(account, group):
    items = MembershipItem.query(keys.members(account.id, group.id), consistent_read=True)
    return {item.sk for item in items}


def stored_keys(partition):
    return {item.sk for item in Item.query(partition, consistent_read=True)}


def numbers_by_id(account):
    """Return the number that each id finds; what only says how a contact ended finds none."""
    ids = ContactIdItem.query(keys.contact_ids(account.id), consistent_read=True)
    return {item.sk: item.phone_number for item in ids if item.phone_number}


def assert_rule_3_holds(account, index=0):
    """A contact has a date, and is in the due index, if and only if it is in no group."""
    item = stored_contact(account, index)
    assert bool(item.group_ids) != bool(item.scheduled_deletion_date)
    assert bool(item.scheduled_deletion_date) == bool(item.gsi1pk) == bool(item.gsi1sk)


def change(account, key, now=NOW, **changes):
    return contacts.change_contact(caller_of(account), key, ContactChanges(**changes), now)


def data(index=0, *, extra=None, group_ids=(), **details):
    return ContactData(
        phone_number=number(index), details=details, extra=extra or {}, group_ids=group_ids
    )


def create_or_join(account, group, index=0, *, now=NOW, refuse_member=False, extra=None, **details):
    return memberships.create_or_join(
        caller_of(account),
        group.id,
        data(index, extra=extra, **details),
        now,
        refuse_member=refuse_member,
    )


def move(account, group, key, now=NOW, **changes):
    return memberships.move_to_group(
        caller_of(account), group.id, key, ContactChanges(**changes), now
    )


def create_in_many(account, count):
    """Create a contact in many groups, which it joins many at a time."""
    created = create(account)
    many = [create_group(account, str(index)) for index in range(count)]
    for together in in_batches(many, 90):
        kept = rewrites.get(account.id, number())
        after = reduce(Contact.joined, together, kept.contact)
        rewrites.rewrite(account.id, kept, after, stamp_of(NOW))
    return created, many


def assert_whole(account, all_groups):
    """Each contact has one id item, and is in just those groups that have it as a member."""
    items = list(
        ContactItem.query(
            keys.contacts(account.id),
            ContactItem.sk > keys.BEFORE_ALL_NUMBERS,
            consistent_read=True,
        )
    )
    assert numbers_by_id(account) == {keys.of_id(item.id): item.sk for item in items}
    for group in all_groups:
        assert stored_members(account, group) == {
            item.sk for item in items if group.id in (item.group_ids or ())
        }
    for item in items:
        assert bool(item.group_ids) != bool(item.scheduled_deletion_date)
        assert bool(item.scheduled_deletion_date) == bool(item.gsi1pk) == bool(item.gsi1sk)
        assert (item.stoplist_ids or set()) <= (item.group_ids or set())
