"""Purging: what a run pays for each contact that is due, and for those that are not."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from benchmarks.contacts import NOW, STAMP, contact_items, id_items
from benchmarks.engines import connected, engine_of_tables
from benchmarks.large import large_table
from benchmarks.report import Row, Subject
from benchmarks.use_cases.meter import Meter
from chalicelib.services import accounts
from chalicelib.services.cleanup import clean_up
from chalicelib.storage import keys
from infra.local.connected import Connected

DUE: Final = (10, 100, 1_000, 10_000)

DUE_OF_QUICK_RUN: Final = (10, 100)

_QUERIES: Final = keys.DUE_SHARDS + 1
"""What a run asks though nothing is due: each shard of the index, and the tombstones."""

_FLAT: Final = 1.02
_GROWTH: Final = 1.1


@dataclass(frozen=True, slots=True)
class Purged:
    """What one run did, and what it was charged."""

    due: int
    purged: int
    units: float
    calls: int
    transactions: int
    cpu: float


def measure(quick: bool) -> Subject:  # noqa: FBT001 - as every subject is called
    """Purge ever more contacts: first of a table that holds nothing else, then of a large one."""
    sizes = DUE_OF_QUICK_RUN if quick else DUE
    engine = engine_of_tables(quick=quick)
    with connected(engine) as there:
        alone = _purge(there, sizes[1])
    large = large_table(quick=quick)
    not_due = large.size
    with large.connected as there:
        nothing = _purge(there, 0)
        purged = [_purge(there, due) for due in sizes]
    rows = [row for each in purged for row in _rows(each)]
    for each in purged[1:]:
        rows += _growth_rows(each, purged[0], nothing, with_times=not quick)
    among_others = purged[1]
    rows += [
        Row(
            name=f"{among_others.due:,} due: further units among {not_due:,} not due",
            unit="units",
            measured=among_others.units - alone.units,
            against="in a table without them",
            mark=0,
        ),
        Row(
            name="nothing due: calls",
            unit="calls",
            measured=nothing.calls,
            against="one for each shard, one for tombstones",
            mark=_QUERIES,
        ),
    ]
    return Subject(
        name="purging",
        title=f"Purging in a table of {not_due:,} contacts that are not due",
        engine=engine,
        method=(
            "The scheduled Lambda's clean-up, by the engine's own charge. Of a deletion that "
            "takes an index entry with it, DynamoDB Local charges 6 units, AWS 5; of a query that "
            "finds nothing, none."
        ),
        rows=rows,
        footnotes=[]
        if quick
        else [
            f"{each.due:,} due: {1e6 * each.cpu / each.due:.0f} µs of CPU each." for each in purged
        ],
    )


def _purge(there: Connected, due: int) -> Purged:
    """Let so many contacts be due, and purge them."""
    account = accounts.open_account("Benchmark", "EE", 30, STAMP)
    there.load(contact_items(account, range(due), due=NOW.date()))
    there.load(id_items(account, range(due)))
    with Meter() as meter:
        began = time.process_time()
        report = clean_up(STAMP, lambda: 3_600.0)
        cpu = time.process_time() - began
    return Purged(
        due,
        report.contacts_purged,
        meter.charged_reads + meter.writes,
        len(meter.calls),
        meter.calls.count("TransactWriteItems"),
        cpu,
    )


def _rows(purged: Purged) -> Iterator[Row]:
    name = f"{purged.due:,} due"
    yield Row(
        name=f"{name}: left",
        unit="contacts",
        measured=purged.due - purged.purged,
        against=f"{purged.due:,} due",
        mark=0,
    )
    yield Row(
        name=f"{name}: transactions for each",
        unit="calls",
        measured=purged.transactions / purged.due,
        against="one",
        mark=1,
    )
    yield Row(
        name=f"{name}: units for each",
        unit="units",
        measured=purged.units / purged.due,
        against="with what a run asks anyway",
    )


def _growth_rows(
    purged: Purged, first: Purged, nothing: Purged, *, with_times: bool
) -> Iterator[Row]:
    name = f"{purged.due:,} due"
    against = f"{first.due} due"
    yield Row(
        name=f"{name}: units for each, beside what a run asks anyway",
        unit="units",
        measured=(purged.units - nothing.units) / purged.due,
        against=against,
        mark=_FLAT * (first.units - nothing.units) / first.due,
    )
    if with_times:
        yield Row(
            name=f"{name}: CPU for each",
            unit="×",
            measured=purged.cpu / purged.due / (first.cpu / first.due),
            against=against,
            mark=_GROWTH,
        )
