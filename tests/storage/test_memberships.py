from datetime import date, timedelta

import pytest

from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError
from chalicelib.services import contacts, groups, memberships
from chalicelib.storage import keys
from chalicelib.storage.items import ContactItem, MembershipItem
from tests.account import caller_of
from tests.storage.conftest import NOW
from tests.storage.steps import (
    assert_rule_3_holds,
    create,
    create_group,
    join,
    leave,
    number,
    stored_contact,
    stored_members,
)


def test_joining_ends_the_schedule_and_leaving_the_last_group_starts_it(account):
    create(account)
    first, second = create_group(account), create_group(account)

    join(account, first)
    join(account, second)
    assert_rule_3_holds(account)
    assert contacts.retrieve_contact(account, number()).scheduled_deletion_date is None

    leave(account, first)
    assert_rule_3_holds(account)
    assert contacts.retrieve_contact(account, number()).group_ids == {second.id}

    leave(account, second, now=NOW + timedelta(days=1))
    assert_rule_3_holds(account)
    seen = contacts.retrieve_contact(account, number())
    assert seen.scheduled_deletion_date == date(2026, 3, 3)
    assert stored_members(account, first) == stored_members(account, second) == set()


def test_contact_that_leaves_is_due_on_its_new_day(account):
    create(account)
    group = create_group(account)
    join(account, group)
    leave(account, group, now=NOW + timedelta(days=1))

    item = stored_contact(account)
    assert (item.gsi1pk, item.gsi1sk) == keys.due(date(2026, 3, 3), account.id, number().e164)


def test_contacts_join_together_and_again(account):
    ids = [create(account, index).id for index in range(3)]
    group = create_group(account)
    join(account, group, 1)

    for _ in range(2):
        memberships.add_all_to_group(caller_of(account), group.id, ids, NOW)

        assert stored_members(account, group) == {number(index).e164 for index in range(3)}
        for index in range(3):
            assert_rule_3_holds(account, index)


def test_none_joins_where_one_or_the_group_is_missing(account):
    contact, deleted = create(account), create(account, 1)
    group, deleted_group = create_group(account), create_group(account)
    contacts.delete_contact(caller_of(account), deleted.id, NOW)
    groups.delete_group(caller_of(account), deleted_group.id, NOW)

    for group_id, ids, code in [
        (group.id, [contact.id, deleted.id], ErrorCode.CONTACT_NOT_FOUND),
        (deleted_group.id, [contact.id], ErrorCode.GROUP_NOT_FOUND),
    ]:
        with pytest.raises(NotFoundError) as refusal:
            memberships.add_all_to_group(caller_of(account), group_id, ids, NOW)
        assert refusal.value.code is code
    assert contacts.retrieve_contact(account, contact.id).group_ids == set()
    assert stored_members(account, group) == set()


def test_joining_twice_is_refused_and_changes_nothing(account):
    create(account)
    group = create_group(account)
    join(account, group)

    with pytest.raises(ConflictError) as refusal:
        join(account, group, now=NOW + timedelta(days=1))

    assert refusal.value.code is ErrorCode.MEMBERSHIP_EXISTS
    item = MembershipItem.get(
        keys.members(account.id, group.id), number().e164, consistent_read=True
    )
    assert item.joined_on == NOW


def test_missing_contact_or_group_is_refused_and_leaves_no_membership(account):
    group = create_group(account)
    with pytest.raises(NotFoundError) as refusal:
        join(account, group)
    assert refusal.value.code is ErrorCode.CONTACT_NOT_FOUND
    assert stored_members(account, group) == set()

    create(account)
    groups.delete_group(caller_of(account), group.id, NOW)
    with pytest.raises(NotFoundError) as refusal:
        join(account, group)
    assert refusal.value.code is ErrorCode.GROUP_NOT_FOUND
    assert_rule_3_holds(account)


def test_leaving_a_group_that_one_is_not_in_is_refused(account):
    create(account)
    group, other = create_group(account), create_group(account)
    join(account, other)

    with pytest.raises(NotFoundError):
        leave(account, group)
    with pytest.raises(NotFoundError):
        leave(account, group, 1)
    assert_rule_3_holds(account)


def test_deleted_group_cannot_be_left(account):
    create(account)
    group = create_group(account)
    join(account, group)
    groups.delete_group(caller_of(account), group.id, NOW)

    with pytest.raises(NotFoundError):
        leave(account, group)


def test_leaving_the_last_group_that_is_there_ends_the_deleted_ones_too(account):
    """Otherwise the contact would go 30 days after the earlier of two deletions."""
    create(account)
    deleted, left = create_group(account), create_group(account)
    join(account, deleted)
    join(account, left)
    groups.delete_group(caller_of(account), deleted.id, NOW)

    leave(account, left, now=NOW + timedelta(days=5))

    assert_rule_3_holds(account)
    seen = contacts.retrieve_contact(account, number())
    assert seen.scheduled_deletion_date == date(2026, 3, 7)


def test_joining_takes_over_a_membership_that_an_earlier_contact_left_behind(account):
    group = create_group(account)
    MembershipItem(keys.members(account.id, group.id), number().e164, joined_on=NOW).save()
    create(account)
    assert list(contacts.list_contacts_of_groups(account, [group.id])) == []

    join(account, group, now=NOW + timedelta(days=1))

    assert [c.phone_number for c in contacts.list_contacts_of_groups(account, [group.id])] == [
        number()
    ]
    assert_rule_3_holds(account)


def test_joining_does_not_touch_the_details(account):
    create(account, title="Sir")
    join(account, create_group(account))

    assert stored_contact(account).title == "Sir"
    assert ContactItem.count(keys.contacts(account.id), consistent_read=True) == 1
