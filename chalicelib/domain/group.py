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
