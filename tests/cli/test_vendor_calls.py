"""Calls of a vendor's API that fails in every way in which servers do."""

import gzip
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from chalicelib.domain.errors import InvalidDataError
from chalicelib.migrating import vendor
from chalicelib.migrating.errors import VendorError
from chalicelib.migrating.vendor import Patience, VendorApi, VendorKey
from tests.scripted_server import Scripted, scripted_server

SECRET = "a-very-secret-word"
KEY = VendorKey("me", SECRET)
TRIES = 4


def of_json(value, **more):
    return Scripted(json.dumps(value).encode(), **more)


FINE = of_json({"is": "fine"})


@pytest.fixture
def server():
    with scripted_server() as started:
        yield started


@pytest.fixture
def waits():
    """How long we waited each time, in seconds."""
    return []


@pytest.fixture
def api(server, waits):
    patience = Patience(tries=TRIES, silence=0.3, sleep=waits.append)
    opened = VendorApi(server.url, KEY, KEY.basic, patience)
    yield opened
    opened.close()


def refusal(ask):
    with pytest.raises(VendorError) as raised:
        ask()
    assert SECRET not in str(raised.value)
    assert KEY.basic.removeprefix("Basic ") not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    ("failing", "waited"),
    [
        (Scripted(status=429, headers={"Retry-After": "7"}), [7.0]),
        (Scripted(status=429), [0.5]),
        (Scripted(status=503, headers={"Retry-After": "nan"}), [0.5]),
        (Scripted(status=500), [0.5]),
        (Scripted(b"{", breaks_off=True), [0.5]),
        (Scripted(hangs=True), [0.5]),
        (of_json({}, headers={"Content-Encoding": "gzip"}), [0.5]),
    ],
    ids=[
        "429 with seconds",
        "429",
        "503 with nan",
        "500",
        "cut",
        "silent",
        "not compressed",
    ],
)
def test_failure_that_passes_is_waited_for(api, server, waits, failing, waited):
    server.answer(failing, FINE)

    assert api.get("/it") == {"is": "fine"}
    assert waits == waited
    assert server.asked == ["GET /it", "GET /it"]


def test_date_to_come_back_is_waited_for(api, server, waits):
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    past = "Mon, 05 Jan 2026 10:00:00 GMT"
    server.answer(
        Scripted(status=429, headers={"Retry-After": until}),
        Scripted(status=429, headers={"Retry-After": past}),
        FINE,
    )

    api.get("/it")

    assert 60 < waits[0] <= 100
    assert waits[1] == 0


@pytest.mark.parametrize(
    ("failing", "said"),
    [
        (Scripted(status=500), "answered 500"),
        (Scripted(status=429, headers={"Retry-After": "1"}), "answered 429"),
        (Scripted(hangs=True), "said nothing for 0.3 seconds"),
    ],
)
def test_failure_that_stays_ends_after_some_tries(api, server, waits, failing, said):
    server.answer(failing)

    message = refusal(lambda: api.get("/it"))

    assert message == f"GET {server.url}/it {said}, at each of {TRIES} tries"
    assert len(server.asked) == TRIES
    assert len(waits) == TRIES - 1


def test_server_that_is_not_there_is_said_to_be_out_of_reach(server, waits):
    patience = Patience(tries=2, silence=0.3, sleep=waits.append)

    with closing(VendorApi("http://127.0.0.1:1", KEY, KEY.basic, patience)) as api:
        message = refusal(lambda: api.get("/it"))

    assert message.startswith("GET http://127.0.0.1:1/it cannot be reached, or hung up:")


def test_vendor_that_asks_for_an_hour_is_not_waited_for(api, server, waits):
    server.answer(Scripted(status=429, headers={"Retry-After": "3600"}))

    assert "asks us to come back in 3600 s" in refusal(lambda: api.get("/it"))
    assert waits == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Scripted(status=401), "refused the credential (401)"),
        (Scripted(status=403), "refused the credential (403)"),
        (Scripted(b"Who is a-very-secret-word?", status=400), "answered 400: Who is …?"),
        (Scripted(b"a" * 190 + SECRET.encode(), status=400), f"answered 400: {'a' * 190}…"),
        (Scripted(status=302, headers={"Location": "http://127.0.0.1:1/"}), "answered 302:"),
        (Scripted(b"<html>"), "answered something that is not JSON"),
        (Scripted(b"[" * 100_000), "answered something that is not JSON"),
        (Scripted(b'{"\xff": 1}'), "answered something that is not JSON"),
        (Scripted(b""), "answered something that is not JSON"),
    ],
)
def test_failure_that_does_not_pass_is_told_at_once(api, server, waits, answer, said):
    server.answer(answer)

    assert f"GET {server.url}/it {said}" in refusal(lambda: api.get("/it"))
    assert (len(server.asked), waits) == (1, [])


def test_answer_without_end_is_refused(api, server, monkeypatch):
    monkeypatch.setattr(vendor, "_MOST_BYTES_OF_A_PAGE", 1_000_000)
    bomb = gzip.compress(b" " * 2_000_000)
    server.answer(Scripted(bomb, headers={"Content-Encoding": "gzip"}))

    assert "answered more than 1,000,000 bytes" in refusal(lambda: api.get("/it"))


# Lists without pages


def each(api):
    return list(api.each("/list", "contacts"))


@pytest.mark.parametrize("gap", ["", " ", "\n\t"])
def test_list_without_pages_is_read_entry_by_entry(api, server, monkeypatch, gap):
    monkeypatch.setattr(vendor, "_CHARACTERS_READ_AT_ONCE", 3)
    entries = [{"name": '"contacts":['}, {"nested": [{"]": "}"}]}, "+37251000000", {}]
    text = f"{gap},{gap}".join(map(json.dumps, entries))
    server.answer(
        Scripted(f'\ufeff{{"count": 3, "contacts"{gap}:{gap}[{gap}{text}{gap}]}}'.encode())
    )

    assert each(api) == entries


def test_empty_list_has_no_entries(api, server):
    server.answer(of_json({"contacts": []}))

    assert each(api) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>", "it is not there"),
        (b'{"errors": []}', "it is not there"),
        (b'{"contacts": null}', "it is not there"),
        (b'{"contacts": [{}, {', "it has no end"),
        (b'{"contacts": [{} {', "it has no end"),
        (b'{"contacts": [1]}', "an entry is no object and no text"),
        (b'{"contacts": ["\xff"]}', "it is not UTF-8"),
        (b'{"contacts": [' + b"[" * 100_000, "it has no end"),
    ],
)
def test_list_that_is_none_is_refused(api, server, body, said):
    server.answer(Scripted(body))

    assert refusal(lambda: each(api)).endswith(
        f"/list answered something else than a list of contacts: {said}"
    )


def test_entry_without_end_does_not_fill_the_memory(api, server, monkeypatch):
    monkeypatch.setattr(vendor, "_MOST_CHARACTERS_OF_AN_ENTRY", 300_000)
    server.answer(Scripted(b'{"contacts": ["' + b"a" * 1_000_000))

    assert refusal(lambda: each(api)).endswith("an entry is too long")


# Pages


def pages(api, limit=2):
    return list(api.each_of_pages("/list", "items", limit=limit))


def test_pages_are_read_until_one_is_empty(api, server):
    server.answer(*(of_json({"items": page}) for page in ([1, 2], [3], [4, 5], [])))

    assert pages(api) == [1, 2, 3, 4, 5]
    assert server.asked == [f"GET /list?limit=2&offset={offset}" for offset in (0, 2, 3, 5)]


@pytest.mark.parametrize("status", [413, 422])
def test_page_that_is_too_large_is_asked_for_in_parts(api, server, status):
    server.answer(
        of_json({"items": [1]}),
        Scripted(status=status),
        Scripted(status=status),
        of_json({"items": []}),
    )

    assert pages(api, limit=4) == [1]
    assert [asked.partition("?")[2] for asked in server.asked] == [
        "limit=4&offset=0", "limit=4&offset=1", "limit=2&offset=1", "limit=1&offset=1",
    ]  # fmt: skip


def test_single_entry_that_is_too_large_is_told(api, server):
    server.answer(Scripted(b"too large", status=413))

    assert refusal(lambda: pages(api)).endswith("answered 413: too large")


def test_offset_that_is_ignored_is_noticed(api, server):
    server.answer(of_json({"items": [{"id": "a"}]}))

    assert refusal(lambda: pages(api)).endswith("answered the page before offset 1 again")


@pytest.mark.parametrize("answer", [[], {}, {"items": None}, "items"])
def test_page_that_is_none_is_refused(api, server, answer):
    server.answer(of_json(answer))

    assert refusal(lambda: pages(api)).endswith("answered something else than a page of items")


# Credentials


@pytest.mark.parametrize(
    "url",
    [
        "api.example.com",
        "ftp://api.example.com",
        "http://api.example.com",
        "https://",
        "https://[",
        "https://api.example.com:port",
        "https://api example.com",
        "https://me:secret@api.example.com",
        "https://api.example.com?access_key=secret",
        "https://api.example.com#secret",
    ],
)
def test_url_by_which_the_credential_would_leak_is_refused(url):
    with pytest.raises(InvalidDataError) as refused:
        VendorApi(url, KEY, KEY.basic)

    assert "secret" not in str(refused.value.problems)


def test_credential_is_presented_as_each_vendor_wants_it(server):
    server.answer(FINE)

    for header in (KEY.basic, f"Bearer {KEY.token}", f"Key {VendorKey(None, 'key').token}"):
        with closing(VendorApi(f"{server.url}/", KEY, header)) as api:
            api.get("/it")

    assert server.presented == [
        "Basic bWU6YS12ZXJ5LXNlY3JldC13b3Jk", "Bearer me.a-very-secret-word", "Key key",
    ]  # fmt: skip
    assert server.asked == ["GET /it"] * 3


@pytest.mark.parametrize("secret", ["two words", "line\nend", "ключ"])
def test_key_that_no_header_can_have_is_refused(secret):
    with pytest.raises(InvalidDataError):
        _ = VendorKey(None, secret).token
    assert secret not in repr(VendorKey(None, secret))
