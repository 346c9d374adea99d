"""``phonebook maintenance purge``, run as an operator runs it, on an engine that can fail."""

import json
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from chalicelib.domain.phone import PhoneNumber
from chalicelib.services import accounts, contacts, groups, memberships
from chalicelib.settings import TABLE_VARIABLE
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.model import Item
from chalicelib.storage.items import AccountItem, ContactItem
from infra.local import engine
from infra.local.connected import Connected
from tests.account import caller_of, stamp_of
from tests.faulty_engine import deny, faulty_engine
from tests.paths import PROJECT
from tests.written import stamps_of

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def faulty(logs):
    """An engine of these tests' own, and how to make it fail."""
    with engine.ministack(logs / "purge-ministack") as endpoint, faulty_engine(endpoint) as started:
        yield started


@pytest.fixture
def table(faulty):
    with Connected(faulty[1]) as connected:
        yield connected
        faulty[0].lasting.clear()
        client = connected.client()
        for item in client.scan(TableName=connected.table)["Items"]:
            key = {"PK": item["PK"], "SK": item["SK"]}
            client.delete_item(TableName=connected.table, Key=key)


@pytest.fixture
def clock(faulty):
    """The engine's clock, to be set."""
    before = faulty[0].date

    def set_to(text):
        faulty[0].date = lambda: text

    yield set_to
    faulty[0].date = before


@pytest.fixture
def purge(table):
    """Run it, and return what it printed and what it said beside that."""
    environment = {**engine.environment(table.endpoint), TABLE_VARIABLE: table.table}

    def run(*arguments, code=0, stdin=subprocess.DEVNULL):
        done = subprocess.run(
            [sys.executable, "-m", "chalicelib.cli", "maintenance", "purge", *arguments],
            cwd=PROJECT, env=environment, stdin=stdin, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout, done.stderr

    return run


@pytest.fixture
def account(table):
    return accounts.open_account("Test", "EE", 30, stamp_of(NOW))


def number(index):
    return PhoneNumber(f"+3725{index:07d}")


def create(account, index, days_ago):
    contacts.create_contact(caller_of(account), number(index), {}, NOW - timedelta(days=days_ago))


def numbers_of(account):
    return {item.sk for item in Item.query(keys.contacts(account.id), consistent_read=True)}


def test_everything_is_swept_and_purged_in_one_run(account, purge):
    group = groups.create_group(caller_of(account), "Group", NOW)
    for index in range(3):
        create(account, index, 0)
        memberships.add_to_group(caller_of(account), group.id, number(index), NOW)
    groups.delete_group(caller_of(account), group.id, NOW)
    create(account, 3, 40)

    before, _ = purge("--dry-run", "--json")
    report, _ = purge("--json")

    assert json.loads(before)["memberships_to_sweep"] == 3
    assert json.loads(report) == {
        "today": datetime.now(UTC).date().isoformat(),
        "contacts_purged": 1,
        "contacts_skipped": 0,
        "memberships_swept": 3,
        "items_failed": 0,
        "oldest_due_left": None,
        "oldest_deletion_left": None,
    }
    swept = {(keys.contacts(account.id), number(index).e164) for index in range(3)}
    assert {sort_key for _, sort_key in swept} == numbers_of(account)
    assert set(stamps_of(swept).values()) == {("operator", "cli.maintenance.purge")}


@pytest.mark.parametrize(("days", "due"), [(-45, {0}), (45, {0, 1, 2})])
def test_clock_of_the_table_decides_whatever_this_machine_believes(
    account, purge, clock, days, due
):
    """The one is 45 days behind this machine's, which so is 45 days ahead; the other is not."""
    for index, days_ago in enumerate((80, 40, 0)):
        create(account, index, days_ago)
    clock(format_datetime(NOW + timedelta(days=days), usegmt=True))

    before, _ = purge("--dry-run", "--json")
    report, _ = purge("--json")

    today = (NOW + timedelta(days=days)).date().isoformat()
    assert (json.loads(before)["today"], json.loads(report)["today"]) == (today, today)
    assert json.loads(before)["contacts_due"] == json.loads(report)["contacts_purged"] == len(due)
    assert numbers_of(account) == {number(index).e164 for index in {0, 1, 2} - due}


@pytest.mark.parametrize("said", [None, "today"])
@pytest.mark.parametrize("arguments", [["--yes"], ["--dry-run"]])
def test_engine_that_says_no_time_is_not_purged(account, purge, clock, said, arguments):
    create(account, 0, 80)
    clock(said)

    printed, complaint = purge(*arguments, code=4)

    assert printed == ""
    assert "does not say what time it is" in complaint
    assert numbers_of(account) == {number(0).e164}


# More than a tenth of an account


@pytest.fixture
def large(account):
    """An account of which a hundred contacts are due, and which has no others."""
    for index in range(100):
        create(account, index, 40)
    item = AccountItem(keys.account(account.id), keys.ACCOUNT)
    item.update([AccountItem.contacts_count.set(100)])
    return account


def test_script_has_to_say_yes_to_much(large, purge):
    printed, complaint = purge("--json", code=2)
    assert printed == ""
    assert f"Account {large.id}: 100 of 100 contacts are due." in complaint
    assert "--yes" in complaint
    assert len(numbers_of(large)) == 100

    printed, _ = purge("--json", "--dry-run")
    assert json.loads(printed)["large_purges"] == 1

    printed, _ = purge("--json", "--yes")
    assert json.loads(printed)["contacts_purged"] == 100
    assert numbers_of(large) == set()


@pytest.mark.parametrize(("answer", "code", "left"), [("n", 2, 100), ("y", 0, 0)])
def test_person_is_asked_about_much(large, purge, answer, code, left):
    ours, theirs = pty.openpty()
    try:
        os.write(ours, f"{answer}\n".encode())
        _, said = purge(code=code, stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)

    assert "Purge them?" in said
    assert len(numbers_of(large)) == left


# Failures


def test_bad_items_are_named_and_left_and_the_others_done(account, purge):
    create(account, 0, 50)
    create(account, 1, 40)
    bad = ContactItem(keys.contacts(account.id), number(0).e164)
    bad.update([ContactItem.id.remove()])
    Item("nothing", "x", gsi1pk=keys.SWEEP, gsi1sk="garbage").save()

    before, _ = purge("--dry-run", "--json")
    assert json.loads(before)["bad_items"] == 1
    printed, complaint = purge("--json", code=5)

    report = json.loads(printed)
    assert (report["contacts_purged"], report["items_failed"]) == (1, 2)
    assert report["oldest_due_left"] == (NOW - timedelta(days=20)).date().isoformat()
    assert f"{keys.contacts(account.id)} {number(0).e164}: BadItemError: it has no id" in complaint
    assert "nothing x" in complaint


def test_report_is_given_when_the_table_fails_halfway(faulty, account, purge):
    create(account, 0, 50)
    create(account, 1, 40)
    faulty[0].fail_always("TransactWriteItems", number(1).e164, deny)

    printed, complaint = purge("--json", code=4)

    report = json.loads(printed)
    assert report["contacts_purged"] == 1
    assert report["oldest_due_left"] == (NOW - timedelta(days=10)).date().isoformat()
    assert "out of reach" in complaint
