"""Batches in our own dialect: how rows are read, and how large their outcomes can be."""

import json

import pytest

from chalicelib.dialects.messages import json_response
from chalicelib.dialects.v2.batches import (
    CONTACTS,
    parse_contact_rows,
    parse_member_rows,
    parse_stop_rows,
    render_outcomes,
)
from chalicelib.dialects.v2.endpoints import stop_numbers, upsert_contacts
from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.ledger import Reason
from chalicelib.domain.limits import (
    MAX_BATCH_ROWS,
    MAX_GROUPS_TO_JOIN,
    MAX_RESPONSE_BYTES,
    MAX_RESPONSE_EVENT_BYTES,
    MAX_UPLOAD_BYTES,
)
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.rows import Rejected
from chalicelib.storage.dynamodb.deadline import calls_end_after
from tests.account import account_in, caller_of
from tests.openapi import REQUEST

ACCOUNT = account_in("EE")
NUMBER = "+37251000000"


def request(body):
    return REQUEST._replace(body=json.dumps(body, ensure_ascii=False).encode())


def problems(parse, body):
    with pytest.raises(InvalidDataError) as refused:
        parse(request(body), ACCOUNT)
    return {each.field: each.message for each in refused.value.found}


def all_rejected(field, rows):
    """Return what the client is told of rows that are all rejected before anything is written."""
    rejected = [row for row in rows if isinstance(row, Rejected)]
    assert rejected == rows
    return render_outcomes(field, rejected)


def outcomes(rows):
    return all_rejected(CONTACTS, parse_contact_rows(request({CONTACTS: rows}), ACCOUNT))


def places(outcome):
    assert outcome["outcome"] == "rejected"
    return [each["pointer"] for each in outcome["errors"]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"/contacts": "is required"}),
        ({"contacts": None}, {"/contacts": "must be an array"}),
        ({"contacts": {}}, {"/contacts": "must be an array"}),
        ({"contacts": [{}] * 1001}, {"/contacts": "must have at most 1000 elements"}),
        ({"contacts": [], "a/b": 1}, {"/a~1b": "is not a known field"}),
    ],
)
def test_body_that_is_no_batch_is_refused_whole(body, expected):
    assert problems(parse_contact_rows, body) == expected


def test_each_bad_row_is_rejected_with_the_places_of_its_problems():
    rejected = outcomes([
        7,
        {},
        {"phoneNumber": "5", "nickname": "x", "email": 1},
        {"phoneNumber": NUMBER, "attributes": {"a/b": 1}, "groups": ["x", uuid_of(7)]},
        {"phoneNumber": NUMBER, "attributes": []},
        {"phoneNumber": NUMBER, "groups": [uuid_of(n + 1) for n in range(MAX_GROUPS_TO_JOIN + 1)]},
        None,
    ])  # fmt: skip

    assert [places(each) for each in rejected] == [
        ["/contacts/0"],
        ["/contacts/1/phoneNumber"],
        ["/contacts/2/phoneNumber", "/contacts/2/email", "/contacts/2/nickname"],
        ["/contacts/3/groups/0", "/contacts/3/attributes/a~1b"],
        ["/contacts/4/attributes"],
        ["/contacts/5/groups"],
        ["/contacts/6"],
    ]
    assert {each["code"] for each in rejected} == {"invalid_data"}


def test_outcomes_of_the_worst_rows_fit_into_a_response():
    """Were they too large, the client would not learn what became of the other rows."""
    names = [f"{chr(0x1F600 + n)}{chr(0x10FFFF) * 60}" for n in range(7)]
    rows = [dict.fromkeys(names, 1) | {"attributes": dict.fromkeys(names, 1)}] * MAX_BATCH_ROWS
    assert len(request({CONTACTS: rows}).body) < MAX_UPLOAD_BYTES

    rejected = outcomes(rows)
    body = json_response(200, {"outcomes": rejected}).body

    assert rejected[999]["errors"][5] == {
        "pointer": "/contacts/999", "detail": "has 10 more problems",
    }  # fmt: skip
    assert len(body.encode()) < MAX_RESPONSE_BYTES
    assert len(json.dumps(body)) < MAX_RESPONSE_EVENT_BYTES


def test_row_joins_its_groups_and_changes_only_what_it_names():
    row = {"phoneNumber": NUMBER, "title": None, "attributes": {"a": "b"}, "groups": [uuid_of(7)]}

    (read,) = parse_contact_rows(request({CONTACTS: [row]}), ACCOUNT)

    assert not isinstance(read, Rejected)
    assert (read.phone_number, read.details) == (PhoneNumber(NUMBER), {"title": None})
    assert (read.extra, read.replaced_extra, read.group_ids) == ({"v2.a": "b"}, None, (7,))
    (cleared,) = parse_contact_rows(
        request({CONTACTS: [{"phoneNumber": NUMBER, "attributes": None}]}), ACCOUNT
    )
    assert not isinstance(cleared, Rejected)
    assert cleared.replaced_extra == "v2."


def test_keys_are_ids_or_numbers():
    rows = parse_member_rows(
        request({"add": [uuid_of(7), NUMBER, "51000001"], "remove": [uuid_of(8)]}), ACCOUNT
    )

    assert rows.add == [7, PhoneNumber(NUMBER), PhoneNumber("+37251000001")]
    assert rows.remove == [8]


def test_key_that_is_none_is_rejected_in_its_place():
    nobody = "00000000-0000-4000-8000-000000000000"
    rows = parse_member_rows(request({"add": [1, "x", nobody]}), ACCOUNT)

    told = all_rejected("add", rows.add)

    assert [(each["code"], each["errors"][0]["pointer"]) for each in told] == [
        ("invalid_data", "/add/0"), ("invalid_data", "/add/1"), ("contact_not_found", "/add/2"),
    ]  # fmt: skip
    assert rows.remove == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"": "must have add or remove"}),
        ({"add": None}, {"/add": "must be an array"}),
        ({"add": [], "delete": []}, {"/delete": "is not a known field"}),
        ({"add": [NUMBER], "remove": ["51000000", uuid_of(7)]}, {"/remove/0": "is in add too"}),
        (
            {"add": [NUMBER] * 600, "remove": [uuid_of(7)] * 401},
            {"": "must have at most 1000 keys in all"},
        ),
    ],
)
def test_keys_that_cannot_be_meant_are_refused_whole(body, expected):
    assert problems(parse_member_rows, body) == expected


def test_number_is_stopped_for_a_reason_that_is_a_request_unless_it_says_otherwise():
    rows = [{"phoneNumber": NUMBER}, {"phoneNumber": NUMBER, "reason": "bounce", "note": "x"}]

    first, second = parse_stop_rows(request({"entries": rows}), ACCOUNT)

    assert not isinstance(first, Rejected)
    assert not isinstance(second, Rejected)
    assert (first.phone_number, first.reason, first.note) == (
        PhoneNumber(NUMBER), Reason.REQUEST, None,
    )  # fmt: skip
    assert (second.reason, second.note) == (Reason.BOUNCE, "x")


def test_each_bad_stop_is_rejected_with_the_places_of_its_problems():
    rows = [{"phoneNumber": NUMBER, "reason": "stoplist", "note": 1, "state": "stopped"}, []]

    told = all_rejected("entries", parse_stop_rows(request({"entries": rows}), ACCOUNT))

    assert [places(each) for each in told] == [
        ["/entries/0/reason", "/entries/0/note", "/entries/0/state"], ["/entries/1"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("endpoint", "body"),
    [
        (upsert_contacts, {"contacts": [{"phoneNumber": NUMBER}, 7]}),
        (stop_numbers, {"entries": [{"phoneNumber": NUMBER}, 7]}),
    ],
)
def test_row_that_was_not_begun_in_time_is_told_so(endpoint, body):
    with calls_end_after(-1):
        answer = endpoint(request(body), caller_of(ACCOUNT))

    assert answer.status == 200
    assert [each["code"] for each in json.loads(answer.body)["outcomes"]] == ["busy"] * 2
