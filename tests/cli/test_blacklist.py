"""``phonebook blacklist``, run as an operator runs it."""

import json
from datetime import UTC, datetime

import pytest

from chalicelib.services import accounts, blacklist
from tests.account import caller_of, stamp_of
from tests.storage.steps import blacklisted_numbers, number

NOW = datetime.now(UTC)
NUMBER = number()


@pytest.fixture
def account(ministack):
    with ministack:
        yield accounts.open_account("Test", "EE", 30, stamp_of(NOW))


def test_operator_learns_who_stopped_a_number_and_when(phonebook, account):
    blacklist.stop_number(caller_of(account), NUMBER, NOW)
    complaint = ("--reason", "complaint", "--note", "by phone")
    said = phonebook("blacklist", "add", account.id, NUMBER.e164, *complaint)
    assert said == f"{NUMBER} was already blacklisted; the new reason is recorded.\n"
    phonebook("blacklist", "remove", account.id, "5000 0000", "--note", "wrote again")

    shown = json.loads(phonebook("blacklist", "show", account.id, NUMBER.e164, "--json"))

    told = [
        (each["state"], each["reason"], each["actor"], each["source"], each["note"])
        for each in shown["entries"]
    ]
    assert told == [
        ("allowed", "operator", "operator", "cli.blacklist.remove", "wrote again"),
        ("stopped", "complaint", "operator", "cli.blacklist.add", "by phone"),
        ("stopped", "request", caller_of(account).username, "tests.test", None),
    ]
    assert (shown["number"], shown["state"]) == (NUMBER.e164, "allowed")
    assert shown["since"] == shown["entries"][0]["at"]
    in_words = phonebook("blacklist", "show", account.id, NUMBER.e164)
    assert in_words.splitlines()[1].split() == ["state", "allowed"]
    assert "complaint" in in_words


def test_number_is_added_once_and_removed_once(phonebook, account):
    add = ("blacklist", "add", account.id, NUMBER.e164)
    assert json.loads(phonebook(*add, "--json")) == {"number": NUMBER.e164, "changed": True}
    assert phonebook(*add) == f"{NUMBER} was already blacklisted; nothing changed.\n"

    remove = ("blacklist", "remove", account.id, NUMBER.e164)
    assert phonebook(*remove) == f"{NUMBER} may be messaged again.\n"
    assert "is not on the blacklist" in phonebook(*remove, code=3)


def test_blacklist_is_listed_in_order_and_in_parts(phonebook, account):
    assert phonebook("blacklist", "list", account.id) == "No number is blacklisted.\n"
    for index in (2, 0, 1):
        blacklist.stop_number(caller_of(account), number(index), NOW)

    def listed(*options):
        rows = json.loads(phonebook("blacklist", "list", account.id, "--json", *options))
        return [row["number"] for row in rows]

    numbers = [each.e164 for each in blacklisted_numbers(account)]
    assert listed() == numbers
    assert listed("--limit", "2") == numbers[:2]
    assert listed("--after", numbers[1]) == numbers[2:]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["show", "+37250000009"], 3, "is not on the blacklist"),
        (["add", "123"], 2, "number: "),
        (["add", "+37250000000", "--note", "x" * 1_001], 2, "note: "),
        (["add", "+37250000000", "--reason", "stoplist"], 2, "reason: must be one of import"),
    ],
    ids=lambda each: str(each)[:30],
)
def test_wrong_use_is_refused_and_changes_nothing(phonebook, account, words, code, said):
    command, *rest = words

    assert said in phonebook("blacklist", command, account.id, *rest, code=code)
    assert blacklisted_numbers(account) == []
