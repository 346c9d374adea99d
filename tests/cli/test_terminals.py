"""What a command prints on any terminal, and how it ends when it is broken off or fails."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from chalicelib.cli import INTERRUPTED
from chalicelib.cli.failures import BUG, IN_USE, NOT_MENDED
from chalicelib.services import accounts
from chalicelib.settings import TABLE_VARIABLE
from chalicelib.storage import keys
from chalicelib.storage.aside import put_aside
from chalicelib.storage.counters import MARKER_LIFETIME
from chalicelib.storage.items import AccountItem, AppliedItem, CredentialItem
from infra.local import engine
from infra.local.connected import Connected
from tests.account import stamp_of
from tests.faulty_engine import break_down, faulty_engine
from tests.leaks import ISSUED_SECRETS
from tests.paths import PROJECT

NOW = datetime.now(UTC).replace(microsecond=0)
HOSTILE = "a\x1b]0;b\x07\n\r\u202ec\u2028\x9bd"
ESCAPED = r"a\x1b]0;b\x07\n\r\u202ec\u2028\x9bd"
FOREIGN = "Õun 東京"


@pytest.fixture(scope="module")
def faulty(logs):
    """An engine of these tests' own, and how to make it fail."""
    with (
        engine.ministack(logs / "terminals-ministack") as endpoint,
        faulty_engine(endpoint) as started,
    ):
        yield started


@pytest.fixture
def table(faulty):
    with Connected(faulty[1]) as connected:
        yield connected
        client = connected.client()
        for item in client.scan(TableName=connected.table)["Items"]:
            key = {"PK": item["PK"], "SK": item["SK"]}
            client.delete_item(TableName=connected.table, Key=key)


@pytest.fixture
def start(table):
    """Start the command line."""
    environment = {**engine.environment(table.endpoint), TABLE_VARIABLE: table.table}

    def start(*arguments, stdout=subprocess.PIPE, **variables):
        return subprocess.Popen(
            [sys.executable, "-m", "chalicelib.cli", *arguments],
            cwd=PROJECT, env=environment | variables, stdin=subprocess.DEVNULL, stdout=stdout,
            stderr=subprocess.PIPE,
        )  # fmt: skip

    return start


@pytest.fixture
def run(start):
    """Run it, and return what it printed and what it said beside that, as bytes."""

    def run(*arguments, code=0, **variables):
        process = start(*arguments, **variables)
        printed, said = process.communicate()
        assert process.returncode == code, said
        return printed, said

    return run


# What it prints


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "cp1252"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "utf-8"},
    ],
    ids=str,
)
def test_every_name_is_printed_on_a_terminal_of_any_encoding(run, variables):
    account = accounts.open_account(FOREIGN, "EE", 30, stamp_of(NOW))

    for arguments in (["accounts", "list"], ["accounts", "show", account.id]):
        printed, said = run(*arguments, **variables)
        encoding = variables.get("PYTHONIOENCODING", "ascii")
        assert FOREIGN.encode(encoding, "backslashreplace") in printed
        assert said == b""
    printed, _ = run("accounts", "list", "--json", **variables)
    assert json.loads(printed.decode("ascii"))[0]["name"] == FOREIGN
    run("accounts", "open", "--help", **variables)


def test_name_cannot_take_over_a_terminal(run):
    account = accounts.open_account(HOSTILE, "EE", 30, stamp_of(NOW))

    for arguments in (["accounts", "list"], ["accounts", "show", account.id]):
        printed = run(*arguments, COLUMNS="200", PYTHONIOENCODING="utf-8")[0].decode()
        assert ESCAPED in printed
        assert not [each for each in printed if not (each.isprintable() or each == "\n")]
    printed, _ = run("accounts", "list", "--json")
    assert json.loads(printed)[0]["name"] == HOSTILE


def test_joiners_of_a_script_are_no_control_characters(run):
    accounts.open_account("नमस्\u200dते", "EE", 30, stamp_of(NOW))

    printed, _ = run("accounts", "list", PYTHONIOENCODING="utf-8")

    assert "नमस्\u200dते" in printed.decode()


@pytest.mark.parametrize("columns", ["80", "20"])
def test_ids_and_times_do_not_fold_and_names_are_whole(run, columns):
    account = accounts.open_account("x" * 50, "EE", 30, stamp_of(NOW))
    credential, secret = accounts.issue_credential(account.id, stamp_of(NOW))
    ISSUED_SECRETS.add(secret)

    listed = run("accounts", "list", COLUMNS=columns)[0].decode()
    (row,) = [line for line in listed.splitlines() if account.id in line]
    assert NOW.isoformat() in row
    assert listed.count("x") == 50
    listed = run("credentials", "list", account.id, COLUMNS=columns)[0].decode()
    (row,) = [line for line in listed.splitlines() if credential.username in line]
    assert NOW.isoformat() in row


# What cannot be read


@pytest.mark.parametrize(
    "spoil",
    [
        [AccountItem.created_on.remove()],
        [AccountItem.name.remove()],
        [AccountItem.notation.set("none")],
    ],
    ids=["undated", "nameless", "odd notation"],
)
def test_account_that_cannot_be_read_is_named_and_the_others_listed(run, spoil):
    bad, good = (accounts.open_account(name, "EE", 30, stamp_of(NOW)) for name in ("bad", "good"))
    AccountItem(keys.account(bad.id), keys.ACCOUNT).update(spoil)

    printed, said = run("accounts", "list", "--json", code=NOT_MENDED)

    assert [each["account"] for each in json.loads(printed)] == [good.id]
    assert said.startswith(f"Left out: ACCOUNT#{bad.id} cannot be read: ".encode())
    _, said = run("accounts", "show", bad.id, code=NOT_MENDED)
    assert said.startswith(f"phonebook: ACCOUNT#{bad.id} cannot be read: ".encode())


def test_credential_that_cannot_be_read_is_named_and_the_others_listed(run):
    account = accounts.open_account("Test", "EE", 30, stamp_of(NOW))
    bad, good = (accounts.issue_credential(account.id, stamp_of(NOW)) for _ in range(2))
    ISSUED_SECRETS.update({bad[1], good[1]})
    item = CredentialItem(keys.credential(bad[0].username), keys.CREDENTIAL)
    item.update([CredentialItem.created_on.remove()])

    printed, said = run("credentials", "list", account.id, "--json", code=NOT_MENDED)

    assert [each["username"] for each in json.loads(printed)] == [good[0].username]
    assert f"Left out: CREDENTIAL#{bad[0].username} cannot be read: ".encode() in said


def test_account_that_is_closed_while_all_are_listed_is_no_failure(faulty, run):
    """The index leads to it for a moment yet."""
    for name in "ab":
        accounts.open_account(name, "EE", 30, stamp_of(NOW))
    faulty[0].fail("GetItem", lambda *_: (200, b"{}"))

    printed, said = run("accounts", "list", "--json")

    assert (len(json.loads(printed)), said) == (1, b"")


# How it ends


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_closed_pipe_is_no_traceback(start, options):
    accounts.open_account("Test", "EE", 30, stamp_of(NOW))
    ours, theirs = os.pipe()
    os.close(ours)

    process = start("accounts", "list", *options, stdout=theirs)
    os.close(theirs)
    _, said = process.communicate()

    assert (process.returncode, said) == (BUG, b"")


@pytest.fixture
def interruptible():
    """As a terminal has it, however these tests were started: a child inherits what is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_interrupt_is_one_line_and_an_exit_code(faulty, start, interruptible):
    started: list[subprocess.Popen[bytes]] = []
    faulty[0].fail("Query", lambda *_: started[0].send_signal(signal.SIGINT))
    started.append(start("accounts", "list"))
    printed, said = started[0].communicate()

    assert (started[0].returncode, printed) == (INTERRUPTED, b"")
    assert said == b"phonebook: Broken off. What was done until then stays.\n"


def test_interrupt_while_it_loads_is_an_exit_code(run, tmp_path, interruptible):
    interrupt = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nsignal.pause()\n"
    (tmp_path / "typer.py").write_text(interrupt)

    printed, said = run("accounts", "list", code=INTERRUPTED, PYTHONPATH=str(tmp_path))

    assert (printed, said) == (b"", b"")


def test_bug_has_a_traceback_and_an_exit_code(faulty, run):
    faulty[0].fail("Query", break_down)

    _, said = run("accounts", "list", code=BUG)

    assert b"Traceback" in said


def test_two_minutes_are_over_by_the_clock_of_the_table(faulty, run):
    account = accounts.open_account("Test", "EE", 30, stamp_of(NOW))
    credential, secret = accounts.issue_credential(account.id, stamp_of(NOW))
    ISSUED_SECRETS.add(secret)
    before, date = faulty[0].date, NOW - timedelta(days=1)
    try:
        faulty[0].date = lambda: format_datetime(date, usegmt=True)
        run("credentials", "revoke", credential.username)
        run("accounts", "close", account.id, code=IN_USE)
        faulty[0].date = lambda: format_datetime(date + timedelta(minutes=2), usegmt=True)
        printed, _ = run("accounts", "close", account.id, "--json")
    finally:
        faulty[0].date = before

    assert json.loads(printed) == {"account": account.id, "closed": True}


def test_marker_of_what_is_sent_again_expires_by_the_clock_of_the_table(faulty, run):
    account = accounts.open_account("Test", "EE", 30, stamp_of(NOW))
    number = {"PK": {"S": keys.contacts(account.id)}, "SK": {"S": "+37250000000"}}
    event = {"eventID": account.id, "eventName": "INSERT", "dynamodb": {"Keys": number}}
    put_aside(event, "any", NOW)
    before, its_time = faulty[0].date, NOW - timedelta(days=45)
    try:
        faulty[0].date = lambda: format_datetime(its_time, usegmt=True)
        run("maintenance", "redrive")
    finally:
        faulty[0].date = before

    (marker,) = AppliedItem.query(keys.applied(account.id), consistent_read=True)
    assert marker.expires_at == (its_time + MARKER_LIFETIME).timestamp()
