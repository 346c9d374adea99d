"""Contacts, groups and blacklist entries as one JSON object in each line (NDJSON)."""

from collections.abc import Iterable, Iterator
from typing import Any

from chalicelib.domain.group import Group
from chalicelib.domain.ledger import LedgerEntry
from chalicelib.domain.text import json_text
from chalicelib.importing.columns import DETAILS
from chalicelib.services.exporting import ExportedContact, ExportedNumber


def contacts_as_objects(contacts: Iterable[ExportedContact]) -> Iterator[str]:
    """Yield a line for each contact, with the fields of ``/v2`` that another account can keep."""
    for contact in contacts:
        yield _line({
            "type": "contact",
            "phoneNumber": contact.phone_number.e164,
            "email": contact.details.get("email"),
            **{field: contact.details.get(name) for field, name in DETAILS.items()},
            "attributes": contact.attributes,
            "groups": [{"name": name} for name in contact.groups],
            "blacklisted": contact.is_blacklisted,
        })  # fmt: skip


def groups_as_objects(groups: Iterable[Group]) -> Iterator[str]:
    """Yield a line for each group."""
    for group in groups:
        yield _line({"type": "group", "name": group.name, "kind": group.kind.value})


def numbers_as_objects(numbers: Iterable[ExportedNumber]) -> Iterator[str]:
    """Yield a line for each blacklisted number: its newest ledger entry, and all of them."""
    for newest, entries in numbers:
        yield _line({
            "type": "entry",
            "phoneNumber": newest.phone_number.e164,
            **_entry(newest),
            "entries": [_entry(each) for each in entries],
        })  # fmt: skip


def _entry(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "state": entry.state.value,
        "reason": entry.reason.value,
        "source": entry.source,
        "actor": entry.actor,
        "note": entry.note,
        "at": entry.at.isoformat(timespec="seconds"),
    }


def _line(value: dict[str, Any]) -> str:
    return f"{json_text(value)}\n"
