"""Who is in which group, while a vendor's account is read: on the disk, whatever its size."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any, Final

_SCHEMA: Final = """
CREATE TABLE member (contact TEXT, place INTEGER, PRIMARY KEY (contact, place)) WITHOUT ROWID;
CREATE TABLE contact (contact TEXT PRIMARY KEY, said TEXT) WITHOUT ROWID;
"""


class Gathered:
    """Contacts by a key of the vendor, with their groups and with what was said of them.

    SQLite keeps a database without a name in its cache, and beyond that in a file which has no
    name either, so nothing is left of it when we end.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(_SCHEMA)
        self._groups: list[str] = []

    def begin(self, group: str) -> None:
        """Let the memberships that follow be those of a group."""
        self._groups.append(group)

    def add(self, contact: str) -> None:
        """Note that a contact is in the group that was begun last."""
        self._database.execute(
            "INSERT OR IGNORE INTO member VALUES (?, ?)", (contact, len(self._groups) - 1)
        )

    def groups_of(self, contact: str) -> list[str]:
        """Return the groups of a contact, in the order in which they were begun."""
        found = self._database.execute(
            "SELECT place FROM member WHERE contact = ? ORDER BY place", (contact,)
        )
        return [self._groups[place] for (place,) in found]

    def said_of(self, contact: str) -> dict[str, Any]:
        """Return what was said of a contact so far."""
        found = self._database.execute("SELECT said FROM contact WHERE contact = ?", (contact,))
        (text,) = found.fetchone() or ("{}",)
        said: dict[str, Any] = json.loads(text)
        return said

    def say(self, contact: str, said: dict[str, Any]) -> None:
        """Keep what is said of a contact, in place of what was said before."""
        self._database.execute(
            "INSERT OR REPLACE INTO contact VALUES (?, ?)", (contact, json.dumps(said))
        )

    def contacts(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each contact that something was said of, with that."""
        for contact, text in self._database.execute("SELECT contact, said FROM contact"):
            yield contact, json.loads(text)
