"""Tables as text: cells between commas, semicolons, tabs or bars (CSV, RFC 4180)."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO, Final

from chalicelib.domain.imports import UnreadableFileError
from chalicelib.domain.limits import MAX_CELL_CHARACTERS, MAX_COLUMNS, MAX_ROW_CHARACTERS
from chalicelib.importing.encodings import Line, encoding_of, lines_of
from chalicelib.importing.records import Record

DELIMITERS: Final = (",", ";", "\t", "|")

_ROWS_LOOKED_AT: Final = 20

_SEPARATOR_LINE: Final = "sep="
"""Excel's own first line, which names the delimiter."""

_QUOTE: Final = '"'
_BADLY_QUOTED: Final = "has a quotation mark that is not closed, or not doubled within quotes"


@dataclass(frozen=True)
class DelimitedTable:
    """A table of cells between delimiters."""

    file: BinaryIO
    encoding: str
    delimiter: str
    header: Sequence[str] = field(default=())

    def records(self) -> Iterator[Record]:
        """Yield the rows below the header, as :class:`.records.Table` says."""
        rows = _rows_of(self.file, self.encoding, self.delimiter)
        next(rows, None)
        return rows


def open_delimited(
    file: BinaryIO, *, encoding: str | None = None, delimiter: str | None = None
) -> DelimitedTable:
    """Return the table in a file. Without a *delimiter*, the first rows tell it.

    Raises:
        UnreadableFileError: There is no row, or the encoding or the first row cannot be read.

    """
    if delimiter is not None and delimiter not in DELIMITERS:
        raise UnreadableFileError("The delimiter is a comma, a semicolon, a tab or a bar.")
    codec = encoding_of(file, encoding)
    delimiter = delimiter or _delimiter_of(file, codec)
    first = next(_rows_of(file, codec, delimiter), None)
    if first is None:
        raise UnreadableFileError("The file is empty.")
    if first.problem:
        raise UnreadableFileError(f"Line {first.line}, which names the columns, {first.problem}.")
    return DelimitedTable(file, codec, delimiter, first.cells)


def _delimiter_of(file: BinaryIO, codec: str) -> str:
    """Return the delimiter by which most of the first rows have as many cells as the header.

    Of several, it is the one with the most cells.
    """
    first = next(lines_of(file, codec), None)
    named = _named_delimiter(first) if first else None
    if named:
        return named

    def fitness(delimiter: str) -> tuple[float, int]:
        try:
            first_rows = list(islice(_rows_of(file, codec, delimiter), _ROWS_LOOKED_AT))
        except UnreadableFileError:
            return 0.0, 0
        rows = [len(record.cells) for record in first_rows]
        if not rows or rows[0] < 2:  # noqa: PLR2004 - one cell needs no delimiter
            return 0.0, 0
        return Counter(rows)[rows[0]] / len(rows), rows[0]

    return max(DELIMITERS, key=fitness)


def _named_delimiter(first: Line) -> str | None:
    text = first.text.strip()
    is_named = text.lower().startswith(_SEPARATOR_LINE) and len(text) == len(_SEPARATOR_LINE) + 1
    return text[-1] if is_named and text[-1] in DELIMITERS else None


class _CountedLines:
    """The texts of lines for the reader of rows, which takes as many as a row has."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._taken = 0
        self._quotes = 0
        self.first: int | None = None

    @property
    def is_balanced(self) -> bool:
        """Whether the row ends where its last line does, as far as its quotation marks say."""
        return self._quotes % 2 == 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        number, text = next(self._lines)
        if self.first is None:
            self.first = number
        self._taken += len(text)
        self._quotes += text.count(_QUOTE)
        if self._taken > MAX_ROW_CHARACTERS:
            raise UnreadableFileError(
                f"The row that begins at line {self.first} has more than {MAX_ROW_CHARACTERS:,} "
                "characters: is a quotation mark not closed?"
            )
        return text

    def begin_row(self) -> None:
        self.first = None
        self._taken = 0
        self._quotes = 0


def _rows_of(file: BinaryIO, codec: str, delimiter: str) -> Iterator[Record]:
    """Yield all rows that are not empty, the header first.

    If a row has a quotation mark too few or too many, nobody knows where the next row begins: a
    line of its text could be taken for a contact. So the file is refused.
    """
    every = lines_of(file, codec)
    first = next(every, None)
    if first is None:
        return
    lines = _CountedLines(every if _named_delimiter(first) else _after(first, every))
    # The limit is the process's. Ours is below it, so a row is read to its end.
    csv.field_size_limit(2 * MAX_ROW_CHARACTERS)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin_row()
        problem = None
        cells: list[str] = []
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = _BADLY_QUOTED
            if not lines.is_balanced:
                raise UnreadableFileError(
                    f"The row that begins at line {lines.first} {problem}."
                ) from error
        problem = problem or _problem_of(cells)
        if problem or any(cells):
            yield Record(lines.first or 0, () if problem else cells, problem)


def _problem_of(cells: Sequence[str]) -> str | None:
    if len(cells) > MAX_COLUMNS:
        return f"has more than {MAX_COLUMNS:,} cells"
    if any(len(cell) > MAX_CELL_CHARACTERS for cell in cells):
        return f"has a cell with more than {MAX_CELL_CHARACTERS:,} characters"
    return None


def _after(first: Line, lines: Iterator[Line]) -> Iterator[Line]:
    yield first
    yield from lines
