"""The outcomes of an import's rows as files: one of the plan, and one of each part."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from typing import Final

from chalicelib.domain.jobs import ImportJob
from chalicelib.importing.formulas import guarded
from chalicelib.importing.plan import RowOutcome

COLUMNS: Final = ("line", "outcome", "contact", "repeatsLine", "reason")
"""Of the results that a client gets. A number that only was to be stopped is in place of a contact.
"""

PLANNED: Final = 0
"""The place, among those of the parts, of the rows that the plan itself rejects."""


def part_name(job: ImportJob, part: int) -> str:
    """Return the name of the file with the rows of a part."""
    return f"{job.plan}/parts/{part:05d}"


def outcomes_name(job: ImportJob, part: int) -> str:
    """Return the name of the file with the outcomes of a part's rows."""
    return f"{job.plan}/outcomes/{part:05d}"


def source_name(job: ImportJob) -> str:
    """Return the name of the file that is imported, as its plan keeps it."""
    return f"{job.plan}/source"


def groups_name(job: ImportJob) -> str:
    """Return the name of the file with the groups that rows name."""
    return f"{job.plan}/groups"


def as_lines(outcomes: Iterable[RowOutcome]) -> Iterator[str]:
    """Yield a line for each outcome, which :func:`in_lines` reads."""
    for each in outcomes:
        yield f"{json.dumps(each)}\n"


def in_lines(lines: Iterable[bytes]) -> Iterator[RowOutcome]:
    """Yield the outcomes in some lines."""
    for line in lines:
        yield RowOutcome(*json.loads(line))


def counts_of(outcomes: Iterable[RowOutcome]) -> Mapping[str, int]:
    """Return how many rows have each outcome."""
    return Counter(each.outcome for each in outcomes)


def as_csv(outcomes: Iterable[RowOutcome]) -> Iterator[str]:
    """Yield the lines of the results that a client gets."""
    yield ",".join(COLUMNS) + "\r\n"
    for each in outcomes:
        text = StringIO()
        csv.writer(text).writerow([
            each.line,
            each.outcome,
            each.about or "",
            each.repeats or "",
            guarded(each.reason or ""),
        ])  # fmt: skip
        yield text.getvalue()
