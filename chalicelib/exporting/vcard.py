"""Contacts as business cards: vCard 3.0 (RFC 2426), which phones and address books all read."""

from collections.abc import Iterable, Iterator
from typing import Final

from chalicelib.domain.text import json_text
from chalicelib.importing.columns import ATTRIBUTES, BLACKLISTED
from chalicelib.importing.vcard import OWN_FIELDS, escaped
from chalicelib.services.exporting import ExportedContact

_LINE_BYTES: Final = 75
"""The longest line, without its end (RFC 2426 §2.6)."""


def contacts_as_cards(contacts: Iterable[ExportedContact]) -> Iterator[str]:
    """Yield a card for each contact."""
    for contact in contacts:
        yield "".join(map(_folded, _lines(contact)))


def _lines(contact: ExportedContact) -> Iterator[str]:
    details = contact.details
    first, last = details.get("first_name", ""), details.get("last_name", "")
    yield "BEGIN:VCARD"
    yield "VERSION:3.0"
    yield f"N:{escaped(last)};{escaped(first)};;;"
    yield f"FN:{escaped(f'{first} {last}'.strip() or contact.phone_number.e164)}"
    yield f"TEL;TYPE=CELL:{contact.phone_number.e164}"
    for name, detail in (("EMAIL", "email"), ("ORG", "company"), ("TITLE", "title")):
        if details.get(detail):
            yield f"{name}:{escaped(details[detail])}"
    if contact.groups:
        yield f"CATEGORIES:{','.join(map(escaped, contact.groups))}"
    own = {
        **{name: details.get(name, "") for name in ("custom", "custom2", "custom3", "custom4")},
        ATTRIBUTES: json_text(contact.attributes) if contact.attributes else "",
        BLACKLISTED: "yes" if contact.is_blacklisted else "",
    }
    for name, field in OWN_FIELDS.items():
        if own[field]:
            yield f"{name}:{escaped(own[field])}"
    yield "END:VCARD"


def _folded(line: str) -> str:
    """Return a line in parts that are short enough; no character is cut in two."""
    parts, part, size = [], "", 0
    for character in line:
        bytes_ = len(character.encode())
        if size + bytes_ > _LINE_BYTES:
            parts.append(part)
            part, size = " ", 1
        part += character
        size += bytes_
    return "\r\n".join([*parts, part]) + "\r\n"
