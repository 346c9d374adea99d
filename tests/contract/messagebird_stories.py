"""What users of MessageBird's Python client do, told for every version of it.

Its versions cannot be installed side by side, so that a story runs wherever the client of one is
found first: ``python -m tests.contract.messagebird_stories STORY`` tells one in a process of its
own, with ``MESSAGEBIRD_URL`` and ``MESSAGEBIRD_KEY`` in the environment.
"""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from messagebird.client import Client, ErrorException
from messagebird.http_client import HttpClient

MSISDN = 31612345678
OTHER_MSISDN = 31687654321
NOBODY = "70686f6e656240008000000000000001"

STORIES: Final[dict[str, Callable[[Any], None]]] = {}


def client_of(url, key):
    """Return the client as its documentation makes it, but for where it calls."""
    return Client(key, http_client=HttpClient(f"{url}/", key, "tests"))


def story(tell):
    STORIES[tell.__name__] = tell
    return tell


def errors_of(call, *arguments):
    """Return the codes and parameters of a refusal, which the client has to understand."""
    with pytest.raises(ErrorException) as refusal:
        call(*arguments)
    assert all(error.description for error in refusal.value.errors)
    return [(error.code, error.parameter) for error in refusal.value.errors]


def ids_of(listed):
    return [item.id for item in listed.items]


@story
def contact_is_created_viewed_updated_and_deleted(client):
    before = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    created = client.contact_create(MSISDN, {"firstName": "Jöhn", "lastName": "Doe", "custom1": ""})

    assert (created.msisdn, created.firstName, created.lastName) == (MSISDN, "Jöhn", "Doe")
    assert created.customDetails.custom1 == created.customDetails.custom4 == ""
    assert created.groups.totalCount == created.messages.totalCount == 0
    for at in (created.createdDatetime, created.updatedDatetime):
        assert at.replace(tzinfo=None) >= before

    client.contact_update(created.id, {"msisdn": OTHER_MSISDN, "firstName": None, "custom2": "two"})
    for id_or_number in (created.id, OTHER_MSISDN, f"+{OTHER_MSISDN}", "Doe"):
        seen = client.contact(id_or_number)
        assert (seen.id, seen.msisdn, seen.firstName) == (created.id, OTHER_MSISDN, "")
        assert (seen.lastName, seen.customDetails.custom2) == ("Doe", "two")
        assert seen.createdDatetime == created.createdDatetime

    client.contact_delete(created.id)
    assert errors_of(client.contact, created.id) == [(20, None)]


@story
def contact_is_created_by_a_number_as_text(client):
    assert client.contact_create(f"+{MSISDN}").msisdn == MSISDN


@story
def contacts_are_listed_in_pages(client):
    created = [client.contact_create(MSISDN + n).id for n in range(25)]

    first = client.contact_list()
    assert (first.offset, first.limit, first.count, first.totalCount > 10) == (0, 10, 10, True)
    pages = [client.contact_list(10, offset) for offset in (0, 10, 20)]
    assert [each for page in pages for each in ids_of(page)] == created
    assert [page.links.next is None for page in pages] == [False, False, True]
    assert (pages[2].count, pages[2].totalCount) == (5, 25)
    default = client.contact_list(limit=0, offset=0)  # as Ruby and 1.3.0 call it
    assert (default.limit, default.count) == (20, 20)
    assert client.contact_list(offset=100).items == []


@story
def group_is_created_viewed_renamed_listed_and_deleted(client):
    created = client.group_create("Home")
    assert (created.name, created.contacts.totalCount) == ("Home", 0)
    assert created.createdDatetime == created.updatedDatetime

    client.group_update(created.id, "Sõbrad")
    seen = client.group(created.id)
    assert (seen.id, seen.name, seen.href) == (created.id, "Sõbrad", created.href)
    assert seen.createdDatetime == created.createdDatetime

    other = client.group_create("Home", {})
    listed = client.group_list()
    assert (listed.offset, listed.limit, listed.count, listed.totalCount) == (0, 10, 2, 2)
    assert ids_of(listed) == [created.id, other.id]
    assert ids_of(client.group_list(limit=1, offset=1)) == [other.id]

    client.group_delete(created.id)
    assert errors_of(client.group, created.id) == [(20, None)]
    assert ids_of(client.group_list()) == [other.id]


@story
def contacts_join_a_group_and_leave_it(client):
    group = client.group_create("Home")
    members = [client.contact_create(MSISDN + n).id for n in range(3)]

    for _ in range(2):
        client.group_add_contacts(group.id, members[:2])
    client.group_add_contacts(group.id, [members[2]])
    assert [client.contact(each).groups.totalCount for each in members] == [1, 1, 1]

    client.group_remove_contact(group.id, members[0])
    assert [client.contact(each).groups.totalCount for each in members] == [0, 1, 1]
    assert errors_of(client.group_remove_contact, group.id, members[0]) == [(20, None)]


@story
def refusals_are_understood(client):
    contact = client.contact_create(MSISDN)
    other = client.contact_create(OTHER_MSISDN)
    group = client.group_create("Home")

    for call, arguments, errors in [
        (client.contact_create, (MSISDN,), [(10, "msisdn")]),
        (client.contact_create, ("123", {"firstName": 1}), [(10, "msisdn"), (10, "firstName")]),
        (client.contact_update, (other.id, {"msisdn": MSISDN}), [(10, "msisdn")]),
        (client.contact_update, (NOBODY, {"firstName": "a"}), [(20, None)]),
        (client.contact_delete, (NOBODY,), [(20, None)]),
        (client.contact, (31600000000,), [(20, None)]),
        (client.contact_list, (10, "x"), [(10, "offset")]),
        (client.group_create, ("",), [(9, "name")]),
        (client.group_update, (group.id, None), [(9, "name")]),
        (client.group_update, (NOBODY, "a"), [(20, None)]),
        (client.group_delete, (NOBODY,), [(20, None)]),
        (client.group_add_contacts, (group.id, []), [(9, "ids")]),
        (client.group_add_contacts, (group.id, [contact.id] * 51), [(10, "ids")]),
        (client.group_add_contacts, (group.id, [contact.id, NOBODY]), [(20, None)]),
        (client.group_add_contacts, (NOBODY, [contact.id]), [(20, None)]),
        (client.group_remove_contact, (group.id, contact.id), [(20, None)]),
    ]:
        assert errors_of(call, *arguments) == errors, (call, arguments)
    assert client.contact(contact.id).groups.totalCount == 0


@story
def wrong_access_key_is_refused_everywhere(client):
    client = client_of(client.http_client.endpoint.rstrip("/"), "0123456789abcdef.wrong")

    for call, *arguments in [
        (client.contact, NOBODY), (client.contact_create, MSISDN), (client.contact_delete, NOBODY),
        (client.contact_update, NOBODY, {}), (client.contact_list,), (client.group, NOBODY),
        (client.group_create, "a"), (client.group_delete, NOBODY), (client.group_list,),
        (client.group_update, NOBODY, "a"), (client.group_add_contacts, NOBODY, [NOBODY]),
        (client.group_remove_contact, NOBODY, NOBODY),
    ]:  # fmt: skip
        assert errors_of(call, *arguments) == [(2, "access_key")]


if __name__ == "__main__":
    told = STORIES[sys.argv[1]]
    told(client_of(os.environ["MESSAGEBIRD_URL"], os.environ["MESSAGEBIRD_KEY"]))
