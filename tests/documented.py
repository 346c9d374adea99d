"""What the documents say in tables, for the tests that hold them to it."""

from dataclasses import dataclass
from typing import Final

from tests.paths import PROJECT


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
