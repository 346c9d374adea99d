"""Tables in workbooks (.xlsx), read with openpyxl, which streams the rows of a sheet.

Only the different texts of a workbook are in memory: about three times their part of the file.
"""

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, BinaryIO, Final

from chalicelib.domain.imports import UnreadableFileError
from chalicelib.domain.limits import (
    MAX_COLUMNS,
    MAX_WORKBOOK_BYTES,
    MAX_WORKBOOK_TEXT_BYTES,
)
from chalicelib.importing.records import Record

_TEXTS: Final = "xl/sharedstrings.xml"
_MAX_PARTS: Final = 10_000
"""Files within a workbook: its sheets, their styles and pictures."""

_BEYOND_EXACT_NUMBERS: Final = 10.0**15
"""A spreadsheet keeps 15 digits of a number, as many as a phone number has."""


@dataclass(frozen=True)
class SpreadsheetTable:
    """A table in a sheet of a workbook."""

    file: BinaryIO
    sheet: str
    header: Sequence[str] = field(default=())

    def records(self) -> Iterator[Record]:
        """Yield the rows below the header, as :class:`.records.Table` says."""
        rows = _rows_of(self.file, self.sheet)
        next(rows, None)
        return rows


def open_spreadsheet(file: BinaryIO, *, sheet: str | None = None) -> SpreadsheetTable:
    """Return the table in a sheet: the first one, or the one that is named.

    Raises:
        UnreadableFileError: It is no workbook, or too large; or there is no such sheet, or no row.

    """
    with _workbook(file) as workbook:
        names: list[str] = [each.title for each in workbook.worksheets]
    if not names:
        raise UnreadableFileError("The workbook has no sheet.")
    if sheet is not None and sheet not in names:
        raise UnreadableFileError(f"The workbook has no sheet {sheet}. It has {', '.join(names)}.")
    chosen = sheet or names[0]
    first = next(_rows_of(file, chosen), None)
    if first is None:
        raise UnreadableFileError(f"The sheet {chosen} is empty.")
    return SpreadsheetTable(file, chosen, first.cells)


def _rows_of(file: BinaryIO, sheet: str) -> Iterator[Record]:
    """Yield all rows that are not empty, the header first."""
    with _workbook(file) as workbook:
        rows = workbook[sheet]
        # What a sheet says about its size may be wrong.
        rows.reset_dimensions()
        found = rows.iter_rows(values_only=True, max_col=MAX_COLUMNS)
        for number, values in enumerate(found, 1):
            cells = [_text_of(value) for value in values]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                yield Record(number, cells)


@contextmanager
def _workbook(file: BinaryIO) -> Iterator[Any]:
    """Open a workbook.

    Raises:
        UnreadableFileError: It is no workbook, or too large, or damaged; also in the block.

    """
    from openpyxl import load_workbook  # noqa: PLC0415 - only workbooks need it

    file.seek(0)
    try:
        _refuse_if_too_large(file)
        with warnings.catch_warnings():
            # About styles and extensions, which have no meaning here.
            warnings.simplefilter("ignore")
            workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            yield workbook
    except (UnreadableFileError, GeneratorExit):
        raise
    except Exception as error:  # a damaged workbook makes openpyxl raise nearly anything
        raise UnreadableFileError("This is not a workbook (.xlsx), or it is damaged.") from error


def _refuse_if_too_large(file: BinaryIO) -> None:
    """Refuse a workbook by the sizes that it declares; zipfile reads no more than these."""
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
    texts = sum(part.file_size for part in parts if part.filename.lower() == _TEXTS)
    if (
        len(parts) > _MAX_PARTS
        or sum(part.file_size for part in parts) > MAX_WORKBOOK_BYTES
        or texts > MAX_WORKBOOK_TEXT_BYTES
    ):
        raise UnreadableFileError("The workbook is too large: save it as CSV, or in several files.")
    file.seek(0)


def _text_of(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        is_exact = value.is_integer() and abs(value) < _BEYOND_EXACT_NUMBERS
        return str(int(value)) if is_exact else repr(value)
    if isinstance(value, datetime):
        is_day = value.time() == time()
        return value.date().isoformat() if is_day else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
