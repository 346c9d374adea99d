"""What ``docs/access-patterns.md`` says of each use case."""

from dataclasses import dataclass

from infra.documents import table


@dataclass(frozen=True, slots=True)
class Documented:
    """A use case: its function, its calls to DynamoDB, and the units that it reads and writes."""

    name: str
    function: str
    calls: list[str]
    reads: int
    writes: int


def documented() -> dict[str, Documented]:
    """Return each use case of the document, by its name."""
    return {
        name: Documented(
            name, function, calls.split(", ") if calls else [], int(reads), int(writes)
        )
        for name, _, function, calls, reads, writes in table("docs/access-patterns.md", "use case")
    }
