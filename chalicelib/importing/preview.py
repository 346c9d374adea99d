"""A look at the beginning of a file: its columns, what was found in each, and its first rows."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import BinaryIO, Final, NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.imports import ReadingOptions, UnreadableFileError
from chalicelib.domain.rows import Rejected
from chalicelib.importing.columns import (
    EMAIL,
    NEVER,
    PHONE_NUMBER,
    Columns,
    find_columns,
    names_of_columns,
)
from chalicelib.importing.files import open_source, open_table
from chalicelib.importing.plan import RowOutcome

KEPT: Final = "kept"
"""A column that is an attribute, by its own name."""

ROWS: Final = 10
"""How many rows are looked at."""


class PreviewedRow(NamedTuple):
    """A row: its line, its cells, and why it is rejected if it is."""

    line: int
    cells: Sequence[str]
    problem: str | None


class Preview(NamedTuple):
    """What was found in a file.

    ``found`` has what each column holds, in the order of ``columns``: a field as a caller names it,
    :data:`KEPT`, or an empty text if it is left out. It is empty if ``problem`` says why the file
    cannot be imported as it is. Without columns, the file names its fields itself.
    """

    columns: Sequence[str]
    found: Sequence[str]
    rows: Sequence[PreviewedRow]
    problem: str | None = None


def preview_of(file: BinaryIO, account: Account, options: ReadingOptions) -> Preview:
    """Look at a file as it would be imported.

    What a person can mend by naming columns is a problem of the preview, and no error.

    Raises:
        UnreadableFileError: The file cannot be read.

    """
    table = open_table(file, options)
    if table is None:
        return Preview((), (), _rows_of_objects(file, account, options))
    names = names_of_columns(table.header)
    records = list(islice(table.records(), ROWS))
    try:
        columns = find_columns(
            table.header,
            mode=options.mode,
            mapped=options.mapped,
            keeps_unknown=options.keeps_unknown,
        )
    except UnreadableFileError as error:
        rows = [PreviewedRow(each.line, each.cells, each.problem) for each in records]
        return Preview(names, (), rows, str(error))
    said = open_source(file, account, options).rows()
    rows = [
        PreviewedRow(each.line, each.cells, _problem_of(row.said))
        for each, row in zip(records, said, strict=False)
    ]
    found = _found_in(columns)
    return Preview(names, [found.get(place, "") for place in range(len(names))], rows)


def _found_in(columns: Columns) -> Mapping[int, str]:
    """Return what each column holds, by its place."""
    return {
        **dict.fromkeys(columns.kept, KEPT),
        **{place: name for name, place in columns.fields.items()},
        **{
            each.place: KEPT if each.rank == NEVER else name
            for name, candidates in ((PHONE_NUMBER, columns.phones), (EMAIL, columns.emails))
            for each in candidates
        },
    }


def _rows_of_objects(
    file: BinaryIO, account: Account, options: ReadingOptions
) -> list[PreviewedRow]:
    rows = islice(open_source(file, account, options).rows(), ROWS)
    return [PreviewedRow(each.line, (), _problem_of(each.said)) for each in rows]


def _problem_of(said: object) -> str | None:
    return RowOutcome.rejected(0, said.reason).reason if isinstance(said, Rejected) else None
