"""The ledger: every change of whether a number may be messaged, once, and in order."""

import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import pairwise

import pytest

from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError, UnavailableError
from chalicelib.domain.group import GroupKind
from chalicelib.domain.ledger import Reason, State, Stopping
from chalicelib.services import accounts, blacklist, contacts, memberships
from chalicelib.storage import blacklist as stored_blacklist
from chalicelib.storage import keys
from chalicelib.storage import ledger as stored_ledger
from chalicelib.storage.blacklist import Standing
from chalicelib.storage.dynamodb.transactions import TransactionRefusedError, write_together
from chalicelib.storage.items import BlacklistItem
from tests.account import caller_of, stamp_of
from tests.storage.conftest import NOW
from tests.storage.steps import (
    blacklisted_numbers,
    create,
    create_group,
    create_or_join,
    join,
    leave,
    move,
    number,
)
from tests.storage.test_races import THREADS, at_once

LATER, LAST = NOW + timedelta(days=1), NOW + timedelta(days=2)
STOPPED, ALLOWED = State.STOPPED, State.ALLOWED


def stop(account, reason=Reason.REQUEST, now=NOW, note=None):
    return blacklist.stop_number(caller_of(account), number(), now, reason=reason, note=note)


def allow(account, now=NOW, note=None):
    blacklist.allow_number(caller_of(account), number(), now, note=note)


def ledger(account):
    """The entries of a number, oldest first."""
    entries = list(blacklist.list_ledger(account, number()))
    assert [position for position, _ in entries] == list(range(len(entries), 0, -1))
    return [entry for _, entry in entries][::-1]


def history(account):
    return [(entry.state, entry.reason, entry.at) for entry in ledger(account)]


def test_entry_says_who_stopped_a_number_when_and_why(account):
    caller = caller_of(account)

    assert stop(account, Reason.COMPLAINT, note="by phone") is Stopping.NEW

    (entry,) = ledger(account)
    assert (entry.phone_number, entry.state, entry.reason) == (number(), STOPPED, Reason.COMPLAINT)
    assert (entry.actor, entry.source, entry.note) == (caller.username, caller.via, "by phone")
    assert entry.at == NOW
    opt_out = blacklist.retrieve_opt_out(account, number())
    assert (opt_out.entry, opt_out.since) == (entry, NOW)
    assert list(blacklist.list_blacklist(account)) == [entry]


def test_each_change_of_the_state_is_an_entry(account):
    stop(account)
    allow(account, LATER, note="wrote again")
    assert blacklist.retrieve_opt_out(account, number()).entry.note == "wrote again"
    assert blacklist.retrieve_opt_out(account, number()).since == LATER
    assert stop(account, Reason.CARRIER, LAST) is Stopping.NEW

    assert history(account) == [
        (STOPPED, Reason.REQUEST, NOW),
        (ALLOWED, Reason.REQUEST, LATER),
        (STOPPED, Reason.CARRIER, LAST),
    ]
    assert blacklist.retrieve_opt_out(account, number()).since == LAST


@pytest.mark.parametrize("reason", [Reason.STOPLIST, Reason.OPERATOR, Reason.REQUEST])
def test_second_stop_for_no_weightier_reason_changes_nothing(account, reason):
    stop(account, note="first")

    assert stop(account, reason, LATER, note="second") is Stopping.UNCHANGED

    (entry,) = ledger(account)
    assert (entry.note, entry.at) == ("first", NOW)


def test_weightier_reason_is_recorded_and_the_date_stays(account):
    stop(account, Reason.BOUNCE)

    assert stop(account, Reason.COMPLAINT, LATER) is Stopping.OUTWEIGHED

    assert history(account) == [(STOPPED, Reason.BOUNCE, NOW), (STOPPED, Reason.COMPLAINT, LATER)]
    opt_out = blacklist.retrieve_opt_out(account, number())
    assert (opt_out.since, opt_out.entry.at) == (NOW, LATER)
    assert blacklist.blacklisted_since(account, [number()]) == {number(): NOW}


def test_number_that_was_never_stopped_has_no_state_and_cannot_be_allowed(account):
    for step in (
        lambda: blacklist.retrieve_opt_out(account, number()),
        lambda: allow(account),
    ):
        with pytest.raises(NotFoundError):
            step()
    assert ledger(account) == []


def test_numbers_that_begin_alike_have_ledgers_of_their_own(account):
    stop(account)
    longer = type(number())(number().e164 + "1")
    blacklist.stop_number(caller_of(account), longer, NOW)

    assert len(ledger(account)) == 1
    assert len(list(blacklist.list_ledger(account, longer))) == 1


def test_ledger_is_read_on_from_a_position(account):
    for _ in range(3):
        stop(account)
        allow(account)

    read = blacklist.list_ledger(account, number(), before=4, expected=2)

    assert [(position, entry.state) for position, entry in read] == [
        (3, STOPPED), (2, ALLOWED), (1, STOPPED),
    ]  # fmt: skip


def test_stoplist_stops_and_leaving_it_allows(account):
    create(account)
    stoplist = create_group(account, kind=GroupKind.STOPLIST)

    join(account, stoplist)
    leave(account, stoplist, now=LATER)

    assert history(account) == [(STOPPED, Reason.STOPLIST, NOW), (ALLOWED, Reason.STOPLIST, LATER)]


def test_number_stays_stopped_until_it_left_every_stoplist_it_is_stopped_for(account):
    create(account)
    first, second = (create_group(account, kind=GroupKind.STOPLIST) for _ in range(2))
    group = create_group(account)
    join(account, first)
    move(account, group, number())
    join(account, second)

    leave(account, second)
    assert blacklisted_numbers(account) == [number()]

    join(account, first)
    leave(account, first)
    assert blacklisted_numbers(account) == []
    assert len(ledger(account)) == 2


def test_stoplist_that_a_number_was_allowed_in_does_not_keep_it_stopped(account):
    """Somebody allowed it by hand, though its contact is still in the first stoplist."""
    create(account)
    first, second = (create_group(account, kind=GroupKind.STOPLIST) for _ in range(2))
    join(account, first)
    allow(account)

    join(account, second)
    leave(account, second)

    assert blacklisted_numbers(account) == []
    assert len(ledger(account)) == 4


def test_who_asked_stays_in_force_after_the_stoplist(account):
    create(account)
    stoplist = create_group(account, kind=GroupKind.STOPLIST)
    join(account, stoplist)
    stop(account, Reason.REQUEST, LATER)

    leave(account, stoplist)

    assert history(account) == [(STOPPED, Reason.STOPLIST, NOW), (STOPPED, Reason.REQUEST, LATER)]
    assert blacklisted_numbers(account) == [number()]


@pytest.mark.parametrize("by_request", [True, None])
def test_stop_of_an_older_version_has_an_entry_of_what_is_known(account, by_request):
    stop_as_before(account, by_request)
    reason = Reason.REQUEST if by_request else Reason.STOPLIST

    assert history(account) == [(STOPPED, reason, NOW)]
    assert [entry.actor for entry in ledger(account)] == [None]
    allow(account, LATER)
    assert history(account) == [(STOPPED, reason, NOW), (ALLOWED, Reason.REQUEST, LATER)]


def test_weightier_reason_after_a_stop_of_an_older_version_keeps_both(account):
    stop_as_before(account, by_request=None)

    assert stop(account, Reason.REQUEST, LATER) is Stopping.OUTWEIGHED

    assert history(account) == [(STOPPED, Reason.STOPLIST, NOW), (STOPPED, Reason.REQUEST, LATER)]
    assert blacklist.retrieve_opt_out(account, number()).since == NOW


def test_stoplist_of_an_older_version_ends_with_the_last_stoplist(account):
    create(account)
    first, second = (create_group(account, kind=GroupKind.STOPLIST) for _ in range(2))
    join(account, first)
    allow(account)
    stop_as_before(account, by_request=None)
    join(account, second)
    assert [entry.state for entry in ledger(account)] == [STOPPED, ALLOWED, STOPPED]

    leave(account, first)
    assert blacklisted_numbers(account) == [number()]
    leave(account, second)
    assert blacklisted_numbers(account) == []
    assert [entry.state for entry in ledger(account)] == [STOPPED, ALLOWED] * 2


def test_strangers_number_of_the_same_kind_is_not_touched(account):
    """Neither deleting the contact nor creating it again changes its ledger."""
    create_or_join(account, create_group(account, kind=GroupKind.STOPLIST))
    contacts.delete_contact(caller_of(account), number(), LATER)
    create(account)

    assert history(account) == [(STOPPED, Reason.STOPLIST, NOW)]


@pytest.mark.real_engine
@pytest.mark.parametrize("_round", range(5))
def test_changes_at_once_are_entries_one_after_another(account, _round):
    create(account)
    stoplist = create_group(account, kind=GroupKind.STOPLIST)
    join(account, stoplist)

    at_once(
        *[lambda: stop(account)] * (THREADS // 2),
        *[lambda: allow(account)] * (THREADS // 2 - 1),
        lambda: leave(account, stoplist),
    )

    entries = ledger(account)
    assert [entry.state for entry in entries if entry.reason is not Reason.STOPLIST]
    for before, after in pairwise(entries):
        assert before.state is not after.state or after.reason.outweighs(before.reason)
    assert bool(blacklisted_numbers(account)) == (entries[-1].state is STOPPED)


@pytest.mark.real_engine
def test_stopping_a_number_at_once_is_one_entry(account):
    outcomes = at_once(*[lambda: stop(account)] * THREADS)

    assert outcomes.count(Stopping.NEW) == 1
    assert outcomes.count(Stopping.UNCHANGED) == THREADS - 1
    assert len(ledger(account)) == 1


def test_request_for_a_number_of_a_stoplist_is_a_conflict_and_is_recorded(account):
    create_or_join(account, create_group(account, kind=GroupKind.STOPLIST))

    with pytest.raises(ConflictError):
        blacklist.blacklist_number(caller_of(account), number(), LATER)

    assert history(account)[-1] == (STOPPED, Reason.REQUEST, LATER)


def stop_as_before(account, by_request, index=0, **stamp):
    """Stop a number as a version without a ledger did."""
    BlacklistItem(
        keys.blacklist(account.id),
        number(index).e164,
        id=1,
        created_on=NOW,
        by_request=by_request,
        **stamp,
    ).save()


def test_numbers_are_read_together_as_each_is_read_alone(account):
    stop(account)
    allow(account)
    stop(account)
    stop_as_before(account, by_request=None, index=1)

    read = Standing.read_each(account.id, [number(0), number(1), number(2)])

    for each in (number(0), number(1), number(2)):
        alone = Standing.read(account.id, each)
        assert (read[each].account_id, read[each].phone_number) == (account.id, each)
        assert read[each].entries == alone.entries
        assert bool(read[each].item) == bool(alone.item)
    assert read[number(0)].entries == 3
    assert read[number(2)].item is None


def test_entry_names_who_stopped_a_number_and_not_who_changed_it_last(account):
    create(account)
    for name in ("first", "second"):
        group = create_group(account, kind=GroupKind.STOPLIST)
        caller = replace(caller_of(account, via=f"tests.{name}"), username=name)
        memberships.add_to_group(caller, group.id, number(), NOW)

    entry = blacklist.retrieve_opt_out(account, number()).entry
    assert (stored(account).changed_by, stored(account).changed_via) == ("second", "tests.second")
    assert (entry.actor, entry.source) == ("first", "tests.first")


def test_stop_of_an_older_version_names_who_is_known(account):
    stop_as_before(account, by_request=True, changed_by="someone", changed_via="tests.older")

    (entry,) = ledger(account)
    assert (entry.actor, entry.source) == ("someone", "tests.older")


@pytest.mark.parametrize("reason", [Reason.REQUEST, Reason.STOPLIST])
def test_versions_without_a_ledger_learn_whether_somebody_asked(account, reason):
    stop(account, reason)

    item = stored(account)
    assert bool(item.by_request) == (reason is Reason.REQUEST)
    assert item.id


@pytest.mark.parametrize("change", [stop, allow])
def test_number_that_others_change_at_every_try_is_busy(account, change, monkeypatch):
    def refuse(_add_actions):
        raise TransactionRefusedError([])

    stop(account, Reason.BOUNCE)
    monkeypatch.setattr(stored_blacklist, "write_together", refuse)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)

    with pytest.raises(UnavailableError) as busy:
        change(account)
    assert busy.value.code is ErrorCode.BUSY


@pytest.mark.parametrize("decided", ["allow", "stoplists"])
@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda item: [BlacklistItem.stoplist_ids.add({3})],
        lambda item: [BlacklistItem.by_request.set(True)],
        lambda item: [BlacklistItem.id.set(item.id + 1)],
        lambda item: [BlacklistItem.entries.set(7)],
    ],
    ids=["stoplists", "request", "id", "entries"],
)
def test_number_that_was_changed_since_it_was_read_is_not_written(account, meanwhile, decided):
    """Also by a version without a ledger, which writes no entry of it."""
    write_together(
        partial(
            Standing.new(account.id, number()).add_stopping,
            stamp=stamp_of(NOW),
            reason=Reason.STOPLIST,
            stoplist_ids={1, 2},
        )
    )
    standing = Standing.read(account.id, number())
    stored(account).update(meanwhile(standing.item))
    seen = stored(account).attribute_values

    def change(transaction):
        if decided == "allow":
            standing.add_allowing(transaction, stamp_of(LATER), Reason.REQUEST)
        else:
            standing.add_change_of_stoplists(
                transaction, stamp_of(LATER), before={1, 2}, joined=set(), left={1}
            )

    with pytest.raises(TransactionRefusedError):
        write_together(change)
    assert stored(account).attribute_values == seen
    assert len(ledger(account)) == 1


def test_numbers_are_listed_after_a_number(account):
    for index in (2, 0, 1):
        blacklist.stop_number(caller_of(account), number(index), NOW)

    def listed(**page):
        return list(stored_blacklist.list_numbers(account.id, **page))

    numbers = [number(index).e164 for index in range(3)]
    assert listed(after=None, expected=None) == numbers
    assert listed(after=numbers[0], expected=1) == numbers[1:]


def test_ledger_of_an_account_is_forgotten_and_no_other(account, table):
    other = accounts.open_account("Other", "EE", 30, stamp_of(NOW))
    for each in (account, other):
        stop(each)
        allow(each)

    stored_ledger.forget(account.id)

    assert ledger(account) == []
    assert len(ledger(other)) == 2


def test_numbers_are_counted(account):
    stop(account)
    blacklist.stop_number(caller_of(account), number(1), NOW)

    assert stored_blacklist.count_numbers(account.id) == 2


def stored(account):
    return BlacklistItem.get(keys.blacklist(account.id), number().e164, consistent_read=True)
