"""Moving in from each vendor: the served app is the vendor, in that vendor's dialect."""

import json
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest

from chalicelib.cli import INTERRUPTED
from chalicelib.cli.failures import NOT_SERVED, NOT_THERE, REJECTED_ROWS, WRONG_USE
from chalicelib.domain.contact import ContactData
from chalicelib.domain.group import GroupKind
from chalicelib.domain.ledger import Reason, State
from chalicelib.domain.limits import MAX_GROUPS_TO_JOIN
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.rows import Mode
from chalicelib.migrating.errors import VendorError
from chalicelib.migrating.migration import BATCH
from chalicelib.migrating.registry import VENDORS
from chalicelib.migrating.source import SourceGroup
from chalicelib.migrating.vendor import Patience, VendorApi, VendorKey
from chalicelib.services import accounts, blacklist, contacts, groups, uploading
from chalicelib.settings import TABLE_VARIABLE
from infra.local import engine
from tests.account import caller_of, stamp_of
from tests.conftest import open_client
from tests.faulty_engine import deny, faulty_engine
from tests.leaks import ISSUED_SECRETS
from tests.migrating import GROUPS, OPT_OUTS, SAID, fill, number_of
from tests.paths import PROJECT
from tests.scripted_server import Scripted, scripted_server
from tests.sizes import FULL
from tests.terminal import terminal

KEY = VendorKey("me", "secret")

pytestmark = pytest.mark.real_engine


@pytest.fixture(scope="module")
def source(ministack, app_url):
    """Someone whose account is to be migrated."""
    client = open_client(ministack, app_url)
    with ministack:
        fill(accounts.retrieve_account(client.account))
    return client


@pytest.fixture(scope="module")
def said(source):
    """What each vendor says of the account that is to be migrated."""
    return cache(lambda vendor: SAID[vendor](source))


@pytest.fixture
def table(ministack):
    with ministack:
        yield ministack


@pytest.fixture
def target(table, app_url):
    """Someone with an empty account, to migrate into."""
    return open_client(table, app_url)


@pytest.fixture
def start(ministack, tmp_path):
    """Start a migration from one client's account into another's."""

    def start(
        vendor, source, target, *arguments, endpoint=ministack.endpoint, stderr=subprocess.PIPE
    ):
        environment = {**engine.environment(endpoint), TABLE_VARIABLE: ministack.table}
        secret = tmp_path / "secret"
        secret.write_text(f"{source.secret}\n")
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "chalicelib.cli", "migrate", vendor, "--url", source.url),
                *("--username", source.username, "--secret-file", str(secret)),
                *("--to", target.account, *arguments),
            ],
            cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True,
        )  # fmt: skip

    return start


@pytest.fixture
def migrate(start):
    """Migrate, and return what was printed, and what was said beside it."""

    def migrate(vendor, source, target, *arguments, code=0, **options):
        process = start(vendor, source, target, *arguments, **options)
        printed, said = process.communicate()
        assert process.returncode == code, said
        assert "Traceback" not in said
        assert not any(secret in printed + said for secret in ISSUED_SECRETS)
        return printed, said

    return migrate


def report(printed):
    """Return what was printed as JSON; *printed* may have what was said beside it."""
    return json.loads(printed if isinstance(printed, str) else printed[0])


def items_of(account, table):
    """Return all items of an account, as DynamoDB has them."""
    pages = table.client().get_paginator("scan").paginate(TableName=table.table)
    items = [item for page in pages for item in page["Items"] if account in item["PK"]["S"]]
    return sorted(items, key=lambda item: (item["PK"]["S"], item["SK"]["S"]))


def account_of(client):
    return accounts.retrieve_account(client.account)


def numbers_there(client):
    return [each.phone_number for each in contacts.list_contacts(account_of(client))]


def stopped_numbers(client):
    return [entry.phone_number for entry in blacklist.list_blacklist(account_of(client))]


def wait_for_a_contact(client):
    while not next(contacts.list_contacts(account_of(client), expected=1), None):
        time.sleep(0.01)


def answer_slowly(engine, *call):
    time.sleep(0.3)
    return engine.pass_on(*call)


def is_changed(tally):
    return any(tally.get(each) for each in ("created", "updated", "joined", "rejected"))


@pytest.mark.parametrize("vendor", VENDORS)
def test_all_that_a_vendor_says_is_there_afterwards_and_a_second_run_changes_nothing(
    vendor, *, source, said, target, table, migrate
):
    done = report(migrate(vendor, source, target, "--json"))
    items = items_of(target.account, table)
    again = report(migrate(vendor, source, target, "--json"))

    assert SAID[vendor](target) == said(vendor)
    assert items_of(target.account, table) == items
    assert (done["isFinished"], done["dryRun"], done["account"]) == (True, False, target.account)
    assert done["groups"] == {"read": GROUPS, "created": GROUPS, "found": 0}
    assert again["groups"] == {"read": GROUPS, "created": 0, "found": GROUPS}
    assert done["contacts"]["read"] == len(numbers_there(target))
    assert done["contacts"]["read"] == done["contacts"]["created"] + done["contacts"]["suppressed"]
    assert done["memberships"]["read"] == done["memberships"]["kept"] > GROUPS
    for what in ("contacts", "optOuts"):
        assert again[what]["read"] == done[what]["read"]
        assert is_changed(done[what]) is (done[what]["read"] > 0)
        assert not is_changed(again[what])
    kinds = ("CONTACTS#", "GROUPS#", "MEMBERS#", "BLACKLIST#")
    changed = [item["changedVia"]["S"] for item in items if item["PK"]["S"].startswith(kinds)]
    assert set(changed) == {f"migrate.{vendor}"}


def test_opt_outs_come_with_their_ledger(source, target, migrate, table):
    migrate("messente", source, target)

    entries = list(blacklist.list_blacklist(account_of(target)))
    assert [entry.phone_number for entry in entries] == stopped_numbers(source)
    assert len(entries) >= OPT_OUTS
    assert {(entry.reason, entry.source, entry.actor) for entry in entries} == {
        (Reason.IMPORT, "migrate.messente", "operator")
    }


# Broken off


KILLED = {
    "messente": signal.SIGINT,
    "devino": signal.SIGKILL,
    "messagebird": signal.SIGKILL,
    "atom": signal.SIGINT,
}
"""How a migration from each vendor is broken off. With a small account, two of them are enough."""


@pytest.mark.parametrize(("vendor", "how"), list(KILLED.items())[: None if FULL else 2])
def test_migration_that_was_killed_goes_on_to_the_same_end(
    vendor, how, *, ministack, source, said, target, start, migrate
):
    """Whoever opted out is on the blacklist before the first contact is there."""
    with faulty_engine(ministack.endpoint) as (slow, endpoint):
        # So that the signal comes in the middle, however busy the machine is.
        slow.fail_always("TransactWriteItems", f"CONTACTS#{target.account}", answer_slowly)
        killed = start(vendor, source, target, endpoint=endpoint)
        wait_for_a_contact(target)
        stopped = stopped_numbers(target)
        killed.send_signal(how)
        printed, complaint = killed.communicate()
    there = len(numbers_there(target))
    done = report(migrate(vendor, source, target, "--json"))

    assert 0 < there < done["contacts"]["read"]
    if vendor == "messente":
        assert stopped == stopped_numbers(source)
    if how is signal.SIGINT:
        assert (killed.returncode, there % BATCH) == (INTERRUPTED, 0)
        assert f"\n{there} contacts: " in printed
        assert "It did not come to its end; the same command goes on." in printed
        assert "Broken off" in complaint
    assert done["isFinished"]
    assert done["contacts"]["created"] < done["contacts"]["read"]
    assert SAID[vendor](target) == said(vendor)


def test_ctrl_c_ends_at_once_while_the_vendor_says_nothing(target, start):
    with scripted_server() as server:
        server.answer(Scripted(hangs=True))
        process = start("messente", replace(target, url=server.url), target, "--json")
        while not server.asked:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate()

    assert process.returncode == INTERRUPTED
    assert report(printed)["isFinished"] is False


# What is there already


def test_no_opt_out_is_lifted_and_what_is_there_stays(source, target, table, migrate):
    caller = caller_of(account_of(target))
    now = datetime.now(UTC)
    mine = groups.create_group(caller, "Mine", now)
    number = number_of(1)
    row = ContactData(number, {"title": "Kept", "email": "kept@example.com"}, group_ids=[mine.id])
    list(uploading.upload_contacts(caller, [row], now, mode=Mode.UPSERT))
    blacklist.stop_number(caller, number, now, reason=Reason.COMPLAINT, note="by phone")

    done = report(migrate("messagebird", source, target, "--json"))

    contact = contacts.retrieve_contact(account_of(target), number)
    opt_out = blacklist.retrieve_opt_out(account_of(target), number).entry
    assert (opt_out.state, opt_out.reason, opt_out.note) == (
        State.STOPPED, Reason.COMPLAINT, "by phone",
    )  # fmt: skip
    assert contact.details["title"] == "Kept"
    assert mine.id in contact.group_ids
    assert len(contact.group_ids) > 1
    assert done["contacts"]["suppressed"] == 1


def test_group_is_found_by_its_name_and_kind_and_later_whatever_its_name(
    target, stranger, table, migrate
):
    now = datetime.now(UTC)
    theirs, ours = caller_of(account_of(stranger)), caller_of(account_of(target))
    friends, foes = (groups.create_group(theirs, name, now) for name in ("Friends", "Foes"))
    stoplist = groups.create_group(ours, "Foes", now, kind=GroupKind.STOPLIST)
    same = groups.create_group(ours, "Friends", now)
    row = ContactData(number_of(1), group_ids=[friends.id, foes.id])
    list(uploading.upload_contacts(theirs, [row], now, mode=Mode.UPSERT))

    first = report(migrate("messente", stranger, target, "--json"))
    (made,) = {each.id for each in groups.list_groups(account_of(target))} - {stoplist.id, same.id}
    groups.rename_group(ours, made, "Enemies", now)
    second = report(migrate("messente", stranger, target, "--json"))

    contact = contacts.retrieve_contact(account_of(target), number_of(1))
    assert contact.group_ids == {same.id, made}
    assert first["groups"] == {"read": 2, "created": 1, "found": 1}
    assert second["groups"] == {"read": 2, "created": 0, "found": 2}
    assert not is_changed(second["contacts"])


def test_groups_of_two_accounts_at_a_vendor_are_two_even_with_the_same_ids(target, table, migrate):
    def run(name):
        answers = (
            {"status": "success", "result": [{"id": 1, "name": name}]},
            {"status": "success", "result": {"contacts": []}},
        )
        with scripted_server() as server:
            server.answer(*(Scripted(json.dumps(each).encode()) for each in answers))
            migrate("atom", replace(target, url=server.url), target)

    run("Friends")
    run("Foes")

    assert {group.name for group in groups.list_groups(account_of(target))} == {"Friends", "Foes"}


def test_group_that_was_just_deleted_is_told(target, stranger, table, migrate):
    now = datetime.now(UTC)
    groups.create_group(caller_of(account_of(stranger)), "Friends", now)
    migrate("messente", stranger, target)
    (made,) = groups.list_groups(account_of(target))
    groups.delete_group(caller_of(account_of(target)), made.id, now)

    _, said = migrate("messente", stranger, target, code=NOT_SERVED)

    assert said.startswith('phonebook: The group "Friends" of an earlier run was deleted a short')


def test_rehearsal_tells_the_outcomes_and_writes_nothing(source, target, table, migrate):
    items = items_of(target.account, table)
    rehearsed = report(migrate("devino", source, target, "--json", "--dry-run"))

    assert items_of(target.account, table) == items
    done = report(migrate("devino", source, target, "--json"))
    for each in (rehearsed, done):
        # A number that is only about to be stopped is not suppressed yet.
        each["contacts"]["created"] += each["contacts"].pop("suppressed")
    assert rehearsed == {**done, "dryRun": True}


def test_person_in_two_lists_is_one_contact_and_the_later_list_goes_first(target, table, migrate):
    """At Devino these are two contacts, which may differ; a second run finds nothing to change."""

    def contact(name, email, **field):
        shown = {"name": "name", "value": name}, {"name": "city", "type": 3, **field}
        return {"phone": "37251000001", "email": email, "fields": shown}

    lists = [{"contactGroupId": each, "name": f"List {each}"} for each in ("1", "2")]
    first = contact("First", "first@example.com", value="Tartu", displayName="Linn")
    second = contact("Second", None, value=None)
    pages = [lists, [], [first], [], [second], []]

    def run():
        with scripted_server() as server:
            server.answer(*(Scripted(json.dumps({"result": page}).encode()) for page in pages))
            return report(migrate("devino", replace(target, url=server.url), target, "--json"))

    done, again = run(), run()

    kept = contacts.retrieve_contact(account_of(target), number_of(1000001))
    assert kept.details == {"first_name": "Second", "email": "first@example.com"}
    assert kept.extra == {
        "devino.fields.city": {"type": 3, "value": "Tartu", "displayName": "Linn"}
    }
    assert len(kept.group_ids) == 2
    assert (done["contacts"]["created"], done["memberships"]["kept"]) == (1, 2)
    assert again["contacts"]["unchanged"] == 1


# What cannot be kept, and what fails


def messente_with(*contacts):
    """What Messente answers to each call of a migration, in their order."""
    lists: tuple[object, ...] = (
        {"groups": []},
        {"phoneNumbers": ["+37251111111", "nobody"]},
        {"contacts": contacts},
    )
    return [Scripted(json.dumps(each).encode()) for each in lists]


def test_what_cannot_be_kept_is_told_and_the_rest_is_kept(target, table, migrate):
    with scripted_server() as server:
        server.answer(
            *messente_with(
                {"phoneNumber": "+37251000001", "firstName": "Any"},
                {"phoneNumber": "+37251000002", "firstName": "a" * 1_001},
                {"phoneNumber": "12"},
                {"phoneNumber": "+37251000003", "firstName": 5, "company": "\u0000"},
                {"phoneNumber": "+37251111111"},
            )
        )
        printed, said = migrate(
            "messente", replace(target, url=server.url), target, "--json", code=REJECTED_ROWS
        )

    of_first_name = "first_name: must be a string"
    assert said.splitlines() == [
        "Rejected: nobody: phone number: is not a phone number: it contains LATIN SMALL LETTER N",
        "Rejected: +37251000002: first_name: must be at most 1000 characters long",
        "Rejected: 12: phone number: is not a phone number",
        f"Rejected: +37251000003: {of_first_name}; company: must not contain a NUL character",
    ]
    done = report(printed)
    assert done["isFinished"]
    assert done["contacts"]["rejected"] == 3
    assert done["optOuts"]["rejected"] == 1
    assert numbers_there(target) == [PhoneNumber("+37251000001"), PhoneNumber("+37251111111")]


def test_contact_in_too_many_groups_is_told(target, table, migrate):
    member = {"phoneNumber": "+37251000001"}
    count = MAX_GROUPS_TO_JOIN + 1
    lists = [
        {"groups": [{"id": str(each), "name": f"Group {each}"} for each in range(count)]},
        *[{"contacts": [member]}] * count,
        {"phoneNumbers": []},
        {"contacts": [member]},
    ]
    with scripted_server() as server:
        server.answer(*(Scripted(json.dumps(each).encode()) for each in lists))
        printed, said = migrate(
            "messente", replace(target, url=server.url), target, "--json", code=REJECTED_ROWS
        )

    assert said == "Rejected: +37251000001: It is in more groups than can be joined at once.\n"
    assert report(printed)["memberships"] == {"read": count, "kept": 0, "rejected": count}


@pytest.mark.parametrize(("vendor", "status"), [("messente", 401), ("atom", 403)])
def test_credential_that_is_refused_is_told(vendor, status, target, migrate):
    wrong = replace(target, secret="wrong-secret")

    printed, said = migrate(vendor, wrong, target, code=NOT_SERVED)

    assert printed == ""
    assert f"refused the credential ({status})" in said
    assert "wrong-secret" not in said


def test_vendor_that_answers_garbage_is_told(target, migrate):
    with scripted_server() as server:
        server.answer(Scripted(b"<html>"))
        printed, said = migrate(
            "messagebird", replace(target, url=server.url), target, "--json", code=NOT_SERVED
        )

    assert said.endswith("/groups answered something that is not JSON\n")
    assert report(printed)["isFinished"] is False


ENTRIES = [5, "text", {}, {"id": None}, {"id": "1"}, {"id": "\ud800"}, [[]]]


@pytest.mark.parametrize("vendor", VENDORS)
def test_answer_of_another_shape_is_refused(vendor):
    """Whatever is wrong in it, no list of a vendor is taken for an empty one."""
    with (
        scripted_server() as server,
        closing(VendorApi(server.url, KEY, KEY.basic, Patience(tries=1))) as api,
    ):
        opened = VENDORS[vendor](api)
        group = SourceGroup(key="1", name="Group")
        for body in (b"{}", b"[]", b'{"status": "success", "result": 5}', *map(answer_of, ENTRIES)):
            server.answer(Scripted(body))
            for ask in (opened.groups, lambda: opened.gather([group])):
                with pytest.raises(VendorError, match="answered"):
                    list(ask())


def answer_of(entry):
    """Return a list of one entry, as any of the vendors would name it."""
    names = ("groups", "contacts", "items", "result")
    return json.dumps({"status": "success", **{name: [entry] for name in names}}).encode()


def test_table_out_of_reach_ends_it_and_it_goes_on_later(source, said, target, ministack, migrate):
    with faulty_engine(ministack.endpoint) as (faulty, endpoint):
        faulty.fail_always("TransactWriteItems", '"CONTACTS#', deny)
        printed, complaint = migrate(
            "messente", source, target, "--json", code=NOT_SERVED, endpoint=endpoint
        )
    with ministack:
        broken_off, done = report(printed), report(migrate("messente", source, target, "--json"))

    assert "The table, or the queue, is out of reach" in complaint
    assert (broken_off["isFinished"], broken_off["contacts"]["read"]) == (False, 0)
    assert done["isFinished"]
    assert SAID["messente"](target) == said("messente")


def test_progress_is_shown_on_a_terminal(source, target, start):
    with terminal() as (screen, seen):
        process = start("devino", source, target, stderr=screen)
        printed, _ = process.communicate()

    shown = b"".join(seen)
    assert process.returncode == 0, shown
    assert b"Reading who is in which group" in shown
    assert b"Moving contacts" in shown
    assert b"a second" in shown
    assert f"{GROUPS} groups: {GROUPS} created." in printed
    assert "Not told by the vendor: contacts in no list" in printed


def test_account_is_named_by_its_name_if_only_one_has_it(target, stranger, table, migrate):
    name = f"Company {target.account}"
    accounts.change_account(target.account, {"name": name}, stamp_of(datetime.now(UTC)))

    done = report(migrate("messente", stranger, replace(target, account=name), "--json"))
    _, several = migrate("messente", stranger, replace(target, account="Test"), code=WRONG_USE)
    _, none = migrate("messente", stranger, replace(target, account="Nobody"), code=NOT_THERE)

    assert done["account"] == target.account
    assert "account: several are called Test: name one of" in several
    assert none == "phonebook: There is no such account.\n"


@pytest.mark.parametrize("text", ["", "\n", "two\nlines", "\udcff"])
def test_file_without_one_secret_is_refused(text, target, start, tmp_path):
    file = tmp_path / "other"
    file.write_bytes(text.encode(errors="surrogateescape"))

    process = start("messente", target, target, "--secret-file", str(file))

    assert process.communicate()[1].startswith("phonebook: secret-file: must ")
    assert process.returncode == WRONG_USE


def test_file_that_is_not_there_is_told(target, start, tmp_path):
    process = start("messente", target, target, "--secret-file", str(tmp_path / "none"))

    assert process.communicate()[1] == "phonebook: secret-file: No such file or directory\n"
