"""Who changed an item last, where that is not plain from the operation that wrote it."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from pynamodb.expressions.operand import Path

from chalicelib.domain.caller import Stamp
from chalicelib.domain.errors import ConflictError
from chalicelib.domain.group import GroupKind
from chalicelib.services import accounts, blacklist, contacts, groups, memberships
from chalicelib.services.uploading import upload_contacts
from chalicelib.storage import keys
from chalicelib.storage.counters import Counter, CounterStep, apply_once
from chalicelib.storage.dynamodb.connection import table as connection
from chalicelib.storage.sweeping import find_tombstone
from chalicelib.storage.tombstones import deleted_contact_item
from tests.account import caller_of, stamp_of
from tests.storage.conftest import NOW
from tests.storage.steps import create, create_group, data, join, move, number
from tests.written import assert_stamped, stamps_of, written

LATER = NOW + timedelta(days=1)


@pytest.fixture
def other(account):
    """Someone else, by what they call."""
    return caller_of(account, via="tests.other")


def stamp_in(partition, sort_key):
    (stamp,) = stamps_of([(partition, sort_key)]).values()
    return stamp


def entry(account):
    return keys.blacklist(account.id), number().e164


def of(caller):
    return caller.username, caller.via


def test_number_that_is_blacklisted_already_keeps_who_put_it_there(account, other):
    stoplist = create_group(account, kind=GroupKind.STOPLIST)
    create(account)
    blacklist.blacklist_number(other, number(), NOW)

    with pytest.raises(ConflictError):
        blacklist.blacklist_number(caller_of(account), number(), LATER)
    join(account, stoplist)

    assert stamp_in(*entry(account)) == of(other)


def test_whoever_asks_for_a_number_that_is_there_for_a_stoplist_has_changed_it(account, other):
    stoplist = create_group(account, kind=GroupKind.STOPLIST)
    create(account)
    join(account, stoplist)

    with pytest.raises(ConflictError):
        blacklist.blacklist_number(other, number(), LATER)

    assert stamp_in(*entry(account)) == of(other)


@pytest.mark.parametrize(
    "change",
    [
        lambda caller: contacts.update_contact(caller, number(), {"title": "Sir"}, LATER),
        lambda caller: move(caller.account, create_group(caller.account), number()),
        lambda caller: memberships.add_to_group(
            caller, create_group(caller.account).id, number(), LATER
        ),
    ],
)
def test_contact_from_before_says_who_changed_it_once_somebody_does(account, change):
    create(account)
    forget = [Path(name).remove() for name in ("changedBy", "changedVia")]
    connection().update_item(keys.contacts(account.id), number().e164, actions=forget)
    assert stamp_in(keys.contacts(account.id), number().e164) == (None, None)
    assert contacts.retrieve_contact(account, number()).phone_number == number()

    change(caller_of(account))

    assert stamp_in(keys.contacts(account.id), number().e164) == of(caller_of(account))


def test_each_row_of_an_upload_says_who_sent_it(account, other):
    group = create_group(account, kind=GroupKind.STOPLIST)
    create(account)

    with written() as touched:
        list(upload_contacts(other, [data(0), data(1)], LATER, group_id=group.id))

    assert len(touched) == 9  # two contacts, an id, two memberships, four of the opt-outs
    assert_stamped(touched, other.stamp(LATER))


def test_what_a_deleted_contact_leaves_says_who_deleted_and_who_swept_it(account, other):
    tombstone = deleted_contact_item(account.id, 1, number().e164, [1, 2], other.stamp(NOW))
    tombstone.save()
    assert stamp_in(tombstone.pk, tombstone.sk) == of(other)

    left = find_tombstone(tombstone)
    assert left is not None
    next(left.leftovers(stamp_of(LATER))).sweep()
    left.close(stamp_of(LATER))

    assert stamp_in(tombstone.pk, tombstone.sk) == of(caller_of(account))


def test_counting_changes_no_group_and_no_account(account, other):
    group = groups.create_group(other, "Group", NOW)
    accounts.change_account(account.id, {"name": "Other"}, other.stamp(NOW))

    with written() as counted:
        for counter in (Counter(account.id, group.id), Counter(account.id, None)):
            apply_once([CounterStep(f"{counter}", counter, 1)], LATER)

    assert len(counted) == 2
    assert_stamped(counted, other.stamp(NOW))


def test_all_that_operators_change_says_so(account):
    def stamp(via):
        return Stamp(NOW, by="operator", via=via)

    issued, _ = accounts.issue_credential(account.id, stamp_of(NOW))
    acts: dict[str, Callable[[Stamp], object]] = {
        "open": partial(accounts.open_account, "Other", "EE", 30),
        "issue": partial(accounts.issue_credential, account.id),
        "change": partial(accounts.change_account, account.id, {"name": "Changed"}),
        "revoke": partial(accounts.revoke_credential, issued.username),
    }
    for via, act in acts.items():
        with written() as touched:
            act(stamp(via))
        assert_stamped(touched, stamp(via))
