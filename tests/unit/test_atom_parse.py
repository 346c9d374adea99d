import json

import pytest

from chalicelib.dialects.atom.parse import (
    parse_address_book_edit,
    parse_contact_edit,
    parse_id,
    parse_new_address_book,
    parse_new_contact,
)
from chalicelib.domain.contact import ContactChanges, ContactData
from chalicelib.domain.errors import ErrorCode, InvalidDataError, RefusedError
from chalicelib.domain.phone import PhoneNumber
from tests.account import account_in
from tests.openapi import REQUEST

NUMBER = PhoneNumber("+61412345678")
ACCOUNT = account_in("AU")


def request(body, content_type="application/json"):
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return REQUEST._replace(body=sent, headers={"content-type": content_type})


def new_contact(body):
    return parse_new_contact(request(body), ACCOUNT)


def contact_edit(body):
    return parse_contact_edit(request(body), ACCOUNT)


def address_book_edit(body):
    return parse_address_book_edit(request(body))


def problems_of(parse, body):
    with pytest.raises(InvalidDataError) as refusal:
        parse(body)
    return {problem.field: problem.is_missing for problem in refusal.value.problems}


def test_new_contact_is_read_with_every_parameter():
    body = {
        "group_id": 1,
        "phone_number": "0412345678",
        "first_name": "John",
        "last_name": "",
        "company": None,
        "custom_1": "1",
        "custom_2": "2",
        "custom_3": "3",
        "custom_4": "4",
    }

    assert new_contact(body) == (
        1,
        ContactData(
            phone_number=NUMBER,
            details={
                "first_name": "John",
                "last_name": "",
                "company": None,
                "custom": "1",
                "custom2": "2",
                "custom3": "3",
                "custom4": "4",
            },
        ),
    )


def test_edit_changes_only_what_is_given():
    assert contact_edit({"id": 7}) == (7, None, ContactChanges())
    assert contact_edit({"id": "7", "group_id": "8", "company": None}) == (
        7, 8, ContactChanges(details={"company": None}),
    )  # fmt: skip
    assert contact_edit({"id": 7, "phone_number": "0412 345 678"}) == (
        7, None, ContactChanges(phone_number=NUMBER),
    )  # fmt: skip
    assert address_book_edit({"id": 7}) == (7, None)
    assert address_book_edit({"id": "7", "name": "a"}) == (7, "a")


def test_what_is_given_to_an_edit_has_to_be_acceptable():
    body = {"id": "", "group_id": None, "phone_number": None, "company": 1}

    assert problems_of(contact_edit, body) == dict.fromkeys(body, False)
    assert problems_of(address_book_edit, {"name": None}) == {"id": True, "name": False}


def test_missing_parameters_are_told_from_wrong_ones():
    assert problems_of(new_contact, {}) == {"group_id": True, "phone_number": True}
    assert problems_of(new_contact, {"group_id": "", "first_name": 1}) == {
        "group_id": False, "phone_number": True, "first_name": False,
    }  # fmt: skip
    assert problems_of(contact_edit, {}) == {"id": True}
    assert problems_of(lambda body: parse_new_address_book(request(body)), {}) == {"name": True}


@pytest.mark.parametrize(
    ("written", "read"),
    [(7, 7), ("7", 7), ("0007", 7), (2**53 - 1, 2**53 - 1), (2**53, 0), (0, 0), ("-7", 0), (-7, 0)],
)
def test_id_that_we_never_gave_out_is_nobodys(written, read):
    assert parse_id(request({"id": written})) == read


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff"])
def test_body_that_is_no_object_is_refused(body):
    for parse in (parse_id, parse_new_address_book, parse_address_book_edit):
        assert problems_of(parse, request(body)) == {"body": False}
    for parse in (new_contact, contact_edit):
        assert problems_of(parse, body) == {"body": False}


def test_form_is_refused():
    with pytest.raises(RefusedError) as refusal:
        parse_id(request(b"id=1", "application/x-www-form-urlencoded"))
    assert refusal.value.code is ErrorCode.UNSUPPORTED_MEDIA_TYPE
