"""What was measured, as text, Markdown, JSON and plots."""

import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from statistics import median, quantiles
from typing import Any, Final

from infra.documents import as_table

_COLUMNS: Final = ("", "measured", "against", "to reach", "reached")
_ENOUGH_FOR_QUARTILES: Final = 5
_THOUSAND: Final = 1_000
_HUNDRED: Final = 100

_BAR_HEIGHT: Final = 18
_LABEL_WIDTH: Final = 380
_BARS_WIDTH: Final = 400
_FIGURE_WIDTH: Final = 140
_LARGEST_SHOWN: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure, what it is measured against, and the mark to reach.

    ``low`` and ``high`` are its quartiles where it was measured often. The mark is reached
    at it or below it; ``below`` asks for below. Without a mark, the figure is for orientation.
    """

    name: str
    unit: str
    measured: float
    low: float | None = None
    high: float | None = None
    against: str
    mark: float | None = None
    below: bool = False

    @property
    def reached(self) -> bool | None:
        """Whether the mark is reached, or None if there is none."""
        if self.mark is None:
            return None
        return self.measured < self.mark if self.below else self.measured <= self.mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The figures of one subject, the engine that served it, and how they were measured.

    ``footnotes`` hold what is true of this machine only, such as absolute times.
    """

    name: str
    title: str
    engine: str
    method: str
    rows: Sequence[Row]
    footnotes: Sequence[str] = ()

    @property
    def missed(self) -> list[Row]:
        """The rows whose mark is not reached."""
        return [row for row in self.rows if row.reached is False]


def as_text(subject: Subject) -> str:
    """Return a subject as a table for a terminal."""
    cells = [_COLUMNS, *map(_cells, subject.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    head = [subject.title, f"Engine: {subject.engine}. {subject.method}", ""]
    return "\n".join([*head, *lines, *subject.footnotes])


def as_line(subject: Subject) -> str:
    """Return a line that says how many marks a subject reaches, of how many."""
    marks = [row for row in subject.rows if row.reached is not None]
    return f"{subject.title}: {len(marks) - len(subject.missed)} of {len(marks)} marks reached"


def as_markdown(subject: Subject) -> str:
    """Return a subject's table with its engine and its footnotes."""
    table = as_table(_COLUMNS, map(_cells, subject.rows))
    notes = "\n\n".join([f"Engine: {subject.engine}. {subject.method}", *subject.footnotes])
    return f"{table}\n\n{notes}"


def as_findings(subjects: Iterable[Subject], figures: Mapping[str, Sequence[str]]) -> str:
    """Return a table of the *figures* that say most, the names of rows for each subject.

    Raises:
        KeyError: A figure was not measured.

    """
    by_name = {subject.name: subject for subject in subjects}
    columns = ("subject", "marks reached", *_COLUMNS[:-1])
    rows = []
    for name, chosen in figures.items():
        subject = by_name[name]
        measured = {row.name: row for row in subject.rows}
        marked = [row for row in subject.rows if row.reached is not None]
        head = (subject.title, f"{len(marked) - len(subject.missed)} of {len(marked)}")
        for figure in chosen:
            rows.append((*head, *_cells(measured[figure])[:-1]))
            head = ("", "")
    return as_table(columns, rows)


def as_page(subjects: Iterable[Subject], date: str) -> str:
    """Return the Markdown page of a run, which shows the plots that lie beside it."""
    parts = [
        f"## {subject.title}\n\n{as_markdown(subject)}\n\n"
        f"![{subject.title}]({plot_name(date, subject)})\n"
        for subject in subjects
    ]
    return "\n".join([f"# Measured on {date}, by {python_version()}\n", *parts])


def as_json(subjects: Iterable[Subject]) -> str:
    """Return a run as JSON, which :func:`from_json` reads."""
    run = {"python": python_version(), "subjects": [asdict(subject) for subject in subjects]}
    return json.dumps(run, indent=2) + "\n"


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the median between the quartiles, or between the extremes of a few values."""
    if len(values) < _ENOUGH_FOR_QUARTILES:
        return min(values), median(values), max(values)
    low, middle, high = quantiles(values)
    return low, middle, high


def python_version() -> str:
    """Return the Python that measures, and runs what is measured."""
    return f"{platform.python_implementation()} {platform.python_version()}"


def from_json(text: str) -> list[Subject]:
    """Return the subjects that :func:`as_json` wrote."""
    return [_subject(each) for each in json.loads(text)["subjects"]]


def plot_name(date: str, subject: Subject) -> str:
    """Return the file name of a subject's plot."""
    return f"{date}-{subject.name}.svg"


def as_plot(subject: Subject) -> str:
    """Return a bar for each row whose mark is not zero: the figure as a part of the mark."""
    rows = [row for row in subject.rows if row.mark]
    width = _LABEL_WIDTH + _BARS_WIDTH + _FIGURE_WIDTH
    height = (len(rows) + 1) * _BAR_HEIGHT + _BAR_HEIGHT // 2
    at_mark = _LABEL_WIDTH + _BARS_WIDTH / _LARGEST_SHOWN
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            'font-family="sans-serif" font-size="11">'
        ),
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{at_mark}" y="{_BAR_HEIGHT - 5}" text-anchor="middle">mark</text>',
        *(part for place, row in enumerate(rows, start=1) for part in _bar(row, place)),
        f'<line x1="{at_mark}" y1="{_BAR_HEIGHT}" x2="{at_mark}" y2="{height}" stroke="black"/>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _bar(row: Row, place: int) -> list[str]:
    top = place * _BAR_HEIGHT
    part = min(row.measured / (row.mark or 1), _LARGEST_SHOWN)
    length = part * _BARS_WIDTH / _LARGEST_SHOWN
    colour = "#3a7d44" if row.reached else "#c0392b"
    baseline = top + _BAR_HEIGHT - 5
    at_figure = _LABEL_WIDTH + _BARS_WIDTH + 6
    return [
        f'<text x="{_LABEL_WIDTH - 6}" y="{baseline}" text-anchor="end">{escape(row.name)}</text>',
        (
            f'<rect x="{_LABEL_WIDTH}" y="{top + 2}" width="{length:.1f}"'
            f' height="{_BAR_HEIGHT - 4}" fill="{colour}"/>'
        ),
        f'<text x="{at_figure}" y="{baseline}">{escape(_measured(row))}</text>',
    ]


def _cells(row: Row) -> tuple[str, ...]:
    reached = {True: "yes", False: "**no**", None: ""}[row.reached]
    return (row.name, _measured(row), row.against, _mark(row), reached)


def _measured(row: Row) -> str:
    spread = ""
    if row.low is not None and row.high is not None:
        spread = f" ({_number(row.low)} to {_number(row.high)})"
    return f"{_number(row.measured)} {row.unit}{spread}"


def _mark(row: Row) -> str:
    if row.mark is None:
        return ""
    return f"{'<' if row.below else '≤'} {_number(row.mark)} {row.unit}"


def _number(value: float) -> str:
    if value == int(value) or abs(value) >= _THOUSAND:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= _HUNDRED else f"{value:.2f}"


def _subject(read: Mapping[str, Any]) -> Subject:
    rows = [Row(**row) for row in read["rows"]]
    return Subject(**{**read, "rows": rows, "footnotes": tuple(read["footnotes"])})
