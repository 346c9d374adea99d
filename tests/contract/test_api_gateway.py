"""The app as API Gateway calls it: with events of its shape, behind a stage."""

import base64
import json
from urllib.parse import parse_qs

import pytest

from app import app
from chalicelib.dialects.messente import MESSENTE
from chalicelib.entrypoints import http
from chalicelib.settings import TABLE_VARIABLE
from tests.openapi import assert_is
from tests.paths import PROJECT

EVENT = json.loads((PROJECT / "tests" / "events" / "api_gateway_request.json").read_text())
CONTACTS = "/v1/phonebook/contacts"


@pytest.fixture
def call(ministack, client, monkeypatch):
    """Call the Lambda's handler as API Gateway does, with a credential of an own account."""
    monkeypatch.setenv(TABLE_VARIABLE, ministack.table)
    monkeypatch.setattr(http, "connect", lambda _table: None)
    http._authenticator.cache_clear()

    def call(method, path, route=None, *, parameters=None, query=None, authorized=True, **more):
        event = json.loads(json.dumps(EVENT)) | {"httpMethod": method, "path": path, **more}
        event["requestContext"] |= {
            "httpMethod": method, "path": f"/api{path}", "resourcePath": route or path,
        }  # fmt: skip
        event["pathParameters"] = parameters
        if query:
            event["multiValueQueryStringParameters"] = parse_qs(query)
        if authorized:
            event["headers"]["Authorization"] = client.basic
        with ministack:
            return app(event, None)

    yield call
    http._authenticator.cache_clear()


def test_encoded_path_is_decoded_and_the_gateways_request_id_is_used(call):
    created = call("POST", CONTACTS, body='{"phoneNumber": "+37251000000"}')
    assert created["statusCode"] == 201

    answer = call(
        "GET",
        f"{CONTACTS}/%2B37251000000",
        f"{CONTACTS}/{{phone}}",
        parameters={"phone": "%2B37251000000"},
    )

    assert answer["statusCode"] == 200
    assert_is(MESSENTE, "ContactEnvelope", answer["body"].encode())
    assert answer["headers"]["X-Request-Id"] == EVENT["requestContext"]["requestId"]


def test_body_in_base64_is_read(call):
    body = base64.b64encode(b'{"phoneNumber": "+37251000000"}').decode()

    assert call("POST", CONTACTS, body=body, isBase64Encoded=True)["statusCode"] == 201


def test_link_leads_back_through_the_stage(call):
    for number in ("+37251000000", "+37251000001"):
        call("POST", CONTACTS, body=json.dumps({"phoneNumber": number}))

    answer = call("GET", CONTACTS, query="limit=1")

    url = f"https://{EVENT['requestContext']['domainName']}/api{CONTACTS}?limit=1&cursor="
    assert answer["headers"]["Link"].startswith(f"<{url}")


@pytest.mark.parametrize(("authorized", "status"), [(True, 404), (False, 401)])
def test_path_that_only_the_catch_all_route_takes_is_the_dialects_own(call, authorized, status):
    answer = call(
        "DELETE",
        "/v1/phonebook/no/such/path",
        "/{proxy+}",
        parameters={"proxy": "v1/phonebook/no/such/path"},
        authorized=authorized,
    )

    assert answer["statusCode"] == status
    assert_is(MESSENTE, "Error", answer["body"].encode())


def test_answer_without_content_is_empty_and_not_null(call):
    call("POST", "/v1/phonebook/blacklist", body='{"phoneNumber": "+37251000000"}')

    answer = call(
        "DELETE",
        "/v1/phonebook/blacklist/+37251000000",
        "/v1/phonebook/blacklist/{phone}",
        parameters={"phone": "+37251000000"},
    )

    assert (answer["statusCode"], answer["body"]) == (204, "")


def test_links_of_the_messagebird_dialect_lead_back_through_the_stage(call, client):
    key = f"access_key={client.username}.{client.secret}"
    base = f"https://{EVENT['requestContext']['domainName']}/api"

    def send(method, path, route=None, *, query="", parameters=None, **more):
        answer = call(
            method, path, route, query=f"{query}&{key}", parameters=parameters, authorized=False,
            **more,
        )  # fmt: skip
        return json.loads(answer["body"]) if answer["body"] else answer["statusCode"]

    one, two = (
        send("POST", "/contacts", body=json.dumps({"msisdn": 31612345678 + n})) for n in range(2)
    )
    group = send("POST", "/groups", body='{"name": "Friends"}')
    by_id = {"groupId": group["id"]}

    assert one["href"] == f"{base}/contacts/{one['id']}"
    listed = send("GET", "/contacts", query="limit=1")
    assert listed["links"]["next"] == f"{base}/contacts?offset=1&limit=1"
    ids = f"_method=PUT&ids%5B%5D={one['id']}&ids[]={two['id']}"
    path, route = f"/groups/{group['id']}", "/groups/{groupId}"
    assert send("GET", path, route, query=ids, parameters=by_id) == 204
    members = send("GET", f"{path}/contacts", f"{route}/contacts", parameters=by_id)
    assert [each["href"] for each in members["items"]] == [one["href"], two["href"]]
    assert members["links"]["first"] == f"{base}{path}/contacts?offset=0&limit=20"
    assert send(
        "GET", "/contacts/%2B31612345678", "/contacts/{contactId}",
        parameters={"contactId": "%2B31612345678"},
    )["id"] == one["id"]  # fmt: skip
