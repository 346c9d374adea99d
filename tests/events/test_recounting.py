"""Drift is found and repaired while the stream and its users go on."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from pynamodb.expressions.operand import Path

from chalicelib.domain.errors import InvalidDataError, NotFoundError, OperatorError
from chalicelib.services import accounts, contacts, groups, recounting
from chalicelib.services.recounting import (
    COUNTERS_AT_ONCE,
    Obstacle,
    all_counters,
    recount_all,
    recount_one,
    some_counters,
)
from chalicelib.storage import keys, recount
from chalicelib.storage.counters import Counter, item_of, read_counter
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.items import CountingItem, GroupItem
from infra.local.connected import Connected
from tests.account import caller_of, stamp_of
from tests.events.delivery import Delivery
from tests.faulty_engine import faulty_engine, lose_answer
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


def test_correction_whose_answer_is_lost_is_added_once(account, group, ministack):
    counter = Counter(account.id, group.id)
    item_of(counter).update([CountingItem.counted_until.set("token")])
    before = read_counter(counter) or 0
    with (
        faulty_engine(ministack.endpoint) as (faulty, endpoint),
        Connected(endpoint, ministack.table),
    ):
        for operation in ("UpdateItem", "TransactWriteItems"):
            faulty.fail(operation, lose_answer)
        assert recount.correct(counter, 3, "token")

    assert read_counter(counter) == before + 3


def test_fences_are_seen_by_no_reader_and_taken_away(account, group, events):
    recount_one(Counter(account.id, group.id), fix=False)
    recount_one(Counter(account.id, None), fix=False)

    assert len(list(contacts.list_contacts(account))) == 5
    assert len(list(contacts.list_contacts_of_groups(account, [group.id]))) == 5
    for partition in (keys.contacts(account.id), keys.members(account.id, group.id)):
        assert all(sort_key.startswith("+") for sort_key in stored_keys(partition))


def test_group_is_repaired_exactly_while_contacts_come_and_go(account, group, events, ministack):
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

    Delivery(ministack, account.id).deliver_all()
    assert read_counter(counter) == 5 + 10
    assert recounted(counter, fix=True).drift == 0


def test_group_that_was_deleted_is_not_counted(account, group, events):
    groups.delete_group(caller_of(account), group.id, account.created_on)

    assert recount_one(Counter(account.id, group.id), fix=True) is None
    assert Counter(account.id, None) in set(all_counters())


def test_stream_that_stands_still_is_told(account, group, monkeypatch):
    monkeypatch.setattr(recounting, "SECONDS_FOR_THE_STREAM", 0.5)

    result = recounted(Counter(account.id, group.id), fix=True)

    assert (result.obstacle, result.truth, result.is_right) == (Obstacle.STUCK, None, False)
    assert all(key.startswith("+") for key in stored_keys(keys.members(account.id, group.id)))


def test_one_counter_that_is_stuck_keeps_no_other_from_being_told(
    account, group, events, monkeypatch
):
    """As where one shard of several stands still: its fence is never passed, however long."""
    stuck, others = Counter(account.id, group.id), [create_group(account) for _ in range(20)]
    pass_fence = recounting._pass_fence

    def pass_fence_unless_stuck(counter, tokens):
        if counter == stuck:
            raise recounting.StreamStuckError
        return pass_fence(counter, tokens)

    monkeypatch.setattr(recounting, "SECONDS_FOR_THE_STREAM", 120)
    monkeypatch.setattr(recounting, "_pass_fence", pass_fence_unless_stuck)
    let_drift(account, others[7], 4)

    found = list(recount_all(some_counters([account.id], []), fix=True))

    assert [each.counter for each in found if each.obstacle is Obstacle.STUCK] == [stuck]
    assert [each.counter.group_id for each in found if each.is_fixed] == [others[7].id]
    assert len(found) == 22


def test_stream_that_stands_still_is_not_waited_for_by_each_counter(account, group, monkeypatch):
    monkeypatch.setattr(recounting, "SECONDS_FOR_THE_STREAM", 0.5)
    for _ in range(4 * COUNTERS_AT_ONCE):
        create_group(account)

    found = list(recount_all(some_counters([account.id], []), fix=True))

    assert {each.obstacle for each in found} == {Obstacle.STUCK}
    assert COUNTERS_AT_ONCE <= len(found) < 3 * COUNTERS_AT_ONCE


def test_no_more_counters_are_read_than_are_recounted_at_once(account, group, events):
    asked = []

    def counters():
        for _ in range(100):
            asked.append(1)
            yield Counter(account.id, group.id)

    for seen, _ in enumerate(recount_all(counters(), fix=False), start=1):
        assert len(asked) - seen <= 2 * COUNTERS_AT_ONCE
        if seen > COUNTERS_AT_ONCE:
            break


def test_two_recounts_of_one_counter_say_so(account, group, delivery, monkeypatch):
    """The other one's fence is passed right behind each of ours, and takes its place."""
    put_fence = recount.put_fence
    monkeypatch.setattr(recounting, "_SECONDS_BESIDE_A_RIVAL", 0.1)

    def put_both(counter):
        token = put_fence(counter)
        put_fence(counter)
        delivery.deliver_all()
        return token

    monkeypatch.setattr(recount, "put_fence", put_both)
    result = recounted(Counter(account.id, group.id), fix=True)

    assert (result.obstacle, result.is_right) == (Obstacle.RIVAL, False)


def test_fence_that_another_recount_left_before_ours_is_no_obstacle(
    account, group, delivery, monkeypatch
):
    put_fence = recount.put_fence

    def put_both(counter):
        put_fence(counter)
        token = put_fence(counter)
        delivery.deliver_all()
        return token

    monkeypatch.setattr(recount, "put_fence", put_both)

    assert recounted(Counter(account.id, group.id), fix=True).truth == 5


def test_many_recounts_of_one_counter_at_once_repair_it_once(account, group, events):
    counter = Counter(account.id, group.id)
    let_drift(account, group, 7)

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: recounted(counter, fix=True), range(3)))

    assert sum(each.is_fixed for each in found) <= 1
    assert recounted(counter, fix=True).is_right
    assert read_counter(counter) == 5


def test_counters_are_of_some_accounts_or_of_some_groups_of_one(account, group):
    other = accounts.open_account("Other", "EE", 30, stamp_of(account.created_on))
    second = create_group(account)

    assert set(some_counters([account.id, other.id], [])) == {
        Counter(account.id, None), Counter(account.id, group.id), Counter(account.id, second.id),
        Counter(other.id, None),
    }  # fmt: skip
    assert list(some_counters([account.id], [group.id])) == [Counter(account.id, group.id)]
    for account_ids, group_ids in ([], [group.id]), ([account.id, other.id], [group.id]):
        with pytest.raises(InvalidDataError):
            list(some_counters(account_ids, group_ids))
    with pytest.raises(OperatorError, match="ACCOUNT_NOT_FOUND"):
        list(some_counters(["none"], []))
    with pytest.raises(NotFoundError):
        list(some_counters([other.id], [group.id]))


def test_counter_that_is_no_number_keeps_no_other_from_being_told(account, group, events):
    spoilt = create_group(account)
    key = keys.groups(account.id), keys.of_id(spoilt.id)
    table().update_item(*key, actions=[Path("contactsCount").set("many")])

    found = {each.counter: each for each in recount_all(some_counters([account.id], []), fix=True)}

    assert found[Counter(account.id, spoilt.id)].obstacle is Obstacle.SPOILT
    assert found[Counter(account.id, group.id)].is_right
    assert found[Counter(account.id, None)].is_right
