"""Contacts and blacklist entries as CSV (RFC 4180), with texts that no spreadsheet runs."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Final

from chalicelib.domain.ledger import LedgerEntry
from chalicelib.domain.text import json_text
from chalicelib.importing.columns import (
    ATTRIBUTES,
    BLACKLISTED,
    DETAILS,
    EMAIL,
    GROUPS,
    NOTE,
    PHONE_NUMBER,
    REASON,
)
from chalicelib.importing.formulas import guarded
from chalicelib.importing.people import SEPARATOR, groups_in
from chalicelib.services.exporting import ExportedContact

CONTACT_COLUMNS: Final = (PHONE_NUMBER, EMAIL, *DETAILS, ATTRIBUTES, GROUPS, BLACKLISTED)
ENTRY_COLUMNS: Final = (PHONE_NUMBER, REASON, NOTE, "at", "source", "actor")

BYTE_ORDER_MARK: Final = "\ufeff"
"""Excel takes a file without it for another encoding than UTF-8."""


def contacts_as_csv(contacts: Iterable[ExportedContact]) -> Iterator[str]:
    """Yield the lines of a table of contacts, its header first."""
    yield BYTE_ORDER_MARK + _line(CONTACT_COLUMNS)
    for contact in contacts:
        yield _line([
            contact.phone_number.e164,
            contact.details.get("email", ""),
            *(contact.details.get(name, "") for name in DETAILS.values()),
            json_text(contact.attributes) if contact.attributes else "",
            _cell_of_groups(contact.groups),
            "yes" if contact.is_blacklisted else "",
        ])  # fmt: skip


def entries_as_csv(entries: Iterable[LedgerEntry]) -> Iterator[str]:
    """Yield the lines of a table of blacklist entries, its header first."""
    yield BYTE_ORDER_MARK + _line(ENTRY_COLUMNS)
    for entry in entries:
        yield _line([
            entry.phone_number.e164,
            entry.reason.value,
            entry.note or "",
            entry.at.isoformat(timespec="seconds"),
            entry.source or "",
            entry.actor or "",
        ])  # fmt: skip


def _cell_of_groups(names: Sequence[str]) -> str:
    """Return the names of groups as Google writes them, or as JSON if that would lose any."""
    cell = SEPARATOR.join(names)
    return cell if groups_in(cell) == list(names) else json_text(names)


def _line(cells: Sequence[str]) -> str:
    text = StringIO()
    csv.writer(text).writerow(map(guarded, cells))
    return text.getvalue()
