from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import InvalidDataError, NotFoundError
from chalicelib.domain.group import Group
from chalicelib.services import groups
from chalicelib.storage import keys
from chalicelib.storage.items import DeletedGroupItem, GroupItem
from tests.account import caller_of
from tests.storage.conftest import NOW
from tests.storage.steps import create, create_group, join, number, stored_keys, stored_members


def test_group_is_retrieved_as_it_was_created(account):
    group = create_group(account, "Sõbrad")

    assert groups.retrieve_group(account, group.id) == group
    assert (group.name, group.contacts_count, group.created_on) == ("Sõbrad", 0, NOW)


def test_two_groups_may_have_one_name(account):
    assert create_group(account, "a").id != create_group(account, "a").id
    assert len(groups.list_groups(account)) == 2


def test_group_is_renamed_and_keeps_the_rest(account):
    group = create_group(account)

    renamed = groups.rename_group(caller_of(account), group.id, "New", NOW)

    assert (renamed.id, renamed.name, renamed.created_on) == (group.id, "New", NOW)
    assert groups.retrieve_group(account, group.id) == renamed


def test_missing_group_is_neither_renamed_nor_deleted_nor_made(account):
    with pytest.raises(NotFoundError):
        groups.rename_group(caller_of(account), 1, "New", NOW)
    with pytest.raises(NotFoundError):
        groups.delete_group(caller_of(account), 1, NOW)
    assert stored_keys(keys.groups(account.id)) == set()


def test_groups_are_listed_oldest_first(account):
    newer = groups.create_group(caller_of(account), "newer", NOW + timedelta(microseconds=1))
    older = create_group(account, "older")

    assert groups.list_groups(account) == [older, newer]
    assert older.list_key < newer.list_key


@pytest.mark.real_engine
def test_groups_of_a_contact_are_listed_oldest_first_beyond_one_batch(account):
    create(account)
    many = [
        groups.create_group(caller_of(account), str(index), NOW + timedelta(seconds=-index))
        for index in range(110)
    ]
    for group in many:
        join(account, group)

    listed = groups.list_groups_of_contact(account, number())
    assert [group.id for group in listed] == [group.id for group in reversed(many)]


def test_deleted_group_leaves_a_tombstone_with_its_members_for_the_sweep(account):
    create(account)
    group = create_group(account)
    join(account, group)

    groups.delete_group(caller_of(account), group.id, NOW)

    assert stored_keys(keys.groups(account.id)) == set()
    (key,) = stored_keys(keys.tombstones(account.id))
    tombstone = DeletedGroupItem.get(keys.tombstones(account.id), key, consistent_read=True)
    assert key == keys.deleted_group(group.id)
    assert (tombstone.gsi1pk, tombstone.deleted_on) == (keys.SWEEP, NOW)
    assert tombstone.gsi1sk == keys.sweep_order(NOW, account.id, key)
    assert tombstone.scheduled_deletion_date == "2026-03-02"
    assert stored_members(account, group) == {number().e164}
    with pytest.raises(NotFoundError):
        groups.delete_group(caller_of(account), group.id, NOW)
    with pytest.raises(NotFoundError):
        groups.retrieve_group(account, group.id)


def test_renaming_is_decided_by_the_group_as_it_is_when_it_is_written(account):
    """It is counted between the look at it and the write, and so is looked at again."""
    group = create_group(account)
    seen = []

    def look(kept):
        seen.append(kept.contacts_count)
        if len(seen) == 1:
            GroupItem(keys.groups(account.id), keys.of_id(group.id)).update(
                [GroupItem.contacts_count.add(1)]
            )
        if kept.contacts_count:
            raise InvalidDataError.of("count", "is another")

    with pytest.raises(InvalidDataError):
        groups.rename_group(caller_of(account), group.id, "new", NOW, check=look)

    assert seen == [0, 1]
    assert groups.retrieve_group(account, group.id).name == "Group"


def test_group_that_was_looked_at_is_renamed(account):
    group = create_group(account)
    seen: list[Group] = []

    renamed = groups.rename_group(caller_of(account), group.id, "new", NOW, check=seen.append)

    assert seen == [group]
    assert renamed == groups.retrieve_group(account, group.id) == replace(group, name="new")
    with pytest.raises(NotFoundError):
        groups.rename_group(caller_of(account), group.id + 1, "new", NOW, check=seen.append)
