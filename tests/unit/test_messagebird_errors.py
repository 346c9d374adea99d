import json

import pytest

from chalicelib.dialects.messagebird.errors import ERRORS, render_error
from chalicelib.domain.errors import (
    OF_OUR_OWN_API,
    ConflictError,
    ErrorCode,
    InvalidDataError,
    PhonebookError,
    Problem,
    RefusedError,
    UnauthorizedError,
    UnavailableError,
)
from chalicelib.domain.ids import hex_of
from tests.openapi import DOCUMENTS

READ_BY_EVERY_CLIENT = {401, 404, 405, 422}
SAYS_ENOUGH_BY_ITSELF = {403}
CODES = {401: {2}, 403: {2}, 404: {20, 98}, 405: {98}, 422: {9, 10, 21}, 500: {99}, 503: {99}}


def items_of(error):
    return json.loads(render_error(error).body)["errors"]


def test_every_error_has_words():
    assert set(ERRORS) == set(ErrorCode) - OF_OUR_OWN_API


@pytest.mark.parametrize("code", ERRORS)
def test_error_is_one_that_clients_can_read(code):
    status, vendor_code, description, _ = ERRORS[code]

    assert status in READ_BY_EVERY_CLIENT | SAYS_ENOUGH_BY_ITSELF or status >= 500
    assert vendor_code in CODES[status]
    assert description


@pytest.mark.parametrize("code", ERRORS)
def test_error_body_is_of_the_documented_shape(code):
    response = render_error(PhonebookError(code))

    schema = {"$ref": "#/components/schemas/Error"}
    DOCUMENTS["messagebird"].assert_matches(schema, response.body.encode())
    assert response.headers["Content-Type"] == "application/json"


def test_every_problem_is_an_item_of_its_own():
    problems = [
        Problem("msisdn", "is required", is_missing=True),
        Problem("custom1", "must be a string"),
        Problem("body", "must be a JSON object"),
    ]

    assert items_of(InvalidDataError(problems)) == [
        {"code": 9, "description": "msisdn is required", "parameter": "msisdn"},
        {"code": 10, "description": "custom1 must be a string", "parameter": "custom1"},
        {"code": 21, "description": "the body must be a JSON object", "parameter": None},
    ]


def test_conflict_names_the_contact_that_is_there():
    (item,) = items_of(ConflictError(ErrorCode.CONTACT_EXISTS, contact_id=7))

    assert (item["code"], item["parameter"]) == (10, "msisdn")
    assert item["description"].endswith(hex_of(7))


def test_headers_say_what_the_client_can_do():
    allowed = RefusedError(ErrorCode.METHOD_NOT_ALLOWED, allowed_methods=["GET", "PUT"])

    assert render_error(allowed).headers["Allow"] == "GET, PUT"
    assert render_error(UnavailableError(ErrorCode.BUSY)).headers["Retry-After"] == "1"
    assert "AccessKey" in render_error(UnauthorizedError()).headers["WWW-Authenticate"]
