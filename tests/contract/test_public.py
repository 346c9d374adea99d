"""What anybody is answered without a credential, and that it is no more than that."""

import json

import pytest

from app import app
from chalicelib.dialects.messages import METHODS
from chalicelib.entrypoints import http
from chalicelib.entrypoints.api_reference import DOCUMENTS, FILES
from chalicelib.entrypoints.http import HEADERS_OF_EVERY_ANSWER
from chalicelib.entrypoints.public import HEALTH_PATH, ICON_PATH, PAGE_PATH, REFERENCE_PATH
from chalicelib.settings import TABLE_VARIABLE
from tests.paths import PROJECT
from tests.served import send_anonymously as send

EVENT = json.loads((PROJECT / "tests" / "events" / "api_gateway_request.json").read_text())
PUBLIC_PATHS = [HEALTH_PATH, PAGE_PATH, ICON_PATH, *FILES, *DOCUMENTS]
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_health_needs_no_credential(app_url):
    status, headers, body = send(app_url, "GET", "/health")

    assert status == 200
    assert json.loads(body) == {"status": "ok"}
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Request-Id"]
    assert HEADERS_OF_EVERY_ANSWER.items() <= dict(headers.items()).items()

    status, headers, nothing = send(app_url, "HEAD", "/health")
    assert (status, nothing) == (200, b"")
    assert headers["Content-Length"] == str(len(body))


def test_browser_gets_a_page_and_never_a_password_box(app_url):
    status, headers, body = send(app_url, "GET", "/", BROWSER)

    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    page = body.decode()
    assert "<h1>Phonebook</h1>" in page
    for document in ("README.md", "docs/dialects", "docs/openapi"):
        assert document in page
        assert (PROJECT / document).exists()
    for path in PUBLIC_PATHS:
        for method in ("GET", "HEAD"):
            assert "WWW-Authenticate" not in send(app_url, method, path, BROWSER)[1]
    assert send(app_url, "GET", "/favicon.ico", BROWSER)[::2] == (204, b"")


@pytest.mark.parametrize("accept", [None, "*/*", "application/json"])
def test_program_at_the_root_is_answered_by_the_dialect(app_url, accept):
    status, headers, body = send(app_url, "GET", "/", {"Accept": accept} if accept else {})

    assert status == 401
    assert headers["WWW-Authenticate"].startswith("Basic ")
    assert json.loads(body)["errors"]


@pytest.mark.parametrize(
    "path", ["/Health", "/health/x", "/healthy", "/v1/health", "/favicon.ico/x", "/v1"]
)
def test_anonymous_caller_learns_of_no_other_path(app_url, path):
    for method in ("GET", "HEAD"):
        assert send(app_url, method, path, BROWSER)[0] == 401


def test_no_other_method_is_answered_without_a_credential(app_url):
    for path in PUBLIC_PATHS:
        for method in set(METHODS) - {"GET", "HEAD"}:
            assert send(app_url, method, path, BROWSER)[0] == 401, (method, path)


@pytest.mark.parametrize("path", PUBLIC_PATHS)
def test_lambda_answers_it_with_no_table_to_read(monkeypatch, path):
    """As API Gateway calls it; whatever authenticates needs to know its table."""
    monkeypatch.delenv(TABLE_VARIABLE, raising=False)
    http._authenticator.cache_clear()

    def status_at(path):
        event = json.loads(json.dumps(EVENT)) | {"httpMethod": "GET", "path": path}
        folder, _, file = path.rpartition("/")
        is_file = folder == REFERENCE_PATH
        route = f"{folder}/{{file}}" if is_file else path
        event["requestContext"] |= {"resourcePath": route, "path": f"/api{path}"}
        event["pathParameters"] = {"file": file} if is_file else None
        event["headers"] |= BROWSER | {"Authorization": "Basic YTpi"}
        return app(event, None)["statusCode"]

    assert status_at(path) in {200, 204}
    assert status_at("/v1/phonebook/contacts") == 500
