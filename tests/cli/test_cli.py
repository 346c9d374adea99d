"""The command line, run as an operator runs it."""

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from chalicelib.domain.phone import PhoneNumber
from chalicelib.services import accounts, contacts, groups
from chalicelib.settings import TABLE_VARIABLE
from chalicelib.storage import keys
from chalicelib.storage.items import AccountItem, GroupItem
from infra.local import engine
from infra.local.connected import Connected
from tests.account import caller_of, stamp_of
from tests.conftest import unattended
from tests.leaks import ISSUED_SECRETS
from tests.paths import PROJECT
from tests.served import Client
from tests.written import stamps_of


def test_account_is_opened_and_its_credential_works_until_it_is_revoked(phonebook, app_url):
    account = json.loads(
        phonebook("accounts", "open", "Acme", "--default-region", "AU", "--retention-days", "7",
                  "--json")
    )  # fmt: skip
    assert (account["name"], account["region"], account["retention"]) == ("Acme", "AU", 7)
    assert account in json.loads(phonebook("accounts", "list", "--json"))

    issued = json.loads(phonebook("credentials", "issue", account["account"], "--json"))
    ISSUED_SECRETS.add(issued["secret"])
    assert issued["token"] == f"{issued['username']}.{issued['secret']}"
    unused = json.loads(phonebook("credentials", "issue", account["account"], "--json"))
    ISSUED_SECRETS.add(unused["secret"])

    client = Client(app_url, account["account"], issued["username"], issued["secret"])
    other = Client(app_url, account["account"], unused["username"], unused["secret"])
    assert client.send("GET", "/v1/phonebook/contacts").status == 200

    phonebook("credentials", "revoke", unused["username"])
    assert other.send("GET", "/v1/phonebook/contacts").status == 401
    assert client.send("GET", "/v1/phonebook/contacts").status == 200
    listed = json.loads(phonebook("credentials", "list", account["account"], "--json"))
    assert [(each["username"], each["revoked"]) for each in listed] == [
        (issued["username"], False),
        (unused["username"], True),
    ]


def test_credential_that_can_only_read_is_listed_with_what_it_is_for(phonebook, app_url):
    account = opened(phonebook)
    issued = json.loads(
        phonebook("credentials", "issue", account, "--read-only", "--label", "Reports", "--json")
    )
    ISSUED_SECRETS.add(issued["secret"])
    assert (issued["scope"], issued["label"]) == ("read", "Reports")
    (listed,) = json.loads(phonebook("credentials", "list", account, "--json"))
    assert (listed["scope"], listed["label"], listed["last_used"]) == ("read", "Reports", None)
    table = phonebook("credentials", "list", account)
    assert table.splitlines()[1].split() == [
        issued["username"], "read", "Reports", listed["issued"], "none", "no",
    ]  # fmt: skip

    client = Client(app_url, account, issued["username"], issued["secret"])
    assert client.send("GET", "/v1/phonebook/contacts").status == 200
    assert client.send("POST", "/v1/phonebook/groups", {"name": "a"}).status == 403
    assert "label: must be at most 100" in phonebook(
        "credentials", "issue", account, "--label", "a" * 101, code=2
    )


def test_people_get_a_table_and_lines(phonebook):
    opened = phonebook("accounts", "open", "Õun & Co", "--default-region", "EE")
    assert opened.splitlines()[1] == "name       Õun & Co"

    account = opened.split()[1]
    table = phonebook("accounts", "list")
    assert "retention" in table
    assert account in table
    issued = phonebook("credentials", "issue", account)
    ISSUED_SECRETS.add(issued.splitlines()[2].split()[1])
    assert phonebook("credentials", "list", account).split()[-1] == "no"


def test_account_is_changed_for_its_credentials_too(phonebook, app_url):
    account = opened(phonebook)
    issued = json.loads(phonebook("credentials", "issue", account, "--json"))
    ISSUED_SECRETS.add(issued["secret"])

    changed = json.loads(
        phonebook("accounts", "change", account, "--default-region", "AU",
                  "--notation", "national", "--retention-days", "7", "--name", "B", "--json")
    )  # fmt: skip

    shown = {name: changed[name] for name in ("name", "region", "notation", "retention")}
    assert shown == {"name": "B", "region": "AU", "notation": "national", "retention": 7}
    client = Client(app_url, account, issued["username"], issued["secret"])
    path = "/v1/phonebook/contacts"
    created = client.send("POST", path, {"phoneNumber": "0412345678"})
    assert created.json["contact"]["phoneNumber"] == "+61412345678"
    back = phonebook("accounts", "change", account, "--notation", "documented", "--json")
    assert json.loads(back)["notation"] == "documented"


def test_what_a_command_changes_says_which_it_was(phonebook, ministack):
    def changed_by(partition, sort_key):
        with ministack:
            return stamps_of([(partition, sort_key)])[partition, sort_key]

    account = opened(phonebook)
    of_account = (keys.account(account), keys.ACCOUNT)
    assert changed_by(*of_account) == ("operator", "cli.accounts.open")

    issued = json.loads(phonebook("credentials", "issue", account, "--json"))
    ISSUED_SECRETS.add(issued["secret"])
    of_credential = (keys.credential(issued["username"]), keys.CREDENTIAL)
    assert changed_by(*of_account) == ("operator", "cli.credentials.issue")
    assert changed_by(*of_credential) == ("operator", "cli.credentials.issue")

    phonebook("accounts", "change", account, "--name", "B")
    assert changed_by(*of_account) == ("operator", "cli.accounts.change")
    assert changed_by(*of_credential) == ("operator", "cli.accounts.change")

    phonebook("credentials", "revoke", issued["username"])
    assert changed_by(*of_credential) == ("operator", "cli.credentials.revoke")

    phonebook("contacts", "create", account, "+37251000000")
    of_contact = (keys.contacts(account), "+37251000000")
    assert changed_by(*of_contact) == ("operator", "cli.contacts.create")


def opened(phonebook):
    account = json.loads(phonebook("accounts", "open", "A", "--default-region", "EE", "--json"))
    return account["account"]


def test_account_is_closed_only_when_nobody_can_use_it(phonebook):
    def refused():
        said = phonebook("accounts", "close", account, code=6)
        return "revoke its credentials, delete what it holds, and wait" in said

    account = opened(phonebook)
    issued = json.loads(phonebook("credentials", "issue", account, "--json"))
    ISSUED_SECRETS.add(issued["secret"])
    assert refused()
    phonebook("credentials", "revoke", issued["username"])
    assert refused()

    unused = opened(phonebook)
    assert "is closed" in phonebook("accounts", "close", unused)
    assert unused not in phonebook("accounts", "list")
    phonebook("credentials", "issue", unused, code=3)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["credentials", "issue", "0" * 16], 3, "no such account"),
        (["credentials", "list", "0" * 16], 3, "no such account"),
        (["credentials", "revoke", "0" * 16], 3, "no such credential"),
        (["accounts", "open", "", "--default-region", "EE"], 2, "name: must not be empty"),
        (["accounts", "open", "a"], 2, "--default-region"),
        (["accounts", "open", "a", "--default-region", "UK"], 2, "did you mean GB?"),
        (["accounts", "open", "a", "--default-region", "ee"], 2, "did you mean EE?"),
        (["accounts", "open", "a", "--default-region", "EE", "--notation", "x"], 2, "--notation"),
        (["accounts", "change", "0" * 16, "--name", "a"], 3, "no such account"),
        (["accounts", "change", "0" * 16], 2, "at least one thing"),
        (["accounts", "change", "0" * 16, "--default-region", "ZZ"], 2, "is not a known region"),
        (["accounts", "show", "0" * 16], 3, "no such account"),
        (["accounts", "change", "a", "--retention-days", "-1"], 2, "retention days: "),
        (["accounts", "open", "a", "--retention-days", "x"], 2, "--retention-days"),
        (["accounts", "shut"], 2, "No such command"),
        (["accounts", "close"], 2, "account"),
        (["accounts", "close", "nobody"], 3, "There is no such account."),
    ],
)
def test_wrong_use_is_one_line_and_an_exit_code(phonebook, arguments, code, said):
    assert said in phonebook(*arguments, code=code)


def test_environment_without_a_table_is_said_to_be(phonebook):
    assert TABLE_VARIABLE in phonebook("accounts", "list", code=2, **{TABLE_VARIABLE: ""})


def test_table_that_is_not_there_is_called_missing(phonebook, ministack):
    said = phonebook("accounts", "list", code=4, **{TABLE_VARIABLE: "phonebook-missing"})

    assert (
        f"The table phonebook-missing is missing at {ministack.endpoint}. {TABLE_VARIABLE}" in said
    )
    assert "out of reach" not in said


def test_engine_that_is_not_there_is_said_to_be_out_of_reach(phonebook):
    nowhere = "http://127.0.0.1:9"
    said = phonebook("accounts", "list", code=4, AWS_ENDPOINT_URL_DYNAMODB=nowhere)

    assert "out of reach" in said
    assert nowhere in said
    assert len(said.splitlines()) == 1


def test_name_of_an_account_is_shown_as_it_is(phonebook):
    phonebook("accounts", "open", "[red]a[/] [/]", "--default-region", "EE")

    assert "[red]a[/] [/]" in phonebook("accounts", "list", COLUMNS="200")


@pytest.fixture
def own_table(logs, tmp_path):
    """A table with one account only, what runs unattended, and the command line on it."""
    with engine.ministack(logs / "own-ministack") as endpoint:
        connected = Connected(endpoint)
        environment = {**engine.environment(endpoint), TABLE_VARIABLE: connected.table}

        dead_letters = tmp_path / "dead-letters"
        counting = unattended(connected, logs / "own-events", dead_letters, purge_seconds=3_600)
        with counting, connected:
            yield OwnTable(environment)


class OwnTable(NamedTuple):
    environment: Mapping[str, str]

    def __call__(self, *arguments, code=0):
        return self.paste(shlex.join([sys.executable, "-m", "chalicelib.cli", *arguments]), code)

    def paste(self, line, code=0):
        """Run a line as it was printed."""
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=PROJECT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done.stdout


def test_recount_tells_drift_and_repairs_it(own_table):
    now = datetime.now(UTC)
    account = accounts.open_account("Test", "EE", 30, stamp_of(now))
    group = groups.create_group(caller_of(account), "Group", now)
    assert "2 counters, all right." in own_table("maintenance", "recount")

    item = GroupItem(keys.groups(account.id), keys.of_id(group.id))
    item.update([GroupItem.contacts_count.add(3)])
    (drifted,) = json.loads(own_table("maintenance", "recount", "--json", code=5))
    assert (drifted["count"], drifted["truth"], drifted["fixed"]) == (3, 0, False)
    (fixed,) = json.loads(own_table("maintenance", "recount", "--fix", "--json"))
    assert fixed["fixed"]
    assert json.loads(own_table("maintenance", "recount", "--json")) == []


def test_purge_says_what_the_next_run_would_do_and_does_it_when_told(own_table):
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    account = accounts.open_account("Test", "EE", 1, stamp_of(long_ago))
    contacts.create_contact(caller_of(account), PhoneNumber("+37250000000"), {}, long_ago)

    for _ in range(2):
        preview = json.loads(own_table("maintenance", "purge", "--dry-run", "--json"))
        assert (preview["contacts_due"], preview["oldest_due"]) == (1, "2020-01-02")
    report = json.loads(own_table("maintenance", "purge", "--json"))
    assert report["contacts_purged"] == 1
    preview = own_table("maintenance", "purge", "--dry-run")
    assert "contacts_due          0" in preview
    assert "oldest_due            none" in preview
    assert "Nothing is due." in preview
    assert "Nothing was due." in own_table("maintenance", "purge")
    assert "All is as it should be." in own_table("maintenance", "verify")
    assert own_table("maintenance", "redrive") == "No record is put aside.\n"


def test_list_of_nothing_says_so_and_what_to_do(own_table):
    nothing, open_one = own_table("accounts", "list").split("; to open one: ")
    assert nothing == "There is no account yet"
    account = own_table.paste(open_one).split()[1]

    nothing, issue_one = own_table("credentials", "list", account).split("; to issue one: ")
    assert nothing == "It has no credential yet"
    ISSUED_SECRETS.add(own_table.paste(issue_one).splitlines()[2].split()[1])
    assert own_table("credentials", "list", account).split()[-1] == "no"


def test_account_is_shown_with_all_that_it_holds(phonebook, client, ministack):
    client.send("POST", "/v1/phonebook/groups", {"name": "Group"})
    client.send("POST", "/v1/phonebook/blacklist", {"phoneNumber": "+37250000003"})
    with ministack:
        item = AccountItem(keys.account(client.account), keys.ACCOUNT)
        item.update([AccountItem.contacts_count.set(7)])
        revoked, secret = accounts.issue_credential(client.account, stamp_of(datetime.now(UTC)))
        ISSUED_SECRETS.add(secret)
        accounts.revoke_credential(revoked.username, stamp_of(datetime.now(UTC)))

    shown = json.loads(phonebook("accounts", "show", client.account, "--json"))

    assert shown.pop("opened")
    assert shown == {
        "account": client.account, "name": "Test", "region": "EE", "notation": "documented",
        "retention": 30, "contacts": 7, "groups": 1, "blacklisted": 1,
        "credentials_in_force": 1, "credentials_revoked": 1,
    }  # fmt: skip
