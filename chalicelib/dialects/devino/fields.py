"""The fields ("macros") of contacts: what a list says of them, and what values they take.

A list defines fields, and a contact has values of them. A contact may also have values of fields
that its list does not define: it may be in other lists, or come from another dialect.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from functools import cached_property
from typing import Any, Final, NamedTuple, TypeAlias

from chalicelib.domain.contact import Contact
from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.extra import Extra
from chalicelib.domain.group import Group
from chalicelib.domain.ids import is_decimal
from chalicelib.domain.limits import FIELD_CHARACTERS
from chalicelib.domain.text import checked_text, composed

NAME_CHARACTERS: Final = 100
"""A field's name, and what it is called on a screen."""

MOST_FIELDS: Final = 300
"""In a list, and in a contact that is uploaded; hardly more would fit into what is kept."""

MOST_VALUES: Final = 1_000
"""In an array of values."""

DEEPEST_OBJECT: Final = 32
"""How many objects and arrays may be within each other in a value of type 5."""

_FIELD: Final = "devino.fields."
"""Before a field's name in what is kept of a contact; one entry each, so that each can change."""

_PUSH_INFO: Final = "devino.pushInfo"
_DEFINITIONS: Final = "devino.fields"
_AUTO_DELETE: Final = "devino.autoDeleteEnabled"

MOMENT: Final = "%Y-%m-%d %H:%M:%S"
DATE_TIME_FORM: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}")
_FRACTION: Final = re.compile(r"(\.[0-9]{1,6})?")
_FRACTION_AND_ZONE: Final = re.compile(
    r"(\.[0-9]{1,6})?(Z|[+-]((0[0-9]|1[0-7]):[0-5][0-9]|18:00))?"
)
"""A zone is at most as far from UTC as a ``zoneOffset``."""

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME_CHARACTERS: Final = 19
_SEPARATOR_AT: Final = 10
_A_SHIFT: Final = timedelta(days=2)
"""More than any two offsets from UTC are apart."""

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]{1,300})?")


Value: TypeAlias = Any
"""A JSON value."""


class FieldType(IntEnum):
    """What a field holds, by the vendor's numbers."""

    DATE_TIME = 0
    BOOLEAN = 1
    NUMBER = 2
    TEXT = 3
    OBJECT = 5
    DATE = 8


@dataclass(frozen=True)
class Definition:
    """A field of a list: one that every list has, or one of its own."""

    name: str
    display_name: str
    type: FieldType = FieldType.TEXT
    values: tuple[str, ...] = ()
    is_default: bool = False

    @cached_property
    def allowed(self) -> frozenset[str]:
        """The values, to look one of thousands up."""
        return frozenset(self.values)


class Field(NamedTuple):
    """A field of a contact, with its value; None is no value."""

    definition: Definition
    value: Value = None


MAIN_FIELDS: Final[Mapping[str, Definition]] = {
    field.name: field
    for field in (
        Definition("name", "Name", is_default=True),
        Definition("surname", "Last name", is_default=True),
        Definition("gender", "Gender", values=("gender.male", "gender.female"), is_default=True),
        Definition("country", "Country", is_default=True),
        Definition("city", "City", is_default=True),
        Definition("birthdate", "Date of birth", FieldType.DATE, is_default=True),
        Definition("timezone", "Time zone", is_default=True),
    )
}
"""The basic attributes of a contact that are fields, and that every list so has."""

DETAILS: Final[Mapping[str, str]] = {
    "name": "first_name",
    "surname": "last_name",
    "email": "email",
}
"""The basic attributes that all dialects know, and which detail of a contact each is."""

DATES: Final[Mapping[str, Callable[[Contact], datetime]]] = {
    "creationdate": lambda contact: contact.created_on,
    "lastupdate": lambda contact: contact.updated_on,
}
"""By their names in lower case: the vendor writes them with a large and a small first letter."""

READ_ONLY: Final = DATES.keys() | {"pushinfo"}
"""Basic attributes that are no fields, in lower case."""


def extra_of_list(definitions: list[Definition], *, auto_delete: bool | None) -> Extra:
    """Return what is kept of a list beside its name and type."""
    extra: dict[str, Any] = {}
    if definitions:
        extra[_DEFINITIONS] = [
            {
                "name": each.name,
                "displayName": each.display_name,
                "type": int(each.type),
                "values": each.values,
            }
            for each in definitions
        ]
    if auto_delete is not None:
        extra[_AUTO_DELETE] = auto_delete
    return extra


def is_auto_deleting(group: Group) -> bool:
    """Say what a list was created with; nothing comes of it."""
    return bool(group.extra.get(_AUTO_DELETE, False))


def definitions_of(group: Group) -> dict[str, Definition]:
    """Return the fields of a list by their names: the main ones, and then its own."""
    own = {
        kept["name"]: Definition(
            kept["name"],
            kept["displayName"],
            FieldType(kept["type"]),
            tuple(kept["values"]),
            is_default=kept["name"] in MAIN_FIELDS,
        )
        for kept in group.extra.get(_DEFINITIONS, [])
    }
    return {**MAIN_FIELDS, **own}


def extra_of_value(field: Field) -> Extra:
    """Return how a field's value is kept, or that it is cleared.

    The type stays with the value: another list may define the field otherwise.
    """
    name = f"{_FIELD}{field.definition.name}"
    if field.value is None:
        return {name: None}
    kept = {"type": int(field.definition.type), "value": field.value}
    if field.definition.display_name != field.definition.name:
        kept["displayName"] = field.definition.display_name
    return {name: kept}


def extra_of_push_info(devices: list[dict[str, Any]]) -> Extra:
    """Return how a contact's devices are kept."""
    return {_PUSH_INFO: devices or None}


def push_info_of(contact: Contact) -> list[dict[str, Any]]:
    """Return a contact's devices."""
    devices: list[dict[str, Any]] = contact.extra.get(_PUSH_INFO, [])
    return devices


def fields_of(contact: Contact, definitions: Mapping[str, Definition]) -> Iterator[Field]:
    """Yield every field of a list as a contact has it, and then those only the contact has."""
    for definition in definitions.values():
        yield _field_of(contact, definition)
    for key in contact.extra:
        name = key.removeprefix(_FIELD)
        if key.startswith(_FIELD) and name not in definitions:
            yield _field_of(contact, Definition(name, name))


def field_of(contact: Contact, name: str, zone_offset: timedelta) -> Field:
    """Return what a contact has in the field or basic attribute *name*."""
    text = Definition(name, name)
    if name == "phone":
        return Field(text, digits_of(contact))
    if name.lower() in DATES:
        moment = in_zone(DATES[name.lower()](contact), zone_offset)
        return Field(text, moment.strftime(MOMENT))
    field = _field_of(contact, Definition(_name_as_kept(contact, name), name))
    kind = field.definition.type
    return Field(field.definition, shifted(kind, field.value, zone_offset))


def digits_of(contact: Contact) -> str:
    """Return a contact's number as the vendor has it: international, but without the plus."""
    return contact.phone_number.e164.removeprefix("+")


def in_zone(moment: datetime, zone_offset: timedelta) -> datetime:
    """Return a moment as clocks show it at an offset from UTC, to the second."""
    return moment.replace(tzinfo=None, microsecond=0) + zone_offset


def read_type(value: object, *, field: str) -> FieldType:
    """Read a field's type; the vendor's tables say text, and its samples are numbers.

    Raises:
        InvalidDataError: It is none that is known.

    """
    try:
        return FieldType(int(str(value)) if is_decimal(value) else -1)
    except ValueError as error:
        known = ", ".join(str(int(each)) for each in FieldType)
        raise InvalidDataError.of(field, f"must be one of {known}") from error


def check_value(field: str, definition: Definition, value: Value) -> None:
    """Return if a field may have this value, or all of these in an array.

    *field* is by what it is named to the client.

    Raises:
        InvalidDataError: It may not.

    """
    values = _each(value)
    if len(values) > MOST_VALUES:
        raise InvalidDataError.of(field, f"must be at most {MOST_VALUES} values")
    check = _CHECKS[definition.type]
    for each in values:
        check(field, each)
    if definition.values and not all(
        isinstance(each, str) and each in definition.allowed for each in values
    ):
        raise InvalidDataError.of(field, "must be one of the field's values")


def shifted(kind: FieldType, value: Value, shift: timedelta) -> Value:
    """Return a value as it is, but a date and time that names no zone by so much later."""
    if value is None or kind is not FieldType.DATE_TIME or not shift:
        return value
    if isinstance(value, list):
        return [shifted(kind, each, shift) for each in value]
    written, rest = value[:_DATE_TIME_CHARACTERS], value[_DATE_TIME_CHARACTERS:]
    if not _FRACTION.fullmatch(rest):
        return value
    moment = datetime.fromisoformat(written) + shift
    return moment.isoformat(sep=written[_SEPARATOR_AT]) + rest


def _field_of(contact: Contact, definition: Definition) -> Field:
    if definition.name in DETAILS:
        return Field(definition, contact.details.get(DETAILS[definition.name]))
    kept = contact.extra.get(f"{_FIELD}{definition.name}")
    if kept is None:
        return Field(definition)
    display_name = definition.display_name
    if display_name == definition.name:
        display_name = kept.get("displayName", display_name)
    as_kept = Definition(
        definition.name,
        display_name,
        FieldType(kept["type"]),
        definition.values,
        is_default=definition.is_default,
    )
    return Field(as_kept, kept["value"])


def _name_as_kept(contact: Contact, name: str) -> str:
    """Return the name of the field that is meant: its letters may be put together otherwise."""
    if name.isascii() or f"{_FIELD}{name}" in contact.extra:
        return name
    wanted = composed(f"{_FIELD}{name}")
    kept = (key for key in contact.extra if composed(key) == wanted)
    return next(kept, wanted).removeprefix(_FIELD)


def _each(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def _check_text(field: str, value: object) -> None:
    checked_text(field, value, longest=FIELD_CHARACTERS)


def _check_boolean(field: str, value: object) -> None:
    is_written = isinstance(value, str) and value.lower() in {"true", "false"}
    if not isinstance(value, bool) and not is_written:
        raise InvalidDataError.of(field, "must be true or false")


def _check_number(field: str, value: object) -> None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    is_finite = isinstance(value, float) and math.isfinite(value)
    is_written = isinstance(value, str) and _NUMBER.fullmatch(value)
    if not (is_whole or is_finite or is_written):
        raise InvalidDataError.of(field, "must be a number")


def _check_date_time(field: str, value: object) -> None:
    if isinstance(value, str):
        written, rest = value[:_DATE_TIME_CHARACTERS], value[_DATE_TIME_CHARACTERS:]
        if DATE_TIME_FORM.fullmatch(written) and _FRACTION_AND_ZONE.fullmatch(rest):
            with suppress(ValueError, OverflowError):
                moment = datetime.fromisoformat(written)
                _ = moment - _A_SHIFT, moment + _A_SHIFT
                return
    raise InvalidDataError.of(field, "must be a date and time, YYYY-MM-DD HH:MM:SS")


def _check_date(field: str, value: object) -> None:
    if isinstance(value, str) and _DATE.fullmatch(value):
        with suppress(ValueError):
            date.fromisoformat(value)
            return
    raise InvalidDataError.of(field, "must be a date, YYYY-MM-DD")


def _check_object(field: str, value: object) -> None:
    if not isinstance(value, dict):
        raise InvalidDataError.of(field, "must be an object")
    if not _is_shallow(value):
        raise InvalidDataError.of(field, f"must be at most {DEEPEST_OBJECT} objects deep")


def _is_shallow(value: dict[str, Any]) -> bool:
    """Say whether no value is deeper than allowed, level by level: there may be a million."""
    level: list[Value] = [value]
    for _ in range(DEEPEST_OBJECT):
        level = [
            each
            for outer in level
            for each in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(each, (dict, list))
        ]
        if not level:
            return True
    return False


_CHECKS: Final[Mapping[FieldType, Callable[[str, object], None]]] = {
    FieldType.DATE_TIME: _check_date_time,
    FieldType.BOOLEAN: _check_boolean,
    FieldType.NUMBER: _check_number,
    FieldType.TEXT: _check_text,
    FieldType.OBJECT: _check_object,
    FieldType.DATE: _check_date,
}
