"""The feed of changes over HTTP: what it takes, and whose it is."""

from datetime import UTC, datetime

import pytest

from chalicelib.domain.changes import Change, ChangeType
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.phone import PhoneNumber
from chalicelib.services.changes import SETTLES_AFTER
from chalicelib.storage.change_feed import add_changes, keep_number
from tests.contract.test_v2_http import BLACKLIST, NUMBER, problems_of

CHANGES = "/v2/changes"
TOLD_AS = "0123456789abcdef" * 2


@pytest.fixture
def told(ministack, client):
    """Three changes that arrived some time ago."""
    now = datetime.now(UTC)
    changes = [
        Change(
            id=f"event-{place}",
            type=ChangeType.CONTACT_CHANGED,
            at=now,
            subject={"contact": uuid_of(7)},
            revision=place,
            fields=("email",),
            actor="somebody",
            source="v2.update_contact",
        )
        for place in range(3)
    ]
    with ministack:
        add_changes(client.account, changes, now - 2 * SETTLES_AFTER)
    return changes


def test_changes_are_read_page_by_page_to_their_end(client, told):
    first = client.send("GET", f"{CHANGES}?limit=2").json
    second = client.send("GET", f"{CHANGES}?limit=2&after={first['next']}").json

    assert [each["id"] for each in first["changes"] + second["changes"]] == [
        each.id for each in told
    ]
    assert (first["hasMore"], second["hasMore"]) == (True, False)
    last = client.send("GET", f"{CHANGES}?after={second['next']}").json
    assert (last["changes"], last["hasMore"]) == ([], False)


def test_change_has_ids_and_names_of_fields(client, told):
    change = client.send("GET", CHANGES).json["changes"][2]

    assert change.pop("at").endswith("Z")
    assert change == {
        "id": "event-2",
        "type": "contact.changed",
        "subject": {"contact": uuid_of(7)},
        "revision": 2,
        "fields": ["email"],
        "actor": "somebody",
        "source": "v2.update_contact",
    }


def test_reader_who_begins_now_gets_nothing_old(client, told):
    assert client.send("GET", f"{CHANGES}?after=now").json["changes"] == []


def test_changes_of_others_are_not_told_and_their_places_are_none(client, stranger, told):
    assert stranger.send("GET", CHANGES).json["changes"] == []
    place = stranger.send("GET", CHANGES).json["next"]
    assert problems_of(client.send("GET", f"{CHANGES}?after={place}")).keys() == {"after"}


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("limit=0", "limit"), ("limit=x", "limit"), ("after=x", "after"), ("cursor=x", "cursor")],
)
def test_what_is_not_understood_is_refused(client, query, parameter):
    assert problems_of(client.send("GET", f"{CHANGES}?{query}")).keys() == {parameter}


def test_number_is_found_by_the_id_that_changes_have(ministack, client, stranger):
    client.send("PUT", f"{BLACKLIST}/{NUMBER}", {"reason": "complaint"})
    with ministack:
        keep_number(client.account, TOLD_AS, PhoneNumber(NUMBER))

    assert client.send("GET", f"{BLACKLIST}/{TOLD_AS}").json["phoneNumber"] == NUMBER
    assert stranger.send("GET", f"{BLACKLIST}/{TOLD_AS}").status == 404
    assert client.send("PUT", f"{BLACKLIST}/{TOLD_AS}").status == 400
