"""One bad item stops neither the clean-up nor its report, and nobody keeps the others waiting."""

import io
import json
import random
import time
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import pytest

from benchmarks.use_cases.meter import Meter
from chalicelib.domain.errors import UnavailableError
from chalicelib.entrypoints import cleanup_schedule
from chalicelib.entrypoints.cleanup_schedule import clean_up_on_schedule
from chalicelib.observability import logger
from chalicelib.services import accounts, cleanup, contacts, groups
from chalicelib.services.cleanup import CleanupReport, LargePurge, clean_up, preview
from chalicelib.storage import keys
from chalicelib.storage.contact_items import item_of
from chalicelib.storage.dynamodb.clock import NoClockError, time_of_table
from chalicelib.storage.items import AccountItem, MembershipItem
from chalicelib.storage.purging import due_contacts
from chalicelib.storage.sweeping import TOMBSTONE_LIFETIME
from chalicelib.storage.tombstones import deleted_contact_item
from infra.local import engine
from infra.local.connected import Connected
from tests.account import caller_of, stamp_of
from tests.events.conftest import NOW, SCHEDULED_EVENT, Looks
from tests.events.test_cleanup import _contact
from tests.faulty_engine import (
    break_down,
    deny,
    faulty_engine,
    lose_race,
    refuse_as_invalid,
    throttle,
)
from tests.storage.steps import (
    assert_rule_3_holds,
    create,
    create_group,
    join,
    number,
    stored_contact,
    stored_keys,
    stored_members,
)

LONG_AGO = NOW - timedelta(days=50)
LONG_DUE = (NOW - timedelta(days=20)).date()


@pytest.fixture(scope="module")
def faulty(logs):
    """An engine of these tests' own, and how to make it fail."""
    with engine.ministack(logs / "ministack-bad") as endpoint, faulty_engine(endpoint) as started:
        yield started


@pytest.fixture
def table(faulty, monkeypatch):
    """An empty table on it."""
    monkeypatch.setattr(cleanup_schedule, "_connect", lambda: None)
    with Connected(faulty[1]) as connected:
        yield connected
        faulty[0].faults.clear()
        faulty[0].lasting.clear()
        client = connected.client()
        for item in client.scan(TableName=connected.table)["Items"]:
            key = {"PK": item["PK"], "SK": item["SK"]}
            client.delete_item(TableName=connected.table, Key=key)


@pytest.fixture
def account(table):
    return accounts.open_account("Bad", "EE", 30, stamp_of(NOW))


@pytest.fixture
def other(table):
    return accounts.open_account("Good", "EE", 30, stamp_of(NOW))


@pytest.fixture
def printed(capsys, monkeypatch):
    """Return what the Lambda has printed: its log lines by their message, and its metrics."""
    log = io.StringIO()
    for handler in logger().handlers:
        monkeypatch.setattr(handler, "stream", log)

    def read():
        both = log.getvalue() + capsys.readouterr().out
        lines = [json.loads(line) for line in both.splitlines()]
        return {line.get("message", "metrics"): line for line in lines}

    return read


def create_due(account, index=0, created=LONG_AGO):
    contacts.create_contact(caller_of(account), number(index), {}, created)


def write(table, change, pk, sk):
    """Change an item behind the phonebook's back."""
    client = table.client()
    key = {"PK": {"S": pk}, "SK": {"S": sk}}
    item = client.get_item(TableName=table.table, Key=key)["Item"]
    change(item)
    client.put_item(TableName=table.table, Item=item)
    return item


def setting(name, value):
    return lambda item: item.update({name: value})


def without(name):
    return lambda item: item.pop(name)


BAD_CONTACTS = {
    "no id": without("id"),
    "an id that is none": setting("id", {"S": "seven"}),
    "no date": without("scheduledDeletionDate"),
    "a date that is none": setting("scheduledDeletionDate", {"S": "2026-02-30"}),
    "a date of another kind": setting("scheduledDeletionDate", {"N": "20260101"}),
    "a later date than its index": setting("scheduledDeletionDate", {"S": "2030-01-01"}),
    "a group": setting("groupIds", {"NS": ["7"]}),
    "groups that are none": setting("groupIds", {"NULL": True}),
    "no time of change": without("updatedOn"),
    "a time of change in another form": setting("updatedOn", {"S": "2025-12-12T12:00:00Z"}),
    "a time of change that is none": setting("updatedOn", {"S": "yesterday"}),
}


@pytest.mark.parametrize("what", BAD_CONTACTS)
def test_bad_contact_fails_by_itself(table, account, other, what):
    create_due(account)
    bad = write(table, BAD_CONTACTS[what], keys.contacts(account.id), number().e164)
    for index in (1, 2):
        create_due(account, index, NOW - timedelta(days=40))
        create_due(other, index, NOW - timedelta(days=40))

    for purged in (4, 0):
        report = clean_up(stamp_of(NOW))

        assert (report.contacts_purged, report.contacts_skipped) == (purged, 0)
        assert report.items_failed == 1
        assert report.failures[0].key == f"{keys.contacts(account.id)} {number().e164}"
        assert report.oldest_due_left == LONG_DUE
    assert write(table, lambda _: None, bad["PK"]["S"], bad["SK"]["S"]) == bad


@pytest.mark.parametrize(
    "entry",
    [
        {"PK": "CONTACTS#a", "SK": "+3725", "GSI1PK": "DUE#00", "GSI1SK": "2026-01-01#a#+3725"},
        {"PK": "OTHERS#a", "SK": "+3725", "GSI1PK": "DUE#15", "GSI1SK": "2026-01-01#a#+3725"},
        {"PK": "nothing", "SK": "x", "GSI1PK": "DUE#01", "GSI1SK": "garbage"},
        {"PK": "#", "SK": "#", "GSI1PK": "DUE#01", "GSI1SK": "#"},
        {"PK": "nothing", "SK": "x", "GSI1PK": "SWEEP", "GSI1SK": "garbage"},
        {"PK": "TOMBSTONES#a", "SK": "GROUP#x", "GSI1PK": "SWEEP", "GSI1SK": "2026-13-01#a#x"},
        {"PK": "TOMBSTONES#a", "SK": "x", "GSI1PK": "SWEEP", "GSI1SK": "1#a#x"},
    ],
)
def test_index_entry_of_nothing_of_ours_fails_by_itself(table, other, entry):
    # What sorts behind all days is due on none.
    is_due = entry["GSI1SK"] != "garbage" or entry["GSI1PK"] == "SWEEP"
    table.load([{name: {"S": value} for name, value in entry.items()}])
    create_due(other)
    before = preview(NOW.date())

    report = clean_up(stamp_of(NOW))

    assert report.contacts_purged == 1
    assert report.items_failed == is_due
    assert before.bad_items == (is_due and "2026-01-01" not in entry["GSI1SK"])


BAD_TOMBSTONES = {
    "no date": without("scheduledDeletionDate"),
    "a date that is none": setting("scheduledDeletionDate", {"S": "soon"}),
    "a date of another kind": setting("scheduledDeletionDate", {"NULL": True}),
    "a time that is none": setting("deletedOn", {"S": "just now"}),
}


@pytest.mark.parametrize("what", BAD_TOMBSTONES)
def test_half_a_tombstone_of_a_group_fails_by_itself(table, account, other, what):
    bad, good = create_group(account), create_group(other)
    for index in range(3):
        for each, group in ((account, bad), (other, good)):
            create(each, index)
            join(each, group, index)
    groups.delete_group(caller_of(account), bad.id, NOW)
    groups.delete_group(caller_of(other), good.id, NOW + timedelta(seconds=1))
    write(table, BAD_TOMBSTONES[what], keys.tombstones(account.id), keys.deleted_group(bad.id))
    assert preview(NOW.date()).bad_items == 1

    report = clean_up(stamp_of(NOW))

    assert (report.items_failed, report.memberships_swept) == (1, 3)
    assert report.oldest_deletion_left == NOW.date()
    assert stored_members(other, good) == set()
    # Nothing is guessed of its members, nor lost.
    assert len(stored_members(account, bad)) == 3
    assert clean_up(stamp_of(NOW + timedelta(days=400))).contacts_purged == 3
    assert len(list(contacts.list_contacts(account))) == 3


def test_half_a_tombstone_keeps_no_reader_from_the_account_and_is_swept_when_mended(table, account):
    half, whole = create_group(account), create_group(account)
    kept = create_group(account)
    for index, group in enumerate((half, whole, kept)):
        create(account, index)
        join(account, group, index)
    groups.delete_group(caller_of(account), half.id, NOW)
    groups.delete_group(caller_of(account), whole.id, NOW)
    tombstone = keys.tombstones(account.id), keys.deleted_group(half.id)
    write(table, without("scheduledDeletionDate"), *tombstone)

    seen = list(contacts.list_contacts(account))
    assert [contact.scheduled_deletion_date for contact in seen] == [None, date(2026, 3, 2), None]
    assert contacts.retrieve_contact(account, number()).phone_number == number()
    create(account, 3)
    contacts.update_contact(caller_of(account), number(), {"title": "a"}, NOW)

    write(table, setting("scheduledDeletionDate", {"S": "2026-03-02"}), *tombstone)
    assert clean_up(stamp_of(NOW)).items_failed == 0
    for index in range(4):
        assert_rule_3_holds(account, index)


def test_tombstone_that_does_not_say_when_it_was_deleted_is_swept_and_stays(table, account):
    group = create_group(account)
    create(account)
    join(account, group)
    groups.delete_group(caller_of(account), group.id, NOW)
    write(table, without("deletedOn"), keys.tombstones(account.id), keys.deleted_group(group.id))

    assert clean_up(stamp_of(NOW)).memberships_swept == 1
    assert_rule_3_holds(account)
    assert clean_up(stamp_of(NOW + TOMBSTONE_LIFETIME)).items_failed == 1
    assert stored_keys(keys.tombstones(account.id)) == {keys.deleted_group(group.id)}


@pytest.mark.parametrize("half", ["phoneNumber", "groupIds"])
def test_half_a_tombstone_of_a_contact_fails_by_itself(table, account, other, half):
    for each in (account, other):
        deleted_contact_item(each.id, 1, number().e164, [7], stamp_of(NOW)).save()
    write(table, without(half), keys.tombstones(account.id), keys.deleted_contact(1))

    report = clean_up(stamp_of(NOW))

    assert (report.items_failed, report.memberships_swept) == (1, 1)
    assert stored_keys(keys.tombstones(account.id)) == {keys.deleted_contact(1)}
    assert stored_keys(keys.tombstones(other.id)) == set()


@pytest.mark.parametrize(
    "what",
    [
        without("id"),
        without("updatedOn"),
        setting("createdOn", {"S": "then"}),
        setting("extra", {"S": "{"}),
    ],
)
def test_bad_member_of_a_deleted_group_fails_by_itself(table, account, what):
    group = create_group(account)
    for index in range(3):
        create(account, index)
        join(account, group, index)
    write(table, what, keys.contacts(account.id), number().e164)
    groups.delete_group(caller_of(account), group.id, NOW)

    for swept in (2, 0):
        report = clean_up(stamp_of(NOW + TOMBSTONE_LIFETIME))
        assert (report.items_failed, report.memberships_swept) == (1, swept)
        assert report.failures[0].key.endswith(number().e164)
    assert stored_members(account, group) == {number().e164}
    assert stored_keys(keys.tombstones(account.id)) == {keys.deleted_group(group.id)}


@pytest.mark.parametrize("fault", [lose_race, throttle, refuse_as_invalid, break_down])
def test_item_that_is_refused_each_time_fails_by_itself(faulty, account, other, fault):
    for index in range(3):
        create_due(account, index)
        create_due(other, index)
    swept = create_group(account)
    for index in (5, 6):
        create(account, index)
        join(account, swept, index)
    groups.delete_group(caller_of(account), swept.id, NOW)
    for index in (1, 5):
        faulty[0].fail_always(
            "TransactWriteItems", f'{account.id}"}}, "SK": {{"S": "{number(index).e164}', fault
        )

    report = clean_up(stamp_of(NOW))

    assert (report.items_failed, report.contacts_purged, report.memberships_swept) == (2, 5, 1)
    assert report.oldest_due_left == LONG_DUE
    assert report.oldest_deletion_left == NOW.date()
    faulty[0].lasting.clear()
    report = clean_up(stamp_of(NOW))
    assert (report.items_failed, report.contacts_purged, report.memberships_swept) == (0, 1, 1)
    assert (report.oldest_due_left, report.oldest_deletion_left) == (None, None)


# The engine fails


def deny_from(faulty, operation, about):
    """Let nothing through from a call on."""

    def deny_all(engine, headers, body):
        for each in ("TransactWriteItems", "GetItem", "Query"):
            engine.fail_always(each, "", deny)
        return deny(engine, headers, body)

    faulty.fail_always(operation, about, deny_all)


def test_run_that_fails_halfway_has_reported_what_it_did(faulty, account):
    for index in range(3):
        create_due(account, index, LONG_AGO + timedelta(days=index))
    deny_from(faulty[0], "TransactWriteItems", number(1).e164)
    report = CleanupReport()

    with pytest.raises(UnavailableError):
        clean_up(stamp_of(NOW), None, report)

    assert report.contacts_purged == 1
    assert report.items_failed == 0
    assert report.oldest_due_left == LONG_DUE + timedelta(days=1)
    assert not report.is_purge_seen


def test_lambda_that_fails_halfway_logs_and_publishes_before_it_fails(faulty, account, printed):
    create_due(account, 0)
    create_due(account, 1, LONG_AGO + timedelta(days=1))
    deny_from(faulty[0], "TransactWriteItems", number(1).e164)

    with pytest.raises(UnavailableError):
        clean_up_on_schedule(SCHEDULED_EVENT, None)

    lines = printed()
    assert lines["clean-up"]["contacts_purged"] == 1
    assert lines["metrics"]["ContactsPurged"] == [1.0]
    assert lines["metrics"]["OldestDueDaysLeft"][0] > 0


def test_run_that_sees_nothing_does_not_say_that_nothing_is_due(faulty, account, printed):
    create_due(account)
    faulty[0].fail_always("Query", "", deny)

    with pytest.raises(UnavailableError):
        clean_up_on_schedule(SCHEDULED_EVENT, None)

    metrics = printed()["metrics"]
    assert metrics["ContactsPurged"] == [0.0]
    assert "OldestDueDaysLeft" not in metrics
    assert "OldestDeletionDaysLeft" not in metrics


def test_sweep_that_cannot_begin_keeps_no_contact_from_being_purged(faulty, account):
    create_due(account)
    faulty[0].fail_always("Query", "SWEEP", throttle)
    report = CleanupReport()

    with pytest.raises(UnavailableError):
        clean_up(stamp_of(NOW), None, report)

    assert report.contacts_purged == 1
    assert (report.is_sweep_seen, report.is_purge_seen) == (False, True)


def test_run_whose_time_is_over_begins_no_further_call_and_is_no_failure(faulty, account):
    """Even in the middle of one contact; what it was about is left, and reported, and no worse."""

    class Context:
        def get_remaining_time_in_millis(self):
            return 1000 * (cleanup_schedule.SECONDS_KEPT + 2)

    def lose_race_late(*about):
        time.sleep(3)
        return lose_race(*about)

    create_due(account)
    faulty[0].fail_always("TransactWriteItems", account.id, lose_race_late)
    faulty[0].calls.clear()

    summary = clean_up_on_schedule(SCHEDULED_EVENT, Context())

    assert faulty[0].calls.count("TransactWriteItems") <= 1
    assert summary["items_failed"] == 0
    assert not summary["is_purge_seen"]


def test_lambda_names_what_failed_with_its_number_masked(table, account, printed):
    create_due(account)
    write(table, without("id"), keys.contacts(account.id), number().e164)

    summary = clean_up_on_schedule(SCHEDULED_EVENT, None)

    lines = printed()
    assert summary["items_failed"] == 1
    assert lines["metrics"]["CleanupItemsFailed"] == [1.0]
    failed = lines["clean-up failed for one item"]
    assert failed["key"] == f"{keys.contacts(account.id)} +37250****00"
    assert "no id" in failed["exception"]


# Turns


def load_due(table, account, indexes, day, change=lambda _: None):
    items = []
    for index in indexes:
        contact = _contact(index)
        item = item_of(account.id, contact, stamp_of(NOW))
        item.scheduled_deletion_date = day.isoformat()
        item.gsi1pk, item.gsi1sk = keys.due(day, account.id, contact.phone_number.e164)
        items.append(item.serialize())
        change(items[-1])
    table.load(items)


def test_bad_contacts_at_the_head_hold_up_neither_their_account_nor_another(table, account, other):
    """There is time for about 110 of 300 bad ones in a run, before any of those behind them."""
    random.seed(7)
    load_due(table, account, range(300), LONG_DUE, without("id"))
    load_due(table, account, range(300, 400), LONG_DUE + timedelta(days=1))
    load_due(table, other, range(10), LONG_DUE + timedelta(days=2))

    first = clean_up(stamp_of(NOW), Looks(250))
    assert contacts_left(other) == 0
    assert first.oldest_due_left == LONG_DUE
    for _ in range(10):
        clean_up(stamp_of(NOW), Looks(250))
    assert contacts_left(account) < 350


def contacts_left(account):
    return len(stored_keys(keys.contacts(account.id)))


def test_account_with_very_much_to_purge_keeps_nobody_waiting(table, account, other):
    load_due(table, account, range(400), LONG_DUE)
    load_due(table, other, range(3), LONG_DUE + timedelta(days=1))

    report = clean_up(stamp_of(NOW), Looks(400))

    assert contacts_left(other) == 0
    assert report.oldest_due_left == LONG_DUE
    assert clean_up(stamp_of(NOW)).oldest_due_left is None
    assert contacts_left(account) == 0


def test_account_with_very_much_to_sweep_keeps_nobody_waiting(table, account, other):
    large, small = create_group(account), create_group(other)
    for each, group, members in ((account, large, 260), (other, small, 3)):
        table.load(
            MembershipItem(
                keys.members(each.id, group.id), number(index).e164, joined_on=NOW
            ).serialize()
            for index in range(members)
        )
        groups.delete_group(caller_of(each), group.id, NOW + timedelta(seconds=members == 3))

    report = clean_up(stamp_of(NOW), Looks(300))

    assert stored_members(other, small) == set()
    assert 0 < len(stored_members(account, large)) < 260
    assert report.oldest_deletion_left == NOW.date()
    report = clean_up(stamp_of(NOW))
    assert stored_members(account, large) == set()
    assert report.oldest_deletion_left is None


def test_passing_over_an_account_reads_none_of_the_rest_that_it_has_due(table, account, other):
    load_due(table, account, range(3_000), LONG_DUE)
    load_due(table, other, range(3), LONG_DUE + timedelta(days=1))

    with Meter() as meter:
        seen = list(due_contacts(NOW.date(), lambda entry: entry.pk.endswith(account.id)))

    assert len(seen) == 3
    assert meter.calls == ["Query"] * (2 * keys.DUE_SHARDS)


def test_tombstone_of_a_contact_in_very_many_groups_remembers_what_is_swept(table, account):
    deleted_contact_item(account.id, 1, number().e164, range(1, 61), stamp_of(NOW)).save()

    runs = 0
    while stored_keys(keys.tombstones(account.id)):
        clean_up(stamp_of(NOW), Looks(60))
        runs += 1
        assert runs < 10
    assert runs > 1


def test_run_without_a_limit_sweeps_and_purges_all(account):
    group = create_group(account)
    for index in range(4):
        create(account, index)
        join(account, group, index)
    groups.delete_group(caller_of(account), group.id, NOW)
    create_due(account, 9)

    report = clean_up(stamp_of(NOW))

    assert (report.memberships_swept, report.contacts_purged) == (4, 1)
    assert report.is_sweep_seen
    assert report.is_purge_seen


# Much of an account


def has_contacts(account, count):
    item = AccountItem(keys.account(account.id), keys.ACCOUNT)
    item.update([AccountItem.contacts_count.set(count)])


@pytest.mark.parametrize(
    ("due", "all_contacts", "is_large"),
    [(99, 99, False), (100, 1_000, False), (101, 1_009, True), (100, 999, True), (100, 0, True)],
)
def test_purge_of_more_than_a_tenth_is_large_unless_it_is_a_handful(
    table, account, due, all_contacts, is_large
):
    load_due(table, account, range(due), LONG_DUE)
    has_contacts(account, all_contacts)

    found = cleanup.list_large_purges(NOW.date())

    assert found == ([LargePurge(account.id, due, all_contacts)] if is_large else [])
    assert preview(NOW.date()).large_purges == found


@pytest.mark.parametrize("change", [lambda item: item.delete(), None])
def test_account_whose_size_nobody_knows_is_purged_largely(table, account, change):
    load_due(table, account, range(100), LONG_DUE)
    if change:
        change(AccountItem(keys.account(account.id), keys.ACCOUNT))
    else:
        bad = setting("contactsCount", {"S": "many"})
        write(table, bad, keys.account(account.id), keys.ACCOUNT)

    assert cleanup.list_large_purges(NOW.date()) == [LargePurge(account.id, 100, None)]


def test_schedule_purges_much_of_an_account_and_says_so(table, account, printed):
    load_due(table, account, range(120), LONG_DUE)
    has_contacts(account, 130)

    summary = clean_up_on_schedule(SCHEDULED_EVENT, None)

    assert (summary["contacts_purged"], summary["large_purges"]) == (120, 1)
    lines = printed()
    assert lines["metrics"]["LargePurges"] == [1.0]
    said = lines["clean-up takes much of an account"]
    assert (said["account_id"], said["due"], said["contacts"]) == (account.id, 120, 130)


# What day it is


@pytest.fixture
def clock(faulty):
    """The engine's clock, to be set."""

    def set_to(text):
        faulty[0].date = lambda: text

    before = faulty[0].date
    yield set_to
    faulty[0].date = before


def test_clock_of_the_table_is_the_one_that_counts(account, clock):
    """By this machine's, which may be 45 days ahead, both would be due."""
    now = datetime.now(UTC).replace(microsecond=0)
    its_time = now - timedelta(days=45)
    create_due(account, 0, its_time - timedelta(days=30))
    create_due(account, 1, its_time - timedelta(days=29))
    clock(format_datetime(its_time, usegmt=True))

    assert time_of_table() == its_time
    assert clean_up_on_schedule(SCHEDULED_EVENT, None)["contacts_purged"] == 1
    assert stored_contact(account, 1)


@pytest.mark.parametrize("said", [None, "yesterday", "Thu, 26 Nov 2026 00:41:58"])
def test_engine_that_says_no_time_purges_nothing(account, clock, printed, said):
    create_due(account)
    clock(said)

    with pytest.raises(NoClockError):
        clean_up_on_schedule(SCHEDULED_EVENT, None)

    assert stored_contact(account)
    assert printed()["metrics"]["ContactsPurged"] == [0.0]
