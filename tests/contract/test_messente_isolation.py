"""Two accounts: neither sees, changes or even detects what is the other's."""

import pytest

from chalicelib.dialects.messente.endpoints import ROOT
from tests.contract.test_messente_http import OPERATIONS, path_of

NUMBER = "+37251000000"
BODIES = {
    ("POST", f"{ROOT}/contacts"): {"phoneNumber": NUMBER},
    ("PATCH", f"{ROOT}/contacts/{{phone}}"): {"title": "changed"},
    ("POST", f"{ROOT}/groups"): {"name": "new"},
    ("PUT", f"{ROOT}/groups/{{groupId}}"): {"name": "changed"},
    ("POST", f"{ROOT}/blacklist"): {"phoneNumber": NUMBER},
}


@pytest.fixture
def group(client):
    """A contact in a group and on the blacklist, all of them the client's."""
    client.send("POST", f"{ROOT}/contacts", {"phoneNumber": NUMBER})
    client.send("POST", f"{ROOT}/blacklist", {"phoneNumber": NUMBER})
    group = client.send("POST", f"{ROOT}/groups", {"name": "Group"}).json["group"]["id"]
    client.send("POST", f"{ROOT}/groups/{group}/contacts/{NUMBER}")
    return group


def everything(client, group):
    return [
        client.send("GET", path_of(route, group=group)).body
        for method, route in OPERATIONS
        if method == "GET"
    ]


@pytest.mark.parametrize(("method", "route"), OPERATIONS)
def test_operation_answers_a_stranger_as_if_there_were_nothing(
    client, stranger, group, method, route
):
    """The answer is to the byte the one for an id that nobody has."""
    before = everything(client, group)
    body = BODIES.get((method, route))
    nobody = "70686f6e-6562-4000-8000-000000000001"

    answer = stranger.send(method, path_of(route, group=group), body)

    expected = {"POST": 201, "GET": 200}[method] if "{" not in route else 404
    if (method, route) == ("POST", f"{ROOT}/blacklist"):
        expected = 204
    assert answer.status == expected
    assert everything(client, group) == before
    if expected == 404:
        unknown = stranger.send(method, path_of(route, group=nobody), body)
        assert (unknown.status, unknown.body) == (answer.status, answer.body)


def test_every_operation_with_a_body_has_one_here():
    without = ("POST", f"{ROOT}/groups/{{groupId}}/contacts/{{phone}}")

    assert set(BODIES) | {without} == {
        (method, route) for method, route in OPERATIONS if method in {"POST", "PUT", "PATCH"}
    }


def test_strangers_lists_are_empty(client, stranger, group):
    assert stranger.send("GET", f"{ROOT}/contacts").json == {"contacts": []}
    assert stranger.send("GET", f"{ROOT}/contacts?groupIds={group}").json == {"contacts": []}
    assert stranger.send("GET", f"{ROOT}/groups").json == {"groups": []}
    assert stranger.send("GET", f"{ROOT}/blacklist").json == {"phoneNumbers": []}


def test_stranger_cannot_put_a_contact_of_his_into_the_group(client, stranger, group):
    stranger.send("POST", f"{ROOT}/contacts", {"phoneNumber": NUMBER})

    assert stranger.send("POST", f"{ROOT}/groups/{group}/contacts/{NUMBER}").status == 404
    assert stranger.send("DELETE", f"{ROOT}/groups/{group}/contacts/{NUMBER}").status == 404
    assert client.send("GET", f"{ROOT}/contacts?groupIds={group}").json["contacts"]
