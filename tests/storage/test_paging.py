"""Pages of contacts at an offset, and what they say of the whole."""

import pytest

from chalicelib.services import groups, paging
from chalicelib.storage import keys
from chalicelib.storage.items import GroupItem, MembershipItem
from tests.account import caller_of
from tests.storage.conftest import NOW
from tests.storage.steps import create, create_group, create_or_join, join, number


def numbers_on(page):
    return [contact.phone_number for contact in page.contacts]


def leave_membership_behind(account, group, index):
    """Let there be a membership whose contact is not in the group."""
    MembershipItem(keys.members(account.id, group.id), number(index).e164, joined_on=NOW).save()


def test_page_holds_as_many_as_asked_for_after_the_first_ones(account):
    group = create_group(account)
    for index in range(6):
        create(account, index)
    for index in range(1, 6):
        join(account, group, index)

    def page_of_contacts(offset, limit):
        return numbers_on(paging.page_of_contacts(account, offset=offset, limit=limit))

    def page_of_group(offset, limit):
        return numbers_on(paging.page_of_group(account, group.id, offset=offset, limit=limit))

    assert page_of_contacts(0, 2) == [number(0), number(1)]
    assert page_of_contacts(4, 10) == [number(4), number(5)]
    assert page_of_group(0, 2) == [number(1), number(2)]
    assert page_of_group(3, 10) == [number(4), number(5)]
    for page in (page_of_contacts, page_of_group):
        assert page(6, 10) == page(0, 0) == page(10**30, 10**30) == []
        assert len(page(1, 10**30)) >= 4


@pytest.mark.parametrize(
    ("counted", "window", "total", "is_more"),
    [
        # As counted, where it can be.
        (5, (0, 2), 5, True), (5, (3, 2), 5, False), (5, (0, 9), 5, False), (5, (9, 2), 5, False),
        # The count is late: what was read is more, or less, than that.
        (0, (0, 2), 3, True), (0, (2, 2), 5, True), (0, (3, 2), 5, False), (0, (9, 2), 0, False),
        (9, (0, 2), 9, True), (9, (3, 6), 5, False), (9, (9, 2), 9, False),
    ],
)  # fmt: skip
def test_page_says_how_many_there_are_and_whether_more_follow(
    account, counted, window, total, is_more
):
    offset, limit = window
    group = create_group(account)
    for index in range(5):
        create_or_join(account, group, index)
    item = GroupItem(keys.groups(account.id), keys.of_id(group.id))
    item.update([GroupItem.contacts_count.set(counted)])

    page = paging.page_of_group(account, group.id, offset=offset, limit=limit)

    assert (page.total, page.is_more) == (total, is_more)


def test_page_of_a_group_shows_no_contact_that_is_not_in_it(account):
    """Its membership was left behind by a contact that is gone."""
    group = create_group(account)
    create(account)
    leave_membership_behind(account, group, 0)
    create_or_join(account, group, 1)
    create(account, 2)
    leave_membership_behind(account, group, 2)

    page = paging.page_of_group(account, group.id, offset=0, limit=2)

    assert numbers_on(page) == [number(1)]
    assert (page.total, page.is_more) == (1, False)
    create_or_join(account, group, 3)
    assert paging.page_of_group(account, group.id, offset=0, limit=2).is_more


def test_deleted_group_is_none_of_a_page_either(account):
    create(account)
    group, deleted = create_group(account), create_group(account)
    for each in (group, deleted):
        join(account, each)
    groups.delete_group(caller_of(account), deleted.id, NOW)

    (seen,) = paging.page_of_group(account, group.id, offset=0, limit=1).contacts
    assert seen.group_ids == {group.id}
    assert paging.page_of_contacts(account, offset=0, limit=1).contacts == [seen]
