"""What a command prints: tables and lines for people, JSON for scripts.

All text for people passes :func:`_shown`: a name may hold characters that control a terminal.
"""

import json
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from typing import Annotated, Final, TextIO, TypeAlias

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]

Value: TypeAlias = str | int | bool | Sequence[str] | Mapping[str, object] | None
Row: TypeAlias = Mapping[str, Value]

_NEVER_SHOWN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Control, format and bidirectional characters, line ends, and characters without a glyph."""

_JOINERS: Final = "\u200c\u200d"
"""Format characters that are shown nevertheless: some scripts need them inside words."""

_FREE_TEXT: Final = frozenset({"label", "name", "note"})
"""Columns in which a long word may be broken; ids and times are never broken."""

_LEAST_OF_FREE_TEXT: Final = 12

_BETWEEN_COLUMNS: Final = 2


def take_any_terminal() -> None:
    """Print a character that the terminal's encoding lacks as an escape, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(sentence: str) -> None:
    """Print a line for people."""
    _write(sys.stdout, _shown(sentence))


def warn(sentence: str) -> None:
    """Print a line for people to standard error."""
    _write(sys.stderr, _shown(sentence))


def print_json(value: object) -> None:
    """Print a value for scripts, in ASCII, which every terminal accepts."""
    _write(sys.stdout, json.dumps(value, indent=2))


def print_rows(columns: Sequence[str], rows: Sequence[Row], *, none: str, as_json: bool) -> None:
    """Print *rows*, which have a value for each of *columns*; without rows, people read *none*."""
    if as_json:
        print_json(rows)
    elif rows:
        _print_table(columns, [[_in_words(row[column]) for column in columns] for row in rows])
    else:
        say(none)


def print_row(row: Row, *, as_json: bool) -> None:
    """Print one row, with a line for each of its values."""
    if as_json:
        print_json(row)
        return
    width = max(map(len, row))
    for name, value in row.items():
        say(f"{name:{width}}  {_in_words(value)}")


def print_done(sentence: str, row: Row, *, as_json: bool) -> None:
    """Say what was done, or print it as *row*."""
    if as_json:
        print_json(row)
    else:
        say(sentence)


def numbered(count: int, word: str) -> str:
    """Return a number of things in words."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table as wide as the terminal, or wider if a word does not fit."""
    table = Table(box=None, pad_edge=False, padding=(0, _BETWEEN_COLUMNS, 0, 0))
    needed = 0
    for name, cells in zip(columns, zip(*rows, strict=True), strict=True):
        least = max(cell_len(word) for cell in (name, *cells) for word in (cell.split() or [""]))
        if name in _FREE_TEXT:
            least = min(least, _LEAST_OF_FREE_TEXT)
        is_one_word = name not in _FREE_TEXT and not any(" " in cell for cell in cells)
        needed += least + _BETWEEN_COLUMNS
        table.columns.append(
            Column(name, overflow="fold", min_width=least, no_wrap=is_one_word,
                   _index=len(table.columns))
        )  # fmt: skip
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console()
    console.width = max(console.width, needed)
    console.print(table, crop=False)


def _write(stream: TextIO, text: str) -> None:
    """Write a line and flush; Typer's own ``echo`` would write UTF-8 to an ASCII terminal."""
    stream.write(f"{text}\n")
    stream.flush()


def _in_words(value: Value) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int):
        return _shown(str(value))
    if not value:
        return "none"
    if isinstance(value, Mapping):
        return _shown(json.dumps(value, ensure_ascii=False))
    return _shown(", ".join(value))


def _shown(text: str) -> str:
    """Return a text with escapes for all characters that are invisible or move other text."""
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in _NEVER_SHOWN and character not in _JOINERS
        else character
        for character in text
    )
