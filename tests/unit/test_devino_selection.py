"""Which contacts and lists a Devino filter takes, where letters are put together otherwise."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.dialects.devino.selection import ContactFilter, ListFilter, Operator, Order
from chalicelib.domain.contact import Contact
from chalicelib.domain.group import Group
from chalicelib.domain.phone import PhoneNumber

NOW = datetime(2026, 1, 31, tzinfo=UTC)
ZONE = timedelta(0)
WHOLE, APART = "Zo\xeb", "Zoe\u0308"


def contact(first_name, **fields):
    return Contact(
        id=1,
        phone_number=PhoneNumber("+79100000000"),
        details={"first_name": first_name},
        extra={f"devino.fields.{name}": {"type": 3, "value": fields[name]} for name in fields},
        group_ids=frozenset(),
        scheduled_deletion_date=None,
        created_on=NOW,
        updated_on=NOW,
    )


def takes(found, field, operator, value):
    return ContactFilter(field, operator, value, None, None, ZONE).takes(found)


@pytest.mark.parametrize(("kept", "wanted"), [(WHOLE, APART), (APART, WHOLE)])
@pytest.mark.parametrize("operator", Operator)
def test_value_is_compared_however_its_letters_are_put_together(kept, wanted, operator):
    is_taken = operator is not Operator.NOT_EQUALS

    assert takes(contact(kept), "name", operator, wanted) is is_taken
    assert takes(contact("Any", own=[kept]), "own", operator, wanted) is is_taken
    assert takes(contact(kept), "name", operator, "Zoa") is not is_taken


@pytest.mark.parametrize(("kept", "wanted"), [(WHOLE, APART), (APART, WHOLE)])
def test_field_is_found_however_the_letters_of_its_name_are_put_together(kept, wanted):
    found = contact("Any", **{kept: "a"})

    assert takes(found, wanted, Operator.EQUALS, "a")
    assert not takes(found, wanted, Operator.NOT_EQUALS, "a")
    assert not takes(found, f"{wanted}x", Operator.EQUALS, "a")
    first = contact("Any", **{kept: "0"})
    assert list(Order(wanted, descending=False).first([found, first], None, ZONE)) == [first, found]


@pytest.mark.parametrize(("kept", "wanted"), [(WHOLE, APART), (APART, WHOLE)])
def test_list_is_found_however_the_letters_of_its_name_are_put_together(kept, wanted):
    group = Group(id=1, name=kept, created_on=NOW, updated_on=NOW, contacts_count=0)

    def is_taken(name):
        return ListFilter(name, None, None, None, None).takes(group, ZONE)

    assert is_taken(wanted)
    assert not is_taken("Zoe")
