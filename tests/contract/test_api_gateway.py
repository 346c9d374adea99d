"""The app as API Gateway calls it: with events of its shape, behind a stage."""

import base64
import gzip
import json
from urllib.parse import parse_qs

import pytest

from app import app
from chalicelib.dialects.messente import MESSENTE
from chalicelib.dialects.registry import DIALECTS
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

    def call(
        method, path, route=None, *, parameters=None, query=None, authorized=True, headers=None,
        context=None, **more,
    ):  # fmt: skip
        event = json.loads(json.dumps(EVENT)) | {"httpMethod": method, "path": path, **more}
        event["requestContext"] |= {
            "httpMethod": method, "path": f"/api{path}", "resourcePath": route or path,
        }  # fmt: skip
        event["pathParameters"] = parameters
        if query:
            event["multiValueQueryStringParameters"] = parse_qs(query)
        event["requestContext"] |= context or {}
        if authorized:
            event["headers"]["Authorization"] = client.basic
        event["headers"] |= headers or {}
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


DOMAIN = EVENT["requestContext"]["domainName"]
WRITTEN_BY_ANYBODY = {
    "Host": "evil.example",
    "X-Forwarded-Proto": "javascript",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "1",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": 'host=evil.example;proto="javascript"',
    "Referer": "https://evil.example/",
}


def link_of(call, **more):
    for number in ("+37251000000", "+37251000001"):
        call("POST", CONTACTS, body=json.dumps({"phoneNumber": number}))
    answer = call("GET", CONTACTS, query="limit=1", **more)
    return answer["headers"]["Link"].partition("?")[0]


def href_of(call, client, **more):
    headers = {"Authorization": f"AccessKey {client.token}", **more.pop("headers", {})}
    body = json.dumps({"msisdn": 31612345678})
    answer = call("POST", "/contacts", body=body, headers=headers, **more)
    return json.loads(answer["body"])["href"].rpartition("/")[0]


@pytest.mark.parametrize("name", WRITTEN_BY_ANYBODY)
def test_no_header_of_the_client_gets_into_a_link(call, client, name):
    written = {name: WRITTEN_BY_ANYBODY[name]}

    assert link_of(call, headers=written) == f"<https://{DOMAIN}/api{CONTACTS}"
    assert href_of(call, client, headers=written) == f"https://{DOMAIN}/api/contacts"


def test_link_of_a_custom_domain_has_its_base_path(call, client):
    def at(path):
        return {"domainName": "sms.example.com", "path": f"/v3/sms{path}"}

    assert link_of(call, context=at(CONTACTS)) == f"<https://sms.example.com/v3/sms{CONTACTS}"
    assert href_of(call, client, context=at("/contacts")) == (
        "https://sms.example.com/v3/sms/contacts"
    )


@pytest.mark.parametrize(
    "domain", [None, "", "evil.example/#", 'a>; rel="next", <b', "a@b", "a\r\nb", "javascript:x"]
)
def test_link_is_relative_where_nobody_vouches_for_a_host(call, client, domain):
    assert link_of(call, context={"domainName": domain}) == f"</api{CONTACTS}"
    assert href_of(call, client, context={"domainName": domain}) == "/api/contacts"


@pytest.mark.parametrize("before", ["//evil.example", '/a>; rel="next", <b', "/a b", "/%0d", "x"])
def test_path_is_in_a_link_only_if_it_can_be_a_stage_or_a_base_path(call, client, before):
    def at(path):
        return {"domainName": None, "path": f"{before}{path}"}

    assert link_of(call, context=at(CONTACTS)) == f"<{CONTACTS}"
    assert href_of(call, client, context=at("/contacts")) == "/contacts"


def test_path_in_a_link_is_the_one_that_was_meant_and_not_the_one_that_was_written(call):
    contact = f"{CONTACTS}/+37251000000"
    call("POST", CONTACTS, body='{"phoneNumber": "+37251000000"}')
    for _ in range(2):
        group = json.loads(call("POST", "/v1/phonebook/groups", body='{"name": "A"}')["body"])
        call(
            "POST",
            f"/v1/phonebook/groups/{group['group']['id']}/contacts/+37251000000",
            "/v1/phonebook/groups/{groupId}/contacts/{phone}",
            parameters={"groupId": group["group"]["id"], "phone": "+37251000000"},
        )

    answer = call(
        "GET",
        f"{contact}/groups",
        f"{CONTACTS}/{{phone}}/groups",
        parameters={"phone": "+372 5100 0000"},
        query="limit=1",
    )

    assert answer["headers"]["Link"].startswith(
        f"<https://{DOMAIN}/api{CONTACTS}/%2B372%205100%200000/groups?limit=1&cursor="
    )


DIALECT_READS = {
    "messente": (CONTACTS, "Basic", 400),
    "messagebird": ("/contacts", "AccessKey", 422),
    "devino": ("/address-book-api/contact-groups", "Key", 400),
    "atom": ("/api/contact/new", "Bearer", 400),
    "v2": ("/v2/contacts", "Bearer", 400),
}


def test_every_dialect_is_read():
    assert set(DIALECT_READS) == {dialect.name for dialect in DIALECTS}


@pytest.mark.parametrize("dialect", DIALECT_READS)
def test_every_answer_says_that_it_is_not_to_be_kept_and_what_it_is(call, client, dialect):
    path, scheme, invalid = DIALECT_READS[dialect]
    signed = {"Authorization": client.authorization(scheme)}
    answers = [
        call("POST", path, headers=signed, body="{}"),
        call("PUT", path, headers=signed),
        call("POST", path, authorized=False),
        call("POST", path, headers=signed, body="{}", multiValueQueryStringParameters=3),
        call(
            "GET", f"{path}/nowhere/at/all", "/{proxy+}", headers=signed,
            parameters={"proxy": f"{path}/nowhere/at/all".removeprefix("/")},
        ),
    ]  # fmt: skip

    assert [answer["statusCode"] for answer in answers][:2] == [invalid, 405]
    assert answers[3]["statusCode"] == 500
    for answer in answers:
        headers = answer["headers"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "more",
    [
        {"context": {"domainName": None}},
        {"stageVariables": {"Scheme": "http"}},
        {"context": {"domainName": None}, "headers": {"X-Forwarded-Proto": "https"}},
    ],
)
def test_https_is_demanded_only_where_it_is_known_to_be_spoken(call, more):
    assert "Strict-Transport-Security" not in call("GET", CONTACTS, **more)["headers"]


@pytest.mark.parametrize(
    ("path", "scheme"),
    [
        (CONTACTS, "Basic"),
        ("/v1/phonebook/groups", "Basic"),
        ("/contacts", "AccessKey"),
        ("/address-book-api/contact-groups", "Key"),
        ("/address-book-api/contacts/http/range", "Key"),
    ],
)
def test_head_is_get_without_its_body(call, client, path, scheme):
    signed = {"Authorization": client.authorization(scheme), "X-Request-Id": "one"}
    got = call("GET", path, headers=signed)

    headed = call("HEAD", path, headers=signed)

    length = str(len(got["body"].encode()))
    assert headed["statusCode"] == got["statusCode"]
    assert headed["headers"] == got["headers"] | {"Content-Length": length}
    assert (headed["body"], int(length) > 0) == ("", True)


def test_head_of_what_has_no_body_has_no_length(call):
    call("POST", "/v1/phonebook/blacklist", body='{"phoneNumber": "+37251000000"}')

    answer = call(
        "HEAD",
        "/v1/phonebook/blacklist/+37251000000",
        "/v1/phonebook/blacklist/{phone}",
        parameters={"phone": "+37251000000"},
    )

    assert (answer["statusCode"], answer["body"]) == (204, "")
    assert "Content-Length" not in answer["headers"]


def test_head_is_not_taken_where_get_is_not_and_allowed_where_it_is(call, client):
    signed = {"Authorization": client.authorization("Bearer")}
    assert call("HEAD", "/api/contact/new", headers=signed)["statusCode"] == 405
    assert call("PUT", CONTACTS)["headers"]["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("dialect", DIALECT_READS)
@pytest.mark.parametrize(
    "more",
    [
        {"body": '{"name": "\ud800", "msisdn": "\ud800"}'},
        {"body": "\udfff"},
        {"multiValueQueryStringParameters": {"limit": ["\ud800"]}},
        {"multiValueQueryStringParameters": {"\ud800": ["1"]}},
        {"headers": {"X-Any": "\ud800"}},
        {"headers": {"X-Request-Id": "\ud800"}},
        {"headers": {"Content-Type": "application/json; \ud800"}},
        {"parameters": {"any": "\ud800"}},
    ],
    ids=str,
)  # fmt: skip
def test_half_of_a_surrogate_pair_is_bad_input_wherever_it_is(call, client, dialect, more):
    path, scheme, invalid = DIALECT_READS[dialect]
    signed = {"Authorization": client.authorization(scheme)}
    more = {"body": "{}", **more, "headers": signed | more.get("headers", {})}

    answer = call("POST", path, **more)

    assert answer["statusCode"] == invalid
    answer["body"].encode()


@pytest.mark.parametrize("scheme", ["Basic", "AccessKey", "Key", "Bearer"])
def test_half_of_a_surrogate_pair_in_a_credential_is_a_wrong_credential(call, client, scheme):
    path = next(path for path, each, _ in DIALECT_READS.values() if each == scheme)
    signed = {"Authorization": f"{scheme} {client.username}.\ud800"}

    assert call("POST", path, headers=signed, body="{}")["statusCode"] in {401, 403}


@pytest.mark.parametrize("dialect", DIALECT_READS)
@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "deflate, gzip", "identity"])
def test_body_that_is_compressed_is_refused(call, client, dialect, encoding):
    path, scheme, invalid = DIALECT_READS[dialect]
    headers = {"Authorization": client.authorization(scheme), "Content-Encoding": encoding}
    body = base64.b64encode(gzip.compress(b"{}")).decode()
    if encoding == "identity":
        body = base64.b64encode(b"{}").decode()

    answer = call("POST", path, headers=headers, body=body, isBase64Encoded=True)

    refused = 422 if scheme == "AccessKey" else 415
    assert answer["statusCode"] == (invalid if encoding == "identity" else refused)
    assert ("not compressed" in answer["body"]) is (encoding != "identity")


@pytest.mark.parametrize("dialect", DIALECT_READS)
def test_body_that_is_not_utf_8_is_told_so(call, client, dialect):
    path, scheme, invalid = DIALECT_READS[dialect]
    body = base64.b64encode('{"name": "Jürgen"}'.encode("latin-1")).decode()

    answer = call(
        "POST",
        path,
        headers={"Authorization": client.authorization(scheme)},
        body=body,
        isBase64Encoded=True,
    )

    assert answer["statusCode"] == invalid
    assert "must be UTF-8" in answer["body"]
