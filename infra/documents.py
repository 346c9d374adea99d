"""Reading, writing and placing the tables of the documents."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

from infra import PROJECT


def table(document: str, first_heading: str) -> list[list[str]]:
    """Return the rows of the table in *document* that begins with *first_heading*.

    *document* is a path in the project; cells come without the backticks of code.

    Raises:
        ValueError: There is no such table.

    """
    _, heading, rest = (PROJECT / document).read_text().partition(f"\n| {first_heading} |")
    if not heading:
        raise ValueError(f"{document} has no table that begins with {first_heading}")
    _, _, *rows = takewhile(lambda line: line.startswith("|"), f"|{rest}".splitlines())
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]


def as_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = (headings, ["---"] * len(headings), *rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def put_into(text: str, tables: Mapping[str, str]) -> str:
    """Return the *text* of a document with each table between its marks.

    Raises:
        ValueError: A table has no marks in the text.

    """
    for name, its_table in tables.items():
        before, begin, rest = text.partition(f"<!-- table: {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        if not end:
            raise ValueError(f"there is no place for the table {name}")
        text = f"{before}{begin}\n{its_table}\n\n{end}{after}"
    return text
