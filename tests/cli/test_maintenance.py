"""``phonebook maintenance``, run as an operator runs it."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import boto3
import pytest

from chalicelib.cli.verifying import SHOWN_OF_A_KIND, _Report
from chalicelib.domain.ids import hex_of, uuid_of
from chalicelib.domain.search import parse_search
from chalicelib.services import accounts, contacts, groups, memberships
from chalicelib.services.searching import search
from chalicelib.services.verifying import Finding
from chalicelib.settings import TABLE_VARIABLE
from chalicelib.storage import keys
from chalicelib.storage.aside import put_aside
from chalicelib.storage.counters import Counter, read_counter
from chalicelib.storage.inspection import Key
from chalicelib.storage.invariants import Kind
from chalicelib.storage.items import ContactIdItem, ContactItem, GroupItem, MembershipItem
from infra.local import engine
from infra.local.connected import Connected
from tests.account import caller_of, stamp_of
from tests.conftest import unattended
from tests.paths import PROJECT
from tests.storage.steps import number

NOW = datetime.now(UTC)
STREAM = "arn:aws:dynamodb:eu-west-1:000000000000:table/{}/stream/x"


class OwnTable:
    """A table of its own, and the command line on it."""

    def __init__(self, endpoint):
        self.connected = Connected(endpoint)
        self.environment = {
            **engine.environment(endpoint),
            "AWS_ENDPOINT_URL_SQS": endpoint,
            TABLE_VARIABLE: self.connected.table,
        }

    def __call__(self, *arguments, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "chalicelib.cli", "maintenance", *arguments],
            cwd=PROJECT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stdout if code in {0, 4, 5} else done.stderr

    def paste(self, line):
        """Run a line as it was printed."""
        return subprocess.run(
            ["sh", "-c", line],
            cwd=PROJECT, env=self.environment, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    def json(self, *arguments, code=0):
        return json.loads(self(*arguments, "--json", code=code))


@pytest.fixture
def own(logs):
    with engine.ministack(logs / "maintained-ministack") as endpoint:
        own = OwnTable(endpoint)
        with own.connected:
            yield own


@pytest.fixture
def counting(own, logs, tmp_path):
    """What runs unattended, on that table."""
    with unattended(own.connected, logs / "own-events", tmp_path / "letters", purge_seconds=3_600):
        yield


def let_drift(account, group, by=3):
    item = GroupItem(keys.groups(account.id), keys.of_id(group.id))
    item.update([GroupItem.contacts_count.add(by)])


def test_recount_takes_some_accounts_or_some_groups_of_one(own, counting):
    account, other = (accounts.open_account(name, "EE", 30, stamp_of(NOW)) for name in "ab")
    drifted, right = (groups.create_group(caller_of(account), name, NOW) for name in "ab")
    let_drift(account, drifted)

    assert own.json("recount", "--account", other.id) == []
    assert own.json("recount", "--account", account.id, "--group", uuid_of(right.id)) == []
    (told,) = own.json("recount", "--account", account.id, code=5)
    assert (told["group"], told["count"], told["truth"]) == (uuid_of(drifted.id), 3, 0)
    (fixed,) = own.json("recount", "--account", account.id, "--group", hex_of(drifted.id), "--fix")
    assert fixed["fixed"]
    assert "4 counters, all right." in own("recount")


def test_reindex_lets_the_search_find_who_was_there_before(own):
    account = accounts.open_account("Test", "EE", 30, stamp_of(NOW))
    for index in range(3):
        contacts.create_contact(caller_of(account), number(index), {"first_name": "Mari"}, NOW)

    def found():
        return list(search(account, parse_search("mari"), after=None, expected=10))

    assert own.json("reindex", "--account", account.id, "--after", number(1).e164) == {
        "contacts": 1
    }
    assert [each.phone_number for each in found()] == [number(2)]
    assert "3 contacts can be found by searching." in own("reindex")
    assert len(found()) == 3
    assert "goes with one --account" in own("reindex", "--after", number(1).e164, code=2)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--account", "none"], 3, "no such account"),
        (["--group", "1"], 2, "needs the one account"),
        (["--account", "{}", "--group", "x"], 2, "x is no id of a group"),
        (["--account", "{}", "--group", "1"], 3, "no such group"),
    ],
)
def test_recount_of_what_is_not_there_is_said_to_be(own, options, code, said):
    account = accounts.open_account("Test", "EE", 30, stamp_of(NOW))

    assert said in own("recount", *(each.format(account.id) for each in options), code=code)


def test_recount_shows_what_it_found_though_the_stream_stands_still(own):
    """Nothing runs that would count."""
    account = accounts.open_account("Test", "EE", 30, stamp_of(NOW))

    (told,) = own.json("recount", "--account", account.id, code=4)

    assert (told["account"], told["truth"]) == (account.id, "the stream stands still")


def test_redrive_lists_sends_again_and_says_what_to_recount(own):
    account = accounts.open_account("Test", "EE", 30, stamp_of(NOW))
    group = groups.create_group(caller_of(account), "Group", NOW)
    good, bad = (
        {
            "eventID": f"{event} of {account.id}",
            "eventName": event,
            "dynamodb": {
                "Keys": {
                    "PK": {"S": keys.members(account.id, group.id)}, "SK": {"S": number().e164}
                }
            },
        }
        for event in ("INSERT", "UPSERT")
    )  # fmt: skip
    for record in (good, bad):
        put_aside(record, "as a test has it", NOW)

    listed = own.json("redrive", "--dry-run")
    assert {each["outcome"] for each in listed} == {"not sent"}
    assert all(each["what"].endswith("+37250****00") for each in listed)
    assert {each["why"] for each in listed} == {"as a test has it"}
    shown = [json.loads(own("redrive", "--show", each["id"])) for each in listed]
    assert all(record in shown for record in (good, bad))

    said = own("redrive", code=5)
    assert "2 looked at, 1 of them stay." in said
    recount, forget = printed_commands(said)
    assert f"recount --fix --account {account.id} --group {uuid_of(group.id)}" in recount
    assert number().e164 not in said
    assert read_counter(Counter(account.id, group.id)) == 1

    (stays,) = own.json("redrive", code=5)
    assert stays["outcome"] == "stays"
    assert own.paste(forget) == "1 forgotten.\n"
    assert own.json("redrive") == []
    assert "No record is put aside" in own("redrive", "--forget", stays["id"], code=3)
    assert "No record is put aside" in own("redrive", "--show", stays["id"], code=3)


def printed_commands(said):
    return [line.strip() for line in said.splitlines() if "phonebook maintenance" in line]


def test_redrive_deals_with_dead_letters(own):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in own.environment.items():
            patch.setenv(name, value)
        queue = boto3.client("sqs")
    url = queue.create_queue(QueueName="letters")["QueueUrl"]
    info = {
        "shardId": "none", "startSequenceNumber": "1", "endSequenceNumber": "2", "batchSize": 2,
        "streamArn": STREAM.format(own.connected.table),
        "approximateArrivalOfFirstRecord": "2026-11-22T10:00:00Z",
    }  # fmt: skip
    queue.send_message(QueueUrl=url, MessageBody=json.dumps({"DDBStreamBatchInfo": info}))

    assert own.json("redrive") == []
    (letter,) = own.json("redrive", "--dead-letters", url, "--dry-run")
    assert letter["since"] == "2026-11-22T10:00:00Z"
    said = own("redrive", "--dead-letters", url, code=5)
    recount, forget = printed_commands(said)
    assert recount.endswith("phonebook maintenance recount --fix")
    assert letter["id"] in forget
    assert own.paste(forget) == "1 forgotten.\n"
    assert own.json("redrive", "--dead-letters", url) == []
    info["streamArn"] = STREAM.format("another")
    queue.send_message(QueueUrl=url, MessageBody=json.dumps({"DDBStreamBatchInfo": info}))
    said = own("redrive", "--dead-letters", url, code=5)
    assert "Send the letters of another table again with that table named." in said
    assert "recount" not in said
    assert "out of reach" in own_error(own, "redrive", "--dead-letters", f"{url}-missing")


def own_error(own, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "chalicelib.cli", "maintenance", *arguments],
        cwd=PROJECT, env=own.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 4
    return done.stderr


def test_malformed_record_goes_aside_in_the_process_of_make_dev(own, counting):
    account = accounts.open_account("Test", "EE", 30, stamp_of(NOW))
    group = groups.create_group(caller_of(account), "Group", NOW)
    bad = {"PK": {"S": f"MEMBERS#{account.id}#x"}, "SK": {"S": number().e164}}
    own.connected.client().put_item(TableName=own.connected.table, Item=bad)
    contacts.create_contact(caller_of(account), number(), {}, NOW)
    memberships.add_to_group(caller_of(account), group.id, number(), NOW)

    assert own.json("recount", "--account", account.id) == []
    assert read_counter(Counter(account.id, group.id)) == 1
    (lying,) = own.json("redrive", code=5)
    assert f"MEMBERS#{account.id}#x" in lying["why"]


def test_verify_says_what_is_wrong_masked_and_mends_what_is_safe(own, counting):
    account = accounts.open_account("Test", "EE", 30, stamp_of(NOW))
    group = groups.create_group(caller_of(account), "Group", NOW)
    contacts.create_contact(caller_of(account), number(), {}, NOW)
    memberships.add_to_group(caller_of(account), group.id, number(), NOW)
    assert "All is as it should be." in own("verify")

    MembershipItem(keys.members(account.id, group.id), number().e164).delete()
    let_drift(account, group)
    put_aside({"of": account.id}, "any", NOW)
    said = own("verify", code=5)
    assert "1 times a contact in a group without a membership; 0 mended." in said
    assert "+37250****00" in said
    assert number().e164 not in said

    found = own.json("verify", "--account", account.id, "--no-counts", code=5)
    (finding,) = found["findings"]
    assert finding["key"] == f"CONTACTS#{account.id} {number().e164}"
    assert found["counts"] == {"MEMBERSHIP_MISSING": 1}

    found = own.json("verify", "--account", account.id, "--fix")
    assert found["counts"] == {"MEMBERSHIP_MISSING": 1, "COUNT": 1}
    assert all(each["mended"] for each in found["findings"])
    put_back = MembershipItem.get(
        keys.members(account.id, group.id), number().e164, consistent_read=True
    )
    assert (put_back.changed_by, put_back.changed_via) == ("operator", "cli.maintenance.verify")
    assert own.json("verify", "--account", account.id) == {
        "findings": [], "counts": {}, "countersNotTold": 0,
    }  # fmt: skip
    assert own.json("verify", code=5)["counts"] == {"ASIDE": 1}
    assert "no such account" in own("verify", "--account", "none", code=3)


def test_verify_shows_what_it_found_though_the_stream_stands_still(own):
    account = accounts.open_account("Test", "EE", 30, stamp_of(NOW))
    contacts.create_contact(caller_of(account), number(), {}, NOW)
    contact = ContactItem.get(keys.contacts(account.id), number().e164, consistent_read=True)
    ContactIdItem(keys.contact_ids(account.id), keys.of_id(contact.id)).delete()

    told = own.json("verify", code=4)
    assert (told["counts"], told["countersNotTold"]) == ({"ID_MISSING": 1}, 1)


def test_verify_shows_so_many_of_a_kind_and_counts_the_rest():
    report = _Report()
    for n in range(SHOWN_OF_A_KIND + 5):
        report.add(Finding(Kind.ASIDE, Key(keys.ASIDE, str(n))))
    report.add(Finding(Kind.FENCE, Key("a", "b")))

    assert len(report.shown) == SHOWN_OF_A_KIND + 1
    assert report.counts == {Kind.ASIDE: SHOWN_OF_A_KIND + 5, Kind.FENCE: 1}
