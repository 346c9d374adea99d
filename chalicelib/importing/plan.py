"""The plan of an import: its rows in parts, and the outcome of each, in a file of SQLite.

Rows of one number are together and in their order; the numbers are in a random order, since
neighbours in a file are often neighbours in the table, where each would slow the others down
(docs/scaling.md). So an import of any size needs little memory.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, TypeAlias

from chalicelib.domain.errors import ErrorCode, InvalidDataError, PhonebookError
from chalicelib.domain.imports import REJECTED, ImportRow, UnreadableFileError
from chalicelib.domain.ledger import Reason
from chalicelib.domain.limits import MAX_IMPORT_GROUPS, MAX_IMPORT_ROWS
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.rows import Rejected
from chalicelib.importing.files import FileRow
from chalicelib.importing.objects import NamedGroup

PART_ROWS: Final = 500
"""Rows of a part; those of one number are never parted, so it may have a few more."""

MAX_ROWS_OF_A_NUMBER: Final = 1_000
"""More of them are rejected: a part is in memory."""

_WORDS: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.GROUP_NOT_FOUND: "a group that it names is gone",
    ErrorCode.ITEM_TOO_LARGE: "the contact would be too large",
    ErrorCode.TOO_MANY_GROUPS: "the contact would join too many groups at once",
    ErrorCode.BUG: "it could not be written: what is stored of this number is damaged",
}

_ROWS_AT_ONCE: Final = 1_000
_Stored: TypeAlias = tuple[int, str, str]
"""A row as it is kept: its line, its number, and what it says as JSON."""

_TABLES: Final = """
    CREATE TABLE rows (place INTEGER, line INTEGER, number TEXT, said TEXT);
    CREATE TABLE outcomes (line INTEGER PRIMARY KEY, outcome TEXT, about TEXT, repeats INTEGER,
                           reason TEXT);
"""


class PlannedRow(NamedTuple):
    """A row of a part, with its line in the file."""

    line: int
    row: ImportRow


class RowOutcome(NamedTuple):
    """What became of the row of a line.

    ``about`` is the contact's id, or the number of one that only was to be stopped. ``repeats`` is
    the line of the row that a duplicate repeats. A rejected row has a ``reason`` and nothing else.
    """

    line: int
    outcome: str
    about: str | None = None
    repeats: int | None = None
    reason: str | None = None

    @classmethod
    def rejected(cls, line: int, error: PhonebookError) -> "RowOutcome":
        """Return the outcome of a row that is rejected for an error."""
        reason = (
            "; ".join(map(str, error.problems))
            if isinstance(error, InvalidDataError)
            else _WORDS.get(error.code, "it could not be written")
        )
        return cls(line, REJECTED, reason=reason)


class Plan:
    """The rows of an import and their outcomes. It is used in one ``with`` block."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        # Nobody reads it after a crash.
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.executescript(_TABLES)
        # Without a name, the file is gone when the process ends, however it ends.
        path.unlink()
        self._rows: list[tuple[int, int, str, str]] = []
        self._names: dict[str, None] = {}
        self.size = 0

    def __enter__(self) -> Self:
        """Return the plan."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close its file."""
        self._database.close()

    def take(self, rows: Iterable[FileRow]) -> None:
        """Add all rows of a file.

        Raises:
            UnreadableFileError: There are too many, or the rest of the file cannot be read.

        """
        for line, said in rows:
            if isinstance(said, NamedGroup):
                self.add_group(said.name)
            elif isinstance(said, Rejected):
                self.add_rejected(line, said.reason)
            else:
                self.add(line, said)

    def add(self, line: int, row: ImportRow) -> None:
        """Add the row of a line.

        Raises:
            UnreadableFileError: There are too many, or they name too many groups.

        """
        self._count()
        number = row.phone_number.e164
        self._rows.append((_place_of(number), line, number, _text_of(row)))
        for name in row.groups:
            self.add_group(name)
        if len(self._rows) >= _ROWS_AT_ONCE:
            self._write()

    def add_rejected(self, line: int, error: PhonebookError) -> None:
        """Add the row of a line that cannot be read.

        Raises:
            UnreadableFileError: There are too many.

        """
        self._count()
        self.record([RowOutcome.rejected(line, error)])

    def add_group(self, name: str) -> None:
        """Add the name of a group that there has to be.

        Raises:
            UnreadableFileError: There are too many.

        """
        self._names[name] = None
        if len(self._names) > MAX_IMPORT_GROUPS:
            raise UnreadableFileError(
                f"The file names more than {MAX_IMPORT_GROUPS:,} groups: is it another column?"
            )

    def groups(self) -> list[str]:
        """Return the names of all groups that the rows name, in the order of the file."""
        return list(self._names)

    def parts(self) -> Iterator[list[PlannedRow]]:
        """Yield the rows in parts, each of which can be written by itself."""
        return map(_rows_of, self._parts())

    def texts_of_parts(self) -> Iterator[str]:
        """Yield the same parts, each as text, which :func:`part_in` reads."""
        return map(json.dumps, self._parts())

    def _parts(self) -> Iterator[list[_Stored]]:
        self._write()
        part: list[_Stored] = []
        number, repeated = "", 0
        found = self._database.execute(
            "SELECT line, number, said FROM rows ORDER BY place, number, line"
        )
        for line, next_number, said in found:
            repeated = repeated + 1 if next_number == number else 0
            if repeated == 0 and len(part) >= PART_ROWS:
                yield part
                part = []
            number = next_number
            if repeated < MAX_ROWS_OF_A_NUMBER:
                part.append((line, number, said))
            else:
                reason = f"more than {MAX_ROWS_OF_A_NUMBER:,} rows are about {number}"
                self.record([RowOutcome(line, REJECTED, reason=reason)])
        if part:
            yield part

    def record(self, outcomes: Iterable[RowOutcome]) -> None:
        """Keep what became of some rows; if one was kept before, that stays."""
        self._database.executemany(
            "INSERT OR IGNORE INTO outcomes VALUES (?, ?, ?, ?, ?)", outcomes
        )

    def counts(self) -> Mapping[str, int]:
        """Return how many rows have each outcome."""
        return dict(
            self._database.execute("SELECT outcome, COUNT(*) FROM outcomes GROUP BY outcome")
        )

    def outcomes(self) -> Iterator[RowOutcome]:
        """Yield the outcomes that are kept, in the order of their lines."""
        for each in self._database.execute("SELECT * FROM outcomes ORDER BY line"):
            yield RowOutcome(*each)

    def why_rejected(self, line: int) -> str | None:
        """Return why the row of a line is rejected, or None if it is not."""
        found: Sequence[str] | None = self._database.execute(
            "SELECT reason FROM outcomes WHERE line = ? AND outcome = ?", (line, REJECTED)
        ).fetchone()
        return found[0] if found else None

    def rejections(self, most: int) -> list[RowOutcome]:
        """Return the first rejected rows, in the order of their lines."""
        found = self._database.execute(
            "SELECT * FROM outcomes WHERE outcome = ? ORDER BY line LIMIT ?", (REJECTED, most)
        )
        return [RowOutcome(*each) for each in found]

    def _count(self) -> None:
        self.size += 1
        if self.size > MAX_IMPORT_ROWS:
            raise UnreadableFileError(f"The file has more than {MAX_IMPORT_ROWS:,} rows.")

    def _write(self) -> None:
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", self._rows)
        self._database.execute("COMMIT")
        self._rows.clear()


def part_in(text: str | bytes) -> list[PlannedRow]:
    """Return the part in a text that :meth:`Plan.texts_of_parts` made."""
    return _rows_of(json.loads(text))


def _rows_of(part: Iterable[_Stored]) -> list[PlannedRow]:
    return [PlannedRow(line, _row_of(number, said)) for line, number, said in part]


def _place_of(number: str) -> int:
    """Return where a number is in the random order that all imports share."""
    digest = hashlib.blake2b(number.encode(), digest_size=7).digest()
    return int.from_bytes(digest)


def _text_of(row: ImportRow) -> str:
    said: dict[str, Any] = {}
    if row.details:
        said["details"] = row.details
    if row.attributes:
        said["attributes"] = row.attributes
    if row.groups:
        said["groups"] = row.groups
    if row.stop:
        said["stop"] = row.stop.value
    if row.note is not None:
        said["note"] = row.note
    if not row.is_contact:
        said["isContact"] = False
    return json.dumps(said)


def _row_of(number: str, text: str) -> ImportRow:
    said = json.loads(text)
    return ImportRow(
        phone_number=PhoneNumber(number),
        details=said.get("details", {}),
        attributes=said.get("attributes", {}),
        groups=tuple(said.get("groups", ())),
        stop=Reason(said["stop"]) if "stop" in said else None,
        note=said.get("note"),
        is_contact=said.get("isContact", True),
    )
