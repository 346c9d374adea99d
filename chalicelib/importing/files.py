"""A file that somebody brings, in any format: its rows, and those of them that are rejected."""

import csv
import json
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from typing import BinaryIO, Final, NamedTuple, Protocol, TypeAlias

from chalicelib.domain.account import Account
from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.imports import (
    FileFormat,
    ImportMode,
    ImportRow,
    ReadingOptions,
    UnreadableFileError,
)
from chalicelib.domain.limits import MAX_IMPORT_BYTES
from chalicelib.domain.rows import Rejected
from chalicelib.importing import objects
from chalicelib.importing.columns import REJECTED_BECAUSE, Columns, find_columns
from chalicelib.importing.delimited import open_delimited
from chalicelib.importing.formulas import guarded
from chalicelib.importing.objects import NamedGroup, object_lines, read_object
from chalicelib.importing.people import Person, person_in, read_person
from chalicelib.importing.records import Record, Table
from chalicelib.importing.spreadsheet import open_spreadsheet
from chalicelib.importing.vcard import cards_of, text_of_cards


class FileRow(NamedTuple):
    """What a row of a file says, or why it is rejected; ``line`` is its first, counted from 1."""

    line: int
    said: ImportRow | NamedGroup | Rejected


WhyRejected: TypeAlias = Callable[[int], str | None]
"""Returns why the row of a line is rejected, or None."""


class Source(Protocol):
    """A file, as it is to be read. It is read from its beginning each time."""

    @property
    def format(self) -> FileFormat:
        """Its format."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """The columns that are not imported."""

    def rows(self) -> Iterator[FileRow]:
        """Yield what each row says.

        Raises:
            UnreadableFileError: The rest of the file cannot be read.

        """

    def rejected(self, why: WhyRejected) -> Iterator[str]:
        """Yield the text of a file that has only the rejected rows, and why each is.

        Once they are mended, it can be imported as it is.
        """


def open_source(file: BinaryIO, account: Account, options: ReadingOptions) -> Source:
    """Return a file as it is to be read.

    Raises:
        UnreadableFileError: It is too large, or cannot be read, or its columns are not clear.

    """
    file.seek(0, 2)
    if file.tell() > MAX_IMPORT_BYTES:
        raise UnreadableFileError(f"The file has more than {MAX_IMPORT_BYTES:,} bytes.")
    file.seek(0)
    if options.notation is not None:
        account = replace(account, notation=options.notation)
    kind = options.format or _format_of(file)
    table = open_table(file, options)
    if table is None:
        _refuse_options_of_tables(options)
        kind_of_source = _Objects if kind is FileFormat.NDJSON else _Cards
        return kind_of_source(file, account, options.mode)
    columns = find_columns(
        table.header,
        mode=options.mode,
        mapped=options.mapped,
        keeps_unknown=options.keeps_unknown,
    )
    return _Rows(kind, table, columns, account, options.mode)


def open_table(file: BinaryIO, options: ReadingOptions) -> Table | None:
    """Return the table in a file, or None if it has objects or cards, which name their fields.

    Raises:
        UnreadableFileError: It cannot be read.

    """
    kind = options.format or _format_of(file)
    if kind in {FileFormat.NDJSON, FileFormat.VCARD}:
        return None
    if kind is FileFormat.XLSX:
        if options.encoding or options.delimiter:
            raise UnreadableFileError("A workbook has neither an encoding nor a delimiter.")
        return open_spreadsheet(file, sheet=options.sheet)
    if options.sheet:
        raise UnreadableFileError("Only a workbook has sheets.")
    return open_delimited(file, encoding=options.encoding, delimiter=options.delimiter)


_CARD: Final = b"BEGIN:VCARD"
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"
_ARCHIVE: Final = b"PK\x03\x04"
_BEGINNING_BYTES: Final = 1_024


def _format_of(file: BinaryIO) -> FileFormat:
    beginning = file.read(_BEGINNING_BYTES)
    file.seek(0)
    if beginning.startswith(_ARCHIVE):
        return FileFormat.XLSX
    if beginning.startswith(_OLD_WORKBOOK):
        raise UnreadableFileError("This is an old workbook (.xls): save it as .xlsx or as CSV.")
    if beginning.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        beginning = beginning.decode("utf-16", "replace").encode()
    text = beginning.removeprefix(BOM_UTF8).lstrip()
    if text[: len(_CARD)].upper() == _CARD:
        return FileFormat.VCARD
    if text.startswith(b"{"):
        return FileFormat.NDJSON
    if text.startswith((b"[{", b"[\n")):
        raise UnreadableFileError("This is a JSON array: write one object in each line (NDJSON).")
    return FileFormat.CSV


def _refuse_options_of_tables(options: ReadingOptions) -> None:
    if options.mapped or options.encoding or options.delimiter or options.sheet:
        raise UnreadableFileError(
            "Objects in lines (NDJSON) and cards (vCard) name their fields: nothing can be mapped, "
            "and they have no encoding, delimiter or sheet to name."
        )


@dataclass(frozen=True)
class _Rows:
    """The rows of a table."""

    format: FileFormat
    table: Table
    columns: Columns
    account: Account
    mode: ImportMode

    @property
    def left_out(self) -> tuple[str, ...]:
        """The columns that are not imported."""
        return tuple(self.columns.left_out)

    def rows(self) -> Iterator[FileRow]:
        """Yield what each row says, as :class:`Source` says."""
        for record in self.table.records():
            yield FileRow(record.line, self._read(record))

    def _read(self, record: Record) -> ImportRow | Rejected:
        try:
            if record.problem:
                raise InvalidDataError.of("row", record.problem)
            person = person_in(record.cells, self.columns)
            return read_person(person, self.account, self.mode)
        except InvalidDataError as error:
            return Rejected(error)

    def rejected(self, why: WhyRejected) -> Iterator[str]:
        """Yield the text of a table of the rejected rows, as :class:`Source` says."""
        width = len(self.columns.header)
        reasons_at = next(
            (at for at, name in enumerate(self.columns.header) if name == REJECTED_BECAUSE), None
        )
        yield _csv_line([*_without(self.columns.header, reasons_at), REJECTED_BECAUSE])
        for record in self.table.records():
            reason = why(record.line)
            if reason is not None:
                cells = [*record.cells, *[""] * (width - len(record.cells))]
                yield _csv_line([*_without(cells, reasons_at), guarded(reason)])


@dataclass(frozen=True)
class _Objects:
    """The objects in the lines of a file."""

    file: BinaryIO
    account: Account
    mode: ImportMode
    format: FileFormat = FileFormat.NDJSON
    left_out: tuple[str, ...] = ()

    def rows(self) -> Iterator[FileRow]:
        """Yield what each object says, as :class:`Source` says."""
        for line, text in object_lines(self.file):
            said: ImportRow | NamedGroup | Rejected
            try:
                said = read_object(text, self.account, self.mode)
            except InvalidDataError as error:
                said = Rejected(error)
            yield FileRow(line, said)

    def rejected(self, why: WhyRejected) -> Iterator[str]:
        """Yield the lines of the rejected objects, as :class:`Source` says."""
        for line, text in object_lines(self.file):
            reason = why(line)
            if reason is not None:
                yield f"{_with_reason(text, reason)}\n"


@dataclass(frozen=True)
class _Cards:
    """The cards in a file."""

    file: BinaryIO
    account: Account
    mode: ImportMode
    format: FileFormat = FileFormat.VCARD
    left_out: tuple[str, ...] = ()

    def rows(self) -> Iterator[FileRow]:
        """Yield what each card says, as :class:`Source` says."""
        for line, said in cards_of(self.file):
            yield FileRow(line, self._read(said))

    def _read(self, said: Person | str) -> ImportRow | Rejected:
        try:
            if isinstance(said, str):
                raise InvalidDataError.of("row", said)
            return read_person(said, self.account, self.mode)
        except InvalidDataError as error:
            return Rejected(error)

    def rejected(self, why: WhyRejected) -> Iterator[str]:
        """Yield the lines of the rejected cards, as :class:`Source` says."""
        return text_of_cards(self.file, why)


def _with_reason(text: str, reason: str) -> str:
    """Return an object with a field more; a line that is not an object stays as it is."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(value, dict):
        return text
    return json.dumps({**value, objects.REJECTED_BECAUSE: reason}, ensure_ascii=False)


def _without(cells: Sequence[str], place: int | None) -> list[str]:
    return [cell for at, cell in enumerate(cells) if at != place]


def _csv_line(cells: list[str]) -> str:
    text = StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
