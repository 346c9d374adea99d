"""Moving in and out: what a row of an import and of an export costs, beside bare calls."""

import csv
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.contacts import (
    NOW,
    STAMP,
    caller_of,
    contact_items,
    id_items,
    membership_item,
    number,
)
from benchmarks.engines import Item, connected, engine_of_tables
from benchmarks.report import Row, Subject, spread
from benchmarks.use_cases.meter import Meter
from chalicelib.domain.account import Account
from chalicelib.domain.exports import Selected
from chalicelib.domain.group import Group
from chalicelib.domain.imports import ImportMode, ReadingOptions
from chalicelib.exporting.selected import lines_of
from chalicelib.importing.files import open_source
from chalicelib.importing.plan import PART_ROWS, Plan, PlannedRow, part_in
from chalicelib.services import accounts, groups
from chalicelib.services.importing import Import
from chalicelib.storage import keys
from infra.local.connected import Connected

ROWS: Final = 2_500
ROWS_OF_QUICK_RUN: Final = 500
ROUNDS: Final = 5
"""An import and its floor, in turns; the same for an export."""

PLANNED: Final = (10_000, 1_000_000)
"""Rows of the files whose planning is compared: memory, and time for each."""

EXPORTED: Final = (1_000, 20_000)

_THREADS: Final = 8
_ITEMS_OF_A_ROW: Final = 3
_ITEMS_AT_ONCE: Final = 99
"""Whole rows that fit into a transaction."""

_HEADERS: Final = (
    "Phone", "First name", "Last name", "Email", "Company", "Title", "Custom 1", "Custom 2",
)  # fmt: skip

_WRITES: Final = 6.0
"""Of a new contact in a group: three items, twice each for a transaction."""

_OF_THE_FLOOR: Final = 1 / 0.7
_OF_THE_QUERY: Final = 1 / 0.8
_PLANNED_A_SECOND: Final = 20_000
_GROWTH: Final = 1.1


def measure(quick: bool) -> Subject:  # noqa: FBT001 - as every subject is called
    """Import and export a table of contacts, and plan small and large files."""
    size = ROWS_OF_QUICK_RUN if quick else ROWS
    engine = engine_of_tables(quick=quick)
    with connected(engine) as there:
        rows = list(_rows_of_import(there, size, quick=quick))
        if not quick:
            rows += _rows_of_export(there)
    if not quick:
        rows += _rows_of_planning()
    return Subject(
        name="moving",
        title="Moving in and out",
        engine=engine,
        method=(
            f"Imports of {size:,} new contacts into a group, in parts of {PART_ROWS}, as a job's "
            f"Lambda writes them, beside bare TransactWriteItems of the same items by {_THREADS} "
            "threads; exports as CSV, beside a bare paged query with csv.writer. Both in turns, by "
            "the clock. A file that is planned has 8 columns, and its memory is all that its "
            "process ever held. S3 and SQS are left out."
        ),
        rows=rows,
    )


def _rows_of_import(there: Connected, size: int, *, quick: bool) -> Iterator[Row]:
    parts = list(_parts_of(range(size)))
    # The meter hears one thread, and so many rows have one.
    some = [row for part in parts for row in part][: _ITEMS_AT_ONCE // _ITEMS_OF_A_ROW]
    account, group = _account_with_group()
    with Meter() as meter:
        _write(account, group, [some])
    yield Row(
        name="import: writes for each new contact in a group",
        unit="units",
        measured=meter.writes / len(some),
        against="docs/access-patterns.md",
        mark=_WRITES,
    )
    ratios = []
    for _ in range(0 if quick else ROUNDS):
        account, group = _account_with_group()
        floor = _bare_writes(there, *_account_with_group(), size)
        began = time.perf_counter()
        _write(account, group, parts)
        ratios.append((time.perf_counter() - began) / floor)
    if ratios:
        low, ratio, high = spread(ratios)
        yield Row(
            name="import: time for each row",
            unit="×",
            measured=ratio,
            low=low,
            high=high,
            against=f"bare transactions by {_THREADS} threads",
            mark=_OF_THE_FLOOR,
        )


def _account_with_group() -> tuple[Account, Group]:
    account = accounts.open_account("Benchmark", "EE", 30, STAMP)
    return account, groups.create_group(caller_of(account), "All", NOW)


def _parts_of(indexes: range) -> Iterator[list[PlannedRow]]:
    """Yield the parts of a file, as a job's Lambda reads them."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "file.csv"
        _write_file(file, indexes)
        for part in _planned(file, Path(folder)):
            yield part_in(part)


def _write_file(file: Path, indexes: range) -> None:
    with file.open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(_HEADERS)
        for index in indexes:
            writer.writerow(
                (number(index), "Some", "Body", "some.body@example.com", "Acme", "Sir", "1", "2")
            )


def _planned(file: Path, folder: Path) -> Iterator[str]:
    account = Account(
        id="0123456789abcdef",
        name="Benchmark",
        default_region="EE",
        retention_days=30,
        cursor_key="",
        created_on=NOW,
    )
    with file.open("rb") as opened, Plan(folder / "plan") as plan:
        plan.take(open_source(opened, account, ReadingOptions()).rows())
        yield from plan.texts_of_parts()


def _write(account: Account, group: Group, parts: Iterable[Sequence[PlannedRow]]) -> None:
    importing = Import(caller_of(account), ImportMode.UPSERT, group)
    for part in parts:
        importing.write([row for _, row in part], {}, NOW)


def _bare_writes(there: Connected, account: Account, group: Group, size: int) -> float:
    """Write the items of new contacts in a group, and return how long it took."""
    items: list[Item] = []
    indexes = range(size)
    for index, contact, by_id in zip(
        indexes, contact_items(account, indexes, group_id=group.id), id_items(account, indexes),
        strict=True,
    ):  # fmt: skip
        items += [contact, by_id, membership_item(account, group, index)]
    client = there.client()

    def write(start: int) -> None:
        puts = [
            {"Put": {"TableName": there.table, "Item": item,
                     "ConditionExpression": "attribute_not_exists(PK)"}}
            for item in items[start : start + _ITEMS_AT_ONCE]
        ]  # fmt: skip
        client.transact_write_items(TransactItems=puts)  # type: ignore[arg-type]

    began = time.perf_counter()
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(write, range(0, len(items), _ITEMS_AT_ONCE)))
    return time.perf_counter() - began


def _rows_of_export(there: Connected) -> Iterator[Row]:
    for size in EXPORTED:
        account, group = _account_with_group()
        there.load(contact_items(account, range(size), group_id=group.id))
        ratios = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            bare = _bare_lines(there, account)
            middle = time.perf_counter()
            lines = sum(text.count("\n") for text in lines_of(account, Selected()))
            ratios.append((time.perf_counter() - middle) / (middle - began))
            if not size == bare == lines - 1:
                raise RuntimeError(f"{size} contacts, {bare} read bare, {lines} lines exported")
        low, ratio, high = spread(ratios)
        yield Row(
            name=f"export of {size:,} contacts: time for each",
            unit="×",
            measured=ratio,
            low=low,
            high=high,
            against="bare paged query and csv.writer",
            mark=_OF_THE_QUERY,
        )


def _bare_lines(there: Connected, account: Account) -> int:
    """Read all contacts, write them as CSV, and return how many there were."""
    client, lines, found = there.client(), StringIO(), 0
    writer = csv.writer(lines)
    names = ("SK", "firstName", "lastName", "email", "company", "title")
    asked: dict[str, Any] = {
        "TableName": there.table,
        "KeyConditionExpression": "PK = :pk",
        "ExpressionAttributeValues": {":pk": {"S": keys.contacts(account.id)}},
        "ConsistentRead": True,
    }
    for _ in count():
        answer = client.query(**asked)
        for item in answer["Items"]:
            writer.writerow([item.get(name, {}).get("S", "") for name in names])
            found += 1
        if "LastEvaluatedKey" not in answer:
            break
        asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
    return found


def _rows_of_planning() -> Iterator[Row]:
    with TemporaryDirectory() as folder:
        few, many = (_plan_in_a_process(Path(folder), size) for size in PLANNED)
    yield Row(
        name=f"planning {PLANNED[-1]:,} rows: CPU for each",
        unit="µs",
        measured=1e6 * many[0],
        against=f"{_PLANNED_A_SECOND:,} rows a second",
        mark=1e6 / _PLANNED_A_SECOND,
    )
    yield Row(
        name=f"planning {PLANNED[-1]:,} rows: memory",
        unit="×",
        measured=many[1] / few[1],
        against=f"{PLANNED[0]:,} rows",
        mark=_GROWTH,
    )


def _plan_in_a_process(folder: Path, size: int) -> tuple[float, int]:
    file = folder / f"{size}.csv"
    _write_file(file, range(size))
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_cost_of_planning, (file, folder, size))


def _cost_of_planning(file: Path, folder: Path, size: int) -> tuple[float, int]:
    """Return the CPU for each row, and the most memory that this process has held."""
    began = time.process_time()
    for _ in _planned(file, folder):
        pass
    spent = time.process_time() - began
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (peak,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return spent / size, int(peak.split()[1])
