"""How groups and contacts keep typed fields: what is kept already must be read for good."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.domain.contact import Contact
from chalicelib.domain.field import (
    Field,
    FieldDefinition,
    FieldType,
    definitions_in,
    extra_of_definitions,
    extra_of_field,
    field_in,
    field_names_in,
    name_as_kept,
)
from chalicelib.domain.group import Group
from chalicelib.domain.phone import PhoneNumber

NOW = datetime(2026, 1, 31, tzinfo=UTC)
WHOLE, APART = "Zo\xeb", "Zoe\u0308"


def contact(extra):
    return Contact(
        id=1,
        phone_number=PhoneNumber("+79100000000"),
        details={},
        extra=extra,
        group_ids=frozenset(),
        scheduled_deletion_date=None,
        created_on=NOW,
        updated_on=NOW,
    )


def test_definitions_of_a_group_are_read_as_they_are_kept():
    definitions = [
        FieldDefinition("Age", "Years", FieldType.NUMBER),
        FieldDefinition("Size", "Size", values=("S", "L")),
    ]
    extra = extra_of_definitions(definitions)
    group = Group(id=1, name="a", created_on=NOW, updated_on=NOW, contacts_count=0, extra=extra)

    assert extra == {"devino.fields": [
        {"name": "Age", "displayName": "Years", "type": 2, "values": ()},
        {"name": "Size", "displayName": "Size", "type": 3, "values": ("S", "L")},
    ]}  # fmt: skip
    assert list(definitions_in(group).values()) == definitions
    assert extra_of_definitions([]) == {}
    assert definitions_in(replace(group, extra={})) == {}


def test_field_is_kept_with_its_type_and_cleared_by_its_name():
    city = FieldDefinition("city", "city")
    age = FieldDefinition("Age", "Years", FieldType.NUMBER)

    assert extra_of_field(Field(city, "Perm")) == {
        "devino.fields.city": {"type": 3, "value": "Perm"}
    }
    assert extra_of_field(Field(age, 5)) == {
        "devino.fields.Age": {"type": 2, "value": 5, "displayName": "Years"}
    }
    assert extra_of_field(Field(city)) == {"devino.fields.city": None}


@pytest.mark.parametrize(("defined", "shown"), [("Age", "Years"), ("Age in years", "Age in years")])
def test_field_is_read_with_the_type_of_its_value_and_the_values_that_are_allowed(defined, shown):
    kept = contact({"devino.fields.Age": {"type": 2, "value": 5, "displayName": "Years"}, "a": 1})
    definition = FieldDefinition("Age", defined, FieldType.TEXT, ("5", "6"))

    assert field_in(kept, definition) == Field(
        FieldDefinition("Age", shown, FieldType.NUMBER, ("5", "6")), 5
    )
    assert field_in(contact({}), definition) == Field(definition)
    unnamed = contact({"devino.fields.Age": {"type": 3, "value": "5"}})
    assert field_in(unnamed, FieldDefinition("Age", "Age")).definition.display_name == "Age"
    assert list(field_names_in(kept)) == ["Age"]


@pytest.mark.parametrize(("kept", "wanted"), [(WHOLE, APART), (APART, WHOLE)])
def test_field_is_found_however_the_letters_of_its_name_are_put_together(kept, wanted):
    found = contact({f"devino.fields.{kept}": {"type": 3, "value": "a"}})

    assert name_as_kept(found, wanted) == kept
    assert name_as_kept(found, kept) == kept
    assert name_as_kept(found, f"{wanted}x") == f"{WHOLE}x"
    value = {"type": 3, "value": "a"}
    both = contact({f"devino.fields.{each}": value for each in (wanted, kept)})
    assert name_as_kept(both, kept) == kept
