"""What clients are taken to do, and what it costs: assumptions of ours, not limits of AWS.

The units are those of ``docs/access-patterns.md``; the tests hold them to it.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Units:
    """What a request costs in the table, and in the index; and whether it is counted."""

    reads: float
    table_writes: float = 0
    index_writes: float = 0
    changes_counted: float = 0

    def times(self, factor: float) -> "Units":
        """Return what *factor* of them cost."""
        return Units(
            self.reads * factor,
            self.table_writes * factor,
            self.index_writes * factor,
            self.changes_counted * factor,
        )

    def plus(self, other: "Units") -> "Units":
        """Return what both cost."""
        return Units(
            self.reads + other.reads,
            self.table_writes + other.table_writes,
            self.index_writes + other.index_writes,
            self.changes_counted + other.changes_counted,
        )


CONTACT_BYTES: Final = 500
"""An item of a contact with a name and an e-mail address."""

STORED_BYTES: Final = 1_000
"""A contact with its id and its entry in the index, as `docs/operations.md` has it."""

MARKER_BYTES: Final = 66 + 100
"""The marker of a counted change, and what DynamoDB bills for each item beside it."""

MARKER_SECONDS: Final = 7 * 24 * 3600

JSON_BYTES: Final = 250
"""A contact in the body of a list; most of it are the names of its fields."""

TOMBSTONE_BYTES: Final = 275
"""The tombstone of a deleted group: its keys, those in the index, two dates, and who deleted it."""

MAX_RESPONSE_BYTES: Final = 5_500_000
"""The most that a list answers (`chalicelib/domain/limits.py`)."""

LIST_PAGE: Final = 100
READ_UNIT_BYTES: Final = 4_096


def reads_of_query(items: int, item_bytes: int) -> int:
    """Return the reads of so many items that lie together; one, if there are none."""
    return max(1, -(-items * item_bytes // READ_UNIT_BYTES))


USE_CASES: Final = {
    "retrieve a contact in groups": Units(2),
    "retrieve a contact in no group": Units(1),
    "update a contact in groups": Units(1, 1),
    "create a contact": Units(0, 2, 1, 1),
    "join the first group": Units(1, 4, 1, 1),
}

INDEXED: Final = Units(2, 6)
"""A new contact with a usual number of words, of which the search learns."""

IMPORTED: Final = "import 3 rows into a group, as a part of a file"
ROWS_IMPORTED: Final = 3
OF_ROWS_IMPORTED: Final = Units(2, 18, 0, 6)
"""Three new contacts in a group; a part reads its group once for all its rows."""

PURGE: Final = Units(1, 4, 1, 1)
"""A contact that is purged, on its day."""

LIST: Final = f"list {LIST_PAGE} contacts"
ALL_UNITS: Final = {**USE_CASES, LIST: Units(reads_of_query(LIST_PAGE, CONTACT_BYTES) + 1)}

MIX: Final = {
    "retrieve a contact in groups": 0.71,
    LIST: 0.10,
    "update a contact in groups": 0.10,
    "create a contact": 0.05,
    "join the first group": 0.04,
}
"""The shares of all requests. One contact in five joins no group, and so falls due."""

FALLING_DUE: Final = MIX["create a contact"] - MIX["join the first group"]

COUNTED_ALONE: Final = 4
"""Writes for a change that shares its counter with no other in its batch: marker and counter."""


def units_of_mix() -> Units:
    """Return what a request costs on average, with counting and with what it leaves to purge."""
    total = PURGE.times(FALLING_DUE)
    for name, share in MIX.items():
        total = total.plus(ALL_UNITS[name].times(share))
    return total.plus(Units(0, COUNTED_ALONE * total.changes_counted))
