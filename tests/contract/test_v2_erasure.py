"""Being forgotten, and the answer to a request of access, over HTTP."""

from urllib.parse import quote

import pytest

from tests.contract.test_v2_http import BLACKLIST, NUMBER, at, create, create_group, problems_of


def test_person_is_answered_whole_and_then_erased(client):
    created = create(client, firstName="Any", groups=[create_group(client)])
    client.send("PUT", f"{BLACKLIST}/{NUMBER}", {"reason": "complaint", "note": "by phone"})

    kept = client.send("GET", f"{at(NUMBER)}/everything").json
    assert kept["contact"] == client.send("GET", at(NUMBER)).json
    assert [each["name"] for each in kept["memberships"]] == ["Friends"]
    assert kept["memberships"][0]["joinedOn"]
    assert [each["note"] for each in (kept["optOut"], *kept["ledger"])] == ["by phone"] * 2

    erased = client.send("POST", f"/v2/contacts/{created.json['id']}/erase")
    assert erased.json == {"suppressed": True}
    assert client.send("GET", at(NUMBER)).status == 404
    shown = client.send("GET", f"{BLACKLIST}/{NUMBER}").json
    assert (shown["state"], shown["entries"], shown["note"]) == ("stopped", [], None)
    assert create(client).json["blacklisted"] is True


def test_number_that_is_suppressed_comes_back_only_by_its_own_call(client):
    create(client)
    assert client.send("POST", f"{at(NUMBER)}/erase", {"suppress": True}).json["suppressed"]
    row = {"phoneNumber": NUMBER}
    outcomes = client.send("POST", "/v2/contacts/batch", {"contacts": [row]}).json["outcomes"]
    assert [each["outcome"] for each in outcomes] == ["suppressed"]

    assert client.send("DELETE", f"{BLACKLIST}/{NUMBER}").status == 204

    assert client.send("GET", at(NUMBER)).json["blacklisted"] is False
    (entry,) = client.send("GET", f"{BLACKLIST}/{NUMBER}").json["entries"]
    assert (entry["state"], entry["source"]) == ("allowed", "v2.allow_number")


def test_whom_nobody_knows_is_not_found(client, stranger):
    create(stranger)
    for method, path in (("POST", "erase"), ("GET", "everything")):
        assert problems_of(client.send(method, f"{at(NUMBER)}/{path}"), 404) == {}
    assert client.send("POST", f"{at(NUMBER)}/erase", {"suppress": True}).status == 404
    assert stranger.send("GET", at(NUMBER)).status == 200


@pytest.mark.parametrize(
    ("body", "places"),
    [({"suppress": "yes"}, {"/suppress"}), ({"supress": True}, {"/supress"}), (b"[]", {""})],
)
def test_body_that_is_not_understood_erases_nobody(client, body, places):
    create(client)

    refused = client.send("POST", f"/v2/contacts/{quote(NUMBER)}/erase", body)

    assert problems_of(refused).keys() == places
    assert client.send("GET", at(NUMBER)).status == 200
