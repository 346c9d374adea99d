"""What each of MessageBird's clients sends, replayed as bytes."""

import json
import socket
from http.client import HTTPResponse
from urllib.parse import urlsplit

import pytest

from infra.documents import table
from tests.contract.messagebird import MessageBird
from tests.contract.messagebird_wire import CLIENTS
from tests.openapi import assert_documented


@pytest.fixture
def bird(client):
    return MessageBird(client)


class Replay:
    """A client's requests, sent as they are, and what became known by them."""

    def __init__(self, bird, wire):
        self.address = urlsplit(bird.url)
        self.wire = wire
        self.known = {"key": bird.access_key}

    def send(self, sent):
        """Send a request, and return what the client would make of the answer."""
        with socket.create_connection((self.address.hostname, self.address.port)) as connection:
            content = self.wire.bytes_of(sent, self.known)
            connection.sendall(content)
            response = HTTPResponse(connection)
            response.begin()
            body = response.read()
        assert response.status == sent.status, (sent, body)
        method, path, _ = content.decode().split(" ", 2)
        assert_documented(method, path, response.status, body)
        if response.status == 204:
            assert body == b""
            return None
        answer = json.loads(body)
        if sent.known_as:
            self.known[sent.known_as] = answer["id"]
        return answer


@pytest.mark.parametrize("name", CLIENTS)
def test_client_finds_what_it_needs(bird, name):
    wire = CLIENTS[name]
    replay = Replay(bird, wire)

    contact, other, group, *changed = [replay.send(sent) for sent in wire.create]
    assert (contact["firstName"], contact["customDetails"]["custom1"]) == ("Jöhn", "x")
    assert (contact["msisdn"], other["msisdn"]) == (31612345678, 31687654321)
    assert contact["href"] == f"{bird.url}/contacts/{contact['id']}"
    assert [each.get("lastName", each.get("name")) for each in changed] == ["Doe", "Family"]

    replay.send(wire.add)
    replay.send(wire.add)
    assert bird.members(group) == [contact["id"], other["id"]]
    for answer in map(replay.send, wire.read):
        assert answer.get("id") in {None, contact["id"], group["id"]}
        assert "errors" not in answer

    replay.send(wire.remove)
    assert bird.members(group) == [other["id"]]
    for sent in wire.delete:
        replay.send(sent)
    assert bird.items("/groups") == []
    assert [each["id"] for each in bird.items("/contacts")] == [other["id"]]


def test_every_client_is_on_the_page():
    documented = table("docs/dialects/messagebird.md", "SDK")

    assert {row[0].split()[0] for row in documented} == {name.split()[0] for name in CLIENTS}
