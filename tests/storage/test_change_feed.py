"""A reader who follows the feed misses nothing, however long those who write it take."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.changes import Change, ChangeType
from chalicelib.services import changes
from chalicelib.storage.change_feed import add_changes
from tests.feed import read_on

LONGEST = timedelta(seconds=0.6)
"""As long as a write takes here at most."""

WRITERS = 6
WRITES = 12
A_MOMENT = 0.02


def change_of(writer, place):
    return Change(
        id=f"{writer}-{place}",
        type=ChangeType.CONTACT_CREATED,
        at=datetime.now(UTC),
        subject={"contact": "any"},
    )


@pytest.mark.real_engine
def test_nothing_is_missed_while_writers_stall_up_to_their_longest_time(
    account, engine, monkeypatch
):
    monkeypatch.setattr(changes, "SETTLES_AFTER", 2 * LONGEST)
    chance = random.Random(1)
    stalls = [chance.choice([0.0, LONGEST.total_seconds()]) for _ in range(WRITERS * WRITES)]

    def stall(faulty, headers, body):
        time.sleep(stalls.pop())
        return faulty.pass_on(headers, body)

    engine.fail("BatchWriteItem", stall, times=len(stalls))

    def write(writer):
        for place in range(WRITES):
            add_changes(account.id, [change_of(writer, place)], datetime.now(UTC))

    writing = threading.Event()
    found, place = [], None
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write, writer) for writer in range(WRITERS)]
        while not writing.is_set():
            if all(each.done() for each in writers):
                time.sleep((2 * LONGEST).total_seconds())
                writing.set()
            more, place = read_on(account, place)
            found += more
            time.sleep(A_MOMENT)
        for each in writers:
            each.result()

    expected = {change_of(writer, place).id for writer in range(WRITERS) for place in range(WRITES)}
    assert len(found) == len(expected)
    assert {each["id"] for each in found} == expected


def test_reader_who_is_past_a_write_would_miss_it(account):
    """What the test above would show if a change could be read before it has settled."""
    before = datetime.now(UTC)
    _, place = read_on(account, now=before + changes.SETTLES_AFTER)
    add_changes(account.id, [change_of(0, 0)], before - timedelta(seconds=1))

    assert read_on(account, place, now=before + 2 * changes.SETTLES_AFTER)[0] == []
    assert len(read_on(account, now=before + 2 * changes.SETTLES_AFTER)[0]) == 1


def test_changes_of_one_moment_keep_their_order(account):
    now = datetime.now(UTC)
    many = [change_of("z" if place % 2 else "a", place) for place in range(60)]
    add_changes(account.id, many, now)

    later = now + changes.SETTLES_AFTER + timedelta(seconds=1)
    assert [each["id"] for each in read_on(account, now=later)[0]] == [each.id for each in many]
