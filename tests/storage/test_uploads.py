"""Many contacts put into a group at once."""

import time
from dataclasses import replace
from datetime import timedelta
from itertools import count, islice

import pytest
from pynamodb.expressions.operand import Path

from chalicelib.domain.errors import (
    ConflictError,
    ErrorCode,
    InvalidDataError,
    NotFoundError,
)
from chalicelib.domain.group import GroupKind
from chalicelib.domain.limits import MAX_EXTRA_CHARACTERS, MAX_GROUPS_TO_JOIN
from chalicelib.domain.rows import Accepted, Mode, Rejected
from chalicelib.services import blacklist, contacts, groups, uploading
from chalicelib.services.uploading import read_rows, upload_contacts
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.connection import REPEATS
from chalicelib.storage.dynamodb.connection import table as connection
from chalicelib.storage.dynamodb.deadline import calls_end_after
from chalicelib.storage.dynamodb.model import Item
from chalicelib.storage.dynamodb.tries import SEND_TRIES
from infra.local.connected import Connected
from tests.account import caller_of
from tests.faulty_engine import faulty_engine, lose_answer, lose_race, throttle
from tests.storage.conftest import NOW
from tests.storage.steps import (
    assert_whole,
    blacklisted_numbers,
    change,
    create,
    create_group,
    create_or_join,
    data,
    number,
    stored_contact,
    stored_keys,
    stored_members,
)

SECONDS = 0.5
LATER = NOW + timedelta(days=1)

pytestmark = pytest.mark.real_engine


@pytest.fixture
def group(account):
    return create_group(account)


@pytest.fixture
def engine(table, account, group):
    with faulty_engine(table.endpoint) as (faulty, endpoint), Connected(endpoint):
        yield faulty


def upload(account, group, rows, *, mode=Mode.TOUCH, now=NOW):
    group_id = group and group.id
    return list(upload_contacts(caller_of(account), rows, now, group_id=group_id, mode=mode))


def codes(outcomes):
    return [
        each.reason.code.name if isinstance(each, Rejected) else each.contact.details.get("title")
        for each in outcomes
    ]


def told(outcomes):
    return [
        each.reason.code.name if isinstance(each, Rejected) else each.effect.value
        for each in outcomes
    ]


def test_each_row_becomes_a_member_and_is_answered_in_its_place(account, group):
    existing = create(account, 3, email="a")
    rows = [data(index, title=str(index), extra={"n": index}) for index in range(230)]

    outcomes = upload(account, group, rows)

    assert codes(outcomes) == [str(index) for index in range(230)]
    assert outcomes[3].contact.id == existing.id
    assert outcomes[3].contact.details == {"email": "a", "title": "3"}
    members = contacts.list_contacts_of_groups(account, [group.id])
    assert list(members) == [each.contact for each in outcomes]
    assert_whole(account, [group])


def test_member_is_refused_or_changed(account, group):
    member = create_or_join(account, group, 1, title="old")
    rows = [data(index, title="new") for index in range(3)]

    refused = upload(account, group, rows, mode=Mode.REFUSE_MEMBERS)
    assert codes(refused) == ["new", "MEMBERSHIP_EXISTS", "new"]
    assert isinstance(refused[1].reason, ConflictError)
    assert refused[1].reason.contact_id == member.id
    assert contacts.retrieve_contact(account, number(1)) == member

    assert codes(upload(account, group, rows)) == ["new"] * 3
    assert contacts.retrieve_contact(account, number(1)).details == {"title": "new"}
    assert_whole(account, [group])


def test_rows_of_one_number_take_effect_in_their_order(account, group):
    rows = [data(0, title="a", email="a"), data(1), data(0, title="b"), data(0, company="c")]

    outcomes = upload(account, group, rows)

    there = contacts.retrieve_contact(account, number())
    assert outcomes[0].contact == outcomes[2].contact == outcomes[3].contact == there
    assert there.details == {"title": "b", "email": "a", "company": "c"}


def test_rows_of_one_number_are_one_write(account, group, meter):
    rows = [data(0, title=str(index), extra={str(index): index}) for index in range(500)]

    outcomes = upload(account, group, rows)

    there = contacts.retrieve_contact(account, number())
    assert [each.contact for each in outcomes] == [there] * 500
    assert there.details == {"title": "499"}
    assert there.extra == {str(index): index for index in range(500)}
    assert meter.calls.count("TransactWriteItems") == 1


def test_row_that_fails_leaves_the_others_of_its_number(account, group):
    """Its extra fields are too many beside those of the row before."""
    half = "x" * (MAX_EXTRA_CHARACTERS // 2)
    rows = [data(extra={"a": half}), data(title="b", extra={"b": half}), data(extra={"c": 1})]

    outcomes = upload(account, group, rows)

    assert codes(outcomes) == [None, "INVALID_DATA", None]
    there = contacts.retrieve_contact(account, number())
    assert outcomes[0].contact == outcomes[2].contact == there
    assert there.extra == {"a": half, "c": 1}


def test_repeated_row_is_no_duplicate_of_one_that_was_not_written(account, group, engine):
    def take_too_long(faulty, *call):
        time.sleep(SECONDS)
        return faulty.pass_on(*call)

    engine.fail("BatchGetItem", take_too_long, times=1)

    with calls_end_after(SECONDS):
        outcomes = upload(account, group, [data(), data()], mode=Mode.REFUSE_MEMBERS)

    assert codes(outcomes) == ["BUSY", "BUSY"]


def test_row_that_repeats_an_earlier_one_is_refused(account, group, meter):
    rows = [data(0, title="a"), *[data(0, title="b")] * 500, data(1, title="a")]

    outcomes = upload(account, group, rows, mode=Mode.REFUSE_MEMBERS)

    assert codes(outcomes) == ["a", *["MEMBERSHIP_EXISTS"] * 500, "a"]
    assert {each.reason.contact_id for each in outcomes[1:-1]} == {outcomes[0].contact.id}
    assert meter.calls[-3:] == ["GetItem", "BatchGetItem", "TransactWriteItems"]


def test_bad_row_fails_no_other(account, group):
    """One has too many extra fields; another is refused, with all that is written with it."""
    create_or_join(account, group, 5, extra={"a": "x" * (MAX_EXTRA_CHARACTERS - 20)})
    rows = [data(index, title="a", extra={"b": "x" * 100}) for index in range(30)]
    rows[7] = data(7, extra={"a": "x" * MAX_EXTRA_CHARACTERS})

    outcomes = upload(account, group, rows)

    bad = {n: each.reason.code for n, each in enumerate(outcomes) if isinstance(each, Rejected)}
    assert bad == {5: ErrorCode.INVALID_DATA, 7: ErrorCode.INVALID_DATA}
    assert len(stored_members(account, group)) == 29


@pytest.mark.parametrize(
    "spoil",
    [
        Path("createdOn").set("none"),
        Path("id").remove(),
        Path("groupIds").set("none"),
        Path("revision").set("none"),
    ],
    ids=["undated", "without id", "odd groups", "odd revision"],
)
def test_contact_that_cannot_be_read_fails_no_other_row(account, group, spoil):
    create(account, 1)
    connection().update_item(keys.contacts(account.id), number(1).e164, actions=[spoil])

    uploaded = upload(account, group, [data(index, title=str(index)) for index in range(3)])

    assert codes(uploaded) == ["0", "BUG", "2"]
    assert stored_members(account, group) == {number(0).e164, number(2).e164}


def test_contacts_are_uploaded_outside_groups_too(account, group, meter):
    """Whoever is in a group stays there; the others are created with a date."""
    member = create_or_join(account, group, 1, title="old")
    calls = len(meter.calls)

    outcomes = upload(account, None, [data(index, title="new") for index in range(3)])

    assert meter.calls[calls:] == ["BatchGetItem", "Query", "TransactWriteItems"]
    assert codes(outcomes) == ["new"] * 3
    assert outcomes[1].contact.id == member.id
    assert stored_members(account, group) == {number(1).e164}
    assert_whole(account, [group])


def test_row_that_could_not_be_read_is_answered_in_its_place(account, group):
    unread = Rejected(InvalidDataError.of("phone", "is no number"))

    outcomes = upload(account, group, [unread, data(0, title="a"), unread])

    assert codes(outcomes) == ["INVALID_DATA", "a", "INVALID_DATA"]


def test_no_more_rows_are_held_than_a_part(account, group, monkeypatch):
    """There may be any number of them, and one of a part may be of a number of one before."""
    monkeypatch.setattr(uploading, "PART_ROWS", 4)
    taken = []

    def rows():
        for index in count():
            taken.append(index)
            yield data(index % 3, title=str(index))

    outcomes = upload_contacts(caller_of(account), rows(), NOW, group_id=group.id)

    assert taken == []
    assert codes(islice(outcomes, 1)) == ["3"]
    assert len(taken) == 4
    assert codes(islice(outcomes, 7)) == ["1", "2", "3", "7", "5", "6", "7"]
    assert len(taken) == 8
    assert_whole(account, [group])


def test_upload_into_a_stoplist_blacklists(account):
    stoplist = create_group(account, kind=GroupKind.STOPLIST)

    upload(account, stoplist, [data(index) for index in range(30)])

    assert len(blacklisted_numbers(account)) == 30


def test_upload_into_a_group_that_is_not_there_is_refused(account, group):
    with pytest.raises(NotFoundError):
        upload(account, replace(group, id=1), [data()])
    assert upload(account, group, []) == []


def test_part_is_refused_whose_group_was_deleted_after_the_one_before(account, group, monkeypatch):
    monkeypatch.setattr(uploading, "PART_ROWS", 2)
    outcomes = upload_contacts(caller_of(account), map(data, range(4)), NOW, group_id=group.id)
    assert codes(islice(outcomes, 2)) == [None] * 2

    groups.delete_group(caller_of(account), group.id, NOW)

    with pytest.raises(NotFoundError):
        next(outcomes)
    assert stored_keys(keys.contacts(account.id)) == {number(0).e164, number(1).e164}


def test_each_row_of_an_upsert_is_told_its_effect(account, group):
    for index in range(1, 5):
        create(account, index, title="a")
    blacklist.blacklist_number(caller_of(account), number(4), NOW)
    rows = [
        data(0, title="a"),
        data(1, title="b", group_ids=[group.id]),
        data(2, title="a", group_ids=[group.id]),
        data(3, title="a"),
        data(4, title="b"),
        data(3, title="a"),
        data(5, group_ids=[1]),
    ]

    outcomes = upload(account, None, rows, mode=Mode.UPSERT, now=LATER)

    assert told(outcomes) == [
        "created", "updated", "joined", "unchanged", "suppressed", "duplicate", "GROUP_NOT_FOUND",
    ]  # fmt: skip
    assert outcomes[5].repeats == 3
    assert [each.contact for each in outcomes[:5]] == [
        contacts.retrieve_contact(account, number(index)) for index in range(5)
    ]
    assert stored_members(account, group) == {number(1).e164, number(2).e164}
    assert_whole(account, [group])


def test_upsert_that_says_nothing_new_writes_nothing(account, group, meter):
    rows = [data(n, title="a", extra={"n": n}, group_ids=[group.id]) for n in range(150)]
    assert set(told(upload(account, None, rows, mode=Mode.UPSERT))) == {"created"}
    before = stored_contact(account)
    calls = len(meter.calls)

    outcomes = upload(account, None, rows, mode=Mode.UPSERT, now=LATER)

    assert set(told(outcomes)) == {"unchanged"}
    assert stored_contact(account).attribute_values == before.attribute_values
    assert sorted(meter.calls[calls:-1]) == [
        *["BatchGetItem"] * 5, *["GetItem"] * 2, *["Query"] * 2,
    ]  # fmt: skip


def test_rows_that_name_several_groups_are_written_as_many_together_as_fit(account, meter):
    """Each contact takes 12 actions of 100: itself, its id, and ten memberships."""
    many = [create_group(account, str(index)) for index in range(10)]
    rows = [data(n, group_ids=[group.id for group in many]) for n in range(24)]

    outcomes = upload(account, None, rows, mode=Mode.UPSERT)

    assert set(told(outcomes)) == {"created"}
    assert meter.calls.count("TransactWriteItems") == 3
    assert_whole(account, many)


def test_row_that_names_more_groups_than_can_be_joined_at_once_fails_no_other(account):
    many = [create_group(account, str(index)) for index in range(MAX_GROUPS_TO_JOIN + 1)]
    ids = [group.id for group in many]

    outcomes = upload(
        account,
        None,
        [data(0, group_ids=ids[:-1]), data(1, group_ids=ids), data(2)],
        mode=Mode.UPSERT,
    )

    assert told(outcomes) == ["created", "TOO_MANY_GROUPS", "created"]
    assert_whole(account, many)


def test_rows_that_name_a_stoplist_stop_and_are_then_told_so(account):
    stoplist = create_group(account, kind=GroupKind.STOPLIST)
    rows = [data(index, group_ids=[stoplist.id]) for index in range(20)]

    assert set(told(upload(account, None, rows, mode=Mode.UPSERT))) == {"created"}
    assert len(blacklisted_numbers(account)) == 20
    assert set(told(upload(account, None, rows, mode=Mode.UPSERT))) == {"suppressed"}
    assert_whole(account, [stoplist])


@pytest.mark.parametrize(
    ("fault", "times"),
    [(lose_answer, 1), (lose_race, SEND_TRIES), (throttle, REPEATS + 1)],
)
def test_transaction_that_fails_is_written_row_by_row(account, group, engine, fault, times):
    engine.fail("TransactWriteItems", fault, times=times)

    outcomes = upload(account, group, [data(index) for index in range(10)])

    assert all(isinstance(each, Accepted) for each in outcomes)
    assert_whole(account, [group])


def test_rows_are_told_what_became_of_them_at_the_try_that_counts(account, group, engine):
    """Others are faster: one contact is then a member, and there is room for the other's row."""
    half = "x" * (MAX_EXTRA_CHARACTERS // 2)
    create(account)
    change(account, number(), extra={"a": half})
    rows = [data(extra={"b": half}), data(0, title="a"), data(1, title="a"), data(1, title="b")]

    def let_others_be_faster(faulty, *call):
        change(account, number(), extra={"a": None})
        create_or_join(account, group, 1, title="other")
        return faulty.pass_on(*call)

    engine.fail("TransactWriteItems", let_others_be_faster)

    outcomes = upload(account, group, rows, mode=Mode.REFUSE_MEMBERS)

    assert codes(outcomes) == [None, "MEMBERSHIP_EXISTS", *["MEMBERSHIP_EXISTS"] * 2]
    assert contacts.retrieve_contact(account, number()).extra == {"b": half}
    assert contacts.retrieve_contact(account, number(1)).details == {"title": "other"}
    assert_whole(account, [group])


def test_rows_that_were_not_begun_in_time_are_answered_as_unavailable(account, group, engine):
    """The deadline of the request holds in the threads too. It passes while they are read."""

    def take_too_long(faulty, *call):
        time.sleep(SECONDS)
        return faulty.pass_on(*call)

    engine.fail("BatchGetItem", take_too_long, times=2)

    with calls_end_after(SECONDS):
        outcomes = upload(account, group, [data(index) for index in range(150)])

    assert set(codes(outcomes)) == {"BUSY"}
    assert "TransactWriteItems" not in engine.calls
    assert stored_members(account, group) == set()


def test_rows_that_were_not_read_in_time_are_answered_as_unavailable():
    def read(row):
        time.sleep(SECONDS)
        return data(row)

    with calls_end_after(SECONDS):
        rows = list(read_rows(range(5), read))

    assert rows[0] == data(0)
    assert codes(rows[1:]) == ["BUSY"] * 4


def test_rows_that_were_read_and_not_begun_in_time_are_answered_as_unavailable(account, group):
    with calls_end_after(-1):
        outcomes = upload(account, group, [data(index) for index in range(3)])

    assert codes(outcomes) == ["BUSY"] * 3


def test_no_model_is_made_of_a_row_be_it_created_or_changed(account, group, monkeypatch):
    """A model of each item that is written takes more time of the processor than all else."""
    made = []
    make = Item.__init__

    def note_and_make(item, *arguments, **more):
        made.append(type(item))
        make(item, *arguments, **more)

    monkeypatch.setattr(Item, "__init__", note_and_make)
    for title in ("old", "new"):
        rows = [data(index, title=title, extra={"n": index}) for index in range(100)]
        assert codes(upload(account, group, rows)) == [title] * 100

    assert len(made) < 10
    assert_whole(account, [group])
