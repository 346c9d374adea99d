"""Lists that are long, paged, or too large."""

from urllib.parse import quote

import pytest

from chalicelib.dialects.messente import MESSENTE
from chalicelib.dialects.messente.endpoints import ROOT
from tests.openapi import assert_is

CONTACTS = f"{ROOT}/contacts"
GROUPS = f"{ROOT}/groups"
BLACKLIST = f"{ROOT}/blacklist"


def number(index):
    return f"+3725{index:07d}"


def create(client, index, **fields):
    answer = client.send("POST", CONTACTS, {"phoneNumber": number(index), **fields})
    assert answer.status == 201


def create_group(client, *members):
    group = client.send("POST", GROUPS, {"name": "Group"}).json["group"]["id"]
    for index in members:
        path = f"{GROUPS}/{group}/contacts/{number(index)}"
        assert client.send("POST", path).status == 201
    return group


def pages(client, path, name, key):
    """Follow the links of a paged list, and return its pages."""
    found = []
    while path:
        answer = client.send("GET", path)
        assert answer.status == 200
        found.append([entry[key] if key else entry for entry in answer.json[name]])
        path = answer.next_path
    return found


def numbers_in_pages(client, path):
    return pages(client, path, "contacts", "phoneNumber")


GROUP_FILTERS = {
    "documented": "groupIds={0}&groupIds={1}",
    "Ruby": "groupIds%5B0%5D={0}&groupIds%5B1%5D={1}",
    "Ruby from the second on": "groupIds[1]={1}&groupIds[0]={0}",
    "axios": "groupIds[]={0}&groupIds%5B%5D={1}",
    "PHP 2.0 to 2.1": "0={0}&1={1}",
    "PHP 2.0 to 2.1, of a filtered array": "3={0}&7={1}",
}


@pytest.mark.parametrize("client_of", GROUP_FILTERS)
def test_filter_is_read_in_every_form_in_which_clients_send_it(client, client_of):
    for index in range(4):
        create(client, index)
    groups = create_group(client, 0), create_group(client, 2)
    query = GROUP_FILTERS[client_of].format(*groups)

    assert numbers_in_pages(client, f"{CONTACTS}?{query}") == [[number(0), number(2)]]
    assert numbers_in_pages(client, f"{CONTACTS}?{query}&limit=1") == [[number(0)], [number(2)]]


@pytest.mark.parametrize("query", ["groupIds", "groupIds="])
def test_bare_filter_of_php_1_means_all(client, query):
    create(client, 0)

    assert numbers_in_pages(client, f"{CONTACTS}?{query}") == [[number(0)]]


@pytest.mark.parametrize(
    "query",
    [
        "groupIds[]=", "groupIds[0]=", "0=", "groupIds=&groupIds=", "groupIds[a]={0}",
        "groupIds[0][]={0}", "a={0}", "groupId={0}", "group_ids={0}", "groupids={0}",
        "groupIds%20={0}", "groupIds%00={0}", "groupIds={0}&groupIds=", "={0}",
    ],
)  # fmt: skip
def test_filter_never_falls_away(client, query):
    create(client, 0)
    group = create_group(client)

    assert client.send("GET", f"{CONTACTS}?{query.format(group)}").status == 400


def test_pages_hold_the_whole_list_once_and_in_order(client):
    for index in range(7):
        create(client, index)
    seven = [number(index) for index in range(7)]

    assert numbers_in_pages(client, f"{CONTACTS}?limit=3") == [seven[:3], seven[3:6], seven[6:]]
    assert numbers_in_pages(client, f"{CONTACTS}?limit=7") == [seven]
    assert numbers_in_pages(client, f"{CONTACTS}?limit=1000") == [seven]
    assert numbers_in_pages(client, CONTACTS) == [seven]


def test_pages_of_groups_members_and_blacklist_are_complete_too(client):
    for index in range(5):
        create(client, index)
        client.send("POST", BLACKLIST, {"phoneNumber": number(index)})
    first, second = create_group(client, 0, 2, 4), create_group(client, 1, 2)

    assert numbers_in_pages(client, f"{CONTACTS}?groupIds={first}&groupIds={second}&limit=3") == [
        [number(0), number(1), number(2)],
        [number(4)],
    ]
    assert pages(client, f"{BLACKLIST}?limit=4", "phoneNumbers", None) == [
        [number(index) for index in range(4)],
        [number(4)],
    ]
    assert pages(client, f"{GROUPS}?limit=1", "groups", "id") == [[first], [second]]
    groups_of_contact = f"{CONTACTS}/{number(2)}/groups?limit=1"
    assert pages(client, groups_of_contact, "groups", "id") == [[first], [second]]


def test_page_goes_on_where_the_last_one_ended_though_the_list_changed(client):
    for index in (1, 3, 5, 7):
        create(client, index)
    first = client.send("GET", f"{CONTACTS}?limit=2")

    client.send("DELETE", f"{CONTACTS}/{number(3)}")
    create(client, 2)
    create(client, 4)

    assert numbers_in_pages(client, first.next_path) == [[number(4), number(5)], [number(7)]]


def test_empty_list_has_no_next_page(client):
    for path in (CONTACTS, GROUPS, BLACKLIST):
        assert client.send("GET", f"{path}?limit=1").next_path is None


@pytest.mark.parametrize(
    "limit", ["0", "1001", "-1", "a", "", "1.5", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 5_000]
)
def test_limit_out_of_range_is_refused(client, limit):
    answer = client.send("GET", f"{CONTACTS}?limit={quote(limit)}")

    assert answer.status == 400
    assert "limit: " in answer.json["errors"][0]["detail"]


def test_cursor_is_good_for_its_list_and_its_account_only(client, stranger):
    for each in (client, stranger):
        for index in range(3):
            create(each, index)
            each.send("POST", BLACKLIST, {"phoneNumber": number(index)})
    group = create_group(client, 0, 1, 2)
    path = client.send("GET", f"{CONTACTS}?limit=1").next_path
    cursor = path.partition("cursor=")[2]

    assert client.send("GET", path).status == 200
    for sender, other in [
        (stranger, path),
        (client, f"{BLACKLIST}?limit=1&cursor={cursor}"),
        (client, f"{CONTACTS}?groupIds={group}&limit=1&cursor={cursor}"),
        (client, f"{CONTACTS}?limit=1&cursor={cursor[:-2]}"),
        (client, f"{CONTACTS}?limit=1&cursor=forged"),
        (client, f"{CONTACTS}?limit=1&cursor="),
    ]:
        refused = sender.send("GET", other)
        assert refused.status == 400
        assert refused.json["errors"][0]["detail"] == "cursor: is not a cursor of this list"


def test_wrong_limit_and_cursor_are_told_together(client):
    detail = client.send("GET", f"{CONTACTS}?limit=0&cursor=x").json["errors"][0]["detail"]

    assert [problem.partition(":")[0] for problem in detail.split("; ")] == ["limit", "cursor"]


@pytest.fixture
def large_list(client):
    """190 contacts of 32 KB each: 6.1 MB, more than a Lambda may answer."""
    fields = (
        "firstName",
        "lastName",
        "company",
        "title",
        "custom",
        "custom2",
        "custom3",
        "custom4",
    )
    for index in range(190):
        create(client, index, **dict.fromkeys(fields, "😀" * 1_000))
    return [number(index) for index in range(190)]


def test_list_that_is_too_large_is_refused_whole_and_complete_in_pages(client, large_list):
    refused = client.send("GET", CONTACTS)
    assert refused.status == 413
    assert_is(MESSENTE, "Error", refused.body)
    assert refused.json["errors"][0]["code"] == "244"
    assert "limit" in refused.json["errors"][0]["detail"]

    in_pages = numbers_in_pages(client, f"{CONTACTS}?limit=1000")
    assert len(in_pages) > 1
    assert [each for page in in_pages for each in page] == large_list
