"""``phonebook maintenance verify``: check that the whole table is consistent."""

from collections import Counter
from typing import Annotated, Final

import typer

from chalicelib.cli.failures import NOT_MENDED
from chalicelib.cli.output import AsJson, Row, numbered, print_json, print_rows, say
from chalicelib.cli.program import command_line
from chalicelib.cli.table import via_of
from chalicelib.domain.caller import Stamp
from chalicelib.domain.errors import PhonebookError
from chalicelib.observability import masked
from chalicelib.services import recounting, verifying
from chalicelib.services.recounting import Obstacle, StreamStuckError
from chalicelib.services.verifying import Finding
from chalicelib.storage.dynamodb.clock import time_of_table
from chalicelib.storage.invariants import Kind

COLUMNS: Final = ("kind", "key", "mended")

SHOWN_OF_A_KIND: Final = 1_000
"""Further findings of a kind are only counted, so that a common fault does not fill the memory."""


def verify(
    context: typer.Context,
    account: Annotated[str | None, typer.Option(help="Only what belongs to this account.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what is safe to mend.")] = False,
    counts: Annotated[
        bool, typer.Option(help="Compare the counters, too; the Lambda that counts has to run.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Check the rules that the items of the table must keep, and name what breaks one.

    Traffic may continue. Phone numbers are masked, except with --json. Exits with 5 if something
    wrong is left.
    """
    report = _Report()
    try:
        stamp = Stamp.operator(time_of_table(), via=via_of(context))
        for finding in verifying.verify(account, stamp, fix=fix):
            report.add(finding)
        is_stuck = counts and _recount(account, report, fix=fix)
    except PhonebookError:
        # For example, the table failed in the middle: print what was found and mended so far.
        if report.shown:
            report.show(as_json=as_json)
        raise
    report.show(as_json=as_json)
    if is_stuck:
        raise StreamStuckError
    if report.is_something_left:
        raise typer.Exit(NOT_MENDED)


class _Report:
    """The findings: up to a limit of each kind, and the count of all."""

    def __init__(self) -> None:
        self.shown: list[Finding] = []
        self.is_something_left = False
        self.counters_not_told = 0
        self.counts: Counter[Kind] = Counter()
        self._mended: Counter[Kind] = Counter()

    def add(self, finding: Finding) -> None:
        """Add a finding."""
        self.counts[finding.kind] += 1
        self._mended[finding.kind] += finding.is_mended
        self.is_something_left |= finding.is_left
        if self.counts[finding.kind] <= SHOWN_OF_A_KIND:
            self.shown.append(finding)

    def show(self, *, as_json: bool) -> None:
        """Print the report."""
        if as_json:
            told = {
                "findings": [_row(finding) for finding in self.shown],
                "counts": {kind.name: count for kind, count in self.counts.items()},
                "countersNotTold": self.counters_not_told,
            }
            print_json(told)
            return
        rows = [_row(finding) for finding in self.shown]
        print_rows(
            COLUMNS,
            [{**row, "key": masked(str(row["key"]))} for row in rows],
            none="Nothing wrong was found."
            if self.counters_not_told
            else "All is as it should be.",
            as_json=False,
        )
        for kind, count in self.counts.most_common():
            note = ", which may be meant" if kind is Kind.STOPLIST_LIFTED else ""
            say(f"{count} times {kind.value}{note}; {self._mended[kind]} mended.")
        if self.counters_not_told:
            counters = numbered(self.counters_not_told, "counter")
            why = command_line("maintenance", "recount")
            say(f"{counters} could not be told; to see why: {why}")


def _recount(account: str | None, report: _Report, *, fix: bool) -> bool:
    """Add the wrong counters to the report, and say whether the stream stands still."""
    counters = recounting.some_counters([account], []) if account else recounting.all_counters()
    is_stuck = False
    for result in recounting.recount_all(counters, fix=fix):
        is_stuck |= result.obstacle is Obstacle.STUCK
        if result.drift:
            report.add(verifying.finding_of(result))
        elif result.obstacle:
            report.counters_not_told += 1
    return is_stuck


def _row(finding: Finding) -> Row:
    return {
        "kind": finding.kind.value,
        "key": " ".join(finding.key),
        "mended": finding.is_mended,
    }
