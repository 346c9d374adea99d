"""Being forgotten: nothing of a person stays, but that the number must be left alone."""

from contextlib import suppress
from datetime import timedelta

import pytest

from chalicelib.domain.errors import NotFoundError, UnavailableError
from chalicelib.domain.group import GroupKind
from chalicelib.domain.ledger import Reason, State
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.recipients import Campaign, Exclusion
from chalicelib.services import accounts, blacklist, contacts, groups, listing
from chalicelib.services.erasing import erase, retrieve_everything
from chalicelib.services.indexing import index_contacts
from chalicelib.services.listing import ContactListing
from chalicelib.services.recipients import page_of_recipients
from chalicelib.storage import blacklist as stored_blacklist
from chalicelib.storage import keys, suppression
from chalicelib.storage import ledger as stored_ledger
from tests.account import caller_of, stamp_of
from tests.faulty_engine import deny
from tests.storage.conftest import NOW
from tests.storage.steps import create, create_group, create_in_many, join, leave, number
from tests.storage.test_races import THREADS, at_once

LATER = NOW + timedelta(days=1)
DETAILS = {"first_name": "Mariliis", "email": "mariliis@example.com", "custom": "a secret"}


def recipients(account, *numbers, group=None):
    campaign = Campaign(
        group_ids=frozenset({group.id} if group else ()),
        numbers=list(numbers),
        excluded_group_ids=frozenset(),
    )
    page = page_of_recipients(account, campaign, after=None, limit=10)
    return (
        [each.phone_number for each in page.recipients],
        [(each.phone_number, each.reason) for each in page.excluded],
    )


def items_of(table, account):
    """Return all items of an account, as the engine has them."""
    pages = (
        table.client().get_paginator("scan").paginate(TableName=table.table, ConsistentRead=True)
    )
    return [item for page in pages for item in page["Items"] if account.id in item["PK"]["S"]]


def everything_stored(table, account):
    return repr(items_of(table, account))


def suppressions(table, account):
    partition = keys.suppressed(account.id)
    return {item["SK"]["S"] for item in items_of(table, account) if item["PK"]["S"] == partition}


def known_person(account):
    """Make a contact that has all that a person can leave behind."""
    created = create(account)
    caller = caller_of(account)
    contacts.update_contact(caller, created.id, DETAILS, NOW)
    for each in (create_group(account), create_group(account, kind=GroupKind.STOPLIST)):
        join(account, each)
    blacklist.stop_number(
        caller, number(), NOW, reason=Reason.COMPLAINT, note="called us: Mariliis"
    )
    return created


@pytest.mark.parametrize("by_id", [True, False])
def test_nothing_of_a_person_is_in_any_item_and_the_opt_out_holds(table, account, by_id):
    created = known_person(account)
    digits = number().e164[1:]
    assert digits in everything_stored(table, account)

    assert erase(caller_of(account), created.id if by_id else number(), LATER) is True

    stored = everything_stored(table, account)
    for text in (digits, "Mariliis", "mariliis", "a secret"):
        assert text not in stored
    with pytest.raises(NotFoundError):
        contacts.retrieve_contact(account, created.id)
    assert blacklist.blacklisted_since(account, [number()]) == {number(): LATER}
    blacklist.check_blacklisted(account, number())
    assert list(blacklist.list_blacklist(account)) == []
    assert recipients(account, number()) == ([], [(number(), Exclusion.SUPPRESSED)])


def test_person_who_never_said_stop_leaves_nothing_unless_that_is_asked_for(table, account):
    create(account)
    assert erase(caller_of(account), number(), NOW) is False
    assert recipients(account, number()) == ([number()], [])
    with pytest.raises(NotFoundError):
        erase(caller_of(account), number(), NOW, keeps_opt_out=True)
    assert not suppression.has_any(account.id)

    create(account)
    assert erase(caller_of(account), number(), NOW, keeps_opt_out=True) is True
    assert recipients(account, number()) == ([], [(number(), Exclusion.SUPPRESSED)])


def test_number_without_a_contact_is_erased_too_and_the_call_can_be_repeated(account):
    caller = caller_of(account)
    blacklist.blacklist_number(caller, number(), NOW)

    for _ in range(2):
        assert erase(caller, number(), LATER) is True

    assert [*blacklist.list_ledger(account, number())] == []
    assert blacklist.retrieve_opt_out(account, number()).entry.state is State.STOPPED


def test_nothing_stays_in_the_index_of_the_search_of_what_a_person_was_called_before(
    table, account
):
    created = create(account, first_name="Mariliis")
    index_contacts(account.id, [number().e164])
    # The index is late: it does not know this yet.
    contacts.update_contact(caller_of(account), created.id, {"first_name": "Mall"}, NOW)

    erase(caller_of(account), created.id, LATER)

    assert "mariliis" not in everything_stored(table, account)
    assert number().e164 not in everything_stored(table, account)


def test_person_may_come_back_and_messages_may_not(account):
    known_person(account)
    erase(caller_of(account), number(), NOW)
    other = create(account, 1)
    group = create_group(account)

    create(account)
    join(account, group)
    join(account, group, 1)

    assert recipients(account, group=group) == (
        [other.phone_number], [(number(), Exclusion.SUPPRESSED)],
    )  # fmt: skip
    for is_blacklisted, found in ((True, [number()]), (False, [other.phone_number])):
        wanted = ContactListing(frozenset({group.id}), is_blacklisted)
        listed = listing.list_contacts(account, wanted, after=None, expected=None)
        assert [contact.phone_number for contact in listed] == found


def test_stoplist_that_is_left_does_not_allow_an_erased_person(account):
    known_person(account)
    erase(caller_of(account), number(), NOW)
    create(account)
    stoplist = create_group(account, kind=GroupKind.STOPLIST)

    join(account, stoplist)
    leave(account, stoplist)

    assert number() in blacklist.blacklisted_since(account, [number()])
    assert blacklist.retrieve_opt_out(account, number()).entry.state is State.STOPPED


@pytest.mark.parametrize("is_stopped_again", [True, False])
def test_number_is_allowed_by_taking_it_off_the_blacklist(account, is_stopped_again):
    caller = caller_of(account)
    known_person(account)
    erase(caller, number(), NOW)
    if is_stopped_again:
        blacklist.blacklist_number(caller, number(), NOW)

    blacklist.allow_number(caller, number(), LATER)

    assert recipients(account, number()) == ([number()], [])
    newest = next(blacklist.list_ledger(account, number()))[1]
    assert (newest.state, newest.at) == (State.ALLOWED, LATER)
    with pytest.raises(NotFoundError):
        blacklist.allow_number(caller, number(), LATER)


def test_accounts_hash_under_keys_of_their_own(table, account):
    stranger = accounts.open_account("Other", "EE", 30, stamp_of(NOW))
    for each in (account, stranger):
        blacklist.blacklist_number(caller_of(each), number(), NOW)
        erase(caller_of(each), number(), NOW)
    assert suppressions(table, account) & suppressions(table, stranger) == {keys.SUPPRESSION_KEY}
    assert len(suppressions(table, account)) == 2

    blacklist.allow_number(caller_of(account), number(), NOW)
    assert blacklist.blacklisted_since(stranger, [number()])


def test_all_that_is_kept_is_answered(account):
    created = known_person(account)

    kept = retrieve_everything(account, created.id)

    assert kept.profile
    assert kept.profile.contact.details == DETAILS
    assert set(kept.joined_on) == {group.id for group in kept.profile.groups}
    assert [entry.reason for entry in kept.ledger] == [Reason.COMPLAINT, Reason.STOPLIST]
    assert kept.opt_out
    erase(caller_of(account), number(), NOW)
    after = retrieve_everything(account, number())
    assert (after.profile, after.ledger) == (None, [])
    with pytest.raises(NotFoundError):
        retrieve_everything(account, PhoneNumber("+37251999999"))


def test_closed_account_leaves_no_suppression(table, account):
    blacklist.blacklist_number(caller_of(account), number(), NOW)
    erase(caller_of(account), number(), NOW)

    accounts.close_account(account.id, NOW)

    assert suppressions(table, account) == set()


@pytest.mark.real_engine
@pytest.mark.parametrize("call", range(12))
def test_erasure_that_is_broken_off_anywhere_allows_nobody_and_can_be_repeated(
    table, account, engine, call
):
    created = known_person(account)
    engine.calls.clear()
    calls = iter(range(100))

    def break_at_the_call(faulty, *sent):
        return deny(faulty, *sent) if next(calls) >= call else faulty.pass_on(*sent)

    for operation in ("TransactWriteItems", "DeleteItem", "PutItem", "GetItem", "Query"):
        engine.fail(operation, break_at_the_call, times=100)
    with suppress(UnavailableError):
        erase(caller_of(account), created.id, NOW)
    engine.faults.clear()

    assert number() in blacklist.blacklisted_since(account, [number()])
    assert erase(caller_of(account), number(), NOW) is True
    assert number().e164[1:] not in everything_stored(table, account)


@pytest.mark.real_engine
@pytest.mark.parametrize("_round", range(3))
def test_opt_out_that_comes_during_an_erasure_holds(account, _round):
    create(account)
    caller = caller_of(account)

    def stop():
        blacklist.stop_number(caller, number(), NOW, reason=Reason.COMPLAINT)

    at_once(*[stop, lambda: erase(caller, number(), NOW)] * (THREADS // 2))

    assert blacklist.blacklisted_since(account, [number()])


@pytest.mark.real_engine
def test_erased_contact_of_more_groups_than_a_transaction_holds_is_gone_from_all(table, account):
    create_in_many(account, 120)

    erase(caller_of(account), number(), NOW)

    assert number().e164[1:] not in everything_stored(table, account)
    assert len(groups.list_groups(account)) == 120
    assert stored_ledger.count_entries(account.id, number()) == 0
    assert not stored_blacklist.contains_number(account.id, number())
