"""A typed field of contacts: what it is, and how groups and contacts keep it.

A group defines fields, and a contact has values of them. A contact may also have values of fields
that its group does not define: it may be in other groups, or a client may have sent it.
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
"""Before a field's name in the extra fields of a contact. Each field is an entry of its own, so
that each can change by itself. Devino's clients were the first to have fields: the name stays,
since what is kept has it."""

Value: TypeAlias = Any
"""A JSON value."""


class FieldType(Enum):
    """What a field holds, by the number that is kept."""

    DATE_TIME = 0
    BOOLEAN = 1
    NUMBER = 2
    TEXT = 3
    OBJECT = 5
    DATE = 8


@dataclass(frozen=True)
class FieldDefinition:
    """A field: its name, what a screen calls it, its type, and its values if only some are allowed.

    ``values`` is empty where any value of the type is allowed.
    """

    name: str
    display_name: str
    type: FieldType = FieldType.TEXT
    values: tuple[str, ...] = ()

    @cached_property
    def allowed(self) -> frozenset[str]:
        """The values, to look one of thousands up."""
        return frozenset(self.values)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a contact, with its value; None is no value."""

    definition: FieldDefinition
    value: Value = None


def extra_of_definitions(definitions: Iterable[FieldDefinition]) -> Extra:
    """Return how a group keeps the fields that it defines."""
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
    """Return the fields that a group defines, by their names."""
    return {
        kept["name"]: FieldDefinition(
            kept["name"], kept["displayName"], FieldType(kept["type"]), tuple(kept["values"])
        )
        for kept in group.extra.get(_DEFINITIONS, [])
    }


def extra_of_field(field: Field) -> Extra:
    """Return how a contact keeps a field's value, or that the value is cleared.

    The type stays with the value: another group may define the field otherwise.
    """
    name = f"{_FIELD}{field.definition.name}"
    if field.value is None:
        return {name: None}
    kept = {"type": field.definition.type.value, "value": field.value}
    if field.definition.display_name != field.definition.name:
        kept["displayName"] = field.definition.display_name
    return {name: kept}


def field_in(contact: Contact, definition: FieldDefinition) -> Field:
    """Return a field as a contact has it, with the type that is kept with its value."""
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
    """Yield the name of each field that a contact has a value of."""
    return (key.removeprefix(_FIELD) for key in contact.extra if key.startswith(_FIELD))


def name_as_kept(contact: Contact, name: str) -> str:
    """Return the name of the field that is meant: its letters may be composed in another way."""
    if name.isascii() or f"{_FIELD}{name}" in contact.extra:
        return name
    wanted = composed(name)
    return next((kept for kept in field_names_in(contact) if composed(kept) == wanted), wanted)
