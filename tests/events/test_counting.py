"""Each change is counted once, however often and in whatever pieces it is delivered."""

import json
from functools import partial

import pytest
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.operand import Path

from benchmarks.use_cases.meter import Meter
from chalicelib.domain.errors import NotFoundError
from chalicelib.entrypoints.cleanup_schedule import clean_up_on_schedule
from chalicelib.entrypoints.counter_stream import count_changes
from chalicelib.services import contacts, groups
from chalicelib.storage import keys
from chalicelib.storage.aside import count_aside, list_aside, put_aside
from chalicelib.storage.counters import MARKER_LIFETIME, Counter, read_counter
from chalicelib.storage.dynamodb.connection import REPEATS
from chalicelib.storage.dynamodb.connection import table as connection
from chalicelib.storage.dynamodb.tries import SEND_TRIES
from chalicelib.storage.items import AppliedItem
from infra.local.connected import Connected
from infra.local.events import _scheduled_event
from tests.account import caller_of
from tests.events.conftest import NOW
from tests.faulty_engine import break_down, faulty_engine, lose_answer, lose_race
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
    contacts.delete_contact(caller_of(account), number(1), NOW)
    contacts.update_contact(caller_of(account), number(2), {"title": "a"}, NOW)
    groups.rename_group(caller_of(account), group.id, "New", NOW)
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
    with faulty_engine(table.endpoint) as (engine, endpoint), Connected(endpoint, table.table):
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
    with faulty_engine(table.endpoint) as (engine, endpoint), Connected(endpoint, table.table):
        engine.fail("TransactWriteItems", lose_answer, times=REPEATS + 1)
        assert delivery.deliver(delivery.collect()) == first_counted(delivery)
    assert count_of(account, group) == 10

    delivery.deliver_all()

    assert count_of(account, group) == 10


def test_batch_that_loses_every_race_is_reported_whole(table, account, group, members, delivery):
    with faulty_engine(table.endpoint) as (engine, endpoint), Connected(endpoint, table.table):
        engine.fail("TransactWriteItems", lose_race, times=SEND_TRIES)
        assert delivery.deliver(delivery.collect()) == first_counted(delivery)
    assert count_of(account, group) == 0

    delivery.deliver_all()
    assert count_of(account, group) == 10


def test_group_that_was_deleted_meanwhile_is_no_error(account, group, members, delivery):
    other = create_group(account)
    join(account, other, 3)
    groups.delete_group(caller_of(account), group.id, NOW)

    delivery.deliver_all()

    assert count_of(account, other) == 1
    assert contacts_of(account) == 10
    with pytest.raises(NotFoundError):
        groups.retrieve_group(account, group.id)


def test_record_that_is_twice_in_a_batch_is_counted_once(account, group, members, delivery):
    records = delivery.collect()
    twice = [each for record in records for each in (record, record)]

    assert delivery.deliver(twice + records) == len(twice + records)
    with Meter() as meter:
        delivery.deliver([{**records[first_counted(delivery)], "eventID": account.id}] * 2)
    assert meter.calls == ["TransactWriteItems"], "it is left out before it is refused"

    assert count_of(account, group) == 10
    assert contacts_of(account) == 10 + 1


# What can never be counted


def nothing_lies_aside_of(account):
    return not aside_of(account)


def aside_of(account):
    """What lies aside of this account, which names it somewhere."""
    return [each for each in list_aside() if account.id in str(each.record)]


def set_partition(record, partition):
    record["dynamodb"]["Keys"]["PK"] = {"S": partition}


DAMAGES = {
    "no event id": lambda record: record.pop("eventID"),
    "an empty event id": lambda record: record.update(eventID=""),
    "an event id of another type": lambda record: record.update(eventID=7),
    "an event id that no key holds": lambda record: record.update(eventID="x" * 2_048),
    "an event id that is no text": lambda record: record.update(eventID="\ud800"),
    "no event": lambda record: record.pop("eventName"),
    "an unknown event": lambda record: record.update(eventName="UPSERT"),
    "no change": lambda record: record.pop("dynamodb"),
    "a change that is null": lambda record: record.update(dynamodb=None),
    "no keys": lambda record: record["dynamodb"].pop("Keys"),
    "keys that are a list": lambda record: record["dynamodb"].update(Keys=["PK", "SK"]),
    "a key of another type": lambda record: record["dynamodb"].update(Keys={"PK": {"N": "1"}}),
    "no sort key": lambda record: record["dynamodb"]["Keys"].pop("SK"),
    "a sort key that is no number": lambda record: record["dynamodb"]["Keys"].update(SK={"S": "x"}),
    **{
        f"a partition of {name}": partial(set_partition, partition=partition)
        for name, partition in {
            "no group": "MEMBERS#a",
            "a group that is no number": "MEMBERS#a#x",
            "a group written otherwise": "MEMBERS#a#1_0",
            "a group below all": "MEMBERS#a#0",
            "a group beyond all": f"MEMBERS#a#{2**53}",
            "a group of very many digits": f"MEMBERS#a#{'9' * 2_000}",
            "a group of another script": "MEMBERS#a#\u0661",
            "no account": "CONTACTS#",
            "two accounts": "CONTACTS#a#b",
            "what is no text": "CONTACTS#\ud800",
        }.items()
    },
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_can_never_be_counted_goes_aside_whole_and_once_and_holds_up_none(
    account, group, members, delivery, damage
):
    records = delivery.collect()
    bad = next(n for n, record in enumerate(records) if "MEMBERS#" in str(record))
    # So that it names its account, whatever else is damaged.
    records[bad] = {**records[bad], "eventSourceARN": f"of {account.id}"}
    damage(records[bad])

    for _ in range(2):
        assert delivery.deliver(records) == len(records)

    (lying,) = aside_of(account)
    assert lying.record == json.loads(json.dumps(records[bad]))
    assert lying.why
    assert contacts_of(account) == 10
    assert count_of(account, group) == 9


@pytest.mark.parametrize(
    "record",
    [
        {"Keys": {"PK": {"S": "APPLIED#{}"}, "SK": {"S": "APPLIED"}}},
        {"Keys": {"PK": {"S": "GROUPS#{}"}, "SK": {"S": "1"}}},
        {"Keys": {"PK": {"S": "CONTACTS#{}"}, "SK": {"S": "+1"}}, "eventName": "MODIFY"},
    ],
)
def test_record_of_what_nobody_counts_is_passed_over(account, delivery, record):
    name = record["Keys"]["PK"]["S"].format(account.id)
    keys_of_it = {**record["Keys"], "PK": {"S": name}}
    passed = {
        "eventName": record.get("eventName", "SOMETHING"),
        "dynamodb": {"Keys": keys_of_it, "SequenceNumber": "1"},
    }

    assert delivery.deliver([passed]) == 1
    assert nothing_lies_aside_of(account)


@pytest.mark.parametrize("make", [lambda text: text, lambda text: [text], lambda text: {text: 1}])
def test_record_that_is_none_goes_aside(account, make):
    record = make(account.id)

    assert count_changes({"Records": [record]}, None) == {"batchItemFailures": []}

    (lying,) = aside_of(account)
    assert lying.record == record


@pytest.mark.parametrize(
    "make",
    [
        lambda text: {"name": text},
        lambda text: {"Records": {"name": text}},
        lambda text: {"Records": None, "name": text},
        lambda text: [text],
        lambda text: text,
    ],
)
def test_event_that_is_none_goes_aside_whole(account, make):
    event = make(account.id)

    assert count_changes(event, None) == {"batchItemFailures": []}

    (lying,) = aside_of(account)
    assert lying.record == event


def test_event_without_records_is_nothing_to_do(account):
    before = count_aside()

    assert count_changes({"Records": []}, None) == {"batchItemFailures": []}
    assert count_aside() == before


def test_record_larger_than_an_item_goes_aside_whole(account):
    image = {f"custom{n}": {"S": "ü" * 50_000} for n in range(8)}
    record = {"eventName": "INSERT", "dynamodb": {"NewImage": image}, "of": account.id}

    count_changes({"Records": [record]}, None)

    (lying,) = aside_of(account)
    assert lying.record == record
    assert len(lying.sort_keys) > 1


def test_change_that_the_table_never_takes_goes_aside_and_the_others_are_counted(
    account, group, members, delivery
):
    """The counter is no number, which no try again will mend."""
    spoilt = create_group(account)
    join(account, spoilt, 3)
    connection().update_item(
        keys.groups(account.id), keys.of_id(spoilt.id), actions=[Path("contactsCount").set("many")]
    )

    delivery.deliver_all()

    assert count_of(account, group) == 10
    assert contacts_of(account) == 10
    (lying,) = aside_of(account)
    assert keys.members(account.id, spoilt.id) in str(lying.record)


def test_batch_is_reported_from_what_could_not_be_put_aside(
    table, account, group, members, delivery
):
    records = delivery.collect()
    bad = next(n for n, record in enumerate(records) if "MEMBERS#" in str(record))
    records[bad].pop("eventID")
    with faulty_engine(table.endpoint) as (engine, endpoint), Connected(endpoint, table.table):
        # What is before it is counted; putting it aside fails.
        engine.fail("TransactWriteItems", lambda faulty, *call: faulty.pass_on(*call))
        engine.fail("TransactWriteItems", break_down)

        assert delivery.deliver(records) == bad

    assert nothing_lies_aside_of(account)
    assert delivery.deliver(records[bad:]) == len(records) - bad
    assert len(aside_of(account)) == 1
    assert count_of(account, group) == 9


def test_batch_that_cannot_say_where_it_failed_fails_whole(table, account, group, delivery):
    create(account)
    (record,) = [each for each in delivery.collect() if "CONTACTS#" in str(each)]
    del record["dynamodb"]["SequenceNumber"]
    with faulty_engine(table.endpoint) as (engine, endpoint), Connected(endpoint, table.table):
        engine.fail("TransactWriteItems", break_down)
        with pytest.raises(TransactWriteError):
            count_changes({"Records": [record]}, None)

    assert count_changes({"Records": [record]}, None) == {"batchItemFailures": []}
    assert contacts_of(account) == 1


def test_what_goes_aside_is_logged_and_counted_for_its_alarm(account, capsys, caplog):
    record = {
        "eventName": "INSERT",
        "dynamodb": {
            "Keys": {
                "PK": {"S": f"CONTACTS#{account.id}#+37251234567"},
                "SK": {"S": "+37251234567"},
            }
        },
    }

    count_changes({"Records": [record]}, None)

    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (metrics,) = (line for line in printed if "_aws" in line)
    assert metrics["RecordsAside"] == [1.0]
    assert "A record was put aside" in caplog.messages


def test_marker_expires_well_after_the_stream_forgets(account, group, members, delivery):
    delivery.collect()
    record = delivery.records[first_counted(delivery)]
    delivery.deliver([record])

    marker = AppliedItem.get(keys.applied(record["eventID"]), keys.APPLIED, consistent_read=True)
    seconds = marker.expires_at - record["dynamodb"]["ApproximateCreationDateTime"]
    assert seconds >= MARKER_LIFETIME.total_seconds() - 5
    assert MARKER_LIFETIME.total_seconds() > 2 * 24 * 3600


def test_clean_up_says_what_lies_aside_as_long_as_it_does(account, capsys):
    """So that the alarm, which the stream's Lambda sets off, goes on and ends."""
    put_aside({"of": account.id}, "any", NOW)

    clean_up_on_schedule(_scheduled_event(), None)

    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (metrics,) = (line for line in printed if "_aws" in line)
    assert metrics["RecordsAside"] == [float(count_aside())]


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
