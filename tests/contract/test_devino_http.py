"""Devino: credentials, paths, methods, and two accounts that know nothing of each other."""

import base64

import pytest

from chalicelib.dialects.devino import DEVINO
from chalicelib.dialects.devino.endpoints import ENDPOINTS, ROOTS
from tests.devino import BATCH, LISTS, RANGE, create_list, upload
from tests.openapi import methods_at

OPERATIONS = [(method, route) for route in ENDPOINTS for method in ENDPOINTS[route]]
METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
OTHER_METHODS = [
    (method, route) for route in ENDPOINTS for method in sorted(METHODS - methods_at(DEVINO, route))
]


def keys_of(answer):
    assert answer.json["result"] is None
    return [reason["key"] for reason in answer.json["reasons"]]


def pair_of(client):
    return base64.b64encode(f"{client.username}:{client.secret}".encode()).decode()


@pytest.mark.parametrize(
    "form",
    [
        lambda client: f"Key {client.username}.{client.secret}",
        lambda client: f"Key {pair_of(client)}",
        lambda client: f"key  {pair_of(client)}",
        lambda client: f"Basic {pair_of(client)}",
    ],
)
def test_credential_is_taken_in_every_form(client, form):
    assert client.send("GET", LISTS, headers={"Authorization": form(client)}).json == {"result": []}


@pytest.mark.parametrize(("method", "route"), OPERATIONS)
@pytest.mark.parametrize(
    "authorization", [None, "", "Key", "Key a.b", "Key !", "Bearer a.b", "Basic YTpi"]
)
def test_no_operation_is_open_to_the_public(client, method, route, authorization):
    answer = client.send(method, route, headers={"Authorization": authorization})

    assert answer.status == 401
    assert keys_of(answer) == ["unauthorized"]
    assert answer.headers["www-authenticate"].startswith("Key ")


@pytest.mark.parametrize("path", [*ROOTS, "/address-book-api/nothing", "/contact-groups/1"])
def test_unknown_path_is_told_to_those_who_may_know(client, path):
    if path in ENDPOINTS:
        return
    answer = client.send("GET", path)
    assert (answer.status, keys_of(answer)) == (404, ["path.not.found"])
    assert client.send("GET", path, headers={"Authorization": None}).status == 401


@pytest.mark.parametrize(("method", "route"), OTHER_METHODS)
def test_wrong_method_is_told_with_the_right_ones(client, method, route):
    answer = client.send(method, route)

    assert answer.status == 405
    assert answer.headers["allow"] == ", ".join(sorted(methods_at(DEVINO, route)))
    if method != "HEAD":
        assert keys_of(answer) == ["method.not.allowed"]


@pytest.mark.parametrize("path", [LISTS, BATCH])
def test_body_of_another_type_is_refused(client, path):
    answer = client.send("POST", path, b"name=a", headers={"Content-Type": "text/plain"})

    assert (answer.status, keys_of(answer)) == (415, ["media.type.not.supported"])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
@pytest.mark.parametrize("path", [LISTS, BATCH])
def test_body_that_is_no_object_is_refused(client, path, body):
    answer = client.send("POST", path, body)

    assert (answer.status, keys_of(answer)) == (400, ["body.is.invalid"])


def test_values_that_json_does_not_have_are_rejected_with_their_row(client):
    group = create_list(client)
    deep = '{"a": ' * 100 + "1" + "}" * 100
    values = ["NaN", "1e999", '"\\ud800"', '"\\u0000"', deep, '{"a": NaN}']
    kinds = [2, 2, 3, 3, 5, 5]
    fields = [
        f'[{{"name": "a", "type": {kind}, "value": {value}}}]'
        for kind, value in zip(kinds, values, strict=True)
    ]
    rows = [f'{{"phone": "7910000000{n}", "fields": {each}}}' for n, each in enumerate(fields)]
    body = f'{{"contactGroupId": {group}, "contacts": [{",".join(rows)}]}}'

    answer = client.send("POST", BATCH, body.encode())

    assert answer.status == 200
    assert [row["code"] for row in answer.json["result"]] == ["REJECTED"] * 6


def test_type_that_the_vendors_sample_sends_with_a_get_does_not_matter(client):
    group = create_list(client)
    headers = {"Content-Type": "application/json", "Accept": "application/json"}

    answer = client.send("GET", f"{RANGE}?contactGroupId={group}", headers=headers)

    assert answer.json == {"result": []}


def test_stranger_is_answered_as_if_there_were_nothing(client, stranger):
    group = create_list(client, type="STOPLIST")
    upload(client, group, {"phone": "79100000000"})

    def everything():
        contacts = client.send("GET", f"{RANGE}?contactGroupId={group}").body
        return client.send("GET", LISTS).body, contacts

    before = everything()
    for attempt in (
        lambda each: stranger.send("GET", f"{RANGE}?contactGroupId={each}"),
        lambda each: stranger.send("POST", BATCH, {"contactGroupId": each, "contacts": [
            {"phone": "79100000000"}]}),
        *(
            lambda each, path=path: stranger.send("DELETE", f"{path}?ids={each}")
            for path, methods in ENDPOINTS.items() if "DELETE" in methods
        ),
    ):  # fmt: skip
        tried, with_nobodys = attempt(group), attempt("1")
        assert tried.status in {200, 404}
        assert tried.status == with_nobodys.status
        assert tried.body.replace(group.encode(), b"1") == with_nobodys.body
        assert everything() == before
    assert stranger.send("GET", LISTS).json == {"result": []}

    own = create_list(stranger)
    upload(stranger, own, {"phone": "79100000000", "email": "a@b.c"})
    assert everything() == before
    (contact,) = stranger.send("GET", f"{RANGE}?contactGroupId={own}").json["result"]
    assert contact["unsubscribedData"] == []
