"""Web pages of other hosts: those that are allowed may call `/v2`, and nothing else."""

import json

import pytest

from app import app
from chalicelib.dialects.registry import DIALECTS
from chalicelib.entrypoints import http
from chalicelib.settings import ORIGINS_VARIABLE, TABLE_VARIABLE
from tests.paths import PROJECT

EVENT = json.loads((PROJECT / "tests" / "events" / "api_gateway_request.json").read_text())
OURS, THEIRS = "https://crm.example.com", "https://other.example.com"


@pytest.fixture
def allow(monkeypatch):
    """Let pages of some origins call."""

    def allow(*origins):
        monkeypatch.setenv(TABLE_VARIABLE, "none")
        monkeypatch.setenv(ORIGINS_VARIABLE, ",".join(origins))
        http._authenticator.cache_clear()

    yield allow
    http._authenticator.cache_clear()


def send(method, path, **headers):
    event = json.loads(json.dumps(EVENT)) | {
        "path": path, "httpMethod": method, "headers": headers, "body": None,
        "multiValueQueryStringParameters": None,
    }  # fmt: skip
    known = path in {route for dialect in DIALECTS for route in dialect.endpoints}
    event["pathParameters"] = {} if known else {"proxy": path.removeprefix("/")}
    event["requestContext"] |= {
        "httpMethod": method, "path": f"/api{path}",
        "resourcePath": path if known else "/{proxy+}",
    }  # fmt: skip
    return app(event, None)


def ask(path, origin, method="PATCH"):
    """Send what a browser sends before the request itself."""
    return send("OPTIONS", path, **{"Origin": origin, "Access-Control-Request-Method": method})


def test_page_that_is_allowed_is_told_what_it_may_send_without_a_credential(allow):
    allow("https://first.example.com", OURS)

    answer = ask("/v2/contacts", OURS)

    assert (answer["statusCode"], answer["body"]) == (204, "")
    assert answer["headers"]["Access-Control-Allow-Origin"] == OURS
    assert answer["headers"]["Vary"] == "Origin"
    assert "PATCH" in answer["headers"]["Access-Control-Allow-Methods"].split(", ")
    for name in ("Authorization", "If-Match", "If-None-Match", "Idempotency-Key"):
        assert name in answer["headers"]["Access-Control-Allow-Headers"].split(", ")
    assert "Access-Control-Allow-Credentials" not in answer["headers"]


def test_page_sees_errors_and_the_headers_that_it_needs(allow):
    allow(OURS)

    answer = send("GET", "/v2/contacts", Origin=OURS)

    assert answer["statusCode"] == 401
    assert answer["headers"]["Access-Control-Allow-Origin"] == OURS
    for name in ("ETag", "Link", "Location", "Retry-After", "X-Request-Id"):
        assert name in answer["headers"]["Access-Control-Expose-Headers"].split(", ")


@pytest.mark.parametrize("origins", [[], [OURS]])
def test_other_pages_are_not(allow, origins):
    allow(*origins)

    for answer in (ask("/v2/contacts", THEIRS), send("GET", "/v2/contacts", Origin=THEIRS)):
        assert answer["statusCode"] == 401
        assert "Access-Control-Allow-Origin" not in answer["headers"]
        assert ("Vary" in answer["headers"]) == bool(origins)


@pytest.mark.parametrize("path", ["/v1/phonebook/contacts", "/contacts", "/v2x", "/health"])
def test_nothing_but_our_own_dialect_is_opened(allow, path):
    allow(OURS)

    answers = ask(path, OURS), send("GET", path, Origin=OURS)

    assert all("Access-Control-Allow-Origin" not in each["headers"] for each in answers)
    assert answers[0]["statusCode"] != 204


def test_options_that_no_browser_asks_by_itself_needs_a_credential(allow):
    allow(OURS)

    assert send("OPTIONS", "/v2/contacts", Origin=OURS)["statusCode"] == 401


def test_setting_that_is_no_origin_is_an_error_in_our_shape(allow):
    allow("crm.example.com")

    answer = send("GET", "/v2/contacts", Origin="crm.example.com", Authorization="Basic YTpi")

    assert answer["statusCode"] == 500
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert "Access-Control-Allow-Origin" not in answer["headers"]
