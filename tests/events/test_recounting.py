"""Drift is found and repaired while the stream and its users go on."""

import threading

import pytest

from chalicelib.services import contacts, groups, recounting
from chalicelib.services.recounting import StreamStuckError, all_counters, recount_one
from chalicelib.storage import keys
from chalicelib.storage.counters import Counter, read_counter
from chalicelib.storage.items import GroupItem
from tests.events.delivery import Delivery
from tests.storage.steps import create, create_group, join, leave, stored_keys


@pytest.fixture
def group(account):
    group = create_group(account)
    for index in range(5):
        create(account, index)
        join(account, group, index)
    return group


def recounted(counter, *, fix):
    result = recount_one(counter, fix=fix)
    assert result is not None
    return result


def let_drift(account, group, amount):
    item = GroupItem(keys.groups(account.id), keys.of_id(group.id))
    item.update([GroupItem.contacts_count.add(amount)])


def test_counters_that_are_right_are_left_as_they_are(account, group, events):
    for counter, truth in [(Counter(account.id, None), 5), (Counter(account.id, group.id), 5)]:
        result = recounted(counter, fix=True)

        assert (result.truth, result.count, result.drift) == (truth, truth, 0)
        assert not result.is_fixed
        assert read_counter(counter) == truth


@pytest.mark.parametrize("drift", [3, -2])
def test_drift_is_told_and_only_repaired_when_asked_to(account, group, events, drift):
    counter = Counter(account.id, group.id)
    let_drift(account, group, drift)

    told = recounted(counter, fix=False)
    assert (told.truth, told.drift, told.is_fixed) == (5, -drift, False)
    assert read_counter(counter) == 5 + drift

    assert recounted(counter, fix=True).is_fixed
    assert read_counter(counter) == 5
    assert recounted(counter, fix=True).drift == 0


def test_fences_are_seen_by_no_reader_and_taken_away(account, group, events):
    recount_one(Counter(account.id, group.id), fix=False)
    recount_one(Counter(account.id, None), fix=False)

    assert len(list(contacts.list_contacts(account))) == 5
    assert len(list(contacts.list_contacts_of_groups(account, [group.id]))) == 5
    for partition in (keys.contacts(account.id), keys.members(account.id, group.id)):
        assert all(sort_key.startswith("+") for sort_key in stored_keys(partition))


def test_group_is_repaired_exactly_while_contacts_come_and_go(account, group, events, table):
    counter = Counter(account.id, group.id)
    let_drift(account, group, 7)
    pauses = threading.Event()

    def come_and_go():
        for index in range(5, 25):
            create(account, index)
            join(account, group, index)
            if index % 2:
                leave(account, group, index)
            pauses.wait(0.15)

    traffic = threading.Thread(target=come_and_go)
    traffic.start()
    repaired = False
    while traffic.is_alive() and not repaired:
        repaired = recounted(counter, fix=True).is_fixed
    traffic.join()
    if not repaired:
        assert recounted(counter, fix=True).is_fixed

    Delivery(table, account.id).deliver_all()
    assert read_counter(counter) == 5 + 10
    assert recounted(counter, fix=True).drift == 0


def test_group_that_was_deleted_is_not_counted(account, group, events):
    groups.delete_group(account, group.id, account.created_on)

    assert recount_one(Counter(account.id, group.id), fix=True) is None
    assert Counter(account.id, None) in set(all_counters())


def test_stream_that_stands_still_is_told(account, group, monkeypatch):
    monkeypatch.setattr(recounting, "SECONDS_FOR_THE_STREAM", 0.5)

    with pytest.raises(StreamStuckError):
        recount_one(Counter(account.id, group.id), fix=True)
    assert all(key.startswith("+") for key in stored_keys(keys.members(account.id, group.id)))
