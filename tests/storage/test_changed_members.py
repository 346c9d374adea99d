"""Many contacts put into a group, and others taken out, at once."""

import time

import pytest

from chalicelib.domain.errors import ErrorCode, NotFoundError
from chalicelib.domain.group import GroupKind
from chalicelib.domain.rows import Accepted, Rejected
from chalicelib.services import blacklist, contacts
from chalicelib.services.memberships import change_members
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.deadline import calls_end_after
from chalicelib.storage.items import ContactIdItem
from tests.account import caller_of
from tests.storage.conftest import NOW
from tests.storage.steps import (
    assert_whole,
    blacklisted_numbers,
    change,
    create,
    create_group,
    create_or_join,
    join,
    number,
    stored_contact,
    stored_members,
)

SECONDS = 0.5

pytestmark = pytest.mark.real_engine


@pytest.fixture
def group(account):
    return create_group(account)


def changed(account, group, *, add=(), remove=()):
    return [
        [
            each.reason.code.name if isinstance(each, Rejected) else each.effect.value
            for each in outcomes
        ]
        for outcomes in change_members(
            caller_of(account), group.id, add=add, remove=remove, now=NOW
        )
    ]


def test_contacts_join_and_leave_by_their_numbers_or_ids(account, group):
    created = [create(account, index) for index in range(4)]
    for index in (2, 3):
        join(account, group, index)

    joined, left = change_members(
        caller_of(account),
        group.id,
        add=[number(0), created[1].id],
        remove=[created[2].id, number(3)],
        now=NOW,
    )

    found = [each for each in joined + left if isinstance(each, Accepted)]
    assert [each.contact.id for each in found] == [each.id for each in created]
    assert [each.effect.value for each in found] == ["joined"] * 2 + ["updated"] * 2
    assert [each.contact for each in found] == list(contacts.list_contacts(account))
    assert stored_members(account, group) == {number(0).e164, number(1).e164}
    assert_whole(account, [group])


def test_a_thousand_contacts_join_and_leave_and_doing_it_again_changes_nothing(account, group):
    other = create_group(account)
    for index in range(1000):
        create_or_join(account, group if index % 2 else other, index)
    add = [number(index) for index in range(0, 1000, 2)]
    remove = [number(index) for index in range(1, 1000, 2)]

    assert changed(account, group, add=add, remove=remove) == [["joined"] * 500, ["updated"] * 500]
    revision = stored_contact(account).revision
    assert changed(account, group, add=add, remove=remove) == [["unchanged"] * 500] * 2

    assert stored_contact(account).revision == revision
    assert stored_members(account, group) == {each.e164 for each in add}
    assert_whole(account, [group])


def test_keys_that_are_repeated_unknown_or_unread_are_told_in_their_places(account, group):
    created = create(account)
    join(account, create_group(account))
    unread = Rejected(NotFoundError(ErrorCode.PATH_NOT_FOUND))

    joined, left = changed(
        account,
        group,
        add=[number(0), unread, number(1), number(0), created.id, 5],
        remove=[number(1), 5, unread],
    )

    assert joined[1:4] == ["PATH_NOT_FOUND", "CONTACT_NOT_FOUND", "duplicate"]
    assert sorted([joined[0], joined[4]]) == ["joined", "unchanged"]
    assert joined[5] == "CONTACT_NOT_FOUND"
    assert left == ["CONTACT_NOT_FOUND", "CONTACT_NOT_FOUND", "PATH_NOT_FOUND"]
    assert_whole(account, [group])


def test_contact_is_found_by_its_id_though_its_number_changes_meanwhile(account, group, engine):
    created = create(account)

    def move_first(faulty, *call):
        change(account, created.id, phone_number=number(1))
        return faulty.pass_on(*call)

    engine.fail("BatchGetItem", lambda faulty, *call: faulty.pass_on(*call))
    engine.fail("BatchGetItem", move_first)

    assert changed(account, group, add=[created.id]) == [["joined"], []]
    assert stored_members(account, group) == {number(1).e164}


def test_id_that_is_left_of_a_contact_is_none(account, group):
    """Its item may be left by a crash, or the number may have another contact now."""
    create(account)
    for contact_id, place in {7: number(0), 8: number(1)}.items():
        ContactIdItem(
            keys.contact_ids(account.id), keys.of_id(contact_id), phone_number=place.e164
        ).save()

    assert changed(account, group, add=[7, 8]) == [["CONTACT_NOT_FOUND"] * 2, []]


def test_blacklisted_contact_joins_and_is_told_so(account, group):
    create(account)
    blacklist.blacklist_number(caller_of(account), number(), NOW)

    assert changed(account, group, add=[number()]) == [["suppressed"], []]
    assert stored_members(account, group) == {number().e164}


def test_joining_a_stoplist_stops_and_leaving_it_ends_only_its_own_stop(account):
    stoplist, other = (create_group(account, kind=GroupKind.STOPLIST) for _ in range(2))
    for index in range(40):
        create(account, index)
    everybody = [number(index) for index in range(40)]
    blacklist.blacklist_number(caller_of(account), number(0), NOW)
    join(account, other, 1)

    joined, _ = changed(account, stoplist, add=everybody)
    assert joined == ["suppressed"] * 2 + ["joined"] * 38
    assert blacklisted_numbers(account) == everybody

    _, left = changed(account, stoplist, remove=everybody)
    assert left == ["updated"] * 40
    assert blacklisted_numbers(account) == everybody[:2]
    assert_whole(account, [stoplist, other])


def test_group_that_is_not_there_is_refused(account, group):
    with pytest.raises(NotFoundError):
        change_members(caller_of(account), 1, add=[number()], remove=[], now=NOW)


def test_keys_that_were_not_begun_in_time_are_answered_as_unavailable(account, group, engine):
    create(account)

    def take_too_long(faulty, *call):
        time.sleep(SECONDS)
        return faulty.pass_on(*call)

    engine.fail("BatchGetItem", take_too_long)

    with calls_end_after(SECONDS):
        outcomes = changed(account, group, add=[number()], remove=[number(1)])

    assert outcomes == [["BUSY"], ["BUSY"]]
    assert stored_members(account, group) == set()
