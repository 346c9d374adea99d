"""Groups: a group has a name, and any number of contacts are in it."""

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
    """A group. Its count lags behind its memberships by about a second.

    ``updated_on`` is when it was last renamed, or else when it was created.
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
        """The sort key of lists of groups: oldest first, and always in the same order."""
        return f"{self.created_on.isoformat(timespec='microseconds')} {self.id:016d}"
