"""Eight threads at once, on an engine whose transactions are isolated."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.domain.errors import PhonebookError
from chalicelib.services import blacklist, contacts, groups
from chalicelib.storage import keys
from tests.storage.conftest import NOW
from tests.storage.steps import (
    assert_rule_3_holds,
    create,
    create_group,
    join,
    leave,
    number,
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
    assert stored_keys(keys.contact_ids(account.id)) == {keys.of_id(created.id)}


def test_of_eight_who_blacklist_one_number_one_does(account):
    outcomes = at_once(*[lambda: blacklist.blacklist_number(account, number(), NOW)] * THREADS)

    assert sorted(map(str, outcomes)) == ["NUMBER_BLACKLISTED"] * (THREADS - 1) + ["None"]


def test_of_eight_who_delete_one_group_one_does(account):
    group = create_group(account)

    outcomes = at_once(*[lambda: groups.delete_group(account, group.id, NOW)] * THREADS)

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
        lambda: contacts.delete_contact(account, number(), NOW),
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
    assert len(stored_keys(keys.contact_ids(account.id))) == expected_ids
