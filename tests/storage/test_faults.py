"""An engine that is busy, or whose answers are lost on the way."""

import json

import pytest

from chalicelib.domain.errors import ConflictError, ErrorCode, UnavailableError
from chalicelib.services import blacklist, contacts, groups
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.connection import REPEATS
from chalicelib.storage.dynamodb.deadline import calls_end_after
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, SEND_TRIES
from chalicelib.storage.items import DeletedContactItem
from chalicelib.storage.rewrites import MAX_MEMBERSHIPS
from infra.local.connected import Connected
from tests.account import caller_of
from tests.faulty_engine import (
    faulty_engine,
    leave_everything_unprocessed,
    leave_unprocessed,
    lose_answer,
    lose_race,
    throttle,
)
from tests.storage.conftest import NOW
from tests.storage.steps import (
    assert_rule_3_holds,
    assert_whole,
    change,
    create,
    create_group,
    create_in_many,
    create_or_join,
    join,
    move,
    number,
    numbers_by_id,
    stored_keys,
    stored_members,
)

pytestmark = pytest.mark.real_engine


def test_throttled_call_is_repeated(account, engine):
    engine.fail("PutItem", throttle)

    created = create(account)

    assert engine.calls == ["PutItem"] * 3
    assert contacts.retrieve_contact(account, number()) == created


def test_call_that_stays_throttled_is_given_up_as_busy(account, engine):
    engine.fail("GetItem", throttle, times=REPEATS + 1)

    with pytest.raises(UnavailableError) as failure:
        contacts.retrieve_contact(account, number())

    assert failure.value.code is ErrorCode.BUSY
    assert engine.calls == ["GetItem"] * (REPEATS + 1)


def test_engine_that_is_not_there_is_unreachable(table, account):
    with faulty_engine(table.endpoint) as (_, endpoint):
        connected = Connected(endpoint)

    with connected, pytest.raises(UnavailableError) as failure:
        contacts.retrieve_contact(account, number())

    assert failure.value.code is ErrorCode.UNREACHABLE


def test_lost_race_is_run_again(account, engine):
    create(account)
    group = create_group(account)
    engine.fail("TransactWriteItems", lose_race, times=SEND_TRIES - 1)

    join(account, group)

    assert stored_members(account, group) == {number().e164}


def test_race_that_is_always_lost_is_given_up_as_busy(account, engine):
    create(account)
    group = create_group(account)
    engine.fail("TransactWriteItems", lose_race, times=SEND_TRIES)

    with pytest.raises(UnavailableError) as failure:
        join(account, group)

    assert failure.value.code is ErrorCode.BUSY
    assert stored_members(account, group) == set()
    assert_rule_3_holds(account)


@pytest.mark.parametrize("lost", [1, 2])
def test_contact_whose_creation_went_unanswered_is_created_once(account, engine, lost):
    """Repeated, the write meets the contact that the first try made."""
    if lost == 2:
        engine.fail("PutItem", lambda faulty, *call: faulty.pass_on(*call))
    engine.fail("PutItem", lose_answer)

    created = create(account)

    assert engine.calls.count("PutItem") == 3
    assert contacts.retrieve_contact(account, number()) == created
    assert numbers_by_id(account).keys() == {keys.of_id(created.id)}


def test_group_whose_creation_went_unanswered_is_created_once(account, engine):
    engine.fail("PutItem", lose_answer)

    group = create_group(account)

    assert engine.calls == ["PutItem", "PutItem", "GetItem"]
    assert groups.list_groups(account) == [group]


def test_transaction_that_went_unanswered_is_applied_once(account, engine):
    create(account)
    group = create_group(account)
    engine.fail("TransactWriteItems", lose_answer)

    join(account, group)

    assert engine.calls.count("TransactWriteItems") == 2
    assert stored_members(account, group) == {number().e164}
    with pytest.raises(ConflictError):
        join(account, group)


def test_number_whose_blacklisting_went_unanswered_is_blacklisted_once(account, engine):
    engine.fail("TransactWriteItems", lose_answer)

    blacklist.blacklist_number(caller_of(account), number(), NOW)

    assert engine.calls == ["TransactWriteItems"] * 2
    with pytest.raises(ConflictError):
        blacklist.blacklist_number(caller_of(account), number(), NOW)


@pytest.mark.parametrize("after_a_lost_race", [False, True])
def test_change_of_number_that_went_unanswered_is_no_conflict_with_itself(
    account, engine, after_a_lost_race
):
    created = create(account)
    group = create_group(account)
    join(account, group)
    engine.calls.clear()
    if after_a_lost_race:
        engine.fail("TransactWriteItems", lose_race)
    engine.fail("TransactWriteItems", lose_answer)

    changed = change(account, created.id, phone_number=number(1))

    assert engine.calls.count("TransactWriteItems") == 2 + after_a_lost_race
    assert contacts.retrieve_contact(account, created.id) == changed
    assert_whole(account, [group])


def test_change_of_number_whose_every_answer_was_lost_can_be_asked_for_again(account, engine):
    """The first was done, and could not say so."""
    created = create(account)
    group = create_group(account)
    join(account, group)
    engine.fail("TransactWriteItems", lose_answer, times=REPEATS + 1)
    with pytest.raises(UnavailableError):
        change(account, created.id, phone_number=number(1), details={"title": "a"})

    changed = change(account, created.id, phone_number=number(1), details={"title": "a"})

    assert (changed.id, changed.phone_number, changed.details) == (
        created.id,
        number(1),
        {"title": "a"},
    )
    assert_whole(account, [group])


@pytest.mark.parametrize("fault", [throttle, lose_race])
def test_change_of_number_that_breaks_down_changes_nothing(account, engine, fault):
    created = create(account)
    group = create_group(account)
    join(account, group)
    before = contacts.retrieve_contact(account, created.id)
    engine.fail("TransactWriteItems", fault, times=SEND_TRIES)

    with pytest.raises(UnavailableError):
        change(account, created.id, phone_number=number(1))

    assert contacts.retrieve_contact(account, created.id) == before
    assert_whole(account, [group])


def test_contact_whose_creation_in_a_group_went_unanswered_is_created_once(account, engine):
    group = create_group(account)
    engine.fail("TransactWriteItems", lose_answer)

    created = create_or_join(account, group, refuse_member=True)

    assert contacts.retrieve_contact(account, number()) == created
    assert_whole(account, [group])


def test_move_that_breaks_off_leaves_the_contact_in_the_new_group(account, engine):
    """Its further transactions only leave groups."""
    created, many = create_in_many(account, MAX_MEMBERSHIPS + 1)
    engine.fail("TransactWriteItems", lambda faulty, *call: faulty.pass_on(*call))
    engine.fail("TransactWriteItems", throttle, times=REPEATS + 1)

    with pytest.raises(UnavailableError):
        move(account, many[0], created.id, details={"title": "a"})

    seen = contacts.retrieve_contact(account, created.id)
    assert (many[0].id in seen.group_ids, len(seen.group_ids)) == (True, 2)
    assert_whole(account, many)
    assert move(account, many[0], created.id).group_ids == {many[0].id}


def test_contact_in_many_groups_is_gone_whole_though_its_sweep_breaks_down(account, engine):
    """What is left behind is recorded, and no reader sees it: not even through a new contact."""
    create(account)
    many = [create_group(account, str(index)) for index in range(100)]
    for group in many:
        join(account, group)
    engine.fail("TransactWriteItems", lambda faulty, *call: faulty.pass_on(*call))
    engine.fail("TransactWriteItems", throttle, times=REPEATS + 1)

    contacts.delete_contact(caller_of(account), number(), NOW)

    (key,) = stored_keys(keys.tombstones(account.id))
    tombstone = DeletedContactItem.get(keys.tombstones(account.id), key, consistent_read=True)
    left = {group.id for group in many if stored_members(account, group)}
    assert tombstone.group_ids == left
    assert len(left) == 3
    assert (tombstone.gsi1pk, tombstone.phone_number) == (keys.SWEEP, number().e164)
    assert tombstone.gsi1sk == keys.sweep_order(NOW, account.id, key)
    for _ in ("while it is gone", "when it is there again"):
        assert list(contacts.list_contacts_of_groups(account, left)) == []
        if not stored_keys(keys.contacts(account.id)):
            create(account)
    assert groups.list_groups_of_contact(account, number()) == []


def test_request_that_takes_too_long_begins_no_further_call(account, engine):
    with calls_end_after(-1), pytest.raises(UnavailableError) as failure:
        contacts.retrieve_contact(account, number())

    assert failure.value.code is ErrorCode.BUSY
    assert engine.calls == []


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (503, "", ErrorCode.BUSY),
        (500, "InternalFailure", ErrorCode.BUSY),
        (400, "ThrottlingException", ErrorCode.BUSY),
        (400, "InvalidSignatureException", ErrorCode.UNREACHABLE),
        (400, "ResourceNotFoundException", ErrorCode.UNREACHABLE),
    ],
)
def test_failures_of_the_engine_are_told_apart(account, engine, status, code, expected):
    def fail(*_call):
        return status, json.dumps({"__type": code}).encode() if code else b"<html>"

    engine.fail("GetItem", fail, times=REPEATS + 1)
    with pytest.raises(UnavailableError) as failure:
        contacts.retrieve_contact(account, number())
    assert failure.value.code is expected


def test_keys_that_a_batch_left_unread_are_read_again(account, engine):
    group = create_group(account)
    for index in range(5):
        create(account, index)
        join(account, group, index)
    engine.calls.clear()
    engine.fail("BatchGetItem", lambda faulty, *call: faulty.pass_on(*call))
    engine.fail("BatchGetItem", leave_unprocessed, times=2)

    listed = contacts.list_contacts_of_groups(account, [group.id])

    assert [contact.phone_number for contact in listed] == [number(i) for i in range(5)]
    assert engine.calls.count("BatchGetItem") == 1 + 3


def test_batch_that_never_ends_is_given_up_as_busy(account, engine):
    create(account)
    many = [create_group(account) for _ in range(3)]
    for group in many:
        join(account, group)

    engine.fail("BatchGetItem", leave_everything_unprocessed, times=DECISION_TRIES)
    with pytest.raises(UnavailableError):
        groups.list_groups_of_contact(account, number())
