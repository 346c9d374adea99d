"""What Atom's clients are told of credentials, paths, methods and bodies."""

from datetime import UTC, datetime

import pytest

from chalicelib.services import accounts
from tests.account import stamp_of
from tests.atom import OPERATIONS, Atom, assert_error

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT")
WITH_BODY = [operation for operation in OPERATIONS if operation != "address-book/list"]


@pytest.fixture
def atom(client):
    return Atom(client)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_operation_is_open_to_the_public(atom, operation):
    anonymous = atom.post(operation, b"{", headers={"Authorization": None})

    assert_error(anonymous, 403, "authentication_failed")


def test_every_wrong_credential_is_refused_alike(client, atom):
    anonymous = atom.post("address-book/list", headers={"Authorization": None})
    for authorization in (
        "",
        "Bearer",
        "Bearer " + client.username,
        "Bearer " + client.secret,
        f"Bearer {client.username}.wrong",
        f"Bearer 0123456789abcdef.{client.secret}",
        "Bearer .",
        "Bearer \xff.\xff",
        atom.bearer.replace("Bearer", "AccessKey"),
        client.basic,
        "Bearer " + "a" * 5_000,
    ):
        refused = atom.post("address-book/list", headers={"Authorization": authorization})
        assert_error(refused, 403, "authentication_failed")
        assert refused.body == anonymous.body


def test_revoked_credential_is_refused(client, atom, ministack):
    with ministack:
        accounts.revoke_credential(client.username, stamp_of(datetime.now(UTC)))

    assert_error(atom.post("address-book/list"), 403, "authentication_failed")


def test_scheme_is_taken_in_any_case(atom):
    bearer = atom.bearer.replace("Bearer", "bearer")

    assert atom.post("address-book/list", headers={"Authorization": bearer}).status == 200


@pytest.mark.parametrize("path", ["contact", "contact/nothing", "address-book", "contact/new/1"])
def test_unknown_path_is_told_to_those_who_may_know(atom, path):
    assert_error(atom.post(path), 404, "not_found")
    assert_error(atom.post(path, method="GET"), 404, "not_found")
    anonymous = atom.post(path, headers={"Authorization": None})
    assert_error(anonymous, 403, "authentication_failed")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_method_but_post_is_refused(atom, operation):
    for method in METHODS:
        refused = atom.post(operation, method=method)
        assert_error(refused, 405, "method_not_allowed", has_body=method != "HEAD")
        assert refused.headers["allow"] == "POST"


@pytest.mark.parametrize("operation", WITH_BODY)
def test_body_of_another_type_is_refused(atom, operation):
    for content_type in ("application/x-www-form-urlencoded", "text/plain"):
        refused = atom.post(operation, {"id": 1}, headers={"Content-Type": content_type})
        assert_error(refused, 415, "unsupported_media_type")


@pytest.mark.parametrize("content_type", [None, "", "Application/JSON; charset=utf-8"])
def test_json_is_taken_whatever_is_said_of_its_charset(atom, content_type):
    headers = {"Content-Type": content_type}

    assert atom.post("address-book/new", {"name": "a"}, headers=headers).status == 200


@pytest.mark.parametrize("operation", WITH_BODY)
def test_body_that_is_no_json_object_is_refused(atom, operation):
    for body in (b"", b"{", b"[]", b"null", b"\xff\xfe"):
        assert_error(atom.post(operation, body), 400, "invalid_parameter", "body")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_body_that_is_too_large_is_refused(atom, operation):
    assert_error(atom.post(operation, b" " * (256 * 1024 + 1)), 413, "too_large")


@pytest.mark.parametrize("name", ["", "x" * 256, None, 1, "\0", "\ud800"])
def test_name_of_an_address_book_has_1_to_255_characters(atom, name):
    book = atom.new_book("x" * 255)

    for operation, body in (("address-book/new", {}), ("address-book/edit", {"id": book})):
        refused = atom.post(operation, {**body, "name": name})
        assert_error(refused, 400, "invalid_parameter", "name")
    assert atom.result("address-book/list") == [{"id": book, "name": "x" * 255}]


def test_request_id_is_repeated(atom):
    answer = atom.post("address-book/list", headers={"X-Request-Id": "mine"})

    assert answer.headers["x-request-id"] == "mine"


def test_trailing_slash_is_the_same_path(atom):
    assert atom.post("address-book/list/").json == {"status": "success", "result": []}
