"""The rows of a table, before anything is known about its columns."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol


class Record(NamedTuple):
    """One row: the number of its first line, counted from 1 as an editor does, and its cells.

    If the row cannot be read, ``problem`` says why, and it has no cells.
    """

    line: int
    cells: Sequence[str]
    problem: str | None = None


class Table(Protocol):
    """A table in a file. Its rows can be read again and again."""

    @property
    def header(self) -> Sequence[str]:
        """The names of its columns."""

    def records(self) -> Iterator[Record]:
        """Yield the rows below the header, but the empty ones.

        Raises:
            UnreadableFileError: The rest of the file cannot be read.

        """
