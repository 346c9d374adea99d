"""What no SDK sends, and what none looks at."""

import base64
from datetime import UTC, datetime
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from chalicelib.dialects.messente import MESSENTE
from chalicelib.dialects.messente.endpoints import ENDPOINTS, ROOT
from chalicelib.services import accounts
from tests.account import stamp_of
from tests.openapi import assert_is, methods_at

CONTACTS = f"{ROOT}/contacts"
GROUPS = f"{ROOT}/groups"
BLACKLIST = f"{ROOT}/blacklist"
NUMBER = "+37251000000"
METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
OPERATIONS = [(method, route) for route in ENDPOINTS for method in ENDPOINTS[route]]
OTHER_METHODS = [
    (method, route)
    for route in ENDPOINTS
    for method in sorted(METHODS - methods_at(MESSENTE, route))
]


def path_of(route, *, phone="%2B37251000000", group="5792a02a-e5c2-422b-a0a0-0ae65d814663"):
    return route.replace("{phone}", phone).replace("{groupId}", group)


def assert_error(answer, status, code, *, has_body=True):
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    if has_body:
        assert_is(MESSENTE, "Error", answer.body)
        assert [item["code"] for item in answer.json["errors"]] == [code]


@pytest.mark.parametrize(("method", "route"), OPERATIONS)
def test_no_operation_is_open_to_the_public(client, method, route):
    anonymous = client.send(method, path_of(route), headers={"Authorization": None})

    assert_error(anonymous, 401, "202")
    assert anonymous.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic !",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Basic " + base64.b64encode(b":").decode(),
        "Bearer token",
        "Basic " + "A" * 5_000,
    ],
)
def test_every_wrong_credential_is_refused_alike(client, authorization):
    anonymous = client.send("GET", CONTACTS, headers={"Authorization": None})

    refused = client.send("GET", CONTACTS, headers={"Authorization": authorization})

    assert_error(refused, 401, "202")
    assert refused.body == anonymous.body


def test_revoked_credential_is_refused_as_a_wrong_one_is(client, ministack):
    with ministack:
        accounts.revoke_credential(client.username, stamp_of(datetime.now(UTC)))

    refused = client.send("GET", CONTACTS)

    assert_error(refused, 401, "202")
    assert refused.body == client.send("GET", CONTACTS, headers={"Authorization": None}).body


@pytest.mark.parametrize("path", ["/nothing", "", "/contacts/1/2/3/4", "/contacts/%2F/x/y"])
def test_unknown_path_is_told_to_those_who_may_know(client, path):
    assert_error(client.send("GET", ROOT + path), 404, "203")
    assert_error(client.send("GET", ROOT + path, headers={"Authorization": None}), 401, "202")


@pytest.mark.parametrize(("method", "route"), OTHER_METHODS)
def test_wrong_method_is_told_with_the_right_ones(client, method, route):
    answer = client.send(method, path_of(route))

    assert_error(answer, 405, "244", has_body=method != "HEAD")
    assert answer.headers["allow"] == ", ".join(sorted(methods_at(MESSENTE, route)))


def test_trailing_slash_is_the_same_path(client):
    assert client.send("GET", f"{CONTACTS}/").json == {"contacts": []}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "x"])
def test_body_of_another_type_is_refused(client, content_type):
    answer = client.send(
        "POST", CONTACTS, {"phoneNumber": NUMBER}, headers={"Content-Type": content_type}
    )

    assert_error(answer, 415, "244")


def test_type_of_a_body_that_nobody_reads_does_not_matter(client):
    """messente_api 1.x and Node send one with every request."""
    client.send("POST", CONTACTS, {"phoneNumber": NUMBER})
    group = client.send("POST", GROUPS, {"name": "a"}).json["group"]["id"]
    typed = {"Content-Type": "text/plain"}

    assert client.send("GET", CONTACTS, headers=typed).status == 200
    assert (
        client.send("POST", f"{GROUPS}/{group}/contacts/{NUMBER}", b"{}", headers=typed).json == {}
    )
    assert client.send("DELETE", f"{CONTACTS}/{NUMBER}", headers=typed).status == 204


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", ["body"]),
        (b"{", ["body"]),
        (b"[]", ["body"]),
        (b"\xff\xfe", ["body"]),
        (b'{"phoneNumber": "+37251000000", "title": "\\ud800"}', ["title"]),
        (b'{"phoneNumber": "+37251000000", "title": "\\u0000"}', ["title"]),
        (b'{"phoneNumber": 37251000000, "title": 1, "custom5": ""}',
         ["phoneNumber", "title", "custom5"]),
        (b'{"title": null}', ["phoneNumber"]),
    ],
)  # fmt: skip
def test_every_problem_of_a_body_is_told_with_its_field(client, body, named):
    answer = client.send("POST", CONTACTS, body)

    assert_error(answer, 400, "201")
    detail = answer.json["errors"][0]["detail"]
    assert [problem.partition(":")[0] for problem in detail.split("; ")] == named
    assert client.send("GET", CONTACTS).json == {"contacts": []}


def test_body_that_is_too_large_is_refused(client):
    assert_error(client.send("POST", CONTACTS, b" " * (256 * 1024 + 1)), 413, "244")


def test_longest_fields_of_the_longest_characters_are_kept(client):
    fields = dict.fromkeys(("firstName", "lastName", "company", "title"), "😀" * 1000)
    fields |= dict.fromkeys(("custom", "custom2", "custom3", "custom4"), "\x01" * 1000)
    fields |= {"email": "ä" * 320, "phoneNumber": NUMBER}

    assert client.send("POST", CONTACTS, fields).status == 201
    contact = client.send("GET", f"{CONTACTS}/{NUMBER}").json["contact"]
    assert contact | fields == contact


@pytest.mark.parametrize(
    "written", ["%2B37251000000", "+37251000000", "37251000000", "%2B372%205100-0000"]
)
def test_number_in_a_path_is_the_same_however_it_is_written(client, written):
    client.send("POST", CONTACTS, {"phoneNumber": NUMBER})

    assert client.send("GET", f"{CONTACTS}/{written}").json["contact"]["phoneNumber"] == NUMBER


def test_path_is_decoded_once(client):
    client.send("POST", CONTACTS, {"phoneNumber": NUMBER})

    assert_error(client.send("GET", f"{CONTACTS}/%252B37251000000"), 400, "201")


@pytest.mark.parametrize("query", ["?", "?groupIds", "?groupIds=", "?limit=5&"])
def test_query_that_says_nothing_lists_all(client, query):
    assert client.send("GET", CONTACTS + query).json == {"contacts": []}


@pytest.mark.parametrize("sent", ["a", "6f1e-ABC_x.y:z", "x" * 128])
def test_valid_request_id_is_repeated(client, sent):
    answer = client.send("GET", CONTACTS, headers={"X-Request-Id": sent})

    assert answer.headers["x-request-id"] == sent


@pytest.mark.parametrize("sent", ["", "x" * 129, "a b", "+37251000000", "37251000000", "a\tb", "é"])
def test_other_request_id_is_replaced(client, sent):
    answer = client.send("GET", CONTACTS, headers={"X-Request-Id": sent})

    assert answer.headers["x-request-id"] not in {sent, ""}


def test_success_without_content_has_neither_body_nor_type(client):
    client.send("POST", BLACKLIST, {"phoneNumber": NUMBER})

    answer = client.send("GET", f"{BLACKLIST}/{NUMBER}")

    assert (answer.status, answer.body) == (204, b"")
    assert "content-type" not in answer.headers


def test_path_outside_every_dialect_is_answered_in_the_primary_one(client):
    for path in ("/", "/v1", "/v1/phonebooks/contacts", "/ping"):
        assert_error(client.send("GET", path), 404, "203")


def test_chunked_body_arrives_whole(client):
    """API Gateway passes one on; `chalice local` would drop it."""
    connection = HTTPConnection(urlsplit(client.url).netloc)
    headers = {"Authorization": client.basic, "Transfer-Encoding": "chunked"}
    chunks = [b'{"phoneNumber": ', b'"+37251000000"', b"}"]

    for status in (201, 409):
        connection.request("POST", CONTACTS, iter(chunks), headers, encode_chunked=True)
        response = connection.getresponse()
        assert (response.status, bool(response.read())) == (status, True)
    connection.close()


def test_contact_is_changed_by_what_it_was_answered_with(client):
    contact = client.send("POST", CONTACTS, {"phoneNumber": "+37251000000"}).json["contact"]
    path = f"{CONTACTS}/+37251000000"

    changed = client.send("PATCH", path, {**contact, "firstName": "Any"})

    assert changed.status == 200
    assert changed.json["contact"] == {**contact, "firstName": "Any"}
    assert client.send("GET", path).json == changed.json


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phoneNumber", "+37251000001"),
        ("scheduledDeletionDate", "2020-01-01"),
        ("scheduledDeletionDate", None),
        ("scheduledDeletionDate", ""),
        ("scheduledDeletionDate", 1),
    ],
)
def test_contact_keeps_what_cannot_be_changed(client, field, value):
    contact = client.send("POST", CONTACTS, {"phoneNumber": "+37251000000"}).json["contact"]
    path = f"{CONTACTS}/+37251000000"

    refused = client.send("PATCH", path, {**contact, field: value, "firstName": "Any"})

    assert_error(refused, 400, "201")
    assert refused.json["errors"][0]["detail"] == f"{field}: cannot be changed"
    assert client.send("GET", path).json["contact"] == contact


def test_contact_that_is_not_there_is_not_changed_by_what_it_was_answered_with(client):
    answer = client.send("PATCH", f"{CONTACTS}/+37251000000", {"scheduledDeletionDate": None})

    assert_error(answer, 404, "203")


def test_group_is_renamed_by_what_it_was_answered_with(client):
    group = client.send("POST", f"{ROOT}/groups", {"name": "Old"}).json["group"]
    path = f"{ROOT}/groups/{group['id']}"

    renamed = client.send("PUT", path, {**group, "name": "New"})

    assert (renamed.status, renamed.json["group"]) == (200, {**group, "name": "New"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "70686f6e-6562-4000-8000-000000000001"),
        ("createdOn", "2020-01-01T00:00:00.000000Z"),
        ("contactsCount", 1),
        ("contactsCount", "0"),
        ("contactsCount", False),
        ("contactsCount", None),
    ],
)
def test_group_keeps_what_cannot_be_changed(client, field, value):
    group = client.send("POST", f"{ROOT}/groups", {"name": "Old"}).json["group"]
    path = f"{ROOT}/groups/{group['id']}"

    refused = client.send("PUT", path, {**group, field: value, "name": "New"})

    assert_error(refused, 400, "201")
    assert refused.json["errors"][0]["detail"] == f"{field}: cannot be changed"
    assert client.send("GET", path).json["group"] == group
