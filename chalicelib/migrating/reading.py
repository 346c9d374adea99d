"""Reading what a vendor has for our services; an error names every problem."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from chalicelib.domain.account import Account
from chalicelib.domain.contact import MAX_DETAIL_CHARACTERS, ContactData
from chalicelib.domain.errors import InvalidDataError, PhonebookError, ProblemCollector
from chalicelib.domain.extra import AUTO_DELETE, PUSH_INFO, Extra
from chalicelib.domain.field import (
    Field,
    FieldDefinition,
    FieldType,
    extra_of_definitions,
    extra_of_field,
)
from chalicelib.domain.field_values import check_value
from chalicelib.domain.ledger import Reason, Stop
from chalicelib.domain.limits import (
    MAX_FIELD_CHARACTERS,
    MAX_FIELD_NAME_CHARACTERS,
    MAX_GROUP_NAME_CHARACTERS,
    MAX_NOTE_CHARACTERS,
)
from chalicelib.domain.phone import Notation, PhoneNumber
from chalicelib.domain.phone_reading import read_phone_number_or_integer
from chalicelib.domain.rows import Rejected, Row, StopRow
from chalicelib.domain.text import checked_text
from chalicelib.migrating.source import SourceContact, SourceField, SourceGroup, SourceOptOut

_NUMBER: Final = "phone number"
_DEVICE: Final = ("appId", "os", "pushToken")


def read_contact(
    contact: SourceContact, account: Account, notation: Notation | None, group_ids: Sequence[int]
) -> Row:
    """Read a contact that shall join some groups of ours; or return why it cannot be kept."""
    details: dict[str, str] = {}
    extra: dict[str, Any] = {}
    problems = ProblemCollector()
    try:
        with problems:
            number = _read_number(contact.number, account, notation)
        for name, value in contact.details.items():
            with problems:
                details[name] = checked_text(name, value, longest=MAX_DETAIL_CHARACTERS[name])
        for name, field in contact.fields.items():
            with problems:
                extra |= _read_field(name, field)
        with problems:
            extra |= _read_devices(contact.devices)
        problems.raise_if_any()
    except PhonebookError as error:
        return Rejected(error)
    return ContactData(phone_number=number, details=details, extra=extra, group_ids=group_ids)


def read_opt_out(opt_out: SourceOptOut, account: Account, notation: Notation | None) -> StopRow:
    """Read an opt-out; or return why it cannot be kept."""
    try:
        number = _read_number(opt_out.number, account, notation)
    except PhonebookError as error:
        return Rejected(error)
    note = opt_out.note[:MAX_NOTE_CHARACTERS] if opt_out.note else None
    return Stop(number, Reason.IMPORT, note)


def checked_name(group: SourceGroup) -> str:
    """Return the name of a group.

    Raises:
        InvalidDataError: We cannot keep it.

    """
    return checked_text(
        f"name of the group {group.key}",
        group.name,
        shortest=1,
        longest=MAX_GROUP_NAME_CHARACTERS,
    )


def extra_of_group(group: SourceGroup) -> Extra:
    """Return what a group has besides its name and kind."""
    flag = {} if group.auto_delete is None else {AUTO_DELETE: group.auto_delete}
    return {**extra_of_definitions(group.fields), **flag}


def _read_number(value: object, account: Account, notation: Notation | None) -> PhoneNumber:
    """Read a number in the vendor's notation, whatever the account's own clients write."""
    if value is None:
        raise InvalidDataError.of(_NUMBER, "is missing, and a contact needs one")
    return read_phone_number_or_integer(
        value, replace(account, notation=None), field=_NUMBER, documented=notation
    )


def _read_field(name: str, field: SourceField) -> Extra:
    checked_text("name of a field", name, shortest=1, longest=MAX_FIELD_NAME_CHARACTERS)
    try:
        kind = FieldType(field.type)
    except ValueError as error:
        raise InvalidDataError.of(name, f"has the unknown type {field.type}") from error
    shown = field.display_name
    if shown is not None:
        checked_text(f"{name} on screens", shown, longest=MAX_FIELD_NAME_CHARACTERS)
    definition = FieldDefinition(name, shown or name, kind)
    check_value(name, definition, field.value)
    return extra_of_field(Field(definition, field.value))


def _read_devices(devices: Sequence[Any]) -> Extra:
    return {PUSH_INFO: [*map(_read_device, devices)]} if devices else {}


def _read_device(device: object) -> Mapping[str, Any]:
    if not isinstance(device, dict):
        raise InvalidDataError.of("pushInfo", "must be objects")
    token = device.get("pushToken")
    checked_text("pushToken", token, shortest=1, longest=MAX_FIELD_CHARACTERS)
    return dict(_parts_of(device))


def _parts_of(device: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((name, device[name]) for name in _DEVICE if name in device)
