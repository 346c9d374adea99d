"""Each change is counted once, however often and in whatever pieces it is delivered."""

import pytest

from chalicelib.domain.errors import NotFoundError
from chalicelib.services import contacts, groups
from chalicelib.storage import keys
from chalicelib.storage.connection import REPEATS
from chalicelib.storage.counters import MARKER_LIFETIME, Counter, read_counter
from chalicelib.storage.items import AppliedItem
from chalicelib.storage.tries import SEND_TRIES
from tests.connected import Connected
from tests.events.conftest import NOW
from tests.faulty_engine import break_down, faulty_engine, lose_answer, lose_race
from tests.storage.meter import Meter
from tests.storage.steps import (
    change,
    create,
    create_group,
    create_or_join,
    join,
    leave,
    move,
    number,
)


def count_of(account, group):
    return groups.retrieve_group(account, group.id).contacts_count


def contacts_of(account):
    return read_counter(Counter(account.id, None))


def first_counted(delivery):
    return next(n for n, record in enumerate(delivery.records) if "CONTACTS#" in str(record))


@pytest.fixture
def group(account):
    return create_group(account)


@pytest.fixture
def members(account, group):
    """Ten contacts in the group."""
    for index in range(10):
        create(account, index)
        join(account, group, index)


def test_count_follows_joins_leaves_and_deletions(account, group, members, delivery):
    delivery.deliver_all()
    assert count_of(account, group) == 10
    assert contacts_of(account) == 10

    leave(account, group, 0)
    contacts.delete_contact(account, number(1), NOW)
    contacts.update_contact(account, number(2), {"title": "a"}, NOW)
    groups.rename_group(account, group.id, "New", NOW)
    delivery.deliver_all()
    assert count_of(account, group) == 8
    assert contacts_of(account) == 9


def test_change_of_number_counts_for_nothing_and_a_move_for_both_groups(
    account, group, members, delivery
):
    other = create_group(account)
    delivery.deliver_all()

    for index in range(5):
        change(account, number(index), phone_number=number(index + 50))
    move(account, other, number(50), phone_number=number(60))
    create_or_join(account, other, 70)
    delivery.deliver_all()

    assert (count_of(account, group), count_of(account, other)) == (9, 2)
    assert contacts_of(account) == contacts.count_contacts(account) == 11


def test_change_that_comes_again_is_not_counted_again(account, group, members, delivery):
    records = delivery.collect()
    assert delivery.deliver(records) == len(records)
    assert delivery.deliver(records[5:] + records[:5]) == len(records)
    for record in records:
        delivery.deliver([record])

    assert count_of(account, group) == 10
    assert contacts_of(account) == 10


def test_batch_that_broke_off_is_reported_from_its_first_uncounted_record(
    table, account, group, members, delivery
):
    """Of the 160 changes of two transactions, the first 98 or so are counted."""
    for index in range(10, 80):
        create(account, index)
        join(account, group, index)
    records = delivery.collect()
    with faulty_engine(table.endpoint) as (engine, endpoint), Connected(endpoint):
        engine.fail("TransactWriteItems", lambda faulty, *call: faulty.pass_on(*call))
        engine.fail("TransactWriteItems", break_down)

        counted = delivery.deliver(records)

    assert 0 < counted < len(records)
    assert 0 < count_of(account, group) < 80
    assert delivery.deliver(records[counted:]) == len(records) - counted
    assert count_of(account, group) == 80
    assert contacts_of(account) == 80


def test_batch_whose_commit_went_unanswered_is_counted_once(
    table, account, group, members, delivery
):
    with faulty_engine(table.endpoint) as (engine, endpoint), Connected(endpoint):
        engine.fail("TransactWriteItems", lose_answer, times=REPEATS + 1)
        assert delivery.deliver(delivery.collect()) == first_counted(delivery)
    assert count_of(account, group) == 10

    delivery.deliver_all()

    assert count_of(account, group) == 10


def test_batch_that_loses_every_race_is_reported_whole(table, account, group, members, delivery):
    with faulty_engine(table.endpoint) as (engine, endpoint), Connected(endpoint):
        engine.fail("TransactWriteItems", lose_race, times=SEND_TRIES)
        assert delivery.deliver(delivery.collect()) == first_counted(delivery)
    assert count_of(account, group) == 0

    delivery.deliver_all()
    assert count_of(account, group) == 10


def test_group_that_was_deleted_meanwhile_is_no_error(account, group, members, delivery):
    other = create_group(account)
    join(account, other, 3)
    groups.delete_group(account, group.id, NOW)

    delivery.deliver_all()

    assert count_of(account, other) == 1
    assert contacts_of(account) == 10
    with pytest.raises(NotFoundError):
        groups.retrieve_group(account, group.id)


@pytest.mark.parametrize(
    "damage",
    [
        lambda record: record.pop("eventID"),
        lambda record: record.update(eventID=""),
        lambda record: record.pop("eventName"),
        lambda record: record["dynamodb"].pop("Keys"),
        lambda record: record["dynamodb"].update(Keys={"PK": {"N": "1"}}),
        lambda record: record["dynamodb"]["Keys"].update(PK={"S": "MEMBERS#a#x"}),
    ],
)
def test_malformed_record_is_reported_and_what_is_before_it_is_counted(
    account, group, members, delivery, damage
):
    records = delivery.collect()
    bad = next(n for n, record in enumerate(records) if "MEMBERS#" in str(record))
    damage(records[bad])

    assert delivery.deliver(records) == bad
    assert delivery.deliver(records[bad:]) == 0
    assert delivery.deliver(records[bad + 1 :]) == len(records) - bad - 1
    assert contacts_of(account) == 10
    assert count_of(account, group) == 9


def test_marker_expires_well_after_the_stream_forgets(account, group, members, delivery):
    delivery.collect()
    record = delivery.records[first_counted(delivery)]
    delivery.deliver([record])

    marker = AppliedItem.get(keys.applied(record["eventID"]), keys.APPLIED)
    seconds = marker.expires_at - record["dynamodb"]["ApproximateCreationDateTime"]
    assert seconds >= MARKER_LIFETIME.total_seconds() - 5
    assert MARKER_LIFETIME.total_seconds() > 2 * 24 * 3600


@pytest.mark.parametrize("joins", [1, 99, 100, 250])
def test_counting_costs_two_writes_a_change_and_two_a_transaction(account, joins, delivery):
    """99 markers and one counter are the 100 actions of a transaction."""
    group = create_group(account)
    joined = {"PK": {"S": keys.members(account.id, group.id)}, "SK": {"S": number().e164}}
    records = [
        {
            "eventID": f"{group.id}-{n}",
            "eventName": "INSERT",
            "dynamodb": {"Keys": joined, "SequenceNumber": str(n)},
        }
        for n in range(joins)
    ]

    with Meter() as meter:
        assert delivery.deliver(records) == joins

    transactions = -(-joins // 99)
    assert meter.calls == ["TransactWriteItems"] * transactions
    assert meter.writes == 2 * joins + 2 * transactions
    assert count_of(account, group) == joins
