import json

import pytest

from chalicelib.dialects.atom import ATOM
from chalicelib.dialects.atom.errors import ERRORS, render_error
from chalicelib.domain.errors import (
    OF_OUR_OWN_API,
    ConflictError,
    ErrorCode,
    InvalidDataError,
    NotFoundError,
    PhonebookError,
    Problem,
    RefusedError,
    UnauthorizedError,
    UnavailableError,
)
from infra.documents import table
from tests.openapi import assert_is

STATUS_OF_CODE = {
    "invalid_parameter": 400,
    "authentication_failed": 403,
    "read_only": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "duplicate": 409,
    "too_large": 413,
    "unsupported_media_type": 415,
    "rate_limited": 429,
    "internal_error": 500,
    "unavailable": 503,
}


def error_in(response):
    assert_is(ATOM, "Error", response.body.encode())
    return json.loads(response.body)["error"]


def test_every_error_has_words():
    assert set(ERRORS) == set(ErrorCode) - OF_OUR_OWN_API


@pytest.mark.parametrize("code", ERRORS)
def test_error_has_the_documented_shape_and_the_status_of_its_code(code):
    response = render_error(PhonebookError(code))

    error = error_in(response)
    assert response.status == STATUS_OF_CODE[error["code"]]
    assert error["field"] is None
    assert response.headers == {"Content-Type": "application/json"}


def test_page_has_every_error_as_it_is():
    assert table("docs/dialects/atom.md", "error") == [
        [code.name, str(status), vendor_code, message]
        for code, (status, vendor_code, message) in ERRORS.items()
    ]


def test_every_problem_is_named_and_the_first_decides():
    missing = Problem("group_id", "is required", is_missing=True)
    invalid = Problem("phone_number", "is wrong")

    assert error_in(render_error(InvalidDataError([missing, invalid]))) == {
        "code": "missing_parameter",
        "message": "group_id: is required; phone_number: is wrong",
        "field": "group_id",
    }
    assert error_in(render_error(InvalidDataError([invalid, missing]))) == {
        "code": "invalid_parameter",
        "message": "phone_number: is wrong; group_id: is required",
        "field": "phone_number",
    }


@pytest.mark.parametrize("code", [ErrorCode.CONTACT_EXISTS, ErrorCode.MEMBERSHIP_EXISTS])
def test_conflict_names_the_contact_that_is_there(code):
    error = error_in(render_error(ConflictError(code, contact_id=7)))

    assert error["message"].endswith(": 7")
    assert error["field"] == "phone_number"


def test_headers_say_what_the_client_can_do():
    allowed = RefusedError(ErrorCode.METHOD_NOT_ALLOWED, allowed_methods=["POST"])

    assert render_error(allowed).headers["Allow"] == "POST"
    for code in (ErrorCode.BUSY, ErrorCode.UNREACHABLE):
        assert render_error(UnavailableError(code)).headers["Retry-After"] == "1"


def test_documented_statuses_are_kept():
    """``api-sms-intro`` on the vendor's pages."""
    assert render_error(UnauthorizedError()).status == 403
    busy = render_error(UnavailableError(ErrorCode.BUSY))
    assert (busy.status, error_in(busy)["code"]) == (429, "rate_limited")
    assert render_error(PhonebookError(ErrorCode.BUG)).status == 500
    assert render_error(NotFoundError(ErrorCode.GROUP_NOT_FOUND)).status == 404
