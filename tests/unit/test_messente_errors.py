import json

import pytest

from chalicelib.dialects.messente.errors import ERRORS, TITLES, render_error
from chalicelib.domain.errors import (
    OF_OUR_OWN_API,
    ErrorCode,
    InvalidDataError,
    PhonebookError,
    Problem,
    RefusedError,
    UnauthorizedError,
    UnavailableError,
)

DOCUMENTED = {400: "201", 401: "202", 404: "203", 409: "204", 500: "205", 503: "205"}


def test_every_error_has_words():
    assert set(ERRORS) == set(ErrorCode) - OF_OUR_OWN_API


@pytest.mark.parametrize("code", ERRORS)
def test_error_has_the_code_that_its_status_is_documented_with(code):
    status, vendor_code, detail = ERRORS[code]

    assert vendor_code == DOCUMENTED.get(status, "244")
    assert vendor_code in TITLES
    assert detail


@pytest.mark.parametrize("code", ERRORS)
def test_error_body_is_of_the_documented_shape(code):
    response = render_error(PhonebookError(code))

    assert response.status == ERRORS[code][0]
    body = json.loads(response.body)
    assert [set(item) for item in body["errors"]] == [{"title", "detail", "code"}]
    assert response.headers["Content-Type"] == "application/json"


def test_every_problem_is_named_with_its_field():
    error = InvalidDataError([Problem("email", "is wrong"), Problem("title", "is worse")])

    (item,) = json.loads(render_error(error).body)["errors"]
    assert item["detail"] == "email: is wrong; title: is worse"


def test_headers_say_what_the_client_can_do():
    allowed = RefusedError(ErrorCode.METHOD_NOT_ALLOWED, allowed_methods=["GET", "PUT"])

    assert render_error(allowed).headers["Allow"] == "GET, PUT"
    assert render_error(UnavailableError(ErrorCode.BUSY)).headers["Retry-After"] == "1"
    challenge = 'Basic realm="phonebook", charset="UTF-8"'
    assert render_error(UnauthorizedError()).headers["WWW-Authenticate"] == challenge
