from bisect import bisect_left
from dataclasses import replace
from datetime import date, timedelta

import pytest
from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.errors import (
    ConflictError,
    ErrorCode,
    InvalidDataError,
    NotFoundError,
    RefusedError,
)
from chalicelib.services import contacts, groups
from chalicelib.storage import contacts as stored_contacts
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.transactions import write_together
from chalicelib.storage.items import ContactIdItem, ContactItem
from tests.account import caller_of
from tests.storage.conftest import NOW
from tests.storage.steps import (
    assert_rule_3_holds,
    create,
    create_group,
    join,
    number,
    numbers_by_id,
    stored_contact,
    stored_keys,
    stored_members,
)

DETAILS = {
    "email": "anyone@messente.com",
    "first_name": "Any",
    "last_name": "Õun 😀",
    "company": "",
    "title": "Sir",
    "custom": "1",
    "custom2": "2",
    "custom3": "3",
    "custom4": "4",
}


def test_contact_is_retrieved_as_it_was_created(account):
    created = create(account, **DETAILS)

    assert contacts.retrieve_contact(account, number()) == created
    assert created.details == DETAILS
    assert created.scheduled_deletion_date == date(2026, 3, 2)


def test_contact_is_found_by_its_id(account):
    created = create(account)

    item = ContactIdItem.get(
        keys.contact_ids(account.id), keys.of_id(created.id), consistent_read=True
    )
    assert item.phone_number == number().e164


def test_second_contact_of_a_number_is_refused_and_changes_nothing(account):
    created = create(account, title="first")

    with pytest.raises(ConflictError):
        create(account, title="second")

    assert contacts.retrieve_contact(account, number()) == created
    assert numbers_by_id(account).keys() == {keys.of_id(created.id)}


def test_contact_is_not_seen_by_another_account(account, table):
    create(account)
    other = type(account)(**{**_fields(account), "id": "f" * 16})

    with pytest.raises(NotFoundError):
        contacts.retrieve_contact(other, number())
    assert list(contacts.list_contacts(other)) == []


def test_details_are_set_and_cleared_and_the_others_stay(account):
    create(account, **DETAILS)
    later = NOW + timedelta(days=1)

    updated = contacts.update_contact(
        caller_of(account), number(), {"title": None, "company": "New", "email": ""}, later
    )

    expected = {**DETAILS, "company": "New", "email": ""}
    del expected["title"]
    assert updated.details == expected
    assert updated.updated_on == later
    assert updated.created_on == NOW
    assert contacts.retrieve_contact(account, number()) == updated


def test_missing_contact_is_neither_updated_nor_deleted_nor_made(account):
    with pytest.raises(NotFoundError):
        contacts.update_contact(caller_of(account), number(), {"title": "a"}, NOW)
    with pytest.raises(NotFoundError):
        contacts.delete_contact(caller_of(account), number(), NOW)
    with pytest.raises(DoesNotExist):
        stored_contact(account)


def test_deleting_a_contact_takes_its_id_and_memberships_along(account):
    create(account)
    create(account, 1)
    group = create_group(account)
    join(account, group)
    join(account, group, 1)

    contacts.delete_contact(caller_of(account), number(), NOW)

    assert stored_keys(keys.contacts(account.id)) == {number(1).e164}
    assert len(numbers_by_id(account)) == 1
    assert stored_members(account, group) == {number(1).e164}


def test_contact_ends_at_the_revision_after_its_last_change(account, monkeypatch):
    """The change comes after the contact was read, and before it is deleted."""
    created = create(account)

    def change_first(add_actions):
        for details in changes:
            contacts.update_contact(caller_of(account), number(), details, NOW)
        write_together(add_actions)

    changes = iter([{"title": "Dr"}])
    monkeypatch.setattr(stored_contacts, "write_together", change_first)
    contacts.delete_contact(caller_of(account), number(), NOW)

    left = ContactIdItem.get(
        keys.contact_ids(account.id), keys.of_id(created.id), consistent_read=True
    )
    assert left.revision == 2


@pytest.mark.real_engine
def test_contact_in_150_groups_is_deleted_and_leaves_nothing(account):
    create(account)
    many = [create_group(account, str(index)) for index in range(150)]
    for group in many:
        join(account, group)

    contacts.delete_contact(caller_of(account), number(), NOW)

    assert stored_keys(keys.contacts(account.id)) == set()
    assert numbers_by_id(account) == {}
    assert stored_keys(keys.tombstones(account.id)) == set()
    assert not any(stored_members(account, group) for group in many)


def test_contacts_are_listed_whole_in_the_order_of_numbers(account):
    for index in (3, 1, 2):
        create(account, index)

    listed = [contact.phone_number for contact in contacts.list_contacts(account)]
    assert listed == [number(1), number(2), number(3)]


@pytest.mark.real_engine
def test_list_is_complete_beyond_the_page_of_1_mb(account, meter):
    """35 contacts of 32 KB are more than a query gives at once."""
    filling = dict.fromkeys([name for name in DETAILS if name != "email"], "😀" * 1_000)
    for index in range(35):
        create(account, index, **filling)

    assert [c.phone_number for c in contacts.list_contacts(account)] == [
        number(index) for index in range(35)
    ]
    assert meter.calls[-3:] == ["Query"] * 3


def test_list_goes_on_behind_a_number_that_need_not_be_there(account):
    for index in (1, 3):
        create(account, index)

    after = contacts.list_contacts(account, after=number(2).e164, expected=1)
    assert [contact.phone_number for contact in after] == [number(3)]


def test_contacts_of_several_groups_are_each_listed_once_and_in_order(account):
    first, second, third = (create_group(account) for _ in range(3))
    for index in range(4):
        create(account, index)
    for group, index in [(first, 2), (first, 0), (second, 1), (second, 2), (third, 3)]:
        join(account, group, index)

    listed = contacts.list_contacts_of_groups(account, [second.id, first.id, 12345])
    assert [contact.phone_number for contact in listed] == [number(0), number(1), number(2)]
    assert list(contacts.list_contacts_of_groups(account, [12345])) == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Any", [0, 2]), ("One", [0, 1, 6]), ("Any One", [0]), ("any", []), ("", [3]),
        ("None", []), ("None One", []), (" One", []), ("Zo\xeb", [5, 6]), ("Zoe\u0308", [5, 6]),
        ("Zo\xeb One", [6]),
    ],
)  # fmt: skip
def test_contacts_are_found_by_their_exact_names(account, name, found):
    create(account, 0, first_name="Any", last_name="One")
    create(account, 1, last_name="One")
    create(account, 2, first_name="Any", last_name="Body")
    create(account, 3, first_name="")
    create(account, 4)
    create(account, 5, first_name="Zo\xeb")
    create(account, 6, first_name="Zoe\u0308", last_name="One")

    contacts_found = contacts.list_contacts_by_name(account, name)
    assert [contact.phone_number for contact in contacts_found] == [number(n) for n in found]


@pytest.mark.real_engine
def test_members_of_a_group_are_listed_beyond_one_batch(account):
    group = create_group(account)
    for index in range(120):
        create(account, index)
        join(account, group, index)

    listed = contacts.list_contacts_of_groups(account, [group.id], after=number(4).e164)
    assert [c.phone_number for c in listed] == [number(index) for index in range(5, 120)]


def test_deleted_group_is_gone_for_every_reader_at_once(account):
    create(account)
    group = create_group(account)
    join(account, group)

    groups.delete_group(caller_of(account), group.id, NOW + timedelta(days=2))

    seen = contacts.retrieve_contact(account, number())
    assert seen.group_ids == frozenset()
    assert seen.scheduled_deletion_date == date(2026, 3, 4)
    assert contacts.update_contact(
        caller_of(account), number(), {"title": "a"}, NOW
    ) == _with_title(seen)
    assert [c.scheduled_deletion_date for c in contacts.list_contacts(account)] == [
        date(2026, 3, 4)
    ]
    assert list(contacts.list_contacts_of_groups(account, [group.id])) == []
    assert groups.list_groups_of_contact(account, number()) == []
    assert groups.list_groups(account) == []


@pytest.mark.real_engine
def test_item_that_would_be_too_large_is_refused_and_stays(account):
    create(account)
    join(account, create_group(account))
    item = stored_contact(account)
    item.update([ContactItem.group_ids.set(set(range(2**53 - 42_000, 2**53)))])

    def fits(length):
        try:
            contacts.update_contact(caller_of(account), number(), {"custom": "x" * length}, NOW)
        except RefusedError as refusal:
            return refusal.code is not ErrorCode.ITEM_TOO_LARGE
        return True

    longest = bisect_left(range(100_000), 1, key=lambda length: int(not fits(length))) - 1
    assert 0 < longest < 99_999
    assert fits(longest)
    group = create_group(account)

    with pytest.raises(RefusedError) as refusal:
        join(account, group)

    assert refusal.value.code is ErrorCode.ITEM_TOO_LARGE
    assert len(stored_contact(account).group_ids) == 42_000
    assert stored_members(account, group) == set()


def _fields(value):
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _with_title(contact):
    return type(contact)(**{**_fields(contact), "details": {"title": "a"}, "updated_on": NOW})


def test_update_is_decided_by_the_contact_as_it_is_when_it_is_written(account):
    """It joins a group between the look at it and the write, and so is looked at again."""
    create(account, title="old")
    group = create_group(account)
    seen = []

    def look(contact):
        seen.append(contact.scheduled_deletion_date)
        if len(seen) == 1:
            join(account, group)
        if contact.scheduled_deletion_date is None:
            raise InvalidDataError.of("date", "is another")

    with pytest.raises(InvalidDataError):
        contacts.update_contact(caller_of(account), number(), {"title": "new"}, NOW, check=look)

    assert len(seen) == 2
    assert contacts.retrieve_contact(account, number()).details == {"title": "old"}


def test_update_that_is_right_keeps_everything_else(account):
    before = create(account, title="old", company="one", email="a@b")
    dates = []

    changed = contacts.update_contact(
        caller_of(account),
        number(),
        {"title": "new", "email": None},
        NOW + timedelta(days=1),
        check=lambda contact: dates.append(contact.scheduled_deletion_date),
    )

    assert dates == [before.scheduled_deletion_date]
    assert changed == replace(
        before, details={"title": "new", "company": "one"}, updated_on=NOW + timedelta(days=1)
    )
    assert contacts.retrieve_contact(account, number()) == changed
    assert_rule_3_holds(account)


def test_update_sees_the_date_that_readers_see_of_a_contact_whose_group_was_deleted(account):
    group = create_group(account)
    create(account)
    join(account, group)
    groups.delete_group(caller_of(account), group.id, NOW)
    seen = contacts.retrieve_contact(account, number()).scheduled_deletion_date
    dates = []

    changed = contacts.update_contact(
        caller_of(account),
        number(),
        {"title": "new"},
        NOW,
        check=lambda contact: dates.append(contact.scheduled_deletion_date),
    )

    assert seen is not None
    assert dates == [seen]
    assert changed.scheduled_deletion_date == seen
