"""How much work the largest requests are, in calls: it may only grow with what was sent.

Time is not asserted. What a call costs is much the same whatever it does, as long as no text is
walked through in Python and no number is read that is longer than any of ours.
"""

import json
import sys
from datetime import timedelta
from functools import partial

import pytest

from chalicelib.dialects.atom import parse as atom
from chalicelib.dialects.devino import parse as devino
from chalicelib.dialects.devino.fields import MAIN_FIELDS
from chalicelib.dialects.devino.rows import read_row
from chalicelib.dialects.messagebird import parse as messagebird
from chalicelib.dialects.messages import FORM
from chalicelib.dialects.messente import parse as messente
from chalicelib.domain.errors import PhonebookError
from chalicelib.domain.limits import (
    MAX_LEVELS_OF_A_VALUE,
    MAX_REQUEST_BYTES,
    MAX_UPLOAD_BYTES,
    MAX_UPLOAD_ROWS,
)
from chalicelib.domain.text import checked_text
from chalicelib.services.uploading import read_rows
from tests.account import account_in
from tests.openapi import REQUEST

ACCOUNT = account_in("EE")
ROWS = 400
BYTES_OF_A_ROW = MAX_UPLOAD_BYTES // MAX_UPLOAD_ROWS
MAX_CALLS_A_BYTE = 3
"""What is read of a byte of JSON that says as much as it can: an element of an array has two."""

MAX_CALLS_A_PAIR = 30
"""Of a form, most of them the standard library's."""


def calls_of(work, *arguments):
    """Return how many functions *work* calls, of ours and of others, whatever comes of it."""
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        work(*arguments)
    except PhonebookError:
        pass
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("character", ["a", "ü", "\U0001f600", "\ud800", "\0", "\u200b"])
def test_longer_text_is_no_more_calls(character):
    def check(length):
        return calls_of(lambda: checked_text("name", character * length, longest=10**6))

    assert check(100_000) == check(1_000)


def row(**fields):
    return {"phone": "79161234567", **fields}


def text_of(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(
        errors="surrogatepass"
    )


def filled(value):
    """Return as many of *value* as fit into a row's share of the largest upload."""
    return [value] * ((BYTES_OF_A_ROW - 100) // (len(text_of(value)) + 1))


ROWS_OF_WORK = {
    "texts": row(fields=[{"name": "name", "value": "Ж" * 200}]),
    "fields": row(fields=[{"name": f"{n:x}", "value": ""} for n in range(16)]),
    "bad fields": row(fields=filled({})),
    "fields that are no objects": row(fields=filled(0)),
    "numbers": row(fields=[{"name": "a", "type": 2, "value": filled(1)}]),
    "values": row(fields=[{"name": "a", "value": filled("")}]),
    "bad values": row(fields=[{"name": "a", "value": filled(1)}]),
    "objects": row(fields=[{"name": "a", "type": 5, "value": {"a": filled([])}}]),
    "deep objects": row(fields=[{"name": "a", "type": 5, "value": [[[]] * 60] * 2}]),
    "devices": row(pushInfo=filled({"appId": "", "os": 0, "pushToken": ""})),
    "bad devices": row(pushInfo=filled({})),
    "no objects": 0,
    "dates": row(fields=[{"name": "a", "type": 0, "value": filled("2026-01-01 00:00:00")}]),
}


def read_upload(rows):
    body = text_of({"contactGroupId": "1", "contacts": rows})
    upload = devino.parse_upload(REQUEST._replace(body=body))
    for _ in read_rows(
        upload.rows,
        lambda sent: read_row(sent, MAIN_FIELDS, ACCOUNT, zone_offset=timedelta(0)),
    ):
        pass


@pytest.mark.parametrize("sent", ROWS_OF_WORK.values(), ids=ROWS_OF_WORK)
def test_row_of_an_upload_is_work_for_its_bytes_alone(sent):
    assert len(text_of(sent)) <= BYTES_OF_A_ROW

    numbers = calls_of(read_upload, [row()] * ROWS)
    once = calls_of(read_upload, [sent] * ROWS)
    twice = calls_of(read_upload, [sent] * ROWS * 2)

    assert twice < 2.1 * once
    assert once - numbers < MAX_CALLS_A_BYTE * BYTES_OF_A_ROW * ROWS


DEEP = b"[" * MAX_REQUEST_BYTES
LONG_NUMBER = b'{"id": ' + b"1" * (MAX_REQUEST_BYTES - 10) + b"}"
MANY_NUMBERS = text_of({str(n): 10**4_000 for n in range(60)})
MANY_KEYS = text_of({f"{n:x}": 0 for n in range(25_000)})
MANY_IDS = text_of({"ids": [""] * 80_000, "name": "a", "msisdn": 31612345678})
LONG_TEXTS = json.dumps(
    dict.fromkeys(("name", "firstName", "first_name", "email"), "�" * 10000)
).encode()
MANY_FIELDS = text_of({"name": "a", "fields": [{}] * 80_000})
MANY_VALUES = text_of({"name": "a", "fields": [{"name": "a", "values": [""] * 80_000}]})
MANY_PAIRS = b"a&" * (MAX_REQUEST_BYTES // 2)
MANY_LISTS = b"ids[]&" * (MAX_REQUEST_BYTES // 6)
JSON_BODIES = {
    "deep": DEEP,
    "a long number": LONG_NUMBER,
    "many numbers": MANY_NUMBERS,
    "many keys": MANY_KEYS,
    "many ids": MANY_IDS,
    "long texts": LONG_TEXTS,
    "many fields": MANY_FIELDS,
    "many values": MANY_VALUES,
}
FORMS = {"many pairs": MANY_PAIRS, "many lists": MANY_LISTS}

READERS = {
    "messente.contact": partial(messente.parse_new_contact, account=ACCOUNT),
    "messente.changes": partial(messente.parse_contact_update, account=ACCOUNT),
    "messente.group": messente.parse_group_name,
    "messente.blacklist": partial(messente.parse_number_to_blacklist, account=ACCOUNT),
    "messagebird.contact": partial(messagebird.parse_new_contact, account=ACCOUNT),
    "messagebird.changes": partial(messagebird.parse_contact_changes, account=ACCOUNT),
    "messagebird.group": messagebird.parse_group_name,
    "messagebird.ids": messagebird.parse_contact_ids,
    "atom.id": atom.parse_id,
    "atom.contact": partial(atom.parse_new_contact, account=ACCOUNT),
    "atom.changes": partial(atom.parse_contact_edit, account=ACCOUNT),
    "atom.book": atom.parse_new_address_book,
    "atom.name": atom.parse_address_book_edit,
    "devino.list": devino.parse_new_list,
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize("body", JSON_BODIES.values(), ids=JSON_BODIES)
def test_largest_body_is_work_for_its_bytes_alone(read, body):
    assert len(body) <= MAX_REQUEST_BYTES
    assert calls_of(read, _request(body)) < MAX_CALLS_A_BYTE * MAX_REQUEST_BYTES


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize("body", FORMS.values(), ids=FORMS)
def test_largest_form_is_work_for_its_pairs_alone(read, body):
    assert calls_of(read, _request(body, FORM)) < MAX_CALLS_A_PAIR * body.count(b"&")


def test_depth_of_a_value_is_looked_at_once_for_each_level():
    def read(levels):
        value = json.loads('{"a":' * levels + "0" + "}" * levels)
        field = {"name": "a", "type": 5, "value": value}
        return calls_of(read_upload, [row(fields=[field])] * ROWS)

    assert read(MAX_LEVELS_OF_A_VALUE + 1) < 2 * read(1)


def _request(body, content_type="application/json"):
    return REQUEST._replace(
        body=body,
        headers={"content-type": content_type},
        path_parameters={
            "phone": "+37251000000",
            "contactId": "70686f6e656240008000000000000001",
            "groupId": "70686f6e656240008000000000000001",
        },
    )
