"""Searching: what a page of it costs beside a retrieval, and what a contact costs the index."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from random import Random
from statistics import quantiles
from typing import Final

from benchmarks.contacts import NOW, STAMP, caller_of, id_items, id_of, number
from benchmarks.engines import Item, connected, engine_of_tables
from benchmarks.report import Row, Subject
from benchmarks.use_cases.meter import Meter
from chalicelib.dialects.messages import Request
from chalicelib.dialects.v2.endpoints import get_contact, list_contacts
from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact, ContactData, new_contact
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.search import beginning_of, tokens_of
from chalicelib.services import accounts
from chalicelib.services.indexing import index_changes
from chalicelib.storage import keys
from chalicelib.storage.contact_items import stored_of
from chalicelib.storage.dynamodb.batches import StoredItem
from chalicelib.storage.keys import ItemKind
from chalicelib.storage.search_index import Indexed
from chalicelib.storage.stream_records import ItemChange

PEOPLE: Final = int(os.environ.get("PEOPLE", "100_000"))
PEOPLE_OF_QUICK_RUN: Final = 600
SEARCHES: Final = 1_000
PAGE: Final = 50

_BEGINNINGS: Final = ("ta", "ma", "sa", "ko", "li", "ne", "jo", "vi", "ru", "pa")
_MIDDLES: Final = ("", "ri", "na", "lo", "mi", "ke", "do", "su")
_ENDS: Final = ("mm", "s", "nen", "va", "son", "k", "la", "ra", "to", "x")
_OF_MANY: Final = "Baltic"
_OF_FEW: Final = "Kohvik"
_HAVE_THE_FIRST: Final = 3
"""One in so many works for the company that many work for."""

_WRITES: Final = 6
_GROWTH: Final = 1.1
_TIME: Final = 5


def measure(quick: bool) -> Subject:  # noqa: FBT001 - as every subject is called
    """Fill an account with people, and search among them."""
    many = PEOPLE_OF_QUICK_RUN if quick else PEOPLE
    engine = engine_of_tables(quick=quick)
    with connected(engine) as there:
        account = accounts.open_account("Benchmark", "EE", 30, STAMP)
        there.load(_items(account, many))
        rows = [*_rows_of_the_index(account), *_rows_of_pages(account, many)]
        if not quick:
            rows.append(_row_of_time(account, many))
    return Subject(
        name="searching",
        title=f"Searching among {many:,} contacts",
        engine=engine,
        method=(
            f"Pages of {PAGE} of /v2's list with q, as JSON, beside a contact by its id. Of the "
            "names, few are common and many are rare. A search is what somebody types who looks "
            "for one of these people: the beginnings of one to three words, of three characters "
            "or more, an email, the number or its last digits. Each is sent twice, and timed the "
            "second time, by the clock."
        ),
        rows=rows,
    )


def _items(account: Account, many: int) -> Iterator[Item]:
    """Yield what the phonebook and its index keep of so many people."""
    ids = id_items(account, range(many))
    for index, by_id in enumerate(ids):
        contact = _person(index, many)
        yield by_id
        yield {**stored_of(account.id, contact, STAMP), "id": {"N": str(id_of(index))}}
        indexed = Indexed(contact.phone_number.e164, tokens_of(contact))
        for token in indexed.tokens:
            yield {
                "PK": {"S": keys.search(account.id, beginning_of(token))},
                "SK": {"S": keys.search_entry(token, indexed.e164)},
                "text": {"S": indexed.text},
            }


def _person(index: int, many: int) -> Contact:
    """Return one of so many people, who is the same at each run."""
    random = Random(index)
    given = f"{_drawn(random, _BEGINNINGS)}{_drawn(random, _ENDS)}".capitalize()
    family = "".join(
        _drawn(random, parts) for parts in (_BEGINNINGS, _MIDDLES, _BEGINNINGS, _ENDS)
    ).capitalize()
    details = {"first_name": given, "last_name": family}
    if index % 2:
        details["email"] = f"{given}.{family}{index}@example.com".lower()
    if index % (many // PAGE) == 1:
        details["company"] = _OF_FEW
    elif index % _HAVE_THE_FIRST == 0:
        details["company"] = _OF_MANY
    data = ContactData(phone_number=PhoneNumber(number(index)), details=details)
    return new_contact(data, NOW, NOW.date())


def _drawn(random: Random, parts: Sequence[str]) -> str:
    """Return one of the parts; the first ones come most often."""
    return parts[int(len(parts) * random.random() ** 2)]


def _rows_of_the_index(account: Account) -> Iterator[Row]:
    """Yield what the index writes for a contact that comes, and what for a change beside it."""
    item = stored_of(account.id, _person(3, PEOPLE), STAMP)
    with Meter() as meter:
        index_changes([_change(account, None, item)])
    yield Row(
        name="index: writes for a new contact",
        unit="units",
        measured=meter.writes,
        against="docs/search.md",
        mark=_WRITES,
    )
    with Meter() as meter:
        index_changes([_change(account, item, {**item, "title": {"S": "Dr"}})])
    yield Row(
        name="index: calls for a change of what is not searched",
        unit="calls",
        measured=len(meter.calls),
        against="none",
        mark=0,
    )


def _change(account: Account, before: StoredItem | None, after: StoredItem) -> ItemChange:
    e164 = after["SK"]["S"]
    return ItemChange("1", NOW, ItemKind.CONTACT, account.id, None, e164, before, after)


def _rows_of_pages(account: Account, many: int) -> Iterator[Row]:
    """Yield what a page costs of a word that very many have, beside one that a page of them has."""
    few, common = (_page_of(account, word) for word in (_OF_FEW, _OF_MANY))
    name = f"page of a word that {many // _HAVE_THE_FIRST:,} have"
    yield Row(
        name=f"{name}: units",
        unit="×",
        measured=common.reads / few.reads,
        against=f"a word that {PAGE} have",
        mark=_GROWTH,
    )
    yield Row(
        name=f"{name}: calls",
        unit="calls",
        measured=len(common.calls),
        against=f"{len(few.calls)} for a word that {PAGE} have",
    )


def _page_of(account: Account, word: str) -> Meter:
    with Meter() as meter:
        _search(account, word)
    return meter


def _row_of_time(account: Account, many: int) -> Row:
    random = Random(1)
    drawn = [_person(index, many) for index in random.sample(range(many), SEARCHES)]
    searches = [_typed(random, each) for each in drawn]
    search = _slowest_of(lambda index: _search(account, searches[index]))
    retrieval = _slowest_of(
        lambda index: _retrieve(account, int(drawn[index].phone_number.e164[5:]))
    )
    return Row(
        name="a search: time of the slowest hundredth",
        unit="×",
        measured=search / retrieval,
        against="retrievals by id",
        mark=_TIME,
    )


def _typed(random: Random, person: Contact) -> str:
    """Return what somebody might type who looks for a person."""
    details, e164 = person.details, person.phone_number.e164
    words = [details["first_name"], details["last_name"], e164[-random.randint(3, 6) :], e164]
    words += [details[name] for name in ("email", "company") if name in details]
    return " ".join(
        word if word.lstrip("+").isdigit() else word[: random.randint(3, max(3, len(word)))]
        for word in random.sample(words, random.choice((1, 1, 1, 2, 2, 3)))
    )


def _slowest_of(send: Callable[[int], None]) -> float:
    """Send every request twice, and return what the slowest hundredth took the second time."""
    took = []
    for index in range(SEARCHES):
        send(index)
        began = time.perf_counter()
        send(index)
        took.append(time.perf_counter() - began)
    return quantiles(took, n=100)[-1]


def _search(account: Account, text: str) -> None:
    query = {"q": [text], "limit": [str(PAGE)]}
    list_contacts(_request("/v2/contacts", query=query), caller_of(account))


def _retrieve(account: Account, index: int) -> None:
    path = {"contact": uuid_of(id_of(index))}
    get_contact(_request("/v2/contacts/{contact}", path), caller_of(account))


def _request(
    route: str,
    path_parameters: dict[str, str] | None = None,
    query: dict[str, list[str]] | None = None,
) -> Request:
    return Request(
        id="benchmark",
        method="GET",
        route=route,
        url=f"http://127.0.0.1{route}",
        path_parameters=path_parameters or {},
        query=query or {},
        headers={},
        body=b"",
        received_on=NOW,
    )
