"""What a Devino client calls the attributes of a contact, and what each is."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.dialects.devino.fields import attribute_of
from chalicelib.domain.contact import Contact
from chalicelib.domain.field import FieldType
from chalicelib.domain.phone import PhoneNumber

HOUR = timedelta(hours=1)
CONTACT = Contact(
    id=1,
    phone_number=PhoneNumber("+79100000000"),
    details={"first_name": "John", "email": "a@b.c"},
    extra={
        "devino.fields.since": {"type": 0, "value": "2026-01-31 23:30:00"},
        "devino.fields.Zo\xeb": {"type": 2, "value": [5, 6]},
    },
    group_ids=frozenset(),
    scheduled_deletion_date=None,
    created_on=datetime(2026, 1, 31, 23, 30, 0, 999_999, tzinfo=UTC),
    updated_on=datetime(2026, 2, 1, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("phone", FieldType.TEXT, "79100000000"),
        ("email", FieldType.TEXT, "a@b.c"),
        ("name", FieldType.TEXT, "John"),
        ("surname", FieldType.TEXT, None),
        ("creationDate", FieldType.TEXT, "2026-02-01 00:30:00"),
        ("LastUpdate", FieldType.TEXT, "2026-02-01 01:00:00"),
        ("since", FieldType.DATE_TIME, "2026-02-01 00:30:00"),
        ("Zoe\u0308", FieldType.NUMBER, [5, 6]),
        ("other", FieldType.TEXT, None),
    ],
)
def test_attribute_is_found_by_the_vendors_name_and_shown_by_the_clients_clock(name, kind, value):
    field = attribute_of(CONTACT, name, HOUR)

    assert (field.definition.type, field.value) == (kind, value)
