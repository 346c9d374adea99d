"""Groups whose contacts must not be messaged."""

from datetime import timedelta

import pytest

from chalicelib.domain.errors import ConflictError, NotFoundError
from chalicelib.domain.group import GroupKind
from chalicelib.services import blacklist, contacts, groups
from chalicelib.services.cleanup import clean_up
from tests.account import caller_of, stamp_of
from tests.storage.conftest import NOW
from tests.storage.steps import (
    assert_whole,
    change,
    create,
    create_group,
    create_or_join,
    join,
    leave,
    move,
    number,
    stored_contact,
)

LATER = NOW + timedelta(days=1)


@pytest.fixture
def stoplist(account):
    return create_group(account, "Stop", GroupKind.STOPLIST)


def blacklisted(account):
    return blacklist.blacklisted_since(account, map(number, range(5)))


def test_joining_a_stoplist_blacklists_and_leaving_it_ends_that(account, stoplist):
    create(account)

    join(account, stoplist)
    assert blacklisted(account) == {number(): NOW}
    blacklist.check_blacklisted(account, number())
    assert contacts.retrieve_contact(account, number()).stoplist_ids == {stoplist.id}

    leave(account, stoplist)
    assert blacklisted(account) == {}
    with pytest.raises(NotFoundError):
        blacklist.check_blacklisted(account, number())
    assert stored_contact(account).stoplist_ids is None
    assert_whole(account, [stoplist])


def test_number_that_is_blacklisted_already_keeps_its_date(account, stoplist):
    create(account)
    blacklist.blacklist_number(caller_of(account), number(), NOW)

    join(account, stoplist, now=LATER)

    assert blacklisted(account) == {number(): NOW}


def test_only_leaving_the_last_stoplist_ends_it(account, stoplist):
    create(account)
    other, group = create_group(account, "b", GroupKind.STOPLIST), create_group(account)
    for each in (stoplist, other, group):
        join(account, each)

    leave(account, stoplist)
    assert blacklisted(account) == {number(): NOW}
    leave(account, group)
    assert blacklisted(account) == {number(): NOW}
    leave(account, other)
    assert blacklisted(account) == {}


def test_leaving_another_group_never_touches_the_blacklist(account):
    create(account)
    group = create_group(account)
    join(account, group)
    blacklist.blacklist_number(caller_of(account), number(), NOW)

    leave(account, group)

    assert blacklisted(account) == {number(): NOW}


def test_opt_out_survives_the_stoplist_and_the_contact(account, stoplist):
    for index in range(2):
        create(account, index)
        join(account, stoplist, index)

    contacts.delete_contact(caller_of(account), number(1), NOW)
    groups.delete_group(caller_of(account), stoplist.id, NOW)
    clean_up(stamp_of(NOW), lambda: 3600.0)

    assert blacklisted(account) == {number(): NOW, number(1): NOW}
    assert stored_contact(account).stoplist_ids is None


def test_leaving_another_stoplist_does_not_end_what_a_deleted_one_began(account, stoplist):
    """Whether it was swept yet makes no difference."""
    other = create_group(account, "b", GroupKind.STOPLIST)
    for index in range(2):
        create(account, index)
        join(account, stoplist, index)
        join(account, other, index)
    groups.delete_group(caller_of(account), stoplist.id, NOW)

    leave(account, other)
    clean_up(stamp_of(NOW), lambda: 3600.0)
    assert stored_contact(account, 1).stoplist_ids == {other.id}
    leave(account, other, 1)

    assert blacklisted(account) == {number(): NOW, number(1): NOW}


def test_new_number_is_blacklisted_too_and_the_old_one_stays(account, stoplist):
    created = create(account)
    join(account, stoplist)

    change(account, created.id, now=LATER, phone_number=number(1))

    assert blacklisted(account) == {number(): NOW, number(1): LATER}
    assert_whole(account, [stoplist])


def test_contact_that_is_created_in_a_stoplist_or_joins_it_is_blacklisted(account, stoplist):
    create(account, 1)

    create_or_join(account, stoplist)
    create_or_join(account, stoplist, 1)

    assert set(blacklisted(account)) == {number(), number(1)}
    assert_whole(account, [stoplist])


def test_only_what_names_the_stoplist_again_blacklists_again(account, stoplist):
    create_or_join(account, stoplist)
    blacklist.allow_number(caller_of(account), number(), NOW)

    change(account, number(), details={"title": "a"}, extra={"a": 1})
    assert blacklisted(account) == {}

    create_or_join(account, stoplist, title="b", now=LATER)
    assert blacklisted(account) == {number(): LATER}


@pytest.mark.parametrize("by", ["leaving", "moving"])
@pytest.mark.parametrize("asked_first", [True, False])
def test_number_that_somebody_asked_for_outlives_the_stoplist(account, stoplist, asked_first, by):
    create(account)
    if asked_first:
        blacklist.blacklist_number(caller_of(account), number(), NOW)
        join(account, stoplist)
    else:
        join(account, stoplist)
        with pytest.raises(ConflictError):
            blacklist.blacklist_number(caller_of(account), number(), NOW)

    if by == "leaving":
        leave(account, stoplist)
    else:
        move(account, create_group(account), number())

    assert blacklisted(account) == {number(): NOW}


def test_moving_into_a_stoplist_blacklists_and_out_of_it_does_not_end_that(account, stoplist):
    create(account)
    group = create_group(account)

    move(account, stoplist, number())
    move(account, group, number())

    assert blacklisted(account) == {number(): NOW}
    assert_whole(account, [stoplist, group])


@pytest.mark.real_engine
def test_blacklist_is_looked_up_beyond_one_batch(account):
    for index in (0, 120):
        blacklist.blacklist_number(caller_of(account), number(index), NOW)

    since = blacklist.blacklisted_since(account, map(number, [*range(150), 0]))

    assert since == {number(0): NOW, number(120): NOW}
