"""Moving in and out on the command line, with the real engine."""

import json
import signal
import subprocess
import sys
import time

import pytest

from chalicelib.services import accounts, contacts
from chalicelib.settings import TABLE_VARIABLE
from infra.local import engine
from tests.paths import PROJECT
from tests.terminal import terminal

NUMBER, OTHER, THIRD = "+37251000000", "+37251000001", "+37251000002"


def opened(phonebook, region="EE"):
    told = phonebook("accounts", "open", "Acme", "--default-region", region, "--json")
    return json.loads(told)["account"]


@pytest.fixture
def account(phonebook):
    return opened(phonebook)


@pytest.fixture
def move_in(phonebook, account, tmp_path):
    """Import a text; return what was counted of it that is not zero."""

    def move_in(text, *options, code=0, into=account):
        path = tmp_path / "file"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        if code:
            phonebook("import", path, "--account", into, *options, code=code)
            options = (*options, "--dry-run")
        told = run_json(phonebook, "import", path, "--account", into, *options)
        return {name: count for name, count in told.items() if count and name in OUTCOMES}

    return move_in


OUTCOMES = (
    "created", "updated", "joined", "unchanged", "duplicate", "suppressed", "rejected",
)  # fmt: skip


def run_json(phonebook, *arguments):
    return json.loads(phonebook(*arguments, "--json"))


def show(phonebook, account, number):
    return run_json(phonebook, "contacts", "show", account, number)


def test_rejected_rows_are_told_and_written_to_a_file_that_can_be_mended(
    phonebook, account, move_in, tmp_path
):
    path, rejected = tmp_path / "in.csv", tmp_path / "rejected.csv"
    path.write_text(f"Phone;Name\n{NUMBER};Mari\n3.7E+10;Jüri\n", encoding="windows-1252")

    told = phonebook(
        "import", path, "--account", account, "--rejected", rejected, code=1
    )  # fmt: skip

    assert 'Line 3: Phone: "3.7E+10" is rounded, as a spreadsheet shows a long number' in told
    text = rejected.read_text(encoding="utf-8-sig")
    assert text.splitlines()[0] == "Phone,Name,Rejected because"
    assert move_in(text.replace("3.7E+10", OTHER)) == {"created": 1}
    assert show(phonebook, account, OTHER)["first_name"] == "Jüri"


def test_what_is_exported_is_imported_elsewhere_and_exported_alike(phonebook, account, move_in):
    fresh = opened(phonebook, "US")
    text = (
        "Phone,First Name,Last Name,Custom,Group,Blacklisted,Note\n"
        f'{NUMBER},Юрий,\'=1+1,"two\r\nlines",B ::: A,,own column\n'
        f'{OTHER},--x,\'t Hooft,"a,""b""","[""C ::: D"", ""* E""]",yes,\n'
        f"{THIRD},,,,,,\n"
    )
    assert move_in(text, "--attributes") == {"created": 2, "suppressed": 1}
    before = ""
    for form in ("ndjson", "vcard", "csv"):
        before = phonebook("export", "--account", account, "--format", form)
        told = move_in(before, into=fresh)
        assert sum(told.values()) == 3
        assert phonebook("export", "--account", fresh, "--format", form) == before
    assert "own column" in before
    assert NUMBER not in phonebook("export", "--account", account, "--group", "C ::: D")


def test_everything_is_exported_with_empty_groups_and_the_ledger(phonebook, account, move_in):
    fresh = opened(phonebook)
    move_in(f"Phone,Group\n{NUMBER},Friends\n")
    phonebook("blacklist", "add", account, OTHER, "--reason", "complaint", "--note", "wrote")
    everything = phonebook(
        "export", "--account", account, "--what", "everything", "--format", "ndjson"
    )

    assert [json.loads(line)["type"] for line in everything.splitlines()] == [
        "group", "contact", "entry",
    ]  # fmt: skip
    assert move_in(everything, into=fresh) == {"created": 2}
    entries = phonebook("export", "--account", fresh, "--what", "blacklist").splitlines()
    assert entries[1].startswith(f"{OTHER},complaint,wrote,")
    assert move_in("\n".join(entries), "--mode", "blacklist") == {"unchanged": 1}


def test_wrong_use_is_told_by_name(phonebook, account, tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("Handy\n")
    for options, reason, code in (
        (("import", "no.csv", "--account", account), "no.csv: No such file", 2),
        (("import", path, "--account", "Nobody"), "There is no such account", 3),
        (("import", path, "--account", account), "No column is known to hold phone", 2),
        (("import", path, "--account", account, "--map", "x"), "map: x is not COLUMN=FIELD", 2),
        (("import", path, "--account", account, "--rejected", path), "must be another file", 2),
        (("export", "--account", account, "--what", "everything"), "must be ndjson", 2),
        (("export", "--account", account, "--group", "Nobody"), "There is no such group", 3),
        (
            ("export", "--account", account, "--group", "x", "--what", "blacklist"),
            "group: goes only with contacts",
            2,
        ),
    ):
        assert reason in phonebook(*options, code=code)


def test_name_stands_for_an_account_or_a_group_if_only_one_has_it(phonebook, account):
    phonebook("accounts", "open", f"Fresh of {account}", "--default-region", "EE")
    phonebook("export", "--account", f"Fresh of {account}")
    phonebook("accounts", "open", f"Fresh of {account}", "--default-region", "EE")

    refused = phonebook("export", "--account", f"Fresh of {account}", code=2)

    assert f"account: several are called Fresh of {account}: name one of" in refused


def test_import_that_is_broken_off_goes_on_to_the_same_end(ministack, phonebook, account, tmp_path):
    path = tmp_path / "many.csv"
    rows = [f"+3725{index:07d},{index},G{index % 3}" for index in range(6_000)]
    path.write_text("\n".join(["Phone,Custom,Group", *rows]) + "\n")
    command = [sys.executable, "-m", "chalicelib.cli", "import", path, "--account", account]
    environment = {**engine.environment(ministack.endpoint), TABLE_VARIABLE: ministack.table}
    running = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    with ministack:
        whose = accounts.retrieve_account(account)
        while next(contacts.list_contacts(whose, expected=1), None) is None:
            time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    out, error = running.communicate(timeout=60)

    assert (running.returncode, error) == (130, "")
    assert out.startswith("Broken off after ")
    assert out.endswith("The same command goes on.\n")
    told = run_json(phonebook, "import", path, "--account", account)
    assert 0 < told["unchanged"] < 6_000
    assert told["created"] + told["unchanged"] == 6_000
    assert sorted(
        line.split(",")[0] for line in phonebook("export", "--account", account).splitlines()[1:]
    ) == sorted(row.split(",")[0] for row in rows)


def test_export_shows_nothing_that_takes_over_a_terminal(ministack, account, move_in):
    move_in(f"Phone,First Name\n{NUMBER},\x1b[2J\x9bevil\n")
    environment = {**engine.environment(ministack.endpoint), TABLE_VARIABLE: ministack.table}
    with terminal() as (screen, seen):
        subprocess.run(
            [sys.executable, "-m", "chalicelib.cli", "export", "--account", account],
            cwd=PROJECT, env=environment, stdout=screen, check=True,
        )  # fmt: skip

    assert b"\\x1b[2J\\x9bevil" in b"".join(seen)
    assert b"\x1b" not in b"".join(seen)


def test_progress_is_shown_on_a_terminal(ministack, account, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text(f"phone\n{NUMBER}\n{OTHER}\n")
    with terminal() as (screen, seen):
        done = subprocess.run(
            [sys.executable, "-m", "chalicelib.cli", "import", file, "--account", account],
            cwd=PROJECT,
            env={**engine.environment(ministack.endpoint), TABLE_VARIABLE: ministack.table},
            stdout=subprocess.PIPE,
            stderr=screen,
            check=False,
        )

    shown = b"".join(seen)
    assert done.returncode == 0, shown
    assert b"Importing" in shown
    assert b"2/2" in shown
