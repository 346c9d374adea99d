"""Atom's paths begin as API Gateway's stage is named, ``/api``: neither is taken for the other."""

import json

import pytest

from app import app
from chalicelib.dialects.atom import ATOM
from chalicelib.entrypoints import http
from chalicelib.settings import TABLE_VARIABLE
from tests.atom import Atom
from tests.openapi import assert_is
from tests.paths import PROJECT

EVENT = json.loads((PROJECT / "tests" / "events" / "api_gateway_request.json").read_text())


@pytest.fixture
def post(ministack, client, monkeypatch):
    """Call the Lambda's handler as API Gateway does for a POST behind the stage ``api``."""
    monkeypatch.setenv(TABLE_VARIABLE, ministack.table)
    monkeypatch.setattr(http, "connect", lambda _table: None)
    http._authenticator.cache_clear()
    own = Atom(client).bearer

    def post(path, body, route=None, parameters=None, authorization=own):
        event = json.loads(json.dumps(EVENT)) | {
            "httpMethod": "POST",
            "path": path,
            "body": json.dumps(body),
            "pathParameters": parameters,
            "headers": EVENT["headers"] | {"Authorization": authorization},
        }
        event["requestContext"] |= {
            "httpMethod": "POST",
            "path": f"/api{path}",
            "resourcePath": route or path,
        }
        with ministack:
            return app(event, None)

    yield post
    http._authenticator.cache_clear()


def test_operation_behind_the_stage_is_atoms(post):
    answer = post("/api/address-book/new", {"name": "Friends"})

    assert answer["statusCode"] == 200
    assert_is(ATOM, "AddressBookResult", answer["body"].encode())


def test_path_that_only_the_catch_all_route_takes_is_atoms_too(post):
    path = "/api/contact/nothing"
    parameters = {"proxy": path.removeprefix("/")}

    known = post(path, {}, "/{proxy+}", parameters)
    anonymous = post(path, {}, "/{proxy+}", parameters, "Bearer a.b")

    assert (known["statusCode"], anonymous["statusCode"]) == (404, 403)
    for answer in (known, anonymous):
        assert_is(ATOM, "Error", answer["body"].encode())
