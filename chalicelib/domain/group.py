"""A group: a label with a name, which any number of contacts carry."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group and its count, which follows its memberships by about a second."""

    id: int
    name: str
    created_on: datetime
    contacts_count: int

    @property
    def list_key(self) -> str:
        """By what groups are listed: oldest first, and in one order always."""
        return f"{self.created_on.isoformat(timespec='microseconds')} {self.id:016d}"
