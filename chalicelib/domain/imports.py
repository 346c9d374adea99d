"""Imports: what the rows of a file say, and what is to be done with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from chalicelib.domain.contact import Details
from chalicelib.domain.ledger import Reason
from chalicelib.domain.phone import PhoneNumber


class ImportMode(Enum):
    """What rows do to contacts that are there already."""

    UPSERT = "upsert"
    """They change them."""
    CREATE = "create"
    """They leave them as they are."""
    BLACKLIST = "blacklist"
    """They only stop messages to their numbers, and create no contact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """What one row says about one number.

    An absent detail or attribute does not change; None clears it. ``groups`` are the names of those
    to join. ``stop`` is why messages to the number are to be stopped, if they are; nothing in a row
    allows messages again. If it *is* no *contact*, it says nothing more than that.
    """

    phone_number: PhoneNumber
    details: Details = field(default_factory=dict)
    attributes: Mapping[str, str | None] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    stop: Reason | None = None
    note: str | None = None
    is_contact: bool = True


class UnreadableFileError(Exception):
    """A file cannot be imported at all. The message says why, and at which line if it has one."""
