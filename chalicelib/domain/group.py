"""A group: a label with a name, which any number of contacts carry."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from chalicelib.domain.extra import Extra


class GroupKind(Enum):
    """What being in a group means."""

    STANDARD = "standard"
    STOPLIST = "stoplist"
    """Its contacts must not be messaged: joining it puts their numbers on the blacklist."""
    PUSH = "push"
    """Its contacts are reached on their devices."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group and its count, which follows its memberships by about a second.

    ``updated_on`` is when it was renamed last, or else created.
    """

    id: int
    name: str
    created_on: datetime
    updated_on: datetime
    contacts_count: int
    kind: GroupKind = GroupKind.STANDARD
    extra: Extra = field(default_factory=dict)

    @property
    def list_key(self) -> str:
        """By what groups are listed: oldest first, and in one order always."""
        return f"{self.created_on.isoformat(timespec='microseconds')} {self.id:016d}"
