"""Imports: what the rows of a file say, and what is to be done with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from chalicelib.domain.contact import Details
from chalicelib.domain.ledger import Reason
from chalicelib.domain.phone import Notation, PhoneNumber

REJECTED: Final = "rejected"
"""The outcome of a row that was not taken; the others are effects."""


class ImportMode(Enum):
    """What rows do to contacts that are there already."""

    UPSERT = "upsert"
    """They change them."""
    CREATE = "create"
    """They leave them as they are."""
    BLACKLIST = "blacklist"
    """They only stop messages to their numbers, and create no contact."""


class FileFormat(Enum):
    """The formats of files that can be imported."""

    CSV = "csv"
    XLSX = "xlsx"
    NDJSON = "ndjson"
    VCARD = "vcard"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOptions:
    """How to read a file. None leaves it to what the file itself says.

    ``mapped`` gives fields to the names of columns. With ``keeps_unknown``, the other columns
    become attributes. ``notation`` is that of its numbers, in place of the account's.
    """

    format: FileFormat | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    mapped: Mapping[str, str] = field(default_factory=dict)
    keeps_unknown: bool = False
    notation: Notation | None = None
    mode: ImportMode = ImportMode.UPSERT


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
