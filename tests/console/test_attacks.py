"""What somebody might try who means harm, one test for each."""

import json
import re
from datetime import UTC, datetime
from io import StringIO

import pytest

from app import app
from chalicelib.console.routing import COOKIE
from chalicelib.domain.contact_write import ContactWrite
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.sessions import LASTS, new_session, write_session
from chalicelib.entrypoints import http
from chalicelib.observability import logger
from chalicelib.services import accounts, blacklist, contacts, groups, writing
from chalicelib.services.signing_in import session_key
from chalicelib.settings import CONSOLE_VARIABLE
from tests.account import stamp_of
from tests.console.visitor import Visitor

NOW = datetime.now(UTC)
NUMBER = PhoneNumber("+37251000001")
MARKUP = """<script>alert(1)</script><img src=x onerror=alert(1)>"'><b>&amp;{{ 7*7 }}"""

FORMS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/contacts/chosen", {"act": "delete", "contact": "x", "confirmed": "0"}),
    ("/contacts/new", {"phone_number": NUMBER.e164}),
    ("/groups", {"name": "Friends"}),
    ("/recipients", {"numbers": NUMBER.e164}),
    ("/blacklist", {"phone": NUMBER.e164}),
    (f"/blacklist/{NUMBER.e164}", {"note": "x"}),
    ("/exports", {"what": "contacts", "format": "csv"}),
    ("/sign-out", {}),
)


def assert_markup_is_text(page):
    for tag, named in page.tags:
        assert not any(name.startswith("on") or name == "style" for name in named), (tag, named)
        assert tag not in {"b", "img", "style"}
        if tag == "script":
            assert re.fullmatch(r"/console/assets/htmx-2\.0\.11\.min\.\w+\.js", named["src"])
    assert "&amp;amp;49" not in page.html


def test_markup_in_every_field_is_shown_as_it_was_written(visitor, caller):
    page = visitor.send(visitor.get("/groups"), "Create the group", name=MARKUP)
    assert_markup_is_text(page)
    assert MARKUP in page.text.replace("  ", " ")
    (group,) = groups.list_groups(caller.account)
    fields = ("first_name", "last_name", "email", "company", "title", "custom", "custom4")
    page = visitor.send(
        visitor.get("/contacts/new"), "Create", phone_number=NUMBER.e164, new_attribute=MARKUP[:24],
        new_value=MARKUP, group=uuid_of(group.id), **dict.fromkeys(fields, MARKUP),
    )  # fmt: skip
    assert page.status == 200, page.text
    assert_markup_is_text(page)
    page = visitor.send(
        visitor.get("/blacklist"), "Put it on the blacklist", phone=NUMBER.e164, note=MARKUP
    )
    (contact,) = contacts.list_contacts(caller.account)
    chosen = visitor.send(visitor.get("/contacts"), "Erase …", contact=uuid_of(contact.id))
    group_path = f"/groups/{uuid_of(group.id)}"
    pages = [
        page,
        chosen,
        *map(visitor.get, ("", "/contacts", "/groups", "/blacklist", group_path)),
        visitor.get(f"{group_path}/delete"),
        visitor.get(f"/contacts/{uuid_of(contact.id)}"),
        visitor.get(f"/contacts/{uuid_of(contact.id)}/edit"),
        visitor.send(visitor.get("/contacts"), "Search", q=MARKUP),
        visitor.send(visitor.get("/blacklist"), "Look it up", number=MARKUP),
        visitor.get("/contacts?after=%3Cscript%3E&group=%3Cscript%3E&done=%3Cb%3E&many=%3Cb%3E"),
        visitor.get("/%3Cscript%3E"),
    ]
    for each in pages:
        assert_markup_is_text(each)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages[0].html


def test_conflict_shows_markup_of_both_as_text(visitor, caller):
    contact = writing.create_contact(caller, NUMBER, ContactWrite(), NOW)
    form = visitor.get(f"/contacts/{uuid_of(contact.id)}/edit")
    write = ContactWrite(details={"company": MARKUP}, extra={f"v2.{MARKUP[:30]}": MARKUP})
    writing.write_contact(caller, contact.id, write, NOW)

    page = visitor.send(form, "Save", company=f"{MARKUP} mine")

    assert page.status == 409
    assert_markup_is_text(page)


def test_forged_cookie_is_nobodys(client):
    visitor = Visitor(client.url)
    forged = write_session(b"f" * 32, new_session(client.username, NOW))
    for value in (forged, client.username, "", "é", "a" * 5_000, "eyJhIjoxfQ"):
        visitor.cookie = f"{COOKIE}={value}".encode().decode("latin-1")
        assert visitor.get("/contacts").headings == ["Sign in"]


def test_cookie_of_an_old_session_is_nobodys(client):
    visitor = Visitor(client.url)
    old = new_session(client.username, NOW - LASTS)
    visitor.cookie = f"{COOKIE}={write_session(session_key(NOW), old)}"

    assert visitor.get("/contacts").headings == ["Sign in"]


def test_ids_of_another_account_are_as_those_that_never_were(visitor, reader, caller):
    theirs = http._authenticator().recall(reader.username).account
    stranger = type(caller)(
        account=theirs, username=reader.username, scope=caller.scope, request_id="x", via="tests.x"
    )
    contact = writing.create_contact(stranger, NUMBER, ContactWrite(), NOW)
    group = groups.create_group(stranger, "Theirs", NOW)
    blacklist.stop_number(stranger, NUMBER, NOW, note="Theirs")
    own = groups.create_group(caller, "Ours", NOW)
    writing.create_contact(caller, PhoneNumber("+37251000002"), ContactWrite(), NOW)

    for path in (f"/contacts/{uuid_of(contact.id)}", f"/contacts/{uuid_of(contact.id)}/edit",
                 f"/groups/{uuid_of(group.id)}",
                 f"/groups/{uuid_of(group.id)}/delete"):  # fmt: skip
        page = visitor.get(path)
        assert page.status == 404
        assert "Theirs" not in page.text
    assert "Nobody has ever stopped it." in visitor.get(f"/blacklist/{NUMBER.e164}").text
    assert "There is no such group" in visitor.get(f"/contacts?group={uuid_of(group.id)}").text
    listed = visitor.get("/contacts")
    page = visitor.send(listed, "Delete …", contact=uuid_of(contact.id))
    assert page.headings == ["Delete 0 contacts?"]
    visitor.send(listed, "Add to the group", contact=uuid_of(contact.id), group=uuid_of(own.id))
    assert contacts.retrieve_contact(theirs, contact.id).group_ids == frozenset()


@pytest.mark.parametrize(("path", "fields"), FORMS)
def test_form_without_its_token_changes_nothing(visitor, caller, path, fields):
    for token in ({}, {"token": ""}, {"token": "f" * 64}, {"token": "é"}):
        page = visitor.post(path, **fields, **token)
        assert page.status == 403
        assert page.headings == ["Open the form again"]

    assert visitor.get("/contacts").headings == ["Contacts"]
    assert groups.list_groups(caller.account) == []
    assert list(contacts.list_contacts(caller.account)) == []
    assert list(blacklist.list_blacklist(caller.account)) == []


def test_token_of_another_session_is_none(client, visitor):
    other = Visitor.signed_in(client)
    token = dict(other.get("/groups").form("Create the group").fields)["token"]

    assert visitor.post("/groups", name="Friends", kind="standard", token=token).status == 403
    assert other.post("/groups", name="Friends", kind="standard", token=token).status == 200


def test_nobody_is_signed_in_by_another_site(client):
    visitor = Visitor(client.url)
    page = visitor.post("/sign-in", username=client.username, secret=client.secret)

    assert page.status == 403
    assert visitor.get("/contacts").headings == ["Sign in"]


def test_session_is_another_one_after_signing_in(client):
    visitor = Visitor(client.url)
    page = visitor.get("/sign-in")
    before = visitor.cookie

    visitor.send(page, "Sign in", username=client.username, secret=client.secret)

    assert visitor.cookie != before


def test_credential_that_is_revoked_in_the_middle_is_refused_within_a_minute(
    visitor, client, caller, later
):
    form = visitor.get("/groups")
    accounts.revoke_credential(client.username, stamp_of(NOW))
    later(seconds=61)

    assert visitor.send(form, "Create the group", name="Friends").headings == ["Sign in"]
    assert visitor.get("/contacts").headings == ["Sign in"]
    assert groups.list_groups(caller.account) == []


@pytest.mark.parametrize("path", ["/contacts/new", "/groups", "/blacklist", "/contacts/chosen"])
def test_reader_changes_nothing_even_by_a_form_of_their_own(reader, path):
    visitor = Visitor.signed_in(reader)
    token = dict(visitor.get("").form("Sign out").fields)["token"]

    page = visitor.post(
        path, token=token, name="Friends", phone=NUMBER.e164, phone_number=NUMBER.e164, act="delete"
    )

    assert page.status == 403
    assert "can look at everything, but change nothing" in page.text
    account = http._authenticator().recall(reader.username).account
    assert groups.list_groups(account) == []
    assert list(contacts.list_contacts(account)) == []
    assert list(blacklist.list_blacklist(account)) == []


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example.com/", "//evil.example.com", "/\\evil.example.com", "\\\\evil",
        "javascript:alert(1)", "/contacts/../../evil", "/contacts?x=//evil", "/contacts\r\nX: y",
        "@evil.example.com", ".evil.example.com", "/contacts/..//evil",
    ],
)  # fmt: skip
def test_signing_in_leads_to_no_other_host(client, to):
    visitor = Visitor(client.url)
    page = visitor.get("/sign-in")
    token = dict(page.form("Sign in").fields)["token"]

    page = visitor.post(
        "/sign-in", token=token, username=client.username, secret=client.secret, next=to
    )

    assert page.address == f"{client.url}/console"
    assert visitor.get("/sign-in?next=%2F%2Fevil.example.com").path == "/console"


def test_no_site_can_frame_a_page_and_none_loads_anything_from_elsewhere(visitor):
    for path in ("", "/contacts", "/groups", "/blacklist", "/contacts/new", "/nothing"):
        page = visitor.get(path)
        assert dict(part.strip().split(" ", 1) for part in
                    page.headers["Content-Security-Policy"].split(";")) == {
            "default-src": "'none'", "script-src": "'self'", "style-src": "'self'",
            "img-src": "'self'", "connect-src": "'self'", "form-action": "'self'",
            "base-uri": "'none'", "frame-ancestors": "'none'",
        }  # fmt: skip
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Cache-Control"] == "no-store"
        for tag, named in page.tags:
            for name in ("src", "href", "action", "hx-get"):
                assert (named.get(name) or "/").startswith(("/console", "#", "/")), (tag, named)
                assert "//" not in (named.get(name) or "")


def test_file_has_a_hash_in_its_name_and_is_kept_for_ever(visitor):
    page = visitor.get("/contacts")
    paths = [named.get("href") or named.get("src") for tag, named in page.tags
             if tag in {"link", "script"}]  # fmt: skip
    assert len(paths) == 3
    for path in paths:
        answer = Visitor(visitor.url).ask("GET", path)
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["ETag"].strip('"') in path
        assert "Set-Cookie" not in answer.headers
    assert Visitor(visitor.url).ask("GET", "/console/assets/../routing.py").status == 404


def test_large_form_is_refused_and_so_is_one_that_is_none(visitor):
    token = dict(visitor.get("/groups").form("Create the group").fields)["token"]

    assert visitor.post("/groups", token=token, name="x" * 300_000).status == 413
    assert visitor.post("/groups", token=token, **{f"f{i}": "" for i in range(6_000)}).status == 400
    for body in (b"\xff=1", b"%ff=1", b"a", b'{"name": "x"}'):
        assert visitor.ask("POST", "/console/groups", body).status == 400


def test_half_of_a_character_is_refused(visitor):
    token = dict(visitor.get("/groups").form("Create the group").fields)["token"]
    body = f"token={token}&name=%ED%A0%80".encode()
    assert visitor.ask("POST", "/console/groups", body).status == 400


def gateway(path, written=None):
    """Send what API Gateway sends for a path under the stage `api`."""
    event = {
        "path": path, "httpMethod": "GET", "headers": {}, "multiValueHeaders": {}, "body": None,
        "multiValueQueryStringParameters": None, "stageVariables": None, "isBase64Encoded": False,
        "pathParameters": {"proxy": path.removeprefix("/")},
        "requestContext": {
            "httpMethod": "GET", "resourcePath": "/{proxy+}", "path": written or f"/api{path}",
            "domainName": "abc.execute-api.eu-north-1.amazonaws.com",
            "identity": {"sourceIp": "192.0.2.9"}, "requestId": "r",
        },
    }  # fmt: skip
    return app(json.loads(json.dumps(event)), None)


def test_links_begin_where_the_request_came_in(url):
    under_a_stage = gateway("/console/sign-in")
    of_its_own = gateway("/console/sign-in", "/console/sign-in")
    invented = gateway("/console/sign-in", "//evil.example.com/console/sign-in")

    assert 'action="/api/console/sign-in"' in under_a_stage["body"]
    assert 'href="/api/console/assets/' in under_a_stage["body"]
    assert 'action="/console/sign-in"' in of_its_own["body"]
    assert "evil" not in invented["body"]


def test_cookie_goes_by_https_alone_on_aws(url):
    answer = gateway("/console/sign-in")
    names = {name.lower(): value for name, value in answer["headers"].items()}

    assert names["set-cookie"].endswith("; HttpOnly; SameSite=Lax; Secure")
    assert "Path=/api/console;" in names["set-cookie"]
    assert names["strict-transport-security"] == "max-age=31536000"


def test_console_that_is_turned_off_is_an_unknown_path(url, client, monkeypatch):
    visitor = Visitor(url)
    unknown = visitor.ask("GET", "/nothing")
    monkeypatch.setenv(CONSOLE_VARIABLE, "no")
    for path in ("/console", "/console/sign-in", "/console/assets/icon.svg"):
        answer = visitor.ask("GET", path)
        assert (answer.status, answer.headers["Content-Type"]) == (
            unknown.status, unknown.headers["Content-Type"],
        )  # fmt: skip
        with_credential = visitor.ask("GET", path, None, Authorization=client.basic)
        assert with_credential.status == 404


def test_log_names_the_page_and_never_what_was_searched(visitor, caller, monkeypatch):
    said = StringIO()
    monkeypatch.setattr(logger().registered_handler, "stream", said)
    visitor.get("/contacts?q=Zoroaster")
    visitor.get("/blacklist?number=%2B37251000007")
    visitor.send(visitor.get("/groups"), "Create the group", name="Zoroaster")

    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    assert {line.get("page") for line in lines} == {"contacts", "blacklist", "number", "groups",
                                                    "create_group"}  # fmt: skip
    assert {line["dialect"] for line in lines} == {"console"}
    for secret in ("Zoroaster", "51000007", visitor.cookie.partition("=")[2]):
        assert secret not in said.getvalue()
