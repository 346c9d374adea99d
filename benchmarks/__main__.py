"""Measure, and print a table for each subject; in quick runs only for those that miss a mark."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Final

from benchmarks import subjects
from benchmarks.report import (
    Subject,
    as_findings,
    as_json,
    as_line,
    as_markdown,
    as_page,
    as_plot,
    as_text,
    from_json,
    plot_name,
)
from infra.aws.package import PackageError
from infra.documents import put_into
from infra.local.engine import EngineError

RESULTS: Final = Path(__file__).parent / "results"
NOTHING_TO_COUNT: Final = {"load"}
"""Subjects that quick runs leave out."""

FINDINGS: Final = Path(__file__).parent.parent / "docs" / "performance.md"
MEASUREMENTS: Final = FINDINGS.with_name("measurements.md")
FIGURES: Final = {
    "warm": (
        "retrieve, phonebook ÷ floor",
        "create, phonebook ÷ floor",
        "update, phonebook ÷ floor",
        "list 100, phonebook ÷ floor",
        "add to a group, phonebook ÷ floor",
        "retrieve, phonebook ÷ Chalice + PynamoDB",
    ),
    "cold": (
        "API, phonebook ÷ floor",
        "API, phonebook ÷ Chalice + PynamoDB",
        "API, phonebook ÷ Powertools + boto3",
        "API, phonebook ÷ FastAPI + Mangum + boto3",
        "API's memory, phonebook ÷ floor",
    ),
    "size": ("phonebook",),
    "units": ("use cases that cost other than documented",),
    "lists": ("100,000 contacts: CPU for each", "100,000 contacts: memory of a page"),
    "counting": (
        "batches of 1: writes for each join",
        "batches of 1,000: writes for each join",
        "batches of 1,000: joins not counted, or counted twice",
    ),
    "recipients": (
        "5 groups: left out, but not blacklisted, or the other way",
        "5 groups: units, measured ÷ formula",
        "5 groups: CPU for each recipient",
    ),
    "purging": ("10,000 due: units for each, beside what a run asks anyway",),
    "load": ("served: errors", "served: acknowledged writes that are lost"),
}
"""What the page of findings shows of each subject."""


def main(arguments: list[str]) -> int:
    """Measure the subjects that are named, or all; in quick runs every mark has to be reached."""
    names = sorted(module.name for module in iter_modules(subjects.__path__))
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="counts only, and no times")
    parser.add_argument("--write", action="store_true", help="keep the results, and document them")
    parser.add_argument("subjects", nargs="*", metavar="subject", help=", ".join(names))
    options = parser.parse_args(arguments)
    if unknown := set(options.subjects) - set(names):
        parser.error(f"there is no subject {', '.join(sorted(unknown))}")
    if options.write and (options.quick or options.subjects):
        parser.error("only a whole run is kept")
    measured: list[Subject] = []
    countable = [name for name in names if not options.quick or name not in NOTHING_TO_COUNT]
    for name in options.subjects or countable:
        measure: Callable[[bool], Subject] = import_module(f"{subjects.__name__}.{name}").measure
        try:
            subject = measure(options.quick)
        except (EngineError, PackageError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        measured.append(subject)
        print(shown(subject, quick=options.quick), flush=True)
    if options.write:
        write(measured)
    return int(options.quick and any(subject.missed for subject in measured))


def shown(subject: Subject, *, quick: bool) -> str:
    """Return the figures of *subject*; of a quick run, which is a test, only if one is wrong."""
    return as_line(subject) if quick and not subject.missed else f"{as_text(subject)}\n"


def write(results: list[Subject]) -> None:
    """Keep the results of a whole run under today's date, and put them into the documents."""
    RESULTS.mkdir(exist_ok=True)
    date = datetime.now(UTC).date().isoformat()
    (RESULTS / f"{date}.json").write_text(as_json(results))
    (RESULTS / f"{date}.md").write_text(as_page(results, date))
    for subject in results:
        (RESULTS / plot_name(date, subject)).write_text(as_plot(subject))
    for document, its_tables in documented(results).items():
        document.write_text(put_into(document.read_text(), its_tables))


def newest_results() -> list[Subject]:
    """Return what the last run measured, or nothing if there was none."""
    files = sorted(RESULTS.glob("*.json"))
    return from_json(files[-1].read_text()) if files else []


def documented(results: Sequence[Subject]) -> dict[Path, dict[str, str]]:
    """Return the tables of each document, by the names of their places in it."""
    return {
        FINDINGS: {"found": as_findings(results, FIGURES)},
        MEASUREMENTS: {subject.name: as_markdown(subject) for subject in results},
    }


if __name__ == "__main__":
    # As Ctrl-C, so that what was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped; nothing was kept."))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("Stopped; nothing was kept.")
