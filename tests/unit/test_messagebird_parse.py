import json

import pytest

from chalicelib.dialects.messagebird.credentials import read_credential
from chalicelib.dialects.messagebird.parse import (
    Window,
    parse_contact_changes,
    parse_contact_ids,
    parse_contact_list,
    parse_group_id,
    parse_group_name,
    parse_new_contact,
    parse_viewed_contact,
    parse_window,
    read_method,
)
from chalicelib.domain.errors import ErrorCode, InvalidDataError, NotFoundError, UnauthorizedError
from chalicelib.domain.ids import hex_of
from chalicelib.domain.phone import PhoneNumber
from tests.account import account_in
from tests.openapi import REQUEST

FORM = "application/x-www-form-urlencoded"
ACCOUNT = account_in("EE")
NUMBER = PhoneNumber("+31612345678")


def request(body=b"", *, content_type="application/json", query=None, method="GET", **path):
    return REQUEST._replace(
        method=method,
        query=query or {},
        path_parameters=path,
        headers={"content-type": content_type},
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )


def problems_of(parse, *arguments, **more):
    with pytest.raises(InvalidDataError) as refusal:
        parse(request(*arguments, **more))
    return {problem.field: problem.message for problem in refusal.value.problems}


def new_contact(sent):
    return parse_new_contact(sent, ACCOUNT)


def contact_changes(sent):
    return parse_contact_changes(sent, ACCOUNT)


def viewed_contact(sent):
    return parse_viewed_contact(sent, ACCOUNT)


def contact_list(sent):
    return parse_contact_list(sent, ACCOUNT)


@pytest.mark.parametrize(
    ("method", "query", "meant"),
    [
        ("GET", {}, "GET"),
        ("GET", {"_method": ["PUT"]}, "PUT"),
        ("POST", {"_method": ["patch"]}, "PATCH"),
        ("GET", {"_method": [""]}, "GET"),
        ("DELETE", {"_method": ["delete"]}, "DELETE"),
    ],
)
def test_method_in_the_query_is_meant_on_get_and_post(method, query, meant):
    assert read_method(request(method=method, query=query)) == meant


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "PUT"])
def test_method_in_the_query_of_any_other_is_refused(method):
    with pytest.raises(InvalidDataError):
        read_method(request(method=method, query={"_method": ["GET"]}))


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": "AccessKey name.secret"}, {}),
        ({"authorization": "accesskey  name.secret "}, {"access_key": ["wrong"]}),
        ({}, {"access_key": ["name.secret"]}),
    ],
)
def test_access_key_is_in_the_header_or_else_in_the_query(headers, query):
    presented = read_credential(REQUEST._replace(headers=headers, query=query))

    assert (presented.username, presented.secret) == ("name", "secret")


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, {}),
        ({"authorization": ""}, {"access_key": ["name.secret"]}),
        ({"authorization": "Bearer name.secret"}, {}),
        ({}, {"access_key": ["name"]}),
    ],
)
def test_anything_else_is_no_access_key(headers, query):
    with pytest.raises(UnauthorizedError):
        read_credential(REQUEST._replace(headers=headers, query=query))


@pytest.mark.parametrize("msisdn", [31612345678, "31612345678", "+31 6 12345678"])
def test_contact_is_read_with_all_its_parameters(msisdn):
    number, details = new_contact(
        request({
            "msisdn": msisdn, "firstName": "John", "lastName": "", "custom1": "1", "custom2": "2",
            "custom3": None, "customDetails": {"custom1": "1", "custom4": "4"},
        })
    )  # fmt: skip

    assert number == NUMBER
    assert details == {
        "first_name": "John", "last_name": "",
        "custom": "1", "custom2": "2", "custom3": None, "custom4": "4",
    }  # fmt: skip


def test_parameters_may_be_in_a_form_or_in_the_query_and_the_body_goes_first():
    form = request(b"msisdn=31612345678&firstName=J%C3%B6hn", content_type=FORM)
    query = {"msisdn": ["31612345678"], "firstName": ["Jöhn"], "_method": ["POST"]}

    for sent in (form, request(query=query), request({"firstName": "Jöhn"}, query=query)):
        assert new_contact(sent) == (NUMBER, {"first_name": "Jöhn"})


def test_every_problem_of_a_contact_is_told_at_once():
    body = {"firstName": 1, "custom4": "x" * 1001, "lastName": "\0"}

    assert problems_of(new_contact, body).keys() == {
        "msisdn", "firstName", "custom4", "lastName",
    }  # fmt: skip
    assert problems_of(contact_changes, {**body, "msisdn": "1"}, contactId=hex_of(7)).keys() \
        == {"msisdn", "firstName", "custom4", "lastName"}  # fmt: skip


def test_changes_may_be_none_and_null_leaves_the_number():
    contact_id, changes, repeated = contact_changes(request({"msisdn": None}, contactId=hex_of(7)))

    assert contact_id == 7
    assert (changes.phone_number, changes.details, repeated) == (None, {}, {})
    assert contact_changes(request(contactId=hex_of(7)))[1] == changes


@pytest.mark.parametrize("body", [b"{", b"null", b"[]", b'["a"]', b"\xff{}", b"[" * 100_000])
@pytest.mark.parametrize("parse", [new_contact, parse_group_name, parse_contact_ids])
def test_body_that_is_no_object_is_refused(parse, body):
    assert problems_of(parse, body).keys() == {"body"}


def test_missing_parameters_are_told_apart_from_wrong_ones():
    for parse, name in [
        (new_contact, "msisdn"), (parse_group_name, "name"), (parse_contact_ids, "ids"),
    ]:  # fmt: skip
        for body in (b"", b"{}", {name: None}, {name: ""}):
            assert problems_of(parse, body, groupId="7") == {name: "is required"}
        assert problems_of(parse, {name: True}, groupId="7")[name] != "is required"


def test_ids_are_read_from_wherever_they_are_each_once():
    ids = [hex_of(7), hex_of(8), hex_of(7).upper()]
    form = "&".join(f"ids[]={each}" for each in ids).encode()

    for sent in [
        request({"ids": ids}, groupId="7"),
        request({"ids": ids, "groupId": "7"}, groupId="7"),
        request(form, content_type=FORM, groupId="7"),
        request({}, query={"ids": ids}, groupId="7"),
        request(query={"_method": ["PUT"], "ids": ids}, groupId="7"),
    ]:
        assert parse_contact_ids(sent) == [7, 8]


def test_ids_that_are_not_ours_are_of_missing_contacts():
    for unknown in ("", "7", "5792a02ae5c2422ba0a00ae65d814663"):
        with pytest.raises(NotFoundError) as refusal:
            parse_contact_ids(request({"ids": [hex_of(7), unknown]}, groupId="7"))
        assert refusal.value.code is ErrorCode.CONTACT_NOT_FOUND
    with pytest.raises(NotFoundError) as refusal:
        parse_group_id(request(groupId="7"))
    assert refusal.value.code is ErrorCode.GROUP_NOT_FOUND


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (hex_of(7), 7),
        ("31612345678", NUMBER),
        ("+31612345678", NUMBER),
        ("John Doe", "John Doe"),
        ("007", "007"),
        ("70686f6e-6562-4000-8000-000000000007", "70686f6e-6562-4000-8000-000000000007"),
    ],
)
def test_contact_is_viewed_by_its_id_its_number_or_its_name(text, wanted):
    assert viewed_contact(request(contactId=text)) == wanted


def test_id_of_another_vendor_is_no_name():
    with pytest.raises(NotFoundError):
        viewed_contact(request(contactId="61afc0531573b08ddbe36e1c85602827"))


@pytest.mark.parametrize(
    ("query", "offset", "limit"),
    [
        ({}, 0, 20),
        ({"offset": ["0"], "limit": ["0"]}, 0, 20),
        ({"offset": [""], "limit": [""]}, 0, 20),
        ({"offset": ["7"], "limit": ["1"]}, 7, 1),
        ({"offset": ["999999999"], "limit": ["500"]}, 999_999_999, 500),
        ({"offset": ["0" * 5_000 + "7"], "limit": ["9" * 5_000]}, 7, 500),
    ],
)
def test_window_has_at_most_500_and_by_default_20(query, offset, limit):
    assert parse_window(request(query=query)) == Window(offset=offset, limit=limit)


@pytest.mark.parametrize("text", ["-1", "a", "1.5", "\N{ARABIC-INDIC DIGIT ONE}", " 1", "+1"])
def test_window_of_anything_else_is_refused(text):
    query = {"offset": [text], "limit": [text], "msisdn": ["x"]}

    assert problems_of(contact_list, query=query).keys() == {"msisdn", "offset", "limit"}
    assert problems_of(parse_window, query={"offset": ["1" + "0" * 9]}).keys() == {"offset"}


def test_list_is_narrowed_by_a_number_or_a_name_or_not_at_all():
    number, name = {"msisdn": ["31612345678"]}, {"name": ["John"]}

    assert contact_list(request(query=number))[0] == NUMBER
    assert contact_list(request(query=name))[0] == "John"
    assert contact_list(request())[0] is None
    assert problems_of(contact_list, query={**number, **name}).keys() == {"name"}
    assert problems_of(contact_list, query={"name": [""]}).keys() == {"name"}
    assert problems_of(contact_list, query={"msisdn": [""]}).keys() == {"msisdn"}
