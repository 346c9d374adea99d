"""The one way that every request takes, whatever the dialect."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.dialects.dialect import Dialect, answer
from chalicelib.dialects.messages import Request, Response
from chalicelib.dialects.operations import Operation
from chalicelib.domain.account import Account
from chalicelib.domain.caller import Stamp
from chalicelib.domain.credential import Credential, PresentedCredential, Scope
from chalicelib.domain.errors import UnauthorizedError
from chalicelib.domain.limits import MAX_REQUEST_BYTES

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = Account(
    id="a", name="a", default_region="EE", retention_days=30, cursor_key="key", created_on=NOW
)
CREDENTIAL = Credential(
    username="u",
    secret_hash="",
    account=ACCOUNT,
    scope=Scope.FULL,
    revoked_on=None,
    created_on=NOW,
)
REQUEST = Request(
    id="1",
    method="GET",
    route="/list",
    url="http://localhost/list",
    path_parameters={},
    query={},
    headers={},
    body=b"",
    received_on=NOW,
)


def says(text):
    return lambda request, _caller: Response(status=200, body=f"{text} {request.method}")


UNMARKED = Operation(says("put"), reads_body=True)
DIALECT = Dialect(
    name="test",
    roots=("/",),
    endpoints={
        "/list": {"GET": Operation(says("read")), "PUT": UNMARKED},
        "/large": {"PUT": Operation(says("large"), reads_body=True)},
    },
    read_credential=lambda _: PresentedCredential("", ""),
    render_error=lambda error: Response(status=400, body=error.code.name),
    read_method=lambda request: request.last_in_query("_method") or request.method,
    sent_beside={"_method": "a client"},
    request_bytes={"/large": MAX_REQUEST_BYTES + 1},
)


def answered(dialect=DIALECT, authenticate=lambda _: CREDENTIAL, **changes):
    request = REQUEST._replace(**changes)
    return answer(dialect, lambda: request, authenticate).body


def test_dialect_may_say_which_method_a_request_means():
    assert answered() == "read GET"
    assert answered(query={"_method": ["PUT"]}) == "put PUT"
    assert answered(query={"_method": ["POST"]}) == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("route", "most"), [("/list", MAX_REQUEST_BYTES), ("/large", MAX_REQUEST_BYTES + 1)]
)
def test_path_takes_bodies_up_to_its_limit(route, most):
    assert answered(method="PUT", route=route, body=b"x" * most).endswith("PUT")
    assert answered(method="PUT", route=route, body=b"x" * (most + 1)) == "REQUEST_TOO_LARGE"


def test_endpoint_is_told_who_calls_and_through_what():
    def tell_caller(_request, caller):
        return Response(200, f"{caller.account.id} {caller.username} {caller.request_id}")

    def tell_stamp(request, caller):
        assert caller.stamp(request.received_on) == Stamp(NOW, caller.username, caller.via)
        return Response(200, caller.via)

    endpoints = {"/list": {"GET": Operation(tell_caller), "DELETE": Operation(tell_stamp)}}
    dialect = DIALECT._replace(endpoints=endpoints)

    assert answered(dialect) == "a u 1"
    assert answered(dialect, query={"_method": ["DELETE"]}) == "test.tell_stamp"


def test_authentication_comes_before_everything_else():
    def refuse(_presented):
        raise UnauthorizedError

    for changes in ({}, {"route": "/none"}, {"query": {"_method": ["X"]}}, {"body": b"x" * 10**6}):
        assert answered(authenticate=refuse, **changes) == "UNAUTHORIZED"


def test_credential_that_can_only_read_is_refused_what_is_not_said_to_only_read():
    endpoints = {"/list": {"GET": Operation(says("read"), only_reads=True), "PUT": UNMARKED}}
    dialect = DIALECT._replace(endpoints=endpoints)

    def authenticate(_presented):
        return replace(CREDENTIAL, scope=Scope.READ)

    assert answered(dialect, authenticate) == "read GET"
    assert answered(dialect, authenticate, method="HEAD") == "read HEAD"
    for changes in ({"method": "PUT"}, {"query": {"_method": ["PUT"], "unknown": [""]}}):
        assert answered(dialect, authenticate, **changes) == "READ_ONLY"


def test_head_is_answered_as_get_is():
    assert answered(method="HEAD") == "read HEAD"
    assert answered(method="HEAD", query={"_method": ["PUT"]}) == "put PUT"


@pytest.mark.parametrize(
    "part",
    [
        {"query": {"a": ["1", "\ud800"]}},
        {"query": {"\ud800": []}},
        {"headers": {"a": "\udfff"}},
        {"path_parameters": {"a": "\ud800"}},
    ],
)
def test_half_of_a_surrogate_pair_is_bad_input_once_the_client_is_known(part):
    def refuse(_presented):
        raise UnauthorizedError

    assert answered(**part) == "INVALID_DATA"
    assert answered(authenticate=refuse, **part) == "UNAUTHORIZED"


def test_request_is_printed_without_its_secrets_and_numbers():
    request = REQUEST._replace(headers={"authorization": "secret"}, body=b"+37251000000")

    assert repr(request) == f"<Request {request.id} {request.method} {request.route}>"
