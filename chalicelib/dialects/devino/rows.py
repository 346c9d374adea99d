"""Parse one contact of an upload for the services; an error names every problem."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from chalicelib.dialects.bodies import refuse_unknown
from chalicelib.dialects.devino.fields import (
    BASICS,
    DETAILS,
    FIELD_ATTRIBUTES,
    MAIN_FIELDS,
    READ_ONLY,
    TYPE_NUMBERS,
    extra_of_push_info,
)
from chalicelib.dialects.devino.values import (
    checked_array,
    checked_fields,
    not_null,
    read_display_name,
    read_field_name,
    read_type,
    refuse_unknown_within,
)
from chalicelib.dialects.operations import likeness
from chalicelib.domain.account import Account
from chalicelib.domain.contact import MAX_DETAIL_CHARACTERS, ContactData
from chalicelib.domain.errors import InvalidDataError, ProblemCollector
from chalicelib.domain.extra import changed_extra
from chalicelib.domain.field import Field, FieldDefinition, FieldType, Value, extra_of_field
from chalicelib.domain.field_values import check_value, shifted
from chalicelib.domain.limits import MAX_FIELD_CHARACTERS
from chalicelib.domain.phone import Notation, PhoneNumber
from chalicelib.domain.phone_reading import read_phone_number_or_integer
from chalicelib.domain.text import checked_text

_ROW: Final = frozenset({*BASICS, "fields", "pushInfo"})
_DEVICE: Final = frozenset({"appId", "os", "pushToken"})
_MAX_OS: Final = 99
_NAMES_OF_ALL_LISTS: Final = {likeness(name): name for name in (*MAIN_FIELDS, *BASICS)}
_MAX_CHARACTERS: Final = {name: MAX_DETAIL_CHARACTERS[detail] for name, detail in DETAILS.items()}

_PROBLEMS_OF_FIELDS: Final = 10
"""After this many problems in a row's fields, we stop looking for more."""

_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_. -]{0,29}", re.ASCII)
"""Names that errors repeat to the client: short ones, since 10,000 rows may each have an error."""


def read_row(
    row: object,
    definitions: Mapping[str, FieldDefinition],
    account: Account,
    *,
    zone_offset: timedelta,
) -> ContactData:
    """Read one contact of an upload; null clears a field, and a missing field keeps its value.

    Raises:
        InvalidDataError: For everything that is missing or not acceptable.

    """
    if not isinstance(row, dict):
        raise InvalidDataError.of("contacts", "must be an object")
    basics = {name: row[name] for name in BASICS if row.get(name) is not None}
    fields: list[Field] = []
    details: dict[str, str | None] = {}
    extra: dict[str, Any] = {}
    problems = ProblemCollector()
    with problems:
        fields = _read_fields(row.get("fields"), definitions, basics)
    with problems:
        if "email" in row or "email" in basics:
            details["email"] = _read_detail("email", basics.get("email"))
    for field in fields:
        name = field.definition.name
        if name not in DETAILS:
            extra |= extra_of_field(_in_utc(field, zone_offset))
            continue
        with problems:
            details[DETAILS[name]] = _read_detail(name, field.value)
    with problems:
        if "pushInfo" in row:
            extra |= extra_of_push_info(_read_push_info(row["pushInfo"]))
    with problems:
        # This also refuses attributes that are shown but cannot be set: an opt-out copied from
        # another service must not be lost silently.
        refuse_unknown(row, known=_ROW)
    with problems:
        # What does not fit into an empty contact never fits. Such a row is refused here, so that
        # its email does not count as a contact's.
        changed_extra({}, extra)
    # A row without a number is not a contact, so that problem comes first.
    all_problems = ProblemCollector()
    with all_problems:
        phone_number = _read_number(_single(basics.get("phone")), account)
    with all_problems:
        problems.raise_if_any()
    all_problems.raise_if_any()
    return ContactData(phone_number=phone_number, details=details, extra=extra)


def shown_name(name: str, position: int) -> str:
    """Return the name of a field for errors: its own if short and plain, else its position."""
    return name if _PLAIN_NAME.fullmatch(name) else f"fields[{position}]"


def _read_fields(
    value: object, definitions: Mapping[str, FieldDefinition], basics: dict[str, Any]
) -> list[Field]:
    """Return the fields of a row, and move a phone and an email among them into *basics*.

    The vendor calls both "main contact fields", but also has them next to the fields.
    An upload may hold a million fields, and the client is told only the first problem of a row:
    so we look for at most :data:`_PROBLEMS_OF_FIELDS`.
    """
    fields: dict[str, Field | None] = {}
    problems = ProblemCollector()
    for position, sent in enumerate(checked_fields(value)):
        with problems:
            name = _read_name_of_field(sent, position)
            shown = shown_name(name, position)
            if name in fields or name in basics:
                raise InvalidDataError.of(shown, "is there twice")
            fields[name] = None
            refuse_unknown_within(shown, sent, known=FIELD_ATTRIBUTES | {"value"})
            if "value" not in sent:
                continue
            if name in BASICS:
                basics[name] = sent["value"]
            else:
                fields[name] = _read_field(sent, name, shown, definitions.get(name))
        if len(problems) >= _PROBLEMS_OF_FIELDS:
            break
    problems.raise_if_any()
    return [field for field in fields.values() if field]


def _read_name_of_field(sent: Value, position: int) -> str:
    if not isinstance(sent, dict):
        raise InvalidDataError.of(f"fields[{position}]", "must be an object")
    field = f"fields[{position}].name"
    name = read_field_name(field, sent.get("name"))
    if name.lower() in READ_ONLY:
        raise InvalidDataError.of(field, "is an attribute that cannot be set")
    meant = _NAMES_OF_ALL_LISTS.get(likeness(name), name)
    if meant != name:
        raise InvalidDataError.of(field, f"is not a field: did you mean {meant}?")
    if "values" in sent and "value" not in sent:
        raise InvalidDataError.of(f"fields[{position}].value", "is required")
    return name


def _read_field(
    sent: Mapping[str, Any], name: str, shown: str, defined: FieldDefinition | None
) -> Field:
    kind = defined.type if defined else FieldType.TEXT
    if sent.get("type") is not None:
        kind = read_type(shown, sent["type"])
    if defined and kind is not defined.type:
        raise InvalidDataError.of(shown, f"is of type {TYPE_NUMBERS[defined.type]} in this list")
    display_name = read_display_name(shown, sent.get("displayName"))
    if defined or display_name is None:
        display_name = name
    written = FieldDefinition(name, display_name, kind)
    if sent["value"] is not None:
        check_value(shown, defined or written, sent["value"])
    return Field(written, sent["value"])


def _in_utc(field: Field, zone_offset: timedelta) -> Field:
    """Return a field as we store it: dates and times in UTC."""
    if not zone_offset:
        return field
    return Field(field.definition, shifted(field.definition.type, field.value, -zone_offset))


def _read_detail(name: str, value: object) -> str | None:
    value = _single(value)
    return None if value is None else checked_text(name, value, longest=_MAX_CHARACTERS[name])


def _single(value: object) -> object:
    """Return the only element of an array: the vendor's tables have arrays, its samples do not."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _read_number(value: object, account: Account) -> PhoneNumber:
    """Read a number as international digits, as in the vendor's samples."""
    return read_phone_number_or_integer(
        not_null("phone", value or None),
        account,
        field="phone",
        documented=Notation.INTERNATIONAL,
    )


def _read_push_info(value: object) -> list[dict[str, Any]]:
    devices = [] if value is None else checked_array("pushInfo", value)
    return [_read_device(device, f"pushInfo[{n}]") for n, device in enumerate(devices)]


def _read_device(device: object, field: str) -> dict[str, Any]:
    if not isinstance(device, dict):
        raise InvalidDataError.of(field, "must be an object")
    problems = ProblemCollector()
    with problems:
        app_id = _read_text_of_device(device, field, "appId")
    with problems:
        system = not_null(f"{field}.os", device.get("os"))
        is_number = isinstance(system, int) and not isinstance(system, bool)
        if not is_number or not 0 <= system <= _MAX_OS:
            raise InvalidDataError.of(f"{field}.os", f"must be a number from 0 to {_MAX_OS}")
    with problems:
        token = _read_text_of_device(device, field, "pushToken")
    with problems:
        refuse_unknown_within(field, device, known=_DEVICE)
    problems.raise_if_any()
    return {"appId": app_id, "os": system, "pushToken": token}


def _read_text_of_device(device: Mapping[str, Any], field: str, name: str) -> str:
    named = f"{field}.{name}"
    return checked_text(named, not_null(named, device.get(name)), longest=MAX_FIELD_CHARACTERS)
