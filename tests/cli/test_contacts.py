"""``phonebook contacts``, run as an operator runs it."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.domain.account import AccountChanges
from chalicelib.domain.contact import MAX_DETAIL_CHARACTERS
from chalicelib.domain.ids import id_of_uuid
from chalicelib.domain.phone import Notation
from chalicelib.services import accounts, blacklist, contacts, groups, memberships
from tests.account import caller_of, stamp_of
from tests.storage.steps import number

NOW = datetime.now(UTC)
NUMBER = number()


@pytest.fixture
def account(ministack):
    with ministack:
        yield accounts.open_account("Test", "EE", 30, stamp_of(NOW))


@pytest.fixture
def run(phonebook, account):
    """Run a command on contacts of the account, and return what it printed as JSON."""

    def run(command, *arguments):
        return json.loads(phonebook("contacts", command, account.id, *arguments, "--json"))

    return run


def option(name):
    return f"--{name.replace('_', '-')}"


def test_contact_is_created_with_every_detail_and_shown_and_deleted(run, account):
    details = {name: f"the {name}" for name in MAX_DETAIL_CHARACTERS}
    options = [word for name, text in details.items() for word in (option(name), text)]

    created = run("create", "+372 5000 0000", *options)

    kept = contacts.retrieve_contact(account, NUMBER)
    assert kept.details == details
    assert details.items() <= created.items()
    assert created["number"] == NUMBER.e164
    assert id_of_uuid(created["id"]) == kept.id
    assert (created["groups"], created["extra"], created["blacklisted"]) == ([], {}, False)
    made = datetime.fromisoformat(created["created"])
    day = date.fromisoformat(created["scheduled_deletion_date"])
    assert day == made.date() + timedelta(days=30)
    assert run("show", NUMBER.e164) == created

    assert run("delete", NUMBER.e164) == {"number": NUMBER.e164, "deleted": True}
    assert list(contacts.list_contacts(account)) == []


def test_contact_is_shown_with_all_that_is_known_of_it(run, phonebook, account):
    contacts.create_contact(caller_of(account), NUMBER, {}, NOW, extra={"gender": "any"})
    group = groups.create_group(caller_of(account), "Group", NOW)
    memberships.add_to_group(caller_of(account), group.id, NUMBER, NOW)
    blacklist.blacklist_number(caller_of(account), NUMBER, NOW)

    shown = run("show", NUMBER.e164)

    assert [id_of_uuid(each) for each in shown["groups"]] == [group.id]
    assert (shown["extra"], shown["blacklisted"]) == ({"gender": "any"}, True)
    assert shown["scheduled_deletion_date"] is None
    lines = phonebook("contacts", "show", account.id, NUMBER.e164).splitlines()
    told = {line.split()[0]: line.partition(" ")[2].strip() for line in lines}
    assert told["groups"] == shown["groups"][0]
    assert (told["extra"], told["blacklisted"]) == ('{"gender": "any"}', "yes")
    assert (told["first_name"], told["scheduled_deletion_date"]) == ("none", "none")


def test_contact_is_changed_in_what_is_named_alone(run):
    created = run("create", NUMBER.e164, "--first-name", "Any", "--email", "a@b", "--title", "Dr")

    changed = run("change", NUMBER.e164, "--email", "", "--first-name", "Õun")

    left = created | {"email": None, "first_name": "Õun", "updated": changed["updated"]}
    assert changed == left


def test_number_is_read_as_the_account_says(run, phonebook, account):
    assert run("create", "5000 0001")["number"] == "+37250000001"

    both = accounts.open_account("Test", "RU", 30, stamp_of(NOW))
    said = phonebook("contacts", "create", both.id, "84951234567", code=2)
    assert said.startswith("phonebook: number: ")
    assert "+84951234567 or +74951234567" in said
    accounts.change_account(both.id, AccountChanges(notation=Notation.NATIONAL), stamp_of(NOW))
    created = json.loads(phonebook("contacts", "create", both.id, "84951234567", "--json"))
    assert created["number"] == "+74951234567"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["show", "+37250000000"], 3, "There is no contact with that number in that account."),
        (["delete", "+37250000000"], 3, "There is no contact with that number in that account."),
        (["change", "+37250000000", "--title", "a"], 3, "There is no contact with that number"),
        (["change", "+37250000000"], 2, "contact: name at least one thing to change"),
        (["create", "123"], 2, "number: is too short for its country code"),
        (["create", "1", "--email", "x" * 321], 2, "; email: must be at most 320 characters"),
        (["create", "+37250000000", "--first-name", "x" * 1001], 2, "first name: must be"),
    ],
    ids=lambda each: str(each)[:30],
)
def test_wrong_use_is_one_line_and_an_exit_code(phonebook, account, words, code, said):
    command, *rest = words

    (line,) = phonebook("contacts", command, account.id, *rest, code=code).splitlines()

    assert line.startswith("phonebook: ")
    assert said in line


def test_contact_that_is_there_already_is_left_as_it_is(run, phonebook, account):
    created = run("create", NUMBER.e164, "--title", "Dr")

    said = phonebook("contacts", "create", account.id, NUMBER.e164, "--title", "other", code=7)

    assert said == "phonebook: There is already a contact with that number in that account.\n"
    assert run("show", NUMBER.e164) == created


def test_account_that_is_not_there_is_said_to_be(phonebook, ministack):
    for command in ("create", "show", "delete"):
        assert "no such account" in phonebook("contacts", command, "0" * 16, "+37250000000", code=3)
