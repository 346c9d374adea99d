"""Devino's names for the kinds of lists, and for contacts' attributes and fields ("macros")."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.domain.contact import Contact
from chalicelib.domain.extra import AUTO_DELETE, PUSH_INFO, Extra
from chalicelib.domain.field import (
    Field,
    FieldDefinition,
    FieldType,
    definitions_in,
    extra_of_definitions,
    field_in,
    field_names_in,
    name_as_kept,
)
from chalicelib.domain.field_values import in_zone, shifted
from chalicelib.domain.group import Group, GroupKind

MOMENT: Final = "%Y-%m-%d %H:%M:%S"

KINDS: Final[Mapping[str, GroupKind]] = {
    "STANDARD": GroupKind.STANDARD,
    "STOPLIST": GroupKind.STOPLIST,
    "PUSH": GroupKind.PUSH,
}

OMNI_API: Final = "OMNI_API"
"""Another kind: clients cannot create lists of it, and no response shows one."""

CHANNELS: Final[Mapping[str, bool]] = {"SMS": True, "EMAIL": False, "VIBER": False, "PUSH": False}
"""The channels that reach a contact, and whether the blacklist applies to each.

The blacklist holds phone numbers, so it says nothing about the other channels.
"""

TYPES: Final[Mapping[int, FieldType]] = {
    0: FieldType.DATE_TIME,
    1: FieldType.BOOLEAN,
    2: FieldType.NUMBER,
    3: FieldType.TEXT,
    5: FieldType.OBJECT,
    8: FieldType.DATE,
}
"""The types of fields, by the vendor's numbers."""

TYPE_NUMBERS: Final[Mapping[FieldType, int]] = {kind: number for number, kind in TYPES.items()}

FIELD_ATTRIBUTES: Final = frozenset({"name", "displayName", "type", "values", "isDefault"})
"""The attributes of a field that we show and clients send back; its name decides ``isDefault``."""

MAIN_FIELDS: Final[Mapping[str, FieldDefinition]] = {
    field.name: field
    for field in (
        FieldDefinition("name", "Name"),
        FieldDefinition("surname", "Last name"),
        FieldDefinition("gender", "Gender", values=("gender.male", "gender.female")),
        FieldDefinition("country", "Country"),
        FieldDefinition("city", "City"),
        FieldDefinition("birthdate", "Date of birth", FieldType.DATE),
        FieldDefinition("timezone", "Time zone"),
    )
}
"""The basic attributes of a contact that are fields: every list has them."""

BASICS: Final = ("phone", "email")
"""The basic attributes of a contact that are not fields, but may be sent among them."""

DETAILS: Final[Mapping[str, str]] = {
    "name": "first_name",
    "surname": "last_name",
    "email": "email",
}
"""The basic attributes that all dialects know, each with its detail of a contact."""

DATES: Final[Mapping[str, Callable[[Contact], datetime]]] = {
    "creationdate": lambda contact: contact.created_on,
    "lastupdate": lambda contact: contact.updated_on,
}
"""By name in lower case: the vendor starts them with a capital letter or a small one."""

READ_ONLY: Final = DATES.keys() | {"pushinfo"}
"""Basic attributes that are not fields, in lower case."""


def extra_of_list(definitions: list[FieldDefinition], *, auto_delete: bool | None) -> Extra:
    """Return what we store of a list besides its name and type."""
    kept_flag = {} if auto_delete is None else {AUTO_DELETE: auto_delete}
    return {**extra_of_definitions(definitions), **kept_flag}


def is_auto_deleting(group: Group) -> bool:
    """Say whether the list was created with auto-deletion; we store the flag and do nothing."""
    return bool(group.extra.get(AUTO_DELETE, False))


def definitions_of(group: Group) -> dict[str, FieldDefinition]:
    """Return the fields of a list by name: the main ones first, then its own."""
    return {**MAIN_FIELDS, **definitions_in(group)}


def extra_of_push_info(devices: list[dict[str, Any]]) -> Extra:
    """Return a contact's devices in the form in which we store them."""
    return {PUSH_INFO: devices or None}


def push_info_of(contact: Contact) -> list[dict[str, Any]]:
    """Return a contact's devices."""
    devices: list[dict[str, Any]] = contact.extra.get(PUSH_INFO, [])
    return devices


def has_push_token(contact: Contact, token: str) -> bool:
    """Say whether one of a contact's devices has this token."""
    return any(device["pushToken"] == token for device in push_info_of(contact))


def fields_of(contact: Contact, definitions: Mapping[str, FieldDefinition]) -> Iterator[Field]:
    """Yield a contact's value of every field of a list, then the fields that only it has."""
    for definition in definitions.values():
        yield _field_of(contact, definition)
    for name in field_names_in(contact):
        if name not in definitions:
            yield _field_of(contact, FieldDefinition(name, name))


def attribute_of(contact: Contact, name: str, zone_offset: timedelta) -> Field:
    """Return a contact's field or basic attribute *name*; times are in the zone of the offset."""
    text = FieldDefinition(name, name)
    if name == "phone":
        return Field(text, digits_of(contact))
    if name.lower() in DATES:
        moment = in_zone(DATES[name.lower()](contact), zone_offset)
        return Field(text, moment.strftime(MOMENT))
    kept_name = name_as_kept(contact, name)
    field = _field_of(contact, FieldDefinition(kept_name, name))
    return Field(field.definition, shifted(field.definition.type, field.value, zone_offset))


def digits_of(contact: Contact) -> str:
    """Return a contact's number as the vendor writes it: international, without the plus."""
    return contact.phone_number.e164.removeprefix("+")


def _field_of(contact: Contact, definition: FieldDefinition) -> Field:
    if definition.name in DETAILS:
        return Field(definition, contact.details.get(DETAILS[definition.name]))
    return field_in(contact, definition)
