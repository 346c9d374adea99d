"""Our own dialect: its words, and how it reads numbers."""

import json

import pytest

from chalicelib.dialects.v2.errors import ERRORS, render_error
from chalicelib.dialects.v2.parse import parse_phone_number, under
from chalicelib.domain.errors import (
    ConflictError,
    ErrorCode,
    InvalidDataError,
    NamedGroupsNotFoundError,
    PhonebookError,
    Problem,
    RefusedError,
    UnauthorizedError,
    UnavailableError,
)
from chalicelib.domain.extra import changed_extra
from chalicelib.domain.limits import MAX_EXTRA_CHARACTERS
from infra.documents import table
from tests.account import account_in
from tests.openapi import REQUEST


def test_every_error_has_words():
    assert set(ERRORS) == set(ErrorCode)


def test_page_has_each_error_as_it_is():
    told = {
        (code, int(status), detail) for code, status, detail in table("docs/dialects/v2.md", "code")
    }

    assert told == {
        (code.name.lower(), status, detail) for code, (status, detail) in ERRORS.items()
    }


@pytest.mark.parametrize("code", ErrorCode)
def test_error_is_a_problem(code):
    response = render_error(PhonebookError(code))

    problem = json.loads(response.body)
    assert response.status == problem["status"] == ERRORS[code][0]
    assert (problem["type"], problem["code"]) == ("about:blank", code.name.lower())
    assert problem["detail"] == ERRORS[code][1]
    assert response.headers["Content-Type"] == "application/problem+json"


def test_problem_names_its_place():
    error = InvalidDataError([
        Problem("", "a"), Problem("/x", "b"), Problem("limit", "c"), Problem("If-Match", "d"),
    ])  # fmt: skip

    assert json.loads(render_error(error).body)["errors"] == [
        {"pointer": "", "detail": "a"},
        {"pointer": "/x", "detail": "b"},
        {"parameter": "limit", "detail": "c"},
        {"header": "If-Match", "detail": "d"},
    ]


def test_place_of_attributes_that_are_too_large_together_is_their_field():
    with pytest.raises(InvalidDataError) as refused:
        changed_extra({}, {"v2.a": "x" * MAX_EXTRA_CHARACTERS})

    (problem,) = json.loads(render_error(refused.value).body)["errors"]
    assert problem["pointer"] == "/attributes"


def test_error_names_what_it_is_about():
    groups = json.loads(render_error(NamedGroupsNotFoundError([2])).body)
    contact = json.loads(render_error(ConflictError(ErrorCode.CONTACT_EXISTS, contact_id=7)).body)

    assert groups["errors"] == [{"pointer": "/groups/2", "detail": "is not a group"}]
    assert contact["contact"] == "70686f6e-6562-4000-8000-000000000007"


def test_headers_say_what_the_client_can_do():
    allowed = RefusedError(ErrorCode.METHOD_NOT_ALLOWED, allowed_methods=["GET", "PUT"])

    assert render_error(allowed).headers["Allow"] == "GET, PUT"
    assert render_error(UnavailableError(ErrorCode.BUSY)).headers["Retry-After"] == "1"
    challenge = 'Bearer realm="phonebook", Basic realm="phonebook"'
    assert render_error(UnauthorizedError()).headers["WWW-Authenticate"] == challenge


def test_place_is_a_json_pointer_however_deep_and_whatever_the_name():
    with pytest.raises(InvalidDataError) as refused, under("/contacts/3"), under("/attributes"):
        raise InvalidDataError([Problem("a/b~c", "x"), Problem("body", "y")])

    assert [each.field for each in refused.value.found] == [
        "/contacts/3/attributes/a~1b~0c", "/contacts/3/attributes",
    ]  # fmt: skip


def test_digits_that_could_be_two_peoples_are_refused_though_one_has_the_national_prefix():
    request = REQUEST._replace(path_parameters={"phone": "84951234567"})

    with pytest.raises(InvalidDataError, match="INVALID_DATA") as refused:
        parse_phone_number(request, account_in("RU"))

    (problem,) = refused.value.found
    assert (problem.field, "or +74951234567" in problem.message) == ("phone", True)
