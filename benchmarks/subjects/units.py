"""Units and calls: what each use case costs, held against the least that it could.

Each use case is carried out on a small contact (:mod:`benchmarks.use_cases`). Units of writes are
what ministack charges, which is what AWS charges; ministack's own figure for reads is a constant,
so reads are worked out from the answers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from benchmarks.contacts import STAMP, caller_of
from benchmarks.engines import MINISTACK, connected
from benchmarks.report import Row, Subject
from benchmarks.use_cases.carried_out import PREPARATIONS
from benchmarks.use_cases.documented import documented
from benchmarks.use_cases.meter import Meter
from chalicelib.services import accounts


@dataclass(frozen=True, slots=True)
class Cost:
    """What a use case costs, or may cost."""

    reads: float
    writes: float
    calls: int


LEAST: Final = {
    "authenticate, cold": Cost(1, 0, 1),
    "authenticate, warm": Cost(0, 0, 0),
    "retrieve a contact in no group": Cost(1, 0, 1),
    "retrieve a contact in groups": Cost(1, 0, 1),
    "check a blacklisted number": Cost(1, 0, 1),
    "retrieve a group": Cost(1, 0, 1),
    "create a contact": Cost(0, 3, 2),
    "update a contact in no group": Cost(0, 1, 1),
    "update a contact in groups": Cost(0, 1, 1),
    "join the first group": Cost(1, 5, 2),
    "join another group": Cost(1, 4, 2),
    "leave one of several groups": Cost(0, 4, 1),
    "leave the last group": Cost(1, 5, 2),
    "list 3 contacts": Cost(1, 0, 1),
    "list 3 contacts of a group": Cost(4, 0, 2),
}
"""The design's units, and the calls that no way of doing it at these units could save.

They are those of a table in which nothing is ever half deleted: what a deleted group leaves
to be swept costs a reader one more read, by decision 0001, and leaving reads first, by 0002.
"""


def measure(quick: bool) -> Subject:  # noqa: FBT001 - as every subject is called
    """Measure every use case; quick runs hold them against the document, not the least."""
    costs = dict(_measured())
    said = {
        name: Cost(use_case.reads, use_case.writes, len(use_case.calls))
        for name, use_case in documented().items()
    }
    marks = said if quick else LEAST
    against = "the document" if quick else "the least"
    rows = [row for name in marks for row in _rows(name, costs[name], marks[name], against)]
    undocumented = sum(costs[name] != said[name] for name in costs)
    rows.append(
        Row(
            name="use cases that cost other than documented",
            unit="use cases",
            measured=undocumented,
            against="docs/access-patterns.md",
            mark=0,
        )
    )
    return Subject(
        name="units",
        title="Units and calls of each use case",
        engine=MINISTACK,
        method="Each use case once, on a small contact, by the engine's charge and the answers.",
        rows=rows,
    )


def _measured() -> Iterator[tuple[str, Cost]]:
    with connected(MINISTACK):
        for name, prepare in PREPARATIONS.items():
            use_case = prepare(caller_of(accounts.open_account("Benchmark", "EE", 30, STAMP)))
            with Meter() as meter:
                use_case()
            yield name, Cost(meter.reads, meter.writes, len(meter.calls))


def _rows(name: str, cost: Cost, mark: Cost, against: str) -> Iterator[Row]:
    for unit, measured, least in (
        ("reads", cost.reads, mark.reads),
        ("writes", cost.writes, mark.writes),
        ("calls", cost.calls, mark.calls),
    ):
        if measured or least:
            yield Row(name=name, unit=unit, measured=measured, against=against, mark=least)
