"""Eight threads at once, on an engine whose transactions are isolated."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.domain.contact import Contact
from chalicelib.domain.errors import PhonebookError
from chalicelib.domain.group import GroupKind
from chalicelib.domain.ledger import Reason, Stop
from chalicelib.domain.rows import Mode
from chalicelib.services import blacklist, contacts, groups, memberships
from chalicelib.services.uploading import upload_contacts
from chalicelib.storage import keys
from tests.account import caller_of
from tests.storage.conftest import NOW
from tests.storage.steps import (
    assert_rule_3_holds,
    assert_whole,
    blacklisted_numbers,
    change,
    create,
    create_group,
    create_or_join,
    data,
    join,
    leave,
    move,
    number,
    numbers_by_id,
    stored_contact,
    stored_keys,
    stored_members,
)

pytestmark = pytest.mark.real_engine

THREADS = 8
ROUNDS = 10


def at_once(*steps):
    """Run all *steps* at the same time, and return what each returned or refused."""
    barrier = threading.Barrier(len(steps))

    def run(step):
        barrier.wait()
        try:
            return step()
        except PhonebookError as error:
            return error.code.name

    with ThreadPoolExecutor(len(steps)) as pool:
        return [future.result() for future in [pool.submit(run, step) for step in steps]]


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_of_eight_who_create_one_contact_one_does(account, _round):
    outcomes = at_once(*[lambda: create(account)] * THREADS)

    assert outcomes.count("CONTACT_EXISTS") == THREADS - 1
    (created,) = (each for each in outcomes if each != "CONTACT_EXISTS")
    assert contacts.retrieve_contact(account, number()) == created
    assert numbers_by_id(account).keys() == {keys.of_id(created.id)}


def test_of_eight_who_blacklist_one_number_one_does(account):
    outcomes = at_once(
        *[lambda: blacklist.blacklist_number(caller_of(account), number(), NOW)] * THREADS
    )

    assert sorted(map(str, outcomes)) == ["NUMBER_BLACKLISTED"] * (THREADS - 1) + ["None"]


def test_of_eight_who_delete_one_group_one_does(account):
    group = create_group(account)

    outcomes = at_once(*[lambda: groups.delete_group(caller_of(account), group.id, NOW)] * THREADS)

    assert sorted(map(str, outcomes)) == ["GROUP_NOT_FOUND"] * (THREADS - 1) + ["None"]


def test_eight_join_one_group_without_hindering_each_other(account):
    group = create_group(account)
    for index in range(THREADS):
        create(account, index)

    outcomes = at_once(
        *[lambda index=index: join(account, group, index) for index in range(THREADS)]
    )

    assert outcomes == [None] * THREADS
    assert len(stored_members(account, group)) == THREADS


def test_one_contact_joins_eight_groups_at_once(account):
    create(account)
    many = [create_group(account) for _ in range(THREADS)]

    assert (
        at_once(*[lambda group=group: join(account, group) for group in many]) == [None] * THREADS
    )
    assert stored_contact(account).group_ids == {group.id for group in many}
    assert_rule_3_holds(account)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_contact_that_leaves_all_its_groups_at_once_gets_its_date(account, _round):
    """Each alone would see another group left, and set no date."""
    create(account)
    many = [create_group(account) for _ in range(THREADS)]
    for group in many:
        join(account, group)

    assert (
        at_once(*[lambda group=group: leave(account, group) for group in many]) == [None] * THREADS
    )
    assert_rule_3_holds(account)
    assert stored_contact(account).scheduled_deletion_date


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_contact_that_is_deleted_while_it_joins_and_leaves_is_gone_or_whole(account, _round):
    create(account)
    stay, go = create_group(account), create_group(account)
    join(account, go)

    joined, left, deleted, *_ = at_once(
        lambda: join(account, stay),
        lambda: leave(account, go),
        lambda: contacts.delete_contact(caller_of(account), number(), NOW),
        *[lambda: create(account, title="again")] * 2,
    )

    assert deleted is None
    assert joined in {None, "CONTACT_NOT_FOUND", "BUSY"}
    assert left in {None, "CONTACT_NOT_FOUND", "MEMBERSHIP_NOT_FOUND", "BUSY"}
    in_groups: set[int] = set()
    if stored_keys(keys.contacts(account.id)):
        assert_rule_3_holds(account)
        in_groups = stored_contact(account).group_ids or set()
    assert {group.id for group in (stay, go) if stored_members(account, group)} == in_groups
    expected_ids = 1 if stored_keys(keys.contacts(account.id)) else 0
    assert len(numbers_by_id(account)) == expected_ids


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_of_eight_contacts_that_change_to_one_number_one_does(account, _round):
    created = [create(account, index) for index in range(THREADS)]
    group = create_group(account)
    for index in range(THREADS):
        join(account, group, index)

    outcomes = at_once(
        *[lambda each=each: change(account, each.id, phone_number=number(99)) for each in created]
    )

    assert outcomes.count("CONTACT_EXISTS") == THREADS - 1
    (changed,) = (each for each in outcomes if each != "CONTACT_EXISTS")
    assert contacts.retrieve_contact(account, number(99)) == changed
    assert len(stored_members(account, group)) == THREADS
    assert_whole(account, [group])


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_number_that_changes_while_the_contact_joins_and_leaves_loses_nothing(account, _round):
    """By its id, it is found wherever it is by then."""
    created = create(account)
    stay, go = create_group(account), create_group(account)
    join(account, go)

    outcomes = at_once(
        lambda: memberships.add_to_group(caller_of(account), stay.id, created.id, NOW),
        lambda: memberships.remove_from_group(caller_of(account), go.id, created.id, NOW),
        lambda: contacts.update_contact(caller_of(account), created.id, {"title": "a"}, NOW),
        lambda: change(account, created.id, extra={"city": "a"}),
        lambda: change(account, created.id, phone_number=number(1)),
        lambda: change(account, created.id, phone_number=number(2)),
    )

    assert [each for each in outcomes if isinstance(each, str)] == []
    seen = contacts.retrieve_contact(account, created.id)
    assert seen.phone_number in {number(1), number(2)}
    assert seen.group_ids == {stay.id}
    assert (seen.details, seen.extra) == ({"title": "a"}, {"city": "a"})
    assert_whole(account, [stay, go])


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_number_that_changes_while_the_contact_is_deleted_is_gone_whole(account, _round):
    created = create(account)
    group = create_group(account)
    join(account, group)

    changed, deleted, again = at_once(
        lambda: change(account, created.id, phone_number=number(1)),
        lambda: contacts.delete_contact(caller_of(account), created.id, NOW),
        lambda: create(account, 1),
    )

    assert deleted is None
    assert isinstance(changed, Contact) or changed in {"CONTACT_NOT_FOUND", "CONTACT_EXISTS"}
    assert isinstance(again, Contact) or again == "CONTACT_EXISTS"
    with pytest.raises(PhonebookError):
        contacts.retrieve_contact(account, created.id)
    assert_whole(account, [group])


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_eight_who_put_one_number_into_a_group_make_one_contact(account, _round):
    group = create_group(account)
    fields = ["email", "title", "company", "custom", "custom2", "custom3", "custom4", "last_name"]

    outcomes = at_once(
        *[lambda field=field: create_or_join(account, group, **{field: "a"}) for field in fields]
    )

    assert len({each.id for each in outcomes}) == 1
    assert contacts.retrieve_contact(account, number()).details == dict.fromkeys(fields, "a")
    assert_whole(account, [group])


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_contact_that_is_moved_to_two_groups_at_once_is_in_one(account, _round):
    created = create(account)
    many = [create_group(account) for _ in range(3)]
    join(account, many[0])

    outcomes = at_once(*[lambda group=group: move(account, group, created.id) for group in many])

    assert [each for each in outcomes if isinstance(each, str)] == []
    assert len(stored_contact(account).group_ids) == 1
    assert_whole(account, many)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_blacklist_follows_whoever_is_last_to_join_or_leave_a_stoplist(account, _round):
    create(account)
    stoplists = [create_group(account, kind=GroupKind.STOPLIST) for _ in range(THREADS // 2)]
    for group in stoplists[::2]:
        join(account, group)

    at_once(
        *[lambda group=group: leave(account, group) for group in stoplists[::2]],
        *[lambda group=group: join(account, group) for group in stoplists[1::2]],
    )
    assert blacklisted_numbers(account) == [number()]

    at_once(*[lambda group=group: leave(account, group) for group in stoplists[1::2]])
    assert blacklisted_numbers(account) == []
    assert_whole(account, stoplists)


@pytest.mark.parametrize("_round", range(ROUNDS // 2))
def test_uploads_of_the_same_contacts_at_once_make_each_contact_once(account, _round):
    groups_of_each = [create_group(account) for _ in range(3)]
    rows = [data(index) for index in range(40)]

    outcomes = at_once(
        *[
            lambda group=group: list(
                upload_contacts(
                    caller_of(account), rows, NOW, group_id=group.id, mode=Mode.REFUSE_MEMBERS
                )
            )
            for group in groups_of_each
        ]
    )

    for of_one_number in zip(*outcomes, strict=True):
        assert len({each.contact.id for each in of_one_number}) == 1
    assert_whole(account, groups_of_each)


@pytest.mark.parametrize("_round", range(ROUNDS // 2))
def test_of_the_same_batches_at_once_one_creates_each_contact_and_stops_each_number(
    account, _round
):
    group = create_group(account)
    rows = [data(index, title="a", group_ids=[group.id]) for index in range(40)]
    stops = [Stop(number(index), Reason.REQUEST) for index in range(40)]
    caller = caller_of(account)

    uploaded = at_once(*[lambda: list(upload_contacts(caller, rows, NOW, mode=Mode.UPSERT))] * 3)
    stopped = at_once(*[lambda: blacklist.stop_numbers(caller, stops, NOW)] * 3)

    for outcomes in (uploaded, stopped):
        for of_one_number in zip(*outcomes, strict=True):
            effects = sorted(each.effect.value for each in of_one_number)
            assert effects == ["created", "unchanged", "unchanged"]
    assert len(stored_members(account, group)) == 40
    assert_whole(account, [group])
