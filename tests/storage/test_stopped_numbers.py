"""Many numbers stopped at once."""

import time

import pytest

from chalicelib.domain.errors import ErrorCode, NotFoundError
from chalicelib.domain.ledger import Reason, Stop
from chalicelib.domain.rows import Rejected
from chalicelib.services import blacklist
from chalicelib.services.blacklist import stop_numbers
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.deadline import calls_end_after
from chalicelib.storage.items import BlacklistItem
from tests.account import caller_of
from tests.storage.conftest import NOW
from tests.storage.steps import blacklisted_numbers, number

SECONDS = 0.5

pytestmark = pytest.mark.real_engine


def stop(index=0, reason=Reason.REQUEST, note=None):
    return Stop(number(index), reason, note)


def stopped(account, rows):
    return [
        each.reason.code.name
        if isinstance(each, Rejected)
        else each.effect.value
        if each.repeats is None
        else (each.effect.value, each.repeats)
        for each in stop_numbers(caller_of(account), rows, NOW)
    ]


def ledger(account, index=0):
    found = blacklist.list_ledger(account, number(index))
    return [(entry.reason, entry.note) for _, entry in found]


def test_each_number_is_stopped_and_told_what_changed(account):
    blacklist.stop_number(caller_of(account), number(1), NOW, reason=Reason.BOUNCE)
    blacklist.stop_number(caller_of(account), number(2), NOW)
    blacklist.stop_number(caller_of(account), number(3), NOW)
    blacklist.allow_number(caller_of(account), number(3), NOW)
    unread = Rejected(NotFoundError(ErrorCode.PATH_NOT_FOUND))

    outcomes = stopped(account, [stop(0, note="a"), stop(1), unread, stop(2), stop(3)])

    assert outcomes == ["created", "updated", "PATH_NOT_FOUND", "unchanged", "created"]
    assert blacklisted_numbers(account) == [number(index) for index in range(4)]
    assert ledger(account) == [(Reason.REQUEST, "a")]
    assert len(ledger(account, 3)) == 3


def test_rows_of_one_number_take_effect_in_their_order(account):
    rows = [
        stop(reason=Reason.BOUNCE, note="a"),
        stop(reason=Reason.IMPORT),
        stop(reason=Reason.COMPLAINT, note="b"),
        stop(reason=Reason.REQUEST),
    ]

    assert stopped(account, rows) == ["created", ("duplicate", 0), "updated", ("duplicate", 2)]
    assert ledger(account) == [(Reason.COMPLAINT, "b"), (Reason.BOUNCE, "a")]


def test_a_thousand_numbers_are_stopped_and_stopping_them_again_writes_nothing(account, meter):
    rows = [stop(index) for index in range(1000)]
    assert stopped(account, rows) == ["created"] * 1000
    calls = len(meter.calls)

    assert stopped(account, rows) == ["unchanged"] * 1000

    assert meter.calls[calls:] == ["BatchGetItem"] * 40
    assert len(blacklisted_numbers(account)) == 1000


def test_number_that_cannot_be_read_stops_no_other(account):
    stopped(account, [stop(0), stop(1)])
    damaged = BlacklistItem(keys.blacklist(account.id), number(1).e164)
    damaged.update([BlacklistItem.reason.set("none")])

    rows = [stop(index, Reason.COMPLAINT) for index in range(3)]

    assert stopped(account, rows) == ["updated", "BUG", "created"]


def test_rows_that_were_not_begun_in_time_are_answered_as_unavailable(account, engine):
    def take_too_long(faulty, *call):
        time.sleep(SECONDS)
        return faulty.pass_on(*call)

    engine.fail("BatchGetItem", take_too_long)

    with calls_end_after(SECONDS):
        outcomes = stopped(account, [stop(0), stop(1)])

    assert outcomes == ["BUSY", "BUSY"]
    assert blacklisted_numbers(account) == []
