"""Lists that are long, followed by their links, or too large; and their counts."""

import pytest

from tests.contract.messagebird import (
    CONTACTS,
    GROUPS,
    MSISDN,
    MessageBird,
    assert_errors,
    path_of_link,
)
from tests.patience import eventually


@pytest.fixture
def bird(client):
    return MessageBird(client)


def ids_of(page):
    return [item["id"] for item in page["items"]]


def lists_of_five(bird):
    """Return each path that lists five of something, and the ids in it."""
    members = [bird.create_contact(MSISDN + n, firstName="Any") for n in range(5)]
    named = [bird.create_group(name=f"{n}")["id"] for n in range(4)]
    group = bird.create_group(*members)["id"]
    for each in named:
        path = f"{GROUPS}/{each}/contacts"
        assert bird.send("PUT", path, {"ids": [members[0]["id"]]}).status == 204
    return [
        (CONTACTS, [each["id"] for each in members]),
        (f"{CONTACTS}?name=Any", [each["id"] for each in members]),
        (f"{CONTACTS}/Any", [each["id"] for each in members]),
        (f"{GROUPS}/{group}/contacts", [each["id"] for each in members]),
        (GROUPS, [*named, group]),
        (f"{CONTACTS}/{members[0]['id']}/groups", [*named, group]),
    ]


def test_links_lead_through_the_whole_list_both_ways(bird):
    for path, ids in lists_of_five(bird):
        query = "&" if "?" in path else "?"
        pages = bird.pages(f"{path}{query}limit=2")

        assert [ids_of(page) for page in pages] == [ids[:2], ids[2:4], ids[4:]], path
        for page, offset in zip(pages, (0, 2, 4), strict=True):
            assert (page["offset"], page["limit"], page["count"]) == (
                offset, 2, len(page["items"]),
            )  # fmt: skip
        assert [page["links"]["previous"] is None for page in pages] == [True, False, False]
        back = bird.send("GET", path_of_link(pages[2]["links"]["previous"])).json
        assert ids_of(back) == ids[2:4]
        for page in pages:
            first = bird.send("GET", path_of_link(page["links"]["first"])).json
            assert ids_of(first) == ids[:2]
        assert pages[2]["totalCount"] == 5
        last = bird.send("GET", path_of_link(pages[2]["links"]["last"])).json
        assert ids_of(last) == ids[4:]


@pytest.mark.parametrize("limit", [1, 4, 5, 6])
def test_list_ends_with_its_last_page(bird, limit):
    for path, ids in lists_of_five(bird):
        query = "&" if "?" in path else "?"
        pages = bird.pages(f"{path}{query}limit={limit}")

        assert [each for page in pages for each in ids_of(page)] == ids
        assert len(pages) == -(-5 // limit), path


def test_empty_list_is_a_list(bird):
    contact = bird.create_contact()
    group = bird.create_group()
    for path in (
        f"{CONTACTS}?offset=7",
        f"{CONTACTS}?name=Nobody",
        f"{CONTACTS}/{contact['id']}/groups",
        f"{CONTACTS}/{contact['id']}/messages",
        f"{GROUPS}?offset=7",
        f"{GROUPS}/{group['id']}/contacts",
        f"{GROUPS}/{group['id']}/contacts?offset=7",
    ):
        page = bird.send("GET", path).json
        assert (page["items"], page["count"], page["links"]["next"]) == ([], 0, None)
        assert (page["links"]["previous"] is None) == (page["offset"] == 0)


def test_links_are_where_the_client_called_without_its_key(bird):
    page = bird.send("GET", f"{CONTACTS}/?limit=3&access_key=x&name=A%26B").json

    link = f"{bird.url}{CONTACTS}?name=A%26B&offset=0&limit=3"
    assert page["links"] == {"first": link, "previous": None, "next": None, "last": link}


@pytest.mark.parametrize(
    ("query", "limit"),
    [("", 20), ("?", 20), ("?limit=0&offset=0", 20), ("?limit=", 20), ("?limit=000", 20),
     ("?limit=1", 1), ("?limit=500", 500), ("?limit=501", 500), (f"?limit={'9' * 5000}", 500)],
)  # fmt: skip
def test_limit_is_the_one_in_the_envelope(bird, query, limit):
    for path in (CONTACTS, GROUPS):
        assert bird.send("GET", path + query).json["limit"] == limit


@pytest.mark.parametrize("wrong", ["-1", "a", "1.5", "%D9%A1", "1e3", "%201"])
def test_window_that_is_no_number_is_refused(bird, wrong):
    refused = bird.send("GET", f"{CONTACTS}?limit={wrong}&offset={wrong}")

    assert_errors(refused, 422, (10, "offset"), (10, "limit"))


def test_offset_behind_every_list_is_refused(bird):
    assert bird.send("GET", f"{CONTACTS}?offset=999999999").json["items"] == []
    for offset in ("1000000000", "9" * 5_000):
        assert_errors(bird.send("GET", f"{CONTACTS}?offset={offset}"), 422, (10, "offset"))


def test_page_that_is_too_large_is_refused_and_complete_with_a_lower_limit(bird):
    """90 contacts of 72 KB each in the Lambda's answer, which may have 6 MB."""
    names = ("firstName", "lastName", "custom1", "custom2", "custom3", "custom4")
    parameters = dict.fromkeys(names, "😀" * 1_000)
    ids = [bird.create_contact(MSISDN + n, **parameters)["id"] for n in range(90)]

    refused = bird.send("GET", f"{CONTACTS}?limit=500")
    assert_errors(refused, 422, (10, "limit"))
    assert [item["id"] for item in bird.items(f"{CONTACTS}?limit=80")] == ids


def test_counts_follow_by_the_stream(bird, events):
    members = [bird.create_contact(MSISDN + n) for n in range(3)]
    group = bird.create_group(*members)

    def counts():
        return (
            bird.send("GET", f"{GROUPS}/{group['id']}").json["contacts"]["totalCount"],
            bird.send("GET", GROUPS).json["items"][0]["contacts"]["totalCount"],
            bird.send("GET", f"{GROUPS}/{group['id']}/contacts?limit=1").json["totalCount"],
            bird.send("GET", f"{CONTACTS}?limit=1").json["totalCount"],
        )

    assert eventually(counts, (3, 3, 3, 3))
    bird.send("DELETE", f"{GROUPS}/{group['id']}/contacts/{members[0]['id']}")
    bird.send("DELETE", f"{CONTACTS}/{members[1]['id']}")
    assert eventually(counts, (1, 1, 1, 2))
