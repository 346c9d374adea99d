"""Searching finds what SQLite's full-text search finds, in the order of numbers, page by page."""

import sqlite3
from itertools import islice
from random import Random

import pytest

from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.search import parse_search, tokens_of
from chalicelib.services import blacklist, contacts, searching
from chalicelib.services.indexing import index_contacts
from chalicelib.services.listing import ContactListing, list_contacts
from chalicelib.services.searching import search
from chalicelib.storage import keys, search_index
from chalicelib.storage.contact_items import stored_of
from chalicelib.storage.dynamodb.queries import list_sort_keys
from chalicelib.storage.search_index import Indexed
from tests.account import caller_of, stamp_of
from tests.people import people
from tests.sizes import FULL, HAS_LARGE_TABLES, PEOPLE_TO_SEARCH, SEARCHES
from tests.storage.conftest import NOW
from tests.storage.steps import change, create, create_group, join, number

pytestmark = pytest.mark.real_engine


class FullText:
    """The same people in SQLite, whose words are what has no space inside."""

    def __init__(self, found):
        self._database = sqlite3.connect(":memory:")
        self._database.execute(
            "CREATE VIRTUAL TABLE people USING fts5(number UNINDEXED, tokens, tokenize="
            "\"unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'\")"
        )
        self._database.executemany(
            "INSERT INTO people VALUES (?, ?)",
            (
                (each.phone_number.e164, Indexed(each.phone_number.e164, tokens_of(each)).text)
                for each in found
            ),
        )

    def search(self, wanted):
        asked = " AND ".join(f"({_either(word)})" for word in wanted.words)
        rows = self._database.execute(
            "SELECT number FROM people WHERE tokens MATCH ? ORDER BY number", (asked,)
        )
        return [number for (number,) in rows]


def _either(word):
    return " OR ".join(f"({' AND '.join(map(_beginning, form))})" for form in word.forms)


def _beginning(piece):
    quote = '"'
    return f"{quote}{piece.replace(quote, 2 * quote)}{quote}*"


def put(table, account, found):
    """Write contacts and their entries, without the stream."""
    table.load(stored_of(account.id, each, stamp_of(NOW)) for each in found)
    index_contacts(account.id, [each.phone_number.e164 for each in found])


def drawn(random, found):
    """Return what somebody might type who looks for one of these people, or for nobody."""
    person = random.choice(found)
    words = [
        *person.details.get("first_name", "").split(),
        *person.details.get("last_name", "").split(),
        person.details.get("email", "x@example"),
        person.phone_number.e164,
        person.phone_number.e164[random.randint(-6, -2) :],
    ]
    words = [word for word in words if len(word) > 1]
    chosen = random.sample(words, random.choice([1, 1, 1, 2, 2, 3]))
    # Three characters, since of two one may be an apostrophe.
    return " ".join(
        word if word.isdigit() else word[: random.randint(3, max(3, len(word)))] for word in chosen
    )


def in_pages(account, wanted, size):
    after, numbers = None, []
    while True:
        page = list(islice(search(account, wanted, after=after, expected=size), size))
        numbers += [each.phone_number.e164 for each in page]
        if len(page) < size:
            return numbers
        after = numbers[-1]


@pytest.fixture
def small_limits(monkeypatch):
    """Let few people be as many as need each way to come into order; many are by themselves."""
    if FULL and HAS_LARGE_TABLES:
        return
    monkeypatch.setattr(searching, "ENTRIES_READ_FIRST", 5)
    monkeypatch.setattr(searching, "STRETCHES", 3)
    monkeypatch.setattr(searching, "ENTRIES_SORTED", 60)


def found_by(account, text, **more):
    listing = ContactListing(more.pop("group_ids", None), more.pop("is_blacklisted", None),
                             parse_search(text))  # fmt: skip
    found = list_contacts(account, listing, after=more.pop("after", None), expected=10)
    return [each.phone_number for each in found]


def create_named(account, index, first_name):
    created = create(account, index, first_name=first_name)
    index_contacts(account.id, [created.phone_number.e164])
    return created


def test_narrows_by_groups_and_by_the_blacklist(table, account):
    group = create_group(account)
    for index in range(4):
        create_named(account, index, "Mari")
    for index in (1, 2):
        join(account, group, index)
    blacklist.blacklist_number(caller_of(account), number(2), NOW)

    assert found_by(account, "mari") == [number(index) for index in range(4)]
    assert found_by(account, "mari", after=number(1).e164) == [number(2), number(3)]
    assert found_by(account, "mari", group_ids=frozenset({group.id})) == [number(1), number(2)]
    assert found_by(account, "mari", is_blacklisted=True) == [number(2)]
    assert found_by(account, "mari", group_ids=frozenset({group.id}), is_blacklisted=False) == [
        number(1)
    ]


def test_entry_that_is_late_shows_nothing_wrong(table, account):
    create_named(account, 0, "Mari")
    created = create_named(account, 1, "Mari")
    change(account, number(0), details={"first_name": "Jüri"})
    contacts.delete_contact(caller_of(account), created.id, NOW)

    assert found_by(account, "mari") == []
    index_contacts(account.id, [number(0).e164])
    assert found_by(account, "juri") == [number(0)]


def test_token_that_goes_on_with_a_number_sign_is_one_of_its_own(account, small_limits):
    for index in range(1, 13):
        create_named(account, index, "Ab")
    created = create(account, 0, email="ab#c@example.com")
    index_contacts(account.id, [created.phone_number.e164])

    assert found_by(account, "ab") == [number(index) for index in range(13)]


def test_change_that_comes_while_entries_are_written_is_not_lost(table, account, monkeypatch):
    """The contact changes after it was read and before its entries are written."""
    create(account, first_name="Mari")
    write, names = search_index.write_entries, ["Jüri", "Anna"]

    def write_late(*arguments):
        if names:
            change(account, number(), details={"first_name": names.pop()})
        write(*arguments)

    monkeypatch.setattr(search_index, "write_entries", write_late)
    index_contacts(account.id, [number().e164])

    entries = {keys.token_and_number(sk)[0] for sk in entries_of(account, ("an", "ju", "ma"))}
    assert entries == {"juri"}


def entries_of(account, beginnings):
    for beginning in beginnings:
        yield from list_sort_keys(keys.search(account.id, beginning), None, None)


def test_search_that_is_turned_off_is_refused(account, monkeypatch):
    monkeypatch.setattr(searching._Used, "is_on", True)
    searching.turn_off()

    with pytest.raises(InvalidDataError) as refused:
        found_by(account, "mari")

    assert "turned off" in refused.value.found[0].message


def test_finds_what_full_text_search_finds(table, account, small_limits):
    found = list(people(PEOPLE_TO_SEARCH))
    put(table, account, found)
    full_text = FullText(found)
    random = Random(2)
    sizes = []
    for _ in range(SEARCHES):
        text = drawn(random, found)
        wanted = parse_search(text)
        expected = full_text.search(wanted)
        sizes.append(len(expected))
        if len(expected) > 120:
            first = list(islice(search(account, wanted, after=None, expected=50), 50))
            assert [each.phone_number.e164 for each in first] == expected[:50], text
        else:
            assert in_pages(account, wanted, 40) == expected, text
    assert len([size for size in sizes if size]) > SEARCHES / 2
