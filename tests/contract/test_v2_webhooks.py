"""Webhooks as clients of `/v2` manage them; what is sent to them is in tests/webhooks."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import standardwebhooks

from chalicelib.domain.changes import Change, ChangeType
from chalicelib.domain.credential import Scope
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.limits import MAX_WEBHOOKS
from chalicelib.domain.webhooks import Outcome
from chalicelib.storage.change_feed import add_changes
from tests.conftest import open_client
from tests.contract.test_v2_http import problems_of
from tests.openapi import DOCUMENTS
from tests.webhooks.receivers import receiving, status

WEBHOOKS = "/v2/webhooks"
URL = "https://crm.example.com/hooks?key=hush"
NOBODYS = "70686f6e-6562-4000-8000-000000000001"
READING = (("GET", ""), ("GET", "/deliveries"))
CHANGING = (
    ("PATCH", "", {"isOn": False}),
    ("POST", "/rotate", None),
    ("POST", "/test", None),
    ("POST", "/replay", {"since": "2026-01-31T12:00:00Z"}),
    ("DELETE", "", None),
)


def add(client, url=URL, **fields):
    answer = client.send("POST", WEBHOOKS, {"url": url, **fields})
    assert answer.status == 201, answer
    return answer.json


def path_of(webhook):
    return f"{WEBHOOKS}/{webhook['id']}"


def without_secret(webhook):
    return {name: value for name, value in webhook.items() if name != "secret"}


def test_webhook_is_added_and_its_secret_is_shown_this_once(client):
    created = client.send("POST", WEBHOOKS, {"url": URL, "types": ["group.created"]})

    webhook = created.json
    assert created.headers["location"].endswith(path_of(webhook))
    assert webhook["secret"].startswith("whsec_")
    assert without_secret(webhook) == {
        "id": webhook["id"],
        "url": URL,
        "types": ["group.created"],
        "isOn": True,
        "offBecause": None,
        "failingSince": None,
        "createdOn": webhook["createdOn"],
    }
    shown = client.send("GET", path_of(webhook))
    assert (shown.status, shown.json) == (200, without_secret(webhook))
    listed = client.send("GET", WEBHOOKS)
    assert listed.json == {"webhooks": [without_secret(webhook)], "next": None}
    changed = client.send("PATCH", path_of(webhook), {"isOn": False})
    for answer in (shown, listed, changed):
        assert b"whsec_" not in answer.body


def test_new_secret_is_shown_once_too(client):
    webhook = add(client)

    rotated = client.send("POST", f"{path_of(webhook)}/rotate")

    assert rotated.status == 200
    assert without_secret(rotated.json) == without_secret(webhook)
    assert rotated.json["secret"] != webhook["secret"]
    assert b"whsec_" not in client.send("GET", path_of(webhook)).body


def test_webhooks_are_listed_oldest_first_in_pages(client):
    ids = [add(client)["id"] for _ in range(3)]

    first = client.send("GET", f"{WEBHOOKS}?limit=2")
    second = client.send("GET", first.next_path).json

    assert [each["id"] for each in first.json["webhooks"] + second["webhooks"]] == sorted(ids)
    assert second["next"] is None


def test_webhook_is_changed_in_what_is_named(client):
    webhook = add(client, types=["group.created"])

    for changes in (
        {"url": "https://other.example.com/"},
        {"types": ["contact.erased", "contact.created"]},
        {"isOn": False},
        {"types": None, "isOn": True},
        {},
    ):
        changed = client.send("PATCH", path_of(webhook), changes)
        assert changed.status == 200
        wanted = {**without_secret(webhook), **changes}
        webhook = {**wanted, "types": sorted(wanted["types"] or ())}
        assert changed.json == webhook
        assert client.send("GET", path_of(webhook)).json == webhook
    assert client.send("PATCH", path_of(webhook), webhook).json == webhook


def test_merge_patch_is_taken_by_its_media_type(client):
    webhook = add(client)
    headers = {"Content-Type": "application/merge-patch+json"}

    changed = client.send("PATCH", path_of(webhook), b'{"isOn": false}', headers=headers)

    assert (changed.status, changed.json["isOn"]) == (200, False)


@pytest.mark.parametrize(
    ("sent", "places"),
    [
        ({}, {"/url"}),
        ({"url": None}, {"/url"}),
        ({"url": 7, "types": "all", "isOn": 1}, {"/url", "/types", "/isOn"}),
        ({"url": "http://a.example"}, {"/url"}),
        ({"url": "https://user:password@a.example"}, {"/url"}),
        ({"url": f"https://a.example/{'x' * 2_048}"}, {"/url"}),
        ({"url": URL, "types": ["group.created", "group.made", 7]}, {"/types/1", "/types/2"}),
        ({"url": URL, "types": ["group.created"] * 15}, {"/types"}),
        ({"url": URL, "secret": "whsec_x", "id": NOBODYS}, {"/secret", "/id"}),
        ({"url": "x", "is_on": True}, {"/url", "/is_on"}),
    ],
)
def test_what_a_webhook_cannot_be_is_refused_by_name(client, sent, places):
    assert set(problems_of(client.send("POST", WEBHOOKS, sent))) == places
    assert client.send("GET", WEBHOOKS).json["webhooks"] == []


@pytest.mark.parametrize(
    ("sent", "places"),
    [
        ({"url": None}, {"/url"}),
        ({"isOn": None}, {"/isOn"}),
        ({"types": ["x"], "url": "ftp://a.example"}, {"/types/0", "/url"}),
        ({"id": NOBODYS}, {"/id"}),
        ({"createdOn": None, "offBecause": "me"}, {"/createdOn", "/offBecause"}),
        ({"secret": "whsec_x"}, {"/secret"}),
    ],
)
def test_change_that_cannot_be_made_is_refused_by_name(client, sent, places):
    webhook = add(client)

    assert set(problems_of(client.send("PATCH", path_of(webhook), sent))) == places
    assert client.send("GET", path_of(webhook)).json == without_secret(webhook)


def test_account_has_twenty_at_most(client):
    found = [add(client) for _ in range(MAX_WEBHOOKS)]

    refused = client.send("POST", WEBHOOKS, {"url": URL})
    assert (refused.status, refused.json["code"]) == (409, "too_many_webhooks")
    assert client.send("DELETE", path_of(found[3])).status == 204
    add(client)


def test_webhook_that_is_removed_is_gone(client):
    webhook = add(client)

    assert client.send("DELETE", path_of(webhook)).status == 204
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/deliveries"), ("POST", "/test")):
        answer = client.send(method, path_of(webhook) + path)
        assert (answer.status, answer.json["code"]) == (404, "webhook_not_found")


def test_webhook_of_another_account_is_not_there(client, stranger):
    webhook = add(client)

    requests = [(method, path, None) for method, path in READING]
    for method, path, body in (*requests, *CHANGING):
        answer = stranger.send(method, path_of(webhook) + path, body)
        assert (answer.status, answer.json["code"]) == (404, "webhook_not_found")
    assert stranger.send("GET", WEBHOOKS).json["webhooks"] == []
    assert client.send("GET", path_of(webhook)).json == without_secret(webhook)


@pytest.mark.parametrize(("name", "status_"), [("x", 400), (NOBODYS, 404)])
def test_path_names_a_webhook(client, name, status_):
    requests = [(method, path, None) for method, path in READING]
    for method, path, body in (*requests, *CHANGING):
        assert client.send(method, f"{WEBHOOKS}/{name}{path}", body).status == status_


def test_credential_that_only_reads_sees_all_but_secrets_and_changes_nothing(ministack, app_url):
    reader = open_client(ministack, app_url, scope=Scope.READ)

    assert reader.send("GET", WEBHOOKS).status == 200
    for method, path in READING:
        assert reader.send(method, f"{WEBHOOKS}/{NOBODYS}{path}").status == 404
    assert reader.send("POST", WEBHOOKS, {"url": URL}).status == 403
    for method, path, body in CHANGING:
        assert reader.send(method, f"{WEBHOOKS}/{NOBODYS}{path}", body).status == 403


def test_test_is_sent_at_once_and_its_outcome_is_told_and_listed(client):
    with receiving(status("200 OK", body=b"fine")) as receiver:
        webhook = add(client, f"{receiver.url}/hook")
        tested = client.send("POST", f"{path_of(webhook)}/test")

    seconds = tested.json["seconds"]
    assert tested.json == {
        "delivered": True,
        "status": 200,
        "problem": None,
        "seconds": seconds,
        "answer": "fine",
    }
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    headers = dict(line.split(": ", 1) for line in receiver.head[1:])
    standardwebhooks.Webhook(webhook["secret"]).verify(
        receiver.body, {name: headers[name] for name in names}
    )
    assert json.loads(receiver.body)["type"] == "webhook.test"
    (listed,) = client.send("GET", f"{path_of(webhook)}/deliveries").json["deliveries"]
    assert listed == {
        "at": json.loads(receiver.body)["timestamp"],
        "messageId": headers["webhook-id"],
        "type": "webhook.test",
        "attempt": 1,
        "outcome": "delivered",
        "status": 200,
        "problem": None,
        "seconds": seconds,
        "againAt": None,
    }


def test_deliveries_are_listed_newest_first_in_pages(client):
    with receiving(status("404 Not Found")) as receiver:
        webhook = add(client, receiver.url)
        for _ in range(3):
            test = client.send("POST", f"{path_of(webhook)}/test").json
            assert (test["delivered"], test["problem"]) == (False, "it answered 404")

    first = client.send("GET", f"{path_of(webhook)}/deliveries?limit=2")
    second = client.send("GET", first.next_path).json
    found = first.json["deliveries"] + second["deliveries"]
    assert [each["at"] for each in found] == sorted((each["at"] for each in found), reverse=True)
    assert (len(first.json["deliveries"]), len(found), second["next"]) == (2, 3, None)
    assert {each["outcome"] for each in found} == {"given_up"}


def test_document_names_each_type_of_change_and_each_outcome():
    schemas = DOCUMENTS["v2"].content["components"]["schemas"]

    assert schemas["ChangeType"]["enum"] == [each.value for each in ChangeType]
    assert schemas["ChangeTypes"]["maxItems"] == len(ChangeType)
    outcomes = schemas["Delivery"]["properties"]["outcome"]["enum"]
    assert outcomes == [each.name.lower() for each in Outcome]


@pytest.fixture
def told(ministack, client):
    """Three changes, which arrived hour after hour."""
    now = datetime.now(UTC)
    with ministack:
        for hours, name in ((3, "contact.created"), (2, "contact.deleted"), (1, "group.deleted")):
            change = Change(
                id=f"event-{hours}", type=ChangeType(name), at=now, subject={"group": uuid_of(7)}
            )
            add_changes(client.account, [change], now - timedelta(hours=hours))
    return now


def ago(now, **time):
    return (now - timedelta(**time)).isoformat()


@pytest.mark.parametrize(("hours", "changes"), [(4, 2), (2.5, 1), (0.5, 0)])
def test_webhook_is_told_again_of_what_it_wants(client, told, hours, changes):
    webhook = add(client, types=["contact.created", "contact.deleted"])

    answer = client.send("POST", f"{path_of(webhook)}/replay", {"since": ago(told, hours=hours)})

    assert (answer.status, answer.json) == (200, {"changes": changes, "goOnSince": None})


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "/since"),
        ({"since": "yesterday"}, "/since"),
        ({"since": "2026-01-31T12:00:00"}, "/since"),
        ({"since": "2026-02-31T12:00:00Z"}, "/since"),
        ({"since": "2026-01-31T12:00:00Z", "until": None}, "/until"),
    ],
)
def test_moment_that_is_none_is_refused(client, body, place):
    answer = client.send("POST", f"{path_of(add(client))}/replay", body)

    assert problems_of(answer).keys() == {place}


def test_nothing_is_told_again_that_is_not_kept_or_to_nobody(client, stranger, told):
    webhook, others = add(client), add(stranger)
    since = {"since": ago(told, hours=4)}

    long_ago = client.send("POST", f"{path_of(webhook)}/replay", {"since": ago(told, days=31)})
    assert (long_ago.status, long_ago.json["code"]) == (410, "changes_gone")
    assert client.send("POST", f"{path_of(others)}/replay", since).status == 404
    client.send("PATCH", path_of(webhook), {"isOn": False})
    off = client.send("POST", f"{path_of(webhook)}/replay", since)
    assert problems_of(off).keys() == {"webhook"}
