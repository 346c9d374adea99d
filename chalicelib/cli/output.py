"""What a command prints: a table for people, JSON for scripts."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, TypeAlias

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]

Row: TypeAlias = Mapping[str, str | int | bool | None]


def print_rows(columns: Sequence[str], rows: Sequence[Row], *, as_json: bool) -> None:
    """Print *rows*, each with a value for every one of *columns*."""
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table(*(Column(column, overflow="fold") for column in columns))
    for row in rows:
        table.add_row(*(Text(str(row[column])) for column in columns))
    Console().print(table)


def print_row(row: Row, *, as_json: bool) -> None:
    """Print one thing that was just made, a line for each of its values."""
    if as_json:
        typer.echo(json.dumps(row, indent=2))
        return
    width = max(map(len, row))
    for name, value in row.items():
        typer.echo(f"{name:{width}}  {value}")
