"""Contacts go on their day and not before; what a deleted group left behind goes at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from benchmarks.use_cases.meter import Meter
from chalicelib.domain.contact import Contact
from chalicelib.entrypoints.cleanup_schedule import clean_up_on_schedule
from chalicelib.services import accounts, blacklist, contacts, groups
from chalicelib.services.cleanup import clean_up, preview
from chalicelib.storage import keys, purging
from chalicelib.storage.contact_items import item_of
from chalicelib.storage.dynamodb.transactions import write_together
from chalicelib.storage.items import MembershipItem
from chalicelib.storage.memberships import join as join_without_looking
from chalicelib.storage.purging import Outcome, due_contacts, purge_contact
from chalicelib.storage.sweeping import TOMBSTONE_LIFETIME
from chalicelib.storage.tombstones import deleted_contact_item
from infra.local import engine
from infra.local.connected import Connected
from tests.account import caller_of, stamp_of
from tests.events.conftest import NOW, SCHEDULED_EVENT, Looks
from tests.sizes import CONTACTS_IN_A_LARGE_TABLE
from tests.storage.steps import (
    assert_rule_3_holds,
    create,
    create_group,
    join,
    leave,
    number,
    numbers_by_id,
    stored_contact,
    stored_keys,
    stored_members,
)

DUE = NOW + timedelta(days=30)
NOT_YET = DUE - timedelta(days=1)


def for_ever():
    return 3600.0


def contacts_of(account):
    return [contact.phone_number for contact in contacts.list_contacts(account)]


@pytest.fixture(autouse=True)
def nothing_due_from_before(table):
    """Accounts of other tests share the index; theirs are done first."""
    while clean_up(stamp_of(datetime(2030, 1, 1, tzinfo=UTC)), for_ever).contacts_purged:
        pass


def test_contact_goes_on_its_day_with_its_id_and_stays_blacklisted(account):
    create(account)
    create(account, 1)
    join(account, create_group(account), 1)
    blacklist.blacklist_number(caller_of(account), number(), NOW)

    assert clean_up(stamp_of(NOT_YET), for_ever).contacts_purged == 0
    assert contacts_of(account) == [number(), number(1)]

    assert clean_up(stamp_of(DUE), for_ever).contacts_purged == 1
    assert contacts_of(account) == [number(1)]
    assert len(numbers_by_id(account)) == 1
    blacklist.check_blacklisted(account, number())


@pytest.mark.parametrize(
    ("created", "retention_days", "first_day"),
    [
        (datetime(2028, 1, 30, 23, 59, 59, 999_999, tzinfo=UTC), 30, date(2028, 2, 29)),
        (datetime(2027, 1, 30, 12, tzinfo=UTC), 30, date(2027, 3, 1)),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), 1, date(2027, 1, 1)),
        (datetime(2026, 12, 31, 0, 0, tzinfo=UTC), 0, date(2026, 12, 31)),
        (datetime(2001, 1, 1, tzinfo=UTC), 30, date(2001, 1, 31)),
    ],
)
def test_day_begins_at_midnight_utc_whatever_the_month(table, created, retention_days, first_day):
    account = accounts.open_account("Clock", "EE", retention_days, stamp_of(created))
    contacts.create_contact(caller_of(account), number(), {}, created)
    midnight = datetime.combine(first_day, datetime.min.time(), UTC)

    assert clean_up(stamp_of(midnight - timedelta(microseconds=1)), for_ever).contacts_purged == 0
    assert clean_up(stamp_of(midnight), for_ever).contacts_purged == 1


def test_contact_years_overdue_goes_first_and_the_rest_when_there_is_time(account):
    for index, years_back in enumerate((1, 20, 3)):
        created = NOW - timedelta(days=365 * years_back)
        contacts.create_contact(caller_of(account), number(index), {}, created)

    report = clean_up(stamp_of(NOW), lambda: float(len(contacts_of(account)) > 1))

    assert report.contacts_purged == 2
    assert report.oldest_due_left == (NOW - timedelta(days=365 - 30)).date()
    assert contacts_of(account) == [number(0)]
    assert clean_up(stamp_of(NOW), for_ever).contacts_purged == 1


def test_preview_counts_what_the_next_run_would_purge_and_changes_nothing(account):
    create(account)
    group = create_group(account)
    create(account, 1)
    join(account, group, 1)
    groups.delete_group(caller_of(account), group.id, NOW)
    before = preview(NOT_YET.date())

    assert (before.contacts_due, before.oldest_due) == (0, None)
    assert before.memberships_to_sweep == 1
    assert before.tombstones >= 1
    assert preview(DUE.date()).contacts_due == 1
    assert preview(DUE.date()).oldest_due == DUE.date()
    assert contacts_of(account) == [number(), number(1)]


def test_two_runs_at_once_purge_each_contact_once(account):
    for index in range(30):
        create(account, index)

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: clean_up(stamp_of(DUE), for_ever), range(2)))

    assert sum(report.contacts_purged for report in reports) == 30
    assert contacts_of(account) == []
    assert numbers_by_id(account) == {}


# What happens between the reading of the index and the delete


@pytest.fixture
def entry(account):
    """A contact that was read as due."""
    create(account)
    (entry,) = due_contacts(DUE.date())
    return entry


def test_contact_that_joined_a_group_meanwhile_is_left_alone(account, entry):
    join(account, create_group(account))

    assert purge_contact(entry, stamp_of(DUE)) is Outcome.LEFT_ALONE
    assert_rule_3_holds(account)


def test_contact_that_left_its_last_group_meanwhile_has_30_more_days(account, entry):
    group = create_group(account)
    join(account, group)
    leave(account, group, now=DUE)

    assert purge_contact(entry, stamp_of(DUE)) is Outcome.LEFT_ALONE
    assert_rule_3_holds(account)


def test_contact_that_was_created_anew_meanwhile_is_left_alone(account, entry):
    contacts.delete_contact(caller_of(account), number(), DUE)
    contacts.create_contact(caller_of(account), number(), {}, DUE)

    assert purge_contact(entry, stamp_of(DUE)) is Outcome.LEFT_ALONE
    assert contacts_of(account) == [number()]


def test_contact_that_is_gone_already_is_no_error(account, entry):
    contacts.delete_contact(caller_of(account), number(), DUE)

    assert purge_contact(entry, stamp_of(DUE)) is Outcome.GONE


@pytest.mark.parametrize(
    "change",
    [
        lambda account: join(account, create_group(account)),
        lambda account: contacts.update_contact(caller_of(account), number(), {"title": "a"}, DUE),
    ],
)
def test_contact_that_changes_while_it_is_purged_is_left_alone(account, entry, change, monkeypatch):
    """The change comes after the purge has read the contact, and before it deletes it."""

    def change_first(add_actions):
        change(account)
        write_together(add_actions)

    monkeypatch.setattr(purging, "write_together", change_first)
    assert purge_contact(entry, stamp_of(DUE)) is Outcome.LEFT_ALONE
    assert contacts_of(account) == [number()]


# Sweeping


def sweep_until_done(now):
    while clean_up(stamp_of(now), for_ever).memberships_swept:
        pass


def test_members_of_a_deleted_group_get_their_dates_and_others_stay_where_they_are(
    account, delivery
):
    deleted, left = create_group(account), create_group(account)
    for index in range(3):
        create(account, index)
        join(account, deleted, index)
    join(account, left, 1)
    groups.delete_group(caller_of(account), deleted.id, NOW)
    seen = [contacts.retrieve_contact(account, number(index)) for index in range(3)]

    assert clean_up(stamp_of(NOW), for_ever).memberships_swept == 3

    assert stored_members(account, deleted) == set()
    assert [contacts.retrieve_contact(account, number(index)) for index in range(3)] == seen
    for index in range(3):
        assert_rule_3_holds(account, index)
    assert stored_contact(account, 1).group_ids == {left.id}
    delivery.deliver_all()
    assert groups.retrieve_group(account, left.id).contacts_count == 1


def test_contact_in_two_deleted_groups_goes_after_the_later_deletion(account):
    create(account)
    first, second = create_group(account), create_group(account)
    join(account, first)
    join(account, second)
    groups.delete_group(caller_of(account), second.id, NOW + timedelta(days=2))
    groups.delete_group(caller_of(account), first.id, NOW)

    sweep_until_done(NOW)

    assert stored_contact(account).scheduled_deletion_date == "2026-03-04"
    assert_rule_3_holds(account)


def test_tombstone_stays_until_no_request_can_be_running_that_began_before(account):
    group = create_group(account)
    groups.delete_group(caller_of(account), group.id, NOW)

    clean_up(stamp_of(NOW + TOMBSTONE_LIFETIME - timedelta(seconds=1)), for_ever)
    assert stored_keys(keys.tombstones(account.id)) == {keys.deleted_group(group.id)}

    clean_up(stamp_of(NOW + TOMBSTONE_LIFETIME), for_ever)
    assert stored_keys(keys.tombstones(account.id)) == set()


def test_contact_that_joined_a_group_while_it_was_deleted_is_taken_out_of_it(account):
    """It had looked for the group before, and joins it after."""
    create(account)
    group = create_group(account)
    groups.delete_group(caller_of(account), group.id, NOW)
    clean_up(stamp_of(NOW), for_ever)
    join_without_looking(account.id, group, number(), stamp_of(NOW))
    assert contacts.retrieve_contact(account, number()).scheduled_deletion_date

    clean_up(stamp_of(NOW + TOMBSTONE_LIFETIME), for_ever)
    assert stored_keys(keys.tombstones(account.id)) != set(), "it was not empty in this sweep"
    clean_up(stamp_of(NOW + TOMBSTONE_LIFETIME), for_ever)

    assert stored_members(account, group) == set()
    assert stored_keys(keys.tombstones(account.id)) == set()
    assert_rule_3_holds(account)


def test_contact_created_anew_keeps_its_groups_while_its_old_memberships_are_swept(account):
    deleted, again = create_group(account), create_group(account)
    create(account)
    join(account, deleted)
    groups.delete_group(caller_of(account), deleted.id, NOW)
    contacts.delete_contact(caller_of(account), number(), NOW)
    create(account)
    join(account, again)
    join_without_looking(account.id, deleted, number(), stamp_of(NOW))

    sweep_until_done(NOW)

    assert stored_contact(account).group_ids == {again.id}
    assert stored_members(account, again) == {number().e164}
    assert stored_members(account, deleted) == set()


def test_what_a_deleted_contact_left_behind_is_swept_unless_it_was_taken_over(account):
    """A contact in very many groups leaves some memberships to the schedule."""
    left, taken_over = create_group(account), create_group(account)
    create(account)
    join(account, taken_over)
    MembershipItem(keys.members(account.id, left.id), number().e164, joined_on=NOW).save()
    groups_left = [left.id, taken_over.id]
    deleted_contact_item(account.id, 1, number().e164, groups_left, stamp_of(NOW)).save()
    assert preview(NOW.date()).memberships_to_sweep == 2

    clean_up(stamp_of(NOW), for_ever)

    assert stored_members(account, left) == set()
    assert stored_members(account, taken_over) == {number().e164}
    assert stored_keys(keys.tombstones(account.id)) == set()
    assert_rule_3_holds(account)


def test_large_group_is_swept_over_many_runs_and_keeps_no_contact_from_being_purged(account):
    group = create_group(account)
    for index in range(30):
        create(account, index)
        join(account, group, index)
    groups.delete_group(caller_of(account), group.id, NOW)
    contacts.create_contact(caller_of(account), number(99), {}, NOW - timedelta(days=40))

    first = clean_up(stamp_of(NOW), Looks(40))
    assert 0 < first.memberships_swept < 30
    assert first.contacts_purged == 1

    runs = 1
    while clean_up(stamp_of(NOW), Looks(40)).memberships_swept:
        runs += 1
    assert runs > 1
    assert stored_members(account, group) == set()
    for index in range(30):
        assert_rule_3_holds(account, index)


def test_scheduled_lambda_logs_a_summary_and_publishes_metrics(account, capsys):
    contacts.create_contact(caller_of(account), number(), {}, datetime(2020, 1, 1, tzinfo=UTC))
    summary = clean_up_on_schedule(SCHEDULED_EVENT, None)

    assert summary["contacts_purged"] == 1
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (metrics,) = (line for line in printed if "_aws" in line)
    assert metrics["ContactsPurged"] == [1.0]
    assert metrics["OldestDueDaysLeft"] == [0.0]


def test_what_the_schedule_changes_says_so(account):
    create(account)
    kept, deleted = create_group(account), create_group(account)
    for group in (kept, deleted):
        join(account, group)
    groups.delete_group(caller_of(account), deleted.id, NOW)

    clean_up_on_schedule(SCHEDULED_EVENT, None)

    swept = stored_contact(account)
    assert (swept.changed_by, swept.changed_via) == ("phonebook", "schedule.clean_up")


@pytest.mark.parametrize("others", [1_000, CONTACTS_IN_A_LARGE_TABLE])
def test_purging_costs_the_same_whatever_else_is_in_the_table(logs, others):
    """On an engine of its own, which such a table would slow down for all others."""
    with engine.ministack(logs / f"ministack-{others}") as endpoint, Connected(endpoint) as table:
        account = accounts.open_account("Large", "EE", 30, stamp_of(NOW))
        table.load(
            item_of(account.id, _contact(index), stamp_of(NOW)).serialize()
            for index in range(others)
        )
        for index in range(10):
            contacts.create_contact(caller_of(account), number(index), {}, NOW - timedelta(days=40))

        with Meter() as meter:
            assert clean_up(stamp_of(NOW), for_ever).contacts_purged == 10

    assert meter.writes == 10 * 5
    assert meter.reads <= 2 * keys.DUE_SHARDS + 1 + 10


def _contact(index):
    return Contact(
        id=index + 1,
        phone_number=number(1_000 + index),
        details={},
        group_ids=frozenset(),
        scheduled_deletion_date=DUE.date(),
        created_on=NOW,
        updated_on=NOW,
    )
