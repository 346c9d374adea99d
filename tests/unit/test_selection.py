"""Which contacts and groups filters take, and in which order contacts are."""

from datetime import UTC, datetime

import pytest

from chalicelib.domain.contact import Contact
from chalicelib.domain.field import Field, FieldDefinition, FieldType
from chalicelib.domain.group import Group
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.selection import Comparison, ContactFilter, GroupFilter, Operator, Order

NOW = datetime(2026, 1, 31, tzinfo=UTC)
WHOLE, APART = "Zo\xeb", "Zoe\u0308"
OTHERWISE = pytest.mark.parametrize(("kept", "wanted"), [(WHOLE, APART), (APART, WHOLE)])


def contact(index=0):
    return Contact(
        id=1,
        phone_number=PhoneNumber(f"+7910000000{index}"),
        details={},
        group_ids=frozenset(),
        scheduled_deletion_date=None,
        created_on=NOW,
        updated_on=NOW,
    )


def having(value, kind=FieldType.TEXT):
    """Return an attribute which every contact has with this value."""
    return lambda _: Field(FieldDefinition("f", "F", kind), value)


def takes(value, operator, wanted):
    return Comparison(having(value), operator, wanted).takes(contact())


@OTHERWISE
@pytest.mark.parametrize("operator", Operator)
def test_value_is_compared_however_its_letters_are_put_together(kept, wanted, operator):
    is_taken = operator is not Operator.NOT_EQUALS

    assert takes(kept, operator, wanted) is is_taken
    assert takes(["a", kept], operator, wanted) is is_taken
    assert takes(kept, operator, "Zoa") is not is_taken


@pytest.mark.parametrize(
    ("operator", "wanted", "taken"),
    [
        (Operator.EQUALS, "abc", ["abc"]),
        (Operator.NOT_EQUALS, "abc", ["abcd", "xabc", "ABC", None, 5]),
        (Operator.CONTAINS, "abc", ["abc", "abcd", "xabc"]),
        (Operator.STARTS_WITH, "abc", ["abc", "abcd"]),
        (Operator.EQUALS, "5", [5]),
    ],
)
def test_value_is_compared_exactly_as_the_operator_says(operator, wanted, taken):
    values = ["abc", "abcd", "xabc", "ABC", None, 5]

    assert [each for each in values if takes(each, operator, wanted)] == taken


def test_filter_takes_what_fulfils_every_condition():
    is_five = Comparison(having("5"), Operator.EQUALS, "5").takes
    is_six = Comparison(having("5"), Operator.EQUALS, "6").takes

    assert ContactFilter().takes(contact())
    assert ContactFilter(conditions=(is_five,)).takes(contact())
    assert not ContactFilter(conditions=(is_five, is_six)).takes(contact())
    assert ContactFilter().takes_all
    assert not ContactFilter(conditions=(is_five,)).takes_all
    assert not ContactFilter(is_blacklisted=False).takes_all


@OTHERWISE
def test_group_is_found_however_the_letters_of_its_name_are_put_together(kept, wanted):
    group = Group(id=1, name=kept, created_on=NOW, updated_on=NOW, contacts_count=0)

    assert GroupFilter(name=wanted).takes(group)
    assert not GroupFilter(name="Zoe").takes(group)


def test_contacts_are_sorted_by_size_or_text_and_equal_ones_by_number():
    values = [
        (FieldType.NUMBER, 10), (FieldType.NUMBER, "9.5"), None, (FieldType.TEXT, "x"),
        (FieldType.NUMBER, 10), (FieldType.NUMBER, 100),
    ]  # fmt: skip
    contacts = [contact(n) for n in range(len(values))]

    def attribute(sorted_contact):
        kind, value = values[contacts.index(sorted_contact)] or (FieldType.TEXT, None)
        return Field(FieldDefinition("f", "F", kind), value)

    def order(count=None, *, descending=False):
        found = Order(attribute, descending).first(contacts, count)
        return [int(each.phone_number.e164[-1]) for each in found]

    assert order() == [2, 1, 0, 4, 5, 3]
    assert order(3) == [2, 1, 0]
    assert order(descending=True) == [3, 5, 0, 4, 1, 2]
    assert order(3, descending=True) == [3, 5, 0]


def test_contacts_are_sorted_by_number_where_nothing_else_is_said():
    contacts = [contact(n) for n in range(3)]

    assert Order().is_as_read
    assert list(Order().first(contacts, 2)) == contacts
    assert list(Order(descending=True).first(contacts, 2)) == [contacts[2], contacts[1]]
    assert list(Order(descending=True).first(contacts, None)) == contacts[::-1]
