"""Lists: what a contact of a list costs, whole, in pages and by groups, at several sizes."""

import json
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from statistics import median
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from benchmarks.contacts import NOW, caller_of, number
from benchmarks.large import Filled, LargeTable, large_table
from benchmarks.report import Row, Subject, spread
from benchmarks.use_cases.meter import READ_UNIT_BYTES, Meter
from chalicelib.dialects.messages import Request, Response
from chalicelib.dialects.messente.endpoints import ROOT, fetch_contacts
from chalicelib.domain.errors import RefusedError
from chalicelib.domain.ids import uuid_of
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.connection import table

PAGE: Final = 1_000
PAGE_OF_QUICK_RUN: Final = 100
ROUNDS_OF_SHORT_LISTS: Final = 9
ROUNDS_OF_WHOLE_LISTS: Final = 3
"""How often lists of one page are measured: those that are short, and those that are not."""

_PAGES_COMPARED: Final = 20
"""Of a long list, about so many pages are measured beside the bare query; units, on all."""

_UNITS: Final = 1.5
_CPU: Final = 1.5
_GROWTH: Final = 1.1
_KEYS_READ_AT_ONCE: Final = 100


@dataclass(slots=True)
class Charges:
    """What the engine charges for reads, in its own words."""

    units: float = 0.0


@dataclass(slots=True)
class Listed:
    """What it took to list an account's contacts in pages, or whole."""

    filled: Filled
    groups: int
    is_whole: bool
    contacts: int = 0
    units: float = 0.0
    cpu_for_each: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Which list it is."""
        by_groups = f", by {self.groups} group{'s' * (self.groups > 1)}" if self.groups else ""
        way = "whole" if self.is_whole else "in pages"
        return f"{self.contacts:,} contacts{by_groups}, {way}"

    @property
    def floor(self) -> float:
        """The units of the bytes: contacts alone, or memberships and a unit for each contact."""
        if not self.groups:
            return self.filled.contact_bytes / READ_UNIT_BYTES
        memberships = self.filled.size * 2 * self.groups / len(self.filled.groups)
        return self.contacts + memberships * self.filled.member_bytes / READ_UNIT_BYTES


def measure(quick: bool) -> Subject:  # noqa: FBT001 - as every subject is called
    """List contacts of several accounts, beside a bare client that reads and prints the same."""
    large = large_table(quick=quick)
    page = PAGE_OF_QUICK_RUN if quick else PAGE
    with large.connected:
        listed = [
            _list(large, filled, groups, page=size, quick=quick)
            for filled in large.filled
            for groups in ((0, 1, 5) if filled.groups else (0,))
            for size in ((page, None) if filled.groups else (page,))
        ]
        cut_short = sum(_is_cut_short(filled) for filled in large.filled if not filled.groups)
        peaks = [] if quick else [_peak_of_page(filled) for filled in large.filled]
    rows = [row for each in listed for row in _rows(each)]
    if not quick:
        rows += _growth_rows(listed, peaks, cut_short)
    return Subject(
        name="lists",
        title="Lists of contacts",
        engine=large.engine,
        method=(
            f"Messente's list, in pages of {page:,} or whole, with its JSON. Units are held "
            "against the bytes at 4 KB a unit, by groups one more for each contact. CPU is held "
            "against botocore's client as it comes, which reads the same items, and json.dumps of "
            "the same bytes, page by page in turns. DynamoDB Local charges nothing for a query "
            "that finds nothing, AWS half a unit or one."
        ),
        rows=rows,
        footnotes=[]
        if quick
        else [
            f"{each.name}: {1e6 * median(each.cpu_for_each):.0f} µs of CPU for each contact."
            for each in listed
        ],
    )


def _list(
    large: LargeTable, filled: Filled, groups: int, *, page: int | None, quick: bool
) -> Listed:
    """List once, and again if it is short; whatever is listed must be all, once, in order."""
    listed = Listed(filled, groups, is_whole=page is None)
    client = large.connected.client()
    expected = filled.members_of(groups) if groups else list(range(filled.size))
    pages = ceil(len(expected) / (page or len(expected)))
    every = ceil(pages / _PAGES_COMPARED)
    rounds = ROUNDS_OF_SHORT_LISTS if len(expected) <= PAGE else ROUNDS_OF_WHOLE_LISTS
    rounds = 1 if quick or pages > 1 else rounds
    for round_ in range(rounds):
        cursor, found = None, 0
        with _charged(quick=quick) as charges:
            for number_of_page in count():
                request = _request(filled, groups, page, cursor)
                began = time.process_time()
                response = fetch_contacts(request, caller_of(filled.account))
                cpu = time.process_time() - began
                contacts = json.loads(response.body)["contacts"]
                wanted = expected[found : found + len(contacts)]
                if [each["phoneNumber"] for each in contacts] != [*map(number, wanted)]:
                    raise RuntimeError(f"{listed.name}: not what was asked for")
                listed.cpu_for_each.append(cpu / len(contacts))
                if not quick and number_of_page % every == 0:
                    bare = _Bare(client, large.connected.table, filled, groups)
                    after = number(expected[found - 1]) if found else "+"
                    listed.ratios.append(cpu / bare.cpu_of(after, contacts, page))
                found += len(contacts)
                cursor = _next_cursor(response)
                if cursor is None:
                    break
        if found != len(expected):
            raise RuntimeError(f"{listed.name}: cut short")
        if round_ == 0:
            listed.contacts, listed.units = found, charges()
    return listed


@dataclass(frozen=True, slots=True)
class _Bare:
    """What someone does who needs the contacts as JSON and nothing else."""

    client: Any
    table: str
    filled: Filled
    groups: int

    def cpu_of(self, after: str, contacts: Sequence[Any], page: int | None) -> float:
        """Read the same items and print the same bytes, and return the seconds of CPU."""
        began = time.process_time()
        if not self.groups:
            self._query(keys.contacts(self.filled.account.id), after, page)
        else:
            # Of groups that overlap as much as these, no more than the page needs.
            many = self.filled.groups[: self.groups]
            limit = page if page is None or self.groups == 1 else 2 * page // len(many)
            numbers = sorted(
                {
                    each["SK"]["S"]
                    for group in many
                    for each in self._query(
                        keys.members(self.filled.account.id, group.id), after, limit
                    )
                }
            )
            self._read(numbers)
        json.dumps(contacts)
        return time.process_time() - began

    def _query(self, partition: str, after: str, page: int | None) -> list[Any]:
        items: list[Any] = []
        asked: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "PK = :pk AND SK > :after",
            "ExpressionAttributeValues": {":pk": {"S": partition}, ":after": {"S": after}},
            "ConsistentRead": True,
        }
        if page is not None:
            asked["Limit"] = page
        while True:
            answer = self.client.query(**asked)
            items += answer["Items"]
            if page is not None or "LastEvaluatedKey" not in answer:
                return items
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _read(self, numbers: Sequence[str]) -> None:
        partition = {"S": keys.contacts(self.filled.account.id)}
        for start in range(0, len(numbers), _KEYS_READ_AT_ONCE):
            wanted = [
                {"PK": partition, "SK": {"S": each}}
                for each in numbers[start : start + _KEYS_READ_AT_ONCE]
            ]
            while wanted:
                answer = self.client.batch_get_item(
                    RequestItems={self.table: {"Keys": wanted, "ConsistentRead": True}}
                )
                wanted = answer["UnprocessedKeys"].get(self.table, {}).get("Keys", [])


def _request(filled: Filled, groups: int, page: int | None, cursor: str | None) -> Request:
    query: dict[str, list[str]] = {}
    if groups:
        query["groupIds"] = [uuid_of(group.id) for group in filled.groups[:groups]]
    if page is not None:
        query["limit"] = [str(page)]
    if cursor is not None:
        query["cursor"] = [cursor]
    return Request(
        id="benchmark",
        method="GET",
        route=f"{ROOT}/contacts",
        url=f"http://127.0.0.1{ROOT}/contacts",
        path_parameters={},
        query=query,
        headers={},
        body=b"",
        received_on=NOW,
    )


def _next_cursor(response: Response) -> str | None:
    link = response.headers.get("Link")
    if link is None:
        return None
    url = link.partition(">")[0].removeprefix("<")
    return parse_qs(urlsplit(url).query)["cursor"][0]


@contextmanager
def _charged(*, quick: bool) -> Iterator[Any]:
    """Yield what returns the units so far: the engine's, or, of ministack, worked out."""
    if quick:
        with Meter() as meter:
            yield lambda: meter.reads
        return
    charges = Charges()

    def add(parsed: dict[str, Any], **_: Any) -> None:  # noqa: ANN401 - botocore's
        charged = parsed.get("ConsumedCapacity", [])
        for each in [charged] if isinstance(charged, dict) else charged:
            charges.units += each["CapacityUnits"]

    events = table().connection.client.meta.events
    events.register("after-call.dynamodb", add)
    try:
        yield lambda: charges.units
    finally:
        events.unregister("after-call.dynamodb", add)


def _is_cut_short(filled: Filled) -> bool:
    """Say whether a list that no response can hold is answered all the same."""
    try:
        fetch_contacts(_request(filled, 0, None, None), caller_of(filled.account))
    except RefusedError:
        return False
    return True


def _peak_of_page(filled: Filled) -> float:
    """Return the most memory that is in use at once for a page."""
    tracemalloc.start()
    fetch_contacts(_request(filled, 0, PAGE, None), caller_of(filled.account))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def _rows(listed: Listed) -> Iterator[Row]:
    # A page's last query, the tombstones' and the groups' are units of their own, of which a
    # short list has more for each contact.
    yield Row(
        name=f"{listed.name}: units",
        unit="×",
        measured=listed.units / listed.floor,
        against=f"{listed.floor:,.0f} units of bytes",
        mark=_UNITS,
    )
    if listed.ratios:
        low, ratio, high = spread(listed.ratios)
        yield Row(
            name=f"{listed.name}: CPU",
            unit="×",
            measured=ratio,
            low=low,
            high=high,
            against="bare query and json.dumps",
            mark=_CPU,
        )


def _growth_rows(listed: Sequence[Listed], peaks: list[float], cut_short: int) -> Iterator[Row]:
    in_pages = [each for each in listed if not each.groups and not each.is_whole]
    first, last = in_pages[0], in_pages[-1]
    against = f"{first.contacts:,} contacts"
    yield Row(
        name=f"{last.contacts:,} contacts: units for each",
        unit="×",
        measured=last.units / last.contacts / (first.units / first.contacts),
        against=against,
        mark=_GROWTH,
    )
    yield Row(
        name=f"{last.contacts:,} contacts: CPU for each",
        unit="×",
        measured=median(last.cpu_for_each) / median(first.cpu_for_each),
        against=against,
        mark=_GROWTH,
    )
    yield Row(
        name=f"{last.contacts:,} contacts: memory of a page",
        unit="×",
        measured=peaks[-1] / peaks[0],
        against=against,
        mark=_GROWTH,
    )
    yield Row(
        name=f"{last.contacts:,} contacts, whole: cut short",
        unit="lists",
        measured=cut_short,
        against="refused, with the vendor's error",
        mark=0,
    )
