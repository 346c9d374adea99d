import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.dialects.devino.errors import (
    ERRORS,
    MUST_NOT_BE_NULL,
    reason_in_row,
    render_error,
)
from chalicelib.dialects.devino.fields import MAIN_FIELDS
from chalicelib.dialects.devino.render import render_row
from chalicelib.dialects.devino.rows import read_row
from chalicelib.dialects.pages import texts_of
from chalicelib.domain.errors import (
    MAX_PROBLEMS_TOLD,
    OF_OUR_OWN_API,
    ConflictError,
    EmailExistsError,
    ErrorCode,
    InvalidDataError,
    PhonebookError,
    Problem,
    ProblemCollector,
    RefusedError,
    UnauthorizedError,
    UnavailableError,
)
from chalicelib.domain.field import FieldDefinition
from chalicelib.domain.group import Group
from chalicelib.domain.limits import MAX_TYPED_FIELDS, MAX_UPLOAD_ROWS
from chalicelib.domain.rows import Rejected
from infra.documents import table
from tests.account import account_in
from tests.openapi import DOCUMENTS

GROUP = Group(
    id=1,
    name="List",
    created_on=datetime(2026, 1, 1, tzinfo=UTC),
    updated_on=datetime(2026, 1, 1, tzinfo=UTC),
    contacts_count=0,
)


def test_every_error_has_words():
    assert set(ERRORS) == set(ErrorCode) - OF_OUR_OWN_API


def test_every_error_is_documented_as_it_is():
    assert table("docs/dialects/devino.md", "error") == [
        [code.name, str(status), key, ref, message]
        for code, (status, key, ref, message) in ERRORS.items()
    ]


@pytest.mark.parametrize("code", ERRORS)
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


@pytest.mark.parametrize(
    "name", ["x" * 30, "x" * 100, '"' * 100, "\\" * 100, "\N{GRINNING FACE}" * 100, "name"]
)
def test_upload_of_which_nothing_is_right_can_be_answered(name):
    """Were it too large, the client would not learn what became of the rows that were."""
    named = FieldDefinition(name, "\N{GRINNING FACE}" * 100, values=("a",))
    fields = [{"name": name, "value": "b"}, *[{"name": name}] * (MAX_TYPED_FIELDS - 1)]
    if name in MAIN_FIELDS:
        named = replace(MAIN_FIELDS[name], values=("a",))
    with pytest.raises(InvalidDataError) as refusal:
        read_row(
            {"phone": "79100000000", "fields": fields},
            {name: named},
            account_in("EE"),
            zone_offset=timedelta(0),
        )

    rejected = render_row(GROUP, Rejected(refusal.value))

    assert len(texts_of([rejected] * MAX_UPLOAD_ROWS)) == MAX_UPLOAD_ROWS


def test_row_with_the_longest_words_fits_too():
    longest = "must be minutes from -1080 to 1080 and of no other length than that is"
    error = InvalidDataError([Problem("x" * 30, longest)] * 1000)
    rejected = render_row(GROUP, Rejected(error))

    assert len(texts_of([rejected] * MAX_UPLOAD_ROWS)) == MAX_UPLOAD_ROWS


def test_problems_beyond_the_first_are_counted():
    problems = ProblemCollector()
    for n in range(MAX_PROBLEMS_TOLD + 1):
        with problems:
            raise InvalidDataError([Problem(f"f{n}", "is bad")] * 2)

    with pytest.raises(InvalidDataError) as refusal:
        problems.raise_if_any()

    *told, last = refusal.value.problems
    assert told == [Problem(f"f{n // 2}", "is bad") for n in range(MAX_PROBLEMS_TOLD)]
    assert last == Problem("body", f"has {MAX_PROBLEMS_TOLD + 2} more problems")
    assert (
        reason_in_row(refusal.value)[2]
        == f"f0: is bad, and {2 * MAX_PROBLEMS_TOLD + 1} more problems"
    )
    assert len(InvalidDataError(told).problems) == MAX_PROBLEMS_TOLD
