import json
from datetime import UTC, datetime

import pytest

from chalicelib.dialects.atom import ATOM
from chalicelib.dialects.atom.render import (
    render_address_book,
    render_contact,
    render_edited_address_book,
    success,
    success_of_address_book,
    success_of_address_books,
)
from chalicelib.domain.contact import Contact
from chalicelib.domain.errors import ErrorCode, RefusedError
from chalicelib.domain.group import Group
from chalicelib.domain.ids import ID_BITS
from chalicelib.domain.phone import PhoneNumber
from tests.openapi import assert_is

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LARGEST_ID = 2**ID_BITS - 1
BOOK = Group(id=LARGEST_ID, name='"}\\', created_on=NOW, updated_on=NOW, contacts_count=0)
CONTACT = Contact(
    id=LARGEST_ID,
    phone_number=PhoneNumber("+61412345678"),
    details={"first_name": "Jöhn", "email": "a@b.c", "title": "Sir", "custom": "1", "custom4": ""},
    extra={"other": 1},
    group_ids=frozenset({1}),
    scheduled_deletion_date=None,
    created_on=NOW,
    updated_on=NOW,
)


def result_of(response, schema):
    assert response.status == 200
    assert_is(ATOM, schema, response.body.encode())
    return json.loads(response.body)["result"]


def test_contact_has_the_documented_keys_and_null_where_nothing_is_known():
    result = result_of(success({"contact": render_contact(CONTACT)}), "ContactResult")

    assert list(result["contact"].items()) == [
        ("id", LARGEST_ID),
        ("first_name", "Jöhn"),
        ("last_name", None),
        ("company", None),
        ("phone_number", "+61412345678"),
        ("custom_1", "1"),
        ("custom_2", None),
        ("custom_3", None),
        ("custom_4", ""),
    ]


def test_id_of_an_address_book_is_a_text_only_where_the_sample_has_one():
    name = BOOK.name

    created = result_of(success(render_address_book(BOOK)), "AddressBookResult")
    edited = result_of(success(render_edited_address_book(BOOK)), "EditedAddressBookResult")

    assert created == {"id": LARGEST_ID, "name": name}
    assert edited == {"id": str(LARGEST_ID), "name": name}
    assert result_of(success_of_address_books([BOOK]), "AddressBookListResult") == [created]


@pytest.mark.parametrize("contacts", [[], [CONTACT]])
def test_address_book_is_spliced_with_its_contacts(contacts):
    result = result_of(success_of_address_book(BOOK, contacts), "AddressBookDetailResult")

    assert list(result) == ["id", "name", "contacts"]
    assert (result["id"], result["name"]) == (LARGEST_ID, BOOK.name)
    assert result["contacts"] == [
        {
            "id": LARGEST_ID,
            "first_name": "Jöhn",
            "last_name": None,
            "phone_number": "+61412345678",
        }
        for _ in contacts
    ]


def test_list_that_does_not_fit_is_refused():
    def endless():
        while True:
            yield CONTACT

    with pytest.raises(RefusedError) as refusal:
        success_of_address_book(BOOK, endless())
    assert refusal.value.code is ErrorCode.LIST_TOO_LARGE
