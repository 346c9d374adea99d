"""Contacts as one JSON object in each line (NDJSON), with the fields of ``/v2``'s contacts."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final, NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.contact import MAX_DETAIL_CHARACTERS
from chalicelib.domain.errors import InvalidDataError, Problem, ProblemCollector
from chalicelib.domain.imports import ImportMode, ImportRow
from chalicelib.domain.ledger import Reason
from chalicelib.domain.limits import MAX_NOTE_CHARACTERS
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.phone_reading import read_phone_number
from chalicelib.domain.text import checked_text
from chalicelib.importing.columns import DETAILS
from chalicelib.importing.encodings import lines_of
from chalicelib.importing.people import (
    check_attributes,
    check_groups,
    own_attributes,
    reason_named,
)

_CONTACT: Final = frozenset({
    "phoneNumber", "email", *DETAILS, "attributes", "groups", "blacklisted",
})  # fmt: skip
_OF_CONTACT: Final = frozenset({"id", "scheduledDeletionDate", "createdOn", "updatedOn"})
"""What a contact is shown with and nobody can set. It is left out."""

_ENTRY: Final = frozenset({"phoneNumber", "state", "reason", "note"})
_OF_ENTRY: Final = frozenset({"source", "actor", "at", "since", "entries"})
"""The same of a blacklist entry."""

_GROUP: Final = frozenset({"name"})
_OF_GROUP: Final = frozenset({"id", "kind", "contactsCount", "createdOn", "updatedOn"})
_STOPPED: Final = "stopped"


REJECTED_BECAUSE: Final = "rejectedBecause"
"""The field that a file of rejected objects has beside theirs. It is left out."""

_OF_ALL: Final = frozenset({"type", REJECTED_BECAUSE})


class Line(NamedTuple):
    """A line that is not empty, counted from 1, with its text."""

    line: int
    text: str


class NamedGroup(NamedTuple):
    """A line that only says that there is a group."""

    name: str


def object_lines(file: BinaryIO) -> Iterator[Line]:
    """Yield the lines of a file that are not empty. They are in UTF-8, as JSON is (RFC 8259).

    Raises:
        UnreadableFileError: A line is too long, or not in UTF-8.

    """
    for number, text in lines_of(file, "utf-8-sig"):
        stripped = text.strip()
        if stripped:
            yield Line(number, stripped)


def read_object(text: str, account: Account, mode: ImportMode) -> ImportRow | NamedGroup:
    """Return what a line says.

    Raises:
        InvalidDataError: For every field that is missing, unknown or not acceptable.

    """
    value = _object_in(text)
    kind = value.get("type", "entry" if mode is ImportMode.BLACKLIST else "contact")
    if kind == "group":
        return _read_group(value)
    if kind == "entry":
        return _read_entry(value, account)
    if kind == "contact" and mode is not ImportMode.BLACKLIST:
        return _read_contact(value, account)
    raise InvalidDataError.of("type", "must be contact, group or entry; in a blacklist, entry")


def _read_contact(value: Mapping[str, Any], account: Account) -> ImportRow:
    problems = ProblemCollector()
    details: dict[str, str | None] = {}
    attributes: dict[str, str | None] = {}
    groups: tuple[str, ...] = ()
    with problems:
        _refuse_unknown(value, _CONTACT | _OF_CONTACT | _OF_ALL)
    with problems:
        number = _read_number(value, account)
    for field, detail in (("email", "email"), *DETAILS.items()):
        with problems:
            if field in value:
                details[detail] = _read_text(field, value[field], MAX_DETAIL_CHARACTERS[detail])
    with problems:
        attributes = own_attributes(value.get("attributes") or {}, "attributes")
        check_attributes(attributes)
    with problems:
        groups = _read_groups(value.get("groups") or [])
    with problems:
        if not isinstance(value.get("blacklisted", False), bool):
            raise InvalidDataError.of("blacklisted", "must be true or false")
    problems.raise_if_any()
    return ImportRow(
        phone_number=number,
        details=details,
        attributes=attributes,
        groups=groups,
        stop=Reason.IMPORT if value.get("blacklisted") else None,
    )


def _read_entry(value: Mapping[str, Any], account: Account) -> ImportRow:
    problems = ProblemCollector()
    reason = Reason.IMPORT
    with problems:
        _refuse_unknown(value, _ENTRY | _OF_ENTRY | _OF_ALL)
    with problems:
        number = _read_number(value, account)
    with problems:
        if value.get("state", _STOPPED) != _STOPPED:
            raise InvalidDataError.of("state", f"must be {_STOPPED}: an import allows nobody")
    with problems:
        sent = value.get("reason")
        if sent is not None:
            reason = reason_named(sent)
    with problems:
        note = _read_text("note", value.get("note"), MAX_NOTE_CHARACTERS)
    problems.raise_if_any()
    return ImportRow(phone_number=number, stop=reason, note=note, is_contact=False)


def _read_group(value: Mapping[str, Any]) -> NamedGroup:
    problems = ProblemCollector()
    with problems:
        _refuse_unknown(value, _GROUP | _OF_GROUP | _OF_ALL)
    with problems:
        (name,) = check_groups([value.get("name")])
    problems.raise_if_any()
    return NamedGroup(name)


def _read_groups(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InvalidDataError.of("groups", "must be an array")
    return check_groups([each.get("name") if isinstance(each, dict) else each for each in value])


def _read_number(value: Mapping[str, Any], account: Account) -> PhoneNumber:
    if "phoneNumber" not in value:
        raise InvalidDataError([Problem("phoneNumber", "is required", is_missing=True)])
    return read_phone_number(value["phoneNumber"], account, field="phoneNumber", is_strict=True)


def _read_text(field: str, value: object, longest: int) -> str | None:
    return None if value is None else checked_text(field, value, longest=longest)


def _refuse_unknown(value: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = [field for field in value if field not in known]
    if unknown:
        raise InvalidDataError([Problem(each[:50], "is not a known field") for each in unknown])


def _object_in(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidDataError.of("row", "must be a JSON object") from error
    if not isinstance(value, dict):
        raise InvalidDataError.of("row", "must be a JSON object")
    return value
