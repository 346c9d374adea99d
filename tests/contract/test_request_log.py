"""What the log says of a request: who sent it and what they meant, and nothing of anybody else."""

import json
import re
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from chalicelib.dialects.messente.endpoints import ROOT
from tests.conftest import open_client
from tests.contract.messagebird import MessageBird
from tests.paths import PROJECT
from tests.served import served_app

CONTACTS = f"{ROOT}/contacts"
WHO = ("account", "username", "method", "meant_method", "via", "status")
QUERY = re.compile(r"^(?:fields|\| filter|\| sort) (.+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def log(logs):
    return logs / "app-request-log"


@pytest.fixture(scope="module")
def url(ministack, log):
    with served_app(ministack.endpoint, ministack.table, log) as url:
        yield url


@pytest.fixture
def client(ministack, url):
    return open_client(ministack, url)


@pytest.fixture
def line_of(log):
    """Return what the log's line of an answered request says."""

    def read(answer):
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        found = {line["request_id"]: line for line in lines if line["message"] == "request"}
        return found[answer.headers["x-request-id"]]

    return read


def told_by(line):
    return {name: line[name] for name in WHO if name in line}


def test_line_says_whose_credential_called_which_operation(client, line_of):
    answer = client.send("POST", CONTACTS, {"phoneNumber": "+37251000000"})

    assert told_by(line_of(answer)) == {
        "account": client.account,
        "username": client.username,
        "method": "POST",
        "meant_method": "POST",
        "via": "messente.create_contact",
        "status": 201,
    }


def test_line_says_which_method_was_meant(client, line_of):
    bird = MessageBird(client)
    contact, group = bird.create_contact(), bird.create_group()

    path = f"/groups/{group['id']}/contacts?_method=PUT&ids[]={contact['id']}"
    line = line_of(bird.send("GET", path))

    assert (line["method"], line["meant_method"]) == ("GET", "PUT")
    assert (line["via"], line["status"]) == ("messagebird.add_contacts_to_group", 204)


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("GET", f"{ROOT}/nothing", {"status": 404, "meant_method": "GET"}),
        ("PUT", CONTACTS, {"status": 405, "meant_method": "PUT"}),
        ("POST", "/contacts?_method=DELETE", {"status": 405, "meant_method": "DELETE"}),
        ("GET", "/contacts?_method=x", {"status": 405}),
    ],
)
def test_line_of_what_is_no_operation_says_who_tried_what(client, line_of, method, path, told):
    scheme = "AccessKey" if path.startswith("/contacts") else "Basic"
    headers = {"Authorization": client.authorization(scheme)}

    line = line_of(client.send(method, path, headers=headers))

    assert told_by(line) == {
        "account": client.account, "username": client.username, "method": method, **told,
    }  # fmt: skip


def test_line_names_nobody_whose_secret_is_wrong_even_behind_somebody(client, url, line_of):
    """One connection, and so one thread: as one warm Lambda answers one after the other."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
    wrong = client.authorization("AccessKey") + "x"

    def ask(authorization):
        connection.request("GET", CONTACTS, headers={"Authorization": authorization})
        answer = connection.getresponse()
        answer.read()
        return answer

    assert line_of(ask(client.basic))["username"] == client.username
    assert told_by(line_of(ask(wrong))) == {"method": "GET", "status": 401}
    connection.close()


def test_page_on_operations_asks_for_what_a_line_says(client, line_of):
    page = (PROJECT / "docs" / "operations.md").read_text()
    _, _, section = page.partition("### What a leaked credential did\n")
    asked = " ".join(QUERY.findall(section.partition("\n## ")[0]))
    names = set(re.findall(r"(?<![@\w\"])[a-z_]{3,}(?![\w\"])", asked)) - {"and", "asc"}

    line = line_of(client.send("GET", CONTACTS))

    assert {"username", "via", "meant_method"} < names <= line.keys()
