"""Typed fields: what they are, and how groups and contacts store them.

A group defines fields, and a contact has values for them. A contact may also have values for fields
that its group does not define: from another group, or because a client sent them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, Final, TypeAlias

from chalicelib.domain.contact import Contact
from chalicelib.domain.extra import Extra
from chalicelib.domain.group import Group
from chalicelib.domain.text import composed

_DEFINITIONS: Final = "devino.fields"
_FIELD: Final = "devino.fields."
"""Precedes a field's name in the extra fields of a contact. Each field is an entry of its own, so
that each can change by itself. Devino was the first dialect with typed fields; we keep the prefix
because stored contacts have it."""

Value: TypeAlias = Any
"""A JSON value."""


class FieldType(Enum):
    """The type of a field's values, as the number that is stored."""

    DATE_TIME = 0
    BOOLEAN = 1
    NUMBER = 2
    TEXT = 3
    OBJECT = 5
    DATE = 8


@dataclass(frozen=True)
class FieldDefinition:
    """A field: its name, its name on screens, its type, and its allowed values.

    ``values`` is empty if every value of the type is allowed.
    """

    name: str
    display_name: str
    type: FieldType = FieldType.TEXT
    values: tuple[str, ...] = ()

    @cached_property
    def allowed(self) -> frozenset[str]:
        """The allowed values, as a set: there may be thousands."""
        return frozenset(self.values)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a contact, and its value; None means that it has none."""

    definition: FieldDefinition
    value: Value = None


def extra_of_definitions(definitions: Iterable[FieldDefinition]) -> Extra:
    """Return the extra fields in which a group stores its field definitions."""
    kept = [
        {
            "name": each.name,
            "displayName": each.display_name,
            "type": each.type.value,
            "values": each.values,
        }
        for each in definitions
    ]
    return {_DEFINITIONS: kept} if kept else {}


def definitions_in(group: Group) -> dict[str, FieldDefinition]:
    """Return the fields that a group defines, by name."""
    return {
        kept["name"]: FieldDefinition(
            kept["name"], kept["displayName"], FieldType(kept["type"]), tuple(kept["values"])
        )
        for kept in group.extra.get(_DEFINITIONS, [])
    }


def extra_of_field(field: Field) -> Extra:
    """Return the extra field in which a contact stores a field's value, or the change to clear it.

    The type is stored with the value, since another group may define another type.
    """
    name = f"{_FIELD}{field.definition.name}"
    if field.value is None:
        return {name: None}
    kept = {"type": field.definition.type.value, "value": field.value}
    if field.definition.display_name != field.definition.name:
        kept["displayName"] = field.definition.display_name
    return {name: kept}


def field_in(contact: Contact, definition: FieldDefinition) -> Field:
    """Return a field of a contact, with the type that is stored with its value."""
    kept: Mapping[str, Any] | None = contact.extra.get(f"{_FIELD}{definition.name}")
    if kept is None:
        return Field(definition)
    display_name = definition.display_name
    if display_name == definition.name:
        display_name = kept.get("displayName", display_name)
    as_kept = FieldDefinition(
        definition.name, display_name, FieldType(kept["type"]), definition.values
    )
    return Field(as_kept, kept["value"])


def field_names_in(contact: Contact) -> Iterator[str]:
    """Yield the name of each field that a contact has a value for."""
    return (key.removeprefix(_FIELD) for key in contact.extra if key.startswith(_FIELD))


def name_as_kept(contact: Contact, name: str) -> str:
    """Return a field's name as the contact stores it, which may be in another Unicode form."""
    if name.isascii() or f"{_FIELD}{name}" in contact.extra:
        return name
    wanted = composed(name)
    return next((kept for kept in field_names_in(contact) if composed(kept) == wanted), wanted)
