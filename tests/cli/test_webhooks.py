"""``phonebook webhooks``, run as an operator runs it."""

import json
from datetime import UTC, datetime

import pytest

from chalicelib.domain.limits import MAX_WEBHOOKS
from chalicelib.services import accounts, webhooks
from chalicelib.settings import LOOPBACK_VARIABLE
from chalicelib.storage import keys
from tests.account import caller_of, stamp_of
from tests.webhooks.receivers import receiving, status
from tests.written import stamps_of

NOW = datetime.now(UTC)
URL = "https://crm.example.com/hook"
HERE = {LOOPBACK_VARIABLE: "yes"}
NOBODYS = "70686f6e-6562-4000-8000-000000000001"


@pytest.fixture
def account(ministack):
    with ministack:
        yield accounts.open_account("Test", "EE", 30, stamp_of(NOW))


def stamp_in(account):
    (webhook,) = webhooks.list_webhooks(account)
    key = (keys.webhooks(account.id), keys.of_id(webhook.id))
    return stamps_of([key])[key]


def test_webhook_is_added_listed_and_removed(phonebook, account):
    assert phonebook("webhooks", "list", account.id) == "It has no webhook.\n"
    types = ("--type", "group.created", "--type", "contact.created")

    added = json.loads(phonebook("webhooks", "add", account.id, URL, *types, "--json"))

    assert added["secret"].startswith("whsec_")
    assert stamp_in(account) == ("operator", "cli.webhooks.add")
    (listed,) = json.loads(phonebook("webhooks", "list", account.id, "--json"))
    assert listed == {name: value for name, value in added.items() if name != "secret"}
    assert (listed["url"], listed["types"]) == (URL, "contact.created, group.created")
    in_words = phonebook("webhooks", "list", account.id)
    assert URL in in_words
    assert "whsec_" not in in_words
    remove = ("webhooks", "remove", account.id, added["webhook"])
    assert phonebook(*remove) == f"{added['webhook']} is removed.\n"
    assert "no such webhook" in phonebook(*remove, code=3)


def test_new_secret_is_shown_and_the_former_one_is_still_valid(phonebook, account):
    webhook = webhooks.add_webhook(caller_of(account), URL, NOW)
    (listed,) = json.loads(phonebook("webhooks", "list", account.id, "--json"))

    rotated = json.loads(phonebook("webhooks", "rotate", account.id, listed["webhook"], "--json"))

    (kept,) = webhooks.list_webhooks(account)
    assert [each.text for each in kept.secrets] == [rotated["secret"], webhook.secrets[0].text]
    assert stamp_in(account) == ("operator", "cli.webhooks.rotate")


def test_test_is_sent_and_listed(phonebook, account):
    with receiving(status("200 OK", body=b"fine")) as receiver:
        added = json.loads(phonebook("webhooks", "add", account.id, receiver.url, "--json", **HERE))
        deliveries = ("webhooks", "deliveries", account.id, added["webhook"])
        assert phonebook(*deliveries) == "Nothing was sent to it yet.\n"
        test = ("webhooks", "test", account.id, added["webhook"])
        tested = json.loads(phonebook(*test, "--json", **HERE))
        refused = phonebook(*test, code=5)

    assert (tested["delivered"], tested["status"], tested["answer"]) == (True, 200, "fine")
    assert refused == ""
    newest, oldest = json.loads(phonebook(*deliveries, "--json"))
    assert (oldest["type"], oldest["outcome"]) == ("webhook.test", "delivered")
    assert (newest["outcome"], newest["problem"]) == (
        "given up",
        "the URL must begin with https://",
    )
    assert len(json.loads(phonebook(*deliveries, "--limit", "1", "--json"))) == 1
    assert len(receiver.requests) == 1


def test_account_has_no_more_than_it_may(phonebook, account):
    for _ in range(MAX_WEBHOOKS):
        webhooks.add_webhook(caller_of(account), URL, NOW)

    assert "20 webhooks already" in phonebook("webhooks", "add", account.id, URL, code=7)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["add", "http://a.example"], 2, "url: must begin with https://"),
        (["add", URL, "--type", "contact.made"], 2, "types: must be of contact.created"),
        (["rotate", "x"], 2, "webhook: must be a UUID"),
        (["rotate", NOBODYS], 3, "There is no such webhook"),
        (["deliveries", NOBODYS], 3, "There is no such webhook"),
        (["test", NOBODYS], 3, "There is no such webhook"),
    ],
    ids=lambda each: str(each)[:30],
)
def test_what_cannot_be_done_is_said(phonebook, account, words, code, said):
    command, *others = words

    assert said in phonebook("webhooks", command, account.id, *others, code=code)


def test_account_has_to_be_there(phonebook):
    assert "no such account" in phonebook("webhooks", "list", "0" * 16, code=3)
