import json
from datetime import UTC, datetime

import pytest

from chalicelib.dialects.messages import Request
from chalicelib.dialects.messente.parse import (
    parse_contact_list,
    parse_contact_update,
    parse_group_id,
    parse_group_name,
    parse_group_update,
    parse_new_contact,
    parse_number_to_blacklist,
)
from chalicelib.domain.errors import (
    ErrorCode,
    InvalidDataError,
    NotFoundError,
    Problem,
    RefusedError,
)
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.phone import PhoneNumber
from tests.account import account_in

NUMBER = {"phoneNumber": "+37251000000"}
ACCOUNT = account_in("EE")


def request(body=b"", *, content_type="application/json", query=None, **path_parameters):
    return Request(
        id="1",
        method="POST",
        route="/",
        url="http://localhost/",
        path_parameters=path_parameters,
        query=query or {},
        headers={"content-type": content_type} if content_type else {},
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        received_on=datetime(2026, 1, 1, tzinfo=UTC),
    )


def problems_of(parse, body, **path_parameters):
    path_parameters = {"phone": "+37251000000", **path_parameters}
    with pytest.raises(InvalidDataError) as refusal:
        parse(request(body, **path_parameters))
    return {problem.field: problem.message for problem in refusal.value.problems}


def new_contact(sent):
    return parse_new_contact(sent, ACCOUNT)


def contact_update(sent):
    return parse_contact_update(sent, ACCOUNT)


def number_to_blacklist(sent):
    return parse_number_to_blacklist(sent, ACCOUNT)


def test_contact_is_read_with_all_its_fields():
    fields = {
        "email": "a@b.c",
        "firstName": "Any",
        "lastName": "One",
        "company": "Messente",
        "title": "",
        "custom": "1",
        "custom2": "2",
        "custom3": "3",
        "custom4": None,
    }

    number, details = new_contact(request({**NUMBER, **fields}))

    assert number.e164 == "+37251000000"
    assert details == {
        "email": "a@b.c",
        "first_name": "Any",
        "last_name": "One",
        "company": "Messente",
        "title": "",
        "custom": "1",
        "custom2": "2",
        "custom3": "3",
        "custom4": None,
    }


def test_date_that_an_old_sdk_sends_back_is_ignored():
    _, details = new_contact(request({**NUMBER, "scheduledDeletionDate": "2020-08-31"}))

    assert details == {}


def test_every_problem_of_a_contact_is_told_at_once():
    body = {"email": 1, "firstName": "x" * 1001, "title": "\0", "more": 1, "Email": "a"}

    assert problems_of(new_contact, body).keys() == {
        "phoneNumber", "email", "firstName", "title", "more", "Email",
    }  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b'"a"', b"\xff{}", b"[" * 100_000, b'{"a": 1' + b"0" * 5_000],
)
@pytest.mark.parametrize(
    "parse",
    [new_contact, contact_update, parse_group_name, parse_group_update, number_to_blacklist],
)
def test_body_that_is_no_json_object_is_refused(parse, body):
    assert problems_of(parse, body).keys() == {"body"}


@pytest.mark.parametrize("parse", [new_contact, parse_group_name])
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"]
)
def test_body_of_another_type_is_refused(parse, content_type):
    with pytest.raises(RefusedError) as refusal:
        parse(request({**NUMBER}, content_type=content_type))
    assert refusal.value.code is ErrorCode.UNSUPPORTED_MEDIA_TYPE


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", ""]
)
def test_json_is_taken_whatever_is_said_of_its_charset(content_type):
    assert new_contact(request(NUMBER, content_type=content_type))


def test_lone_surrogate_is_refused_as_escape_and_as_name():
    assert problems_of(parse_group_name, b'{"name": "\\ud800"}').keys() == {"name"}
    assert "?" in problems_of(parse_group_name, b'{"name": "a", "\\ud800": 1}')


def test_empty_changes_are_refused():
    assert problems_of(contact_update, {}) == {"body": "must hold at least one field"}


@pytest.mark.parametrize("written", ["+37251000000", "37251000000", "+372 5100 0000"])
def test_number_may_be_sent_back_as_it_is(written):
    sent = request({"phoneNumber": written, "title": "a"}, phone="+37251000000")

    assert contact_update(sent) == (PhoneNumber("+37251000000"), {"title": "a"}, {})


@pytest.mark.parametrize("written", ["+37251000001", "", "a", None, 37251000000])
def test_another_number_cannot_be_given(written):
    assert problems_of(contact_update, {"phoneNumber": written, "title": 1}) == {
        "phoneNumber": "cannot be changed",
        "title": "must be a string",
    }


def test_read_only_fields_are_left_to_whoever_knows_what_is_kept():
    contact = {"scheduledDeletionDate": "2026-01-31", "title": "a"}
    group = {"id": 1, "name": "a", "createdOn": None, "contactsCount": {}}

    *_, read_only = contact_update(request(contact, phone="+37251000000"))
    assert read_only == {"scheduledDeletionDate": "2026-01-31"}
    assert parse_group_update(request(group)) == (
        "a", {"id": 1, "createdOn": None, "contactsCount": {}},
    )  # fmt: skip
    assert problems_of(parse_group_update, {**group, "more": 1}).keys() == {"more"}
    assert problems_of(parse_group_name, group).keys() == {"id", "createdOn", "contactsCount"}


@pytest.mark.parametrize(
    ("name", "accepted"),
    [("a", True), ("", False), ("x" * 255, True), ("x" * 256, False), (None, False), (1, False)],
)
def test_group_name_has_1_to_255_characters(name, accepted):
    if accepted:
        assert parse_group_name(request({"name": name})) == name
    else:
        assert problems_of(parse_group_name, {"name": name}).keys() == {"name"}


def test_missing_and_unknown_fields_are_told_together():
    assert problems_of(parse_group_name, {"title": "a"}).keys() == {"name", "title"}
    assert problems_of(number_to_blacklist, {"phone": "+37251000000"}).keys() == {
        "phoneNumber", "phone",
    }  # fmt: skip


def test_number_is_read_as_one_of_the_accounts_region_and_refused_by_its_name():
    for parse in (number_to_blacklist, lambda sent: new_contact(sent)[0]):
        assert parse(request({"phoneNumber": "51000000"})) == PhoneNumber("+37251000000")
        assert problems_of(parse, {"phoneNumber": ""}) == {"phoneNumber": "must not be empty"}


def test_malformed_group_id_in_a_path_is_a_missing_group():
    assert parse_group_id(request(groupId=uuid_of(7))) == 7
    with pytest.raises(NotFoundError):
        parse_group_id(request(groupId="7"))


def test_problems_of_the_path_and_the_body_are_told_together():
    assert problems_of(contact_update, {"title": 1}, phone="123").keys() == {
        "phone", "title",
    }  # fmt: skip


def group_ids_in(*texts):
    group_ids, _ = parse_contact_list(request(query={"groupIds": list(texts)}), ACCOUNT)
    return group_ids


def test_group_filter_is_none_without_ids_and_a_filter_with_unknown_ones():
    assert group_ids_in() is None
    assert group_ids_in("") is None
    assert group_ids_in(uuid_of(7), uuid_of(7)) == frozenset({7})
    assert group_ids_in("5792a02a-e5c2-422b-a0a0-0ae65d814663") == frozenset()


@pytest.mark.parametrize(
    "group_ids", [["", uuid_of(7)], ["", ""], ["7"], [f"{uuid_of(7)},{uuid_of(8)}"]]
)
def test_malformed_group_filter_is_refused(group_ids):
    with pytest.raises(InvalidDataError) as refusal:
        group_ids_in(*group_ids)
    assert refusal.value.problems == (Problem("groupIds", "must be UUIDs"),)


def test_group_filter_has_at_most_100_ids():
    assert group_ids_in(*map(uuid_of, range(1, 101)))
    with pytest.raises(InvalidDataError) as refusal:
        group_ids_in(*map(uuid_of, range(1, 102)))
    assert refusal.value.problems == (Problem("groupIds", "must be at most 100"),)


def test_cursor_is_one_of_the_groups_that_were_asked_for():
    _, page = parse_contact_list(request(query={"groupIds": [uuid_of(8), uuid_of(7)]}), ACCOUNT)
    assert page.list_key == ("contacts", uuid_of(7), uuid_of(8))
    _, page = parse_contact_list(request(), ACCOUNT)
    assert page.list_key == ("contacts",)


def test_problems_of_a_list_are_told_together():
    query = {"groupIds": ["7"], "limit": ["0"], "cursor": ["x"]}

    with pytest.raises(InvalidDataError) as refusal:
        parse_contact_list(request(query=query), ACCOUNT)

    assert [each.field for each in refusal.value.problems] == ["groupIds", "limit", "cursor"]
