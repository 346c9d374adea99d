import json
from datetime import UTC, datetime

import pytest

from chalicelib.dialects.messagebird.parse import Window
from chalicelib.dialects.messagebird.render import (
    Listing,
    base_url,
    render_contact,
    render_group,
    render_list,
)
from chalicelib.domain.contact import Contact
from chalicelib.domain.group import Group
from chalicelib.domain.ids import hex_of
from chalicelib.domain.phone import PhoneNumber
from tests.openapi import DOCUMENTS, REQUEST

AT = datetime(2016, 4, 29, 9, 42, 26, 999_999, tzinfo=UTC)
LATER = datetime(2016, 5, 1, tzinfo=UTC)
BASE = "https://here/api"
CONTACT = Contact(
    id=7,
    phone_number=PhoneNumber("+31612345678"),
    details={"first_name": "John", "custom": "one", "company": "not MessageBird's"},
    extra={"other": "dialect's"},
    group_ids=frozenset({1, 2}),
    scheduled_deletion_date=None,
    created_on=AT,
    updated_on=LATER,
)


def test_contact_is_as_in_the_documentation():
    href = f"{BASE}/contacts/{hex_of(7)}"

    assert render_contact(CONTACT, BASE) == {
        "id": hex_of(7),
        "href": href,
        "msisdn": 31612345678,
        "firstName": "John",
        "lastName": "",
        "customDetails": {"custom1": "one", "custom2": "", "custom3": "", "custom4": ""},
        "groups": {"totalCount": 2, "href": f"{href}/groups"},
        "messages": {"totalCount": 0, "href": f"{href}/messages"},
        "createdDatetime": "2016-04-29T09:42:26+00:00",
        "updatedDatetime": "2016-05-01T00:00:00+00:00",
    }


def test_group_is_as_in_the_documentation():
    group = Group(id=7, name="Friends", created_on=AT, updated_on=LATER, contacts_count=3)
    href = f"{BASE}/groups/{hex_of(7)}"

    assert render_group(group, BASE) == {
        "id": hex_of(7),
        "href": href,
        "name": "Friends",
        "contacts": {"totalCount": 3, "href": f"{href}/contacts"},
        "createdDatetime": "2016-04-29T09:42:26+00:00",
        "updatedDatetime": "2016-05-01T00:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("route", "path", "base"),
    [
        ("/contacts", "/contacts", ""),
        ("/contacts", "/api/contacts/", "/api"),
        ("/contacts/{contactId}", "/contacts/contacts", ""),
        ("/contacts/{contactId}/groups", "/v1/api/contacts/a%2Fb/groups", "/v1/api"),
    ],
)
def test_base_is_what_stands_before_the_path(route, path, base):
    request = REQUEST._replace(route=route, url=f"https://here{path}")

    assert base_url(request) == f"https://here{base}"


@pytest.mark.parametrize(
    ("offset", "total", "previous", "next_", "last"),
    [
        (0, 0, None, None, 0),
        (0, 10, None, None, 0),
        (0, 11, None, 10, 10),
        (10, 20, 0, None, 10),
        (10, 21, 0, 20, 20),
        (5, 21, 0, 15, 20),
        (100, 21, 90, None, 20),
    ],
)
def test_links_are_those_of_the_pages_around(offset, total, previous, next_, last):
    listing = Listing(
        path="/contacts",
        query={"name": "A&B"},
        window=Window(offset=offset, limit=10),
        items=[render_contact(CONTACT, BASE)],
        total=total,
        is_more=offset + 10 < total,
    )

    body = render_list(listing, BASE).body

    def link(to):
        return None if to is None else f"{BASE}/contacts?name=A%26B&offset={to}&limit=10"

    envelope = json.loads(body)
    assert envelope["links"] == {
        "first": link(0), "previous": link(previous), "next": link(next_), "last": link(last),
    }  # fmt: skip
    assert (envelope["count"], envelope["totalCount"], envelope["limit"]) == (1, total, 10)
    DOCUMENTS["messagebird"].assert_matches(
        {"$ref": "#/components/schemas/ContactList"}, body.encode()
    )
