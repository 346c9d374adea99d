import json
from datetime import UTC, datetime

import pytest

from chalicelib.dialects.devino.errors import (
    ERRORS,
    MUST_NOT_BE_NULL,
    EmailExistsError,
    reason_in_row,
    render_error,
)
from chalicelib.dialects.devino.render import render_row
from chalicelib.domain.errors import (
    ConflictError,
    ErrorCode,
    InvalidDataError,
    PhonebookError,
    Problem,
    RefusedError,
    UnauthorizedError,
    UnavailableError,
)
from chalicelib.domain.group import Group
from chalicelib.domain.limits import RESPONSE_BYTES, UPLOAD_ROWS
from tests.documented import table
from tests.openapi import DOCUMENTS

GROUP = Group(
    id=1,
    name="List",
    created_on=datetime(2026, 1, 1, tzinfo=UTC),
    updated_on=datetime(2026, 1, 1, tzinfo=UTC),
    contacts_count=0,
)


def test_every_error_has_words():
    assert set(ERRORS) == set(ErrorCode)


def test_every_error_is_documented_as_it_is():
    assert table("docs/dialects/devino.md", "error") == [
        [code.name, str(status), key, ref, message]
        for code, (status, key, ref, message) in ERRORS.items()
    ]


@pytest.mark.parametrize("code", ErrorCode)
def test_error_is_of_the_documented_shape(code):
    response = render_error(PhonebookError(code))

    schema = {"$ref": "#/components/schemas/Error"}
    DOCUMENTS["devino"].assert_matches(schema, response.body.encode())
    assert response.status == ERRORS[code][0]
    assert response.headers["Content-Type"] == "application/json"


def test_every_problem_has_a_reason():
    error = InvalidDataError(
        [Problem("name", MUST_NOT_BE_NULL, is_missing=True), Problem("type", "is worse")]
    )

    body = json.loads(render_error(error).body)
    assert body["reasons"] == [
        {"key": "name.must.be.not.null", "ref": "name", "defaultMessage": "must not be null"},
        {"key": "type.is.invalid", "ref": "type", "defaultMessage": "is worse"},
    ]
    assert body["description"] == (
        "Key error: (parameter: name -> must not be null), (parameter: type -> is worse)"
    )


def test_headers_say_what_the_client_can_do():
    allowed = RefusedError(ErrorCode.METHOD_NOT_ALLOWED, allowed_methods=["GET", "PUT"])

    assert render_error(allowed).headers["Allow"] == "GET, PUT"
    assert render_error(UnavailableError(ErrorCode.BUSY)).headers["Retry-After"] == "1"
    assert "Key" in render_error(UnauthorizedError()).headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("error", "key", "field"),
    [
        (ConflictError(ErrorCode.MEMBERSHIP_EXISTS), "DUPLICATE_VALUE", "phone"),
        (EmailExistsError(), "DUPLICATE_VALUE", "email"),
        (
            InvalidDataError([Problem("phone", MUST_NOT_BE_NULL, is_missing=True)]),
            "REQUIRED_VALUE",
            "phone",
        ),
        (InvalidDataError.of("extra fields", "must be less"), "INVALID_VALUE", "fields"),
        (UnavailableError(ErrorCode.UNREACHABLE), "SERVICE_UNAVAILABLE", "service"),
    ],
)
def test_row_is_rejected_in_its_own_words(error, key, field):
    assert reason_in_row(error)[:2] == (key, field)


def test_upload_of_which_nothing_is_right_can_be_answered():
    """Were it too large, the client would not learn what became of the rows that were."""
    longest = "must be minutes from -1080 to 1080 and of no other length than that is"
    rejected = render_row(GROUP, {}, InvalidDataError([Problem("x" * 30, longest)] * 1000))

    assert len(json.dumps(rejected)) * UPLOAD_ROWS < RESPONSE_BYTES
    assert len(json.dumps(json.dumps(rejected))) * UPLOAD_ROWS < RESPONSE_BYTES
