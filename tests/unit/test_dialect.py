"""The one way that every request takes, whatever the dialect."""

from datetime import UTC, datetime

import pytest

from chalicelib.dialects.dialect import Dialect, answer
from chalicelib.dialects.messages import Request, Response
from chalicelib.dialects.operations import Operation
from chalicelib.domain.account import Account
from chalicelib.domain.credential import PresentedCredential
from chalicelib.domain.errors import UnauthorizedError
from chalicelib.domain.limits import REQUEST_BYTES

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = Account(
    id="a", name="a", default_region="EE", retention_days=30, cursor_key="key", created_on=NOW
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
    return lambda request, _account: Response(status=200, body=f"{text} {request.method}")


DIALECT = Dialect(
    name="test",
    roots=("/",),
    endpoints={
        "/list": {"GET": Operation(says("read")), "PUT": Operation(says("put"), reads_body=True)},
        "/large": {"PUT": Operation(says("large"), reads_body=True)},
    },
    read_credential=lambda _: PresentedCredential("", ""),
    render_error=lambda error: Response(status=400, body=error.code.name),
    read_method=lambda request: request.last_in_query("_method") or request.method,
    sent_beside={"_method": "a client"},
    request_bytes={"/large": REQUEST_BYTES + 1},
)


def answered(dialect=DIALECT, authenticate=lambda _: ACCOUNT, **changes):
    request = REQUEST._replace(**changes)
    return answer(dialect, lambda: request, authenticate).body


def test_dialect_may_say_which_method_a_request_means():
    assert answered() == "read GET"
    assert answered(query={"_method": ["PUT"]}) == "put PUT"
    assert answered(query={"_method": ["POST"]}) == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("route", "most"), [("/list", REQUEST_BYTES), ("/large", REQUEST_BYTES + 1)]
)
def test_path_takes_bodies_up_to_its_limit(route, most):
    assert answered(method="PUT", route=route, body=b"x" * most).endswith("PUT")
    assert answered(method="PUT", route=route, body=b"x" * (most + 1)) == "REQUEST_TOO_LARGE"


def test_authentication_comes_before_everything_else():
    def refuse(_presented):
        raise UnauthorizedError

    for changes in ({}, {"route": "/none"}, {"query": {"_method": ["X"]}}, {"body": b"x" * 10**6}):
        assert answered(authenticate=refuse, **changes) == "UNAUTHORIZED"


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
