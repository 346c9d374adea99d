"""A contact that changes in several ways at once: number, groups, fields."""

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import pytest
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.operand import Path

from chalicelib.domain.contact import ContactData
from chalicelib.domain.errors import (
    ConflictError,
    ErrorCode,
    InvalidDataError,
    NotFoundError,
    RefusedError,
)
from chalicelib.domain.limits import MAX_EXTRA_CHARACTERS, MAX_GROUPS_TO_RENUMBER
from chalicelib.services import contacts, groups, paging
from chalicelib.services.cleanup import clean_up
from chalicelib.services.uploading import upload_contacts
from chalicelib.storage import contact_items, keys
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.items import ContactItem, GroupItem
from chalicelib.storage.rewrites import MAX_MEMBERSHIPS
from chalicelib.storage.sweeping import TOMBSTONE_LIFETIME
from tests.account import caller_of, stamp_of
from tests.storage.conftest import NOW
from tests.storage.steps import (
    assert_whole,
    change,
    create,
    create_group,
    create_in_many,
    create_or_join,
    data,
    join,
    leave,
    move,
    number,
    stored_contact,
    stored_keys,
    stored_members,
)

LATER = NOW + timedelta(days=1)


def test_changed_number_keeps_everything_else(account):
    created = create(account, title="Sir", email="a")
    change(account, created.id, extra={"city": "Tallinn"})

    changed = change(
        account, created.id, now=LATER, phone_number=number(1), details={"email": None}
    )

    assert changed == contacts.retrieve_contact(account, created.id)
    assert changed == replace(
        created,
        phone_number=number(1),
        details={"title": "Sir"},
        extra={"city": "Tallinn"},
        updated_on=LATER,
    )
    item = stored_contact(account, 1)
    assert (item.gsi1pk, item.gsi1sk) == keys.due(
        created.scheduled_deletion_date, account.id, number(1).e164
    )
    with pytest.raises(NotFoundError):
        contacts.retrieve_contact(account, number())
    assert create(account).id != created.id
    assert_whole(account, [])


def test_changed_number_takes_its_groups_along(account):
    created = create(account)
    many = [create_group(account) for _ in range(3)]
    for group in many[:2]:
        join(account, group)

    change(account, number(), phone_number=number(1))

    assert contacts.retrieve_contact(account, number(1)).group_ids == {g.id for g in many[:2]}
    assert groups.list_groups_of_contact(account, created.id) == sorted(
        many[:2], key=lambda group: group.list_key
    )
    assert_whole(account, many)


def test_number_of_another_contact_is_refused_and_changes_nothing(account):
    created, other = create(account), create(account, 1)
    group = create_group(account)
    join(account, group)

    with pytest.raises(ConflictError) as refusal:
        change(account, created.id, phone_number=number(1), details={"title": "a"})

    assert refusal.value.code is ErrorCode.CONTACT_EXISTS
    assert refusal.value.contact_id == other.id
    assert contacts.retrieve_contact(account, created.id).details == {}
    assert_whole(account, [group])


def test_changing_a_number_to_itself_changes_the_rest(account):
    created = create(account)
    group = create_group(account)
    join(account, group)

    changed = change(account, created.id, phone_number=number(), details={"title": "a"})

    assert changed.details == {"title": "a"}
    change(account, created.id, phone_number=number())
    assert_whole(account, [group])


def test_deleted_group_is_dropped_with_the_old_number(account):
    created = create(account)
    deleted, kept = create_group(account), create_group(account)
    join(account, deleted)
    join(account, kept)
    groups.delete_group(caller_of(account), deleted.id, NOW)

    change(account, created.id, phone_number=number(1))

    assert stored_contact(account, 1).group_ids == {kept.id}
    assert stored_members(account, deleted) == {number().e164}
    clean_up(stamp_of(NOW + TOMBSTONE_LIFETIME), lambda: 3600.0)
    clean_up(stamp_of(NOW + TOMBSTONE_LIFETIME), lambda: 3600.0)
    assert stored_keys(keys.tombstones(account.id)) == set()
    assert_whole(account, [deleted, kept])


def test_contact_whose_last_group_was_deleted_keeps_its_date_with_its_new_number(account):
    created = create(account)
    group = create_group(account)
    join(account, group)
    groups.delete_group(caller_of(account), group.id, LATER)

    changed = change(account, created.id, phone_number=number(1))

    assert changed.scheduled_deletion_date == date(2026, 3, 3)
    assert stored_contact(account, 1).scheduled_deletion_date == "2026-03-03"


@pytest.mark.real_engine
def test_number_changes_in_as_many_groups_as_a_transaction_holds(account):
    created, many = create_in_many(account, MAX_GROUPS_TO_RENUMBER)
    change(account, created.id, phone_number=number(1))
    assert_whole(account, many)

    further = create_group(account)
    join(account, further, 1)
    with pytest.raises(RefusedError) as refusal:
        change(account, created.id, phone_number=number(2))
    assert refusal.value.code is ErrorCode.TOO_MANY_GROUPS
    assert_whole(account, [*many, further])


def test_extra_fields_are_changed_one_by_one_and_kept_by_other_changes(account):
    created = contacts.create_contact(
        caller_of(account), number(), {"title": "a"}, NOW, extra={"city": "Tallinn", "none": None}
    )
    assert created.extra == {"city": "Tallinn"}

    changed = change(account, number(), extra={"fields": [{"type": 3, "value": 1.5}]})
    contacts.update_contact(caller_of(account), number(), {"title": None}, NOW)
    join(account, create_group(account))

    assert changed.extra == {"city": "Tallinn", "fields": [{"type": 3, "value": 1.5}]}
    assert contacts.retrieve_contact(account, number()).extra == changed.extra
    assert change(account, number(), extra={"city": None, "fields": None}).extra == {}
    assert stored_contact(account).extra is None


def test_too_many_extra_fields_are_refused_and_change_nothing(account):
    create(account)
    fits = "x" * (MAX_EXTRA_CHARACTERS - 20)
    change(account, number(), extra={"a": fits})

    with pytest.raises(InvalidDataError):
        change(account, number(), extra={"b": fits}, details={"title": "a"})

    seen = contacts.retrieve_contact(account, number())
    assert (set(seen.extra), seen.details) == ({"a"}, {})


def test_contact_is_created_in_its_group(account):
    group = create_group(account)

    created = create_or_join(account, group, title="Sir", extra={"city": "a"})

    assert created == contacts.retrieve_contact(account, created.id)
    assert (created.group_ids, created.scheduled_deletion_date) == ({group.id}, None)
    assert (created.details, created.extra) == ({"title": "Sir"}, {"city": "a"})
    assert_whole(account, [group])


def test_contact_that_is_there_joins_and_is_changed(account):
    existing = create(account, title="Sir", email="a")
    group = create_group(account)

    joined = create_or_join(account, group, now=LATER, email=None, company="b", refuse_member=True)

    assert joined == contacts.retrieve_contact(account, number())
    assert (joined.id, joined.created_on, joined.updated_on) == (existing.id, NOW, LATER)
    assert joined.details == {"title": "Sir", "company": "b"}
    assert_whole(account, [group])


def test_member_is_changed_or_refused(account):
    group = create_group(account)
    existing = create_or_join(account, group, title="Sir")

    with pytest.raises(ConflictError) as refusal:
        create_or_join(account, group, title="new", refuse_member=True)
    assert refusal.value.code is ErrorCode.MEMBERSHIP_EXISTS
    assert refusal.value.contact_id == existing.id
    assert contacts.retrieve_contact(account, number()) == existing

    changed = create_or_join(account, group, title="new")
    assert (changed.id, changed.details) == (existing.id, {"title": "new"})
    assert_whole(account, [group])


def test_contact_is_not_created_in_a_group_that_is_not_there(account):
    group = create_group(account)
    groups.delete_group(caller_of(account), group.id, NOW)

    for act in (
        lambda: create_or_join(account, group),
        lambda: move(account, group, number()),
        lambda: paging.page_of_group(account, group.id, offset=0, limit=1),
    ):
        with pytest.raises(NotFoundError) as refusal:
            act()
        assert refusal.value.code is ErrorCode.GROUP_NOT_FOUND
    assert stored_keys(keys.contacts(account.id)) == set()


@pytest.mark.parametrize("groups_before", [0, 1, 2])
def test_contact_is_moved_with_its_changes(account, groups_before):
    created, many = create_in_many(account, groups_before)
    target = create_group(account)

    moved = move(account, target, created.id, LATER, phone_number=number(1), details={"title": "a"})

    assert moved == contacts.retrieve_contact(account, number(1))
    assert (moved.id, moved.group_ids, moved.details) == (
        created.id,
        {target.id},
        {"title": "a"},
    )
    assert move(account, target, created.id, LATER).group_ids == {target.id}
    assert_whole(account, [*many, target])


@pytest.mark.real_engine
def test_contact_in_more_groups_than_a_transaction_holds_is_moved(account, meter):
    created, many = create_in_many(account, MAX_MEMBERSHIPS + 1)
    calls = len(meter.calls)

    move(account, many[0], created.id)

    assert meter.calls[calls:].count("TransactWriteItems") == 2
    assert contacts.retrieve_contact(account, created.id).group_ids == {many[0].id}
    assert_whole(account, many)


def test_every_write_of_a_contact_raises_its_revision(account):
    """Whoever writes a contact whole can tell by it that nobody else did."""
    group, other = create_group(account), create_group(account)
    create(account)
    revisions = [stored_contact(account).revision or 0]
    for write in (
        lambda: contacts.update_contact(caller_of(account), number(), {"title": "a"}, NOW),
        lambda: change(account, number(), extra={"a": 1}),
        lambda: join(account, group),
        lambda: leave(account, group),
        lambda: create_or_join(account, group),
        lambda: move(account, other, number()),
        lambda: change(account, number(), phone_number=number(1)),
        lambda: change(account, number(1), phone_number=number()),
        lambda: groups.delete_group(caller_of(account), other.id, NOW),
    ):
        write()
        clean_up(stamp_of(NOW), lambda: 3600.0)
        with suppress(DoesNotExist):
            revisions.append(stored_contact(account).revision)

    assert len(revisions) == 9
    assert revisions == sorted(set(revisions))


@pytest.mark.parametrize("moved_to", [0, 1])
def test_what_a_later_version_keeps_stays_with_its_contact(account, moved_to):
    group = create_group(account)
    created = create(account)
    partition = keys.contacts(account.id)
    table().update_item(partition, number().e164, actions=[Path("later").set("kept")])

    change(account, created.id, phone_number=number(moved_to), details={"title": "Sir"})
    list(
        upload_contacts(caller_of(account), [data(moved_to, title="Dame")], NOW, group_id=group.id)
    )

    there = contact_items.find_stored(account.id, number(moved_to))
    assert there is not None
    assert (there["later"], there["title"]) == ({"S": "kept"}, {"S": "Dame"})
    assert_whole(account, [group])


def test_items_from_before_are_read(account):
    """They have neither extra fields, nor stoplists, kinds, or dates of change."""
    created = create(account)
    group = create_group(account)
    stored_contact(account).update(
        [
            ContactItem.extra.remove(),
            ContactItem.stoplist_ids.remove(),
            ContactItem.revision.remove(),
        ]
    )
    item = GroupItem.get(keys.groups(account.id), keys.of_id(group.id), consistent_read=True)
    item.update([GroupItem.kind.remove(), GroupItem.extra.remove(), GroupItem.updated_on.remove()])

    assert contacts.retrieve_contact(account, number()) == created
    assert groups.retrieve_group(account, group.id) == group
    assert change(account, created.id, extra={"a": 1}).extra == {"a": 1}


def test_group_keeps_its_kind_and_extra_fields_and_says_when_it_was_renamed(account):
    fields = {"fields": [{"name": "Auto", "type": 3}], "autoDeleteEnabled": False}
    group = groups.create_group(caller_of(account), "a", NOW, extra=fields)

    renamed = groups.rename_group(caller_of(account), group.id, "b", LATER)

    assert renamed == replace(group, name="b", updated_on=LATER)
    assert groups.list_groups(account) == [renamed]
    assert renamed.extra == fields
    with pytest.raises(InvalidDataError):
        groups.create_group(caller_of(account), "a", NOW, extra={"a": "x" * MAX_EXTRA_CHARACTERS})


def test_contact_data_may_be_only_a_number(account):
    assert ContactData(phone_number=number()).details == {}
