"""What the documents say in tables and transcripts, for the tests that hold them to it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from tests.paths import PROJECT

_TRANSCRIPT: Final = re.compile(
    r"^```(sh|python)\n((?:(?!```).*\n)*)```\n\n```console\n((?:(?!```).*\n)*)```$", re.MULTILINE
)


class Transcript(NamedTuple):
    """What a document prints to be run, in ``sh`` or ``python``, and what that prints."""

    language: str
    script: str
    printed: str


def transcripts(document: Path) -> list[Transcript]:
    """Return the transcripts of a document, in the order in which they stand."""
    return [Transcript(*found) for found in _TRANSCRIPT.findall(document.read_text())]


def table(document: str, first_heading: str) -> list[list[str]]:
    """Return the rows of the table in *document* whose first heading is this."""
    lines = (PROJECT / document).read_text().splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {first_heading} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().strip("`") for cell in line.strip("|").split("|")])
    return rows


@dataclass(frozen=True)
class UseCase:
    """A row of what each use case costs."""

    name: str
    function: str
    calls: list[str]
    reads: int
    writes: int


USE_CASES: Final = {
    name: UseCase(name, function, calls.split(", ") if calls else [], int(reads), int(writes))
    for name, _, function, calls, reads, writes in table("docs/access-patterns.md", "use case")
}
