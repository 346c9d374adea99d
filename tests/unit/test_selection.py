"""Which contacts and groups filters take, and in which order contacts are."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.contact import Contact
from chalicelib.domain.field import Field, FieldDefinition, FieldType
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.selection import (
    Comparison,
    ContactFilter,
    GroupFilter,
    Operator,
    Order,
    Slice,
)

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


def test_contact_is_compared_by_what_it_has_itself():
    definition = FieldDefinition("phone", "phone")
    by_number = Comparison(
        lambda each: Field(definition, each.phone_number.e164), Operator.EQUALS, "+79100000001"
    )

    assert by_number.takes(contact(1))
    assert not by_number.takes(contact(2))
    only = ContactFilter(conditions=(by_number.takes,))
    assert [only.takes(contact(n)) for n in range(3)] == [False, True, False]


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


def test_group_is_found_by_what_it_is_and_the_day_of_the_clients_clock():
    group = Group(id=1, name="a", created_on=NOW, updated_on=NOW, contacts_count=0)
    one_hour, two = timedelta(hours=1), timedelta(hours=2)
    one_o_clock = datetime.fromisoformat("2026-01-31T01:00:00")

    assert GroupFilter().takes(group)
    assert GroupFilter(kinds=frozenset({GroupKind.STANDARD})).takes(group)
    assert not GroupFilter(kinds=frozenset({GroupKind.PUSH})).takes(group)
    assert GroupFilter(start=one_o_clock, end=one_o_clock, zone_offset=one_hour).takes(group)
    assert not GroupFilter(start=one_o_clock).takes(group)
    assert not GroupFilter(end=one_o_clock, zone_offset=two).takes(group)
    assert GroupFilter(conditions=(lambda each: each.id == 1,)).takes(group)
    assert not GroupFilter(conditions=(lambda each: each.id == 2,)).takes(group)


@pytest.mark.parametrize(
    ("offset", "limit", "end", "taken"),
    [(0, None, None, [0, 1, 2, 3]), (1, 2, 3, [1, 2]), (3, 5, 8, [3]), (4, None, None, [])],
)
def test_slice_is_a_part_of_what_there_is(offset, limit, end, taken):
    part = Slice(offset, limit)

    assert part.end == end
    assert list(part.of(range(4))) == taken


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


def test_several_values_are_sorted_as_the_words_of_one_text():
    values = ["a c", ["a", "b"], "a b c"]
    contacts = [contact(n) for n in range(3)]

    def attribute(sorted_contact):
        return Field(FieldDefinition("f", "F"), values[contacts.index(sorted_contact)])

    assert list(Order(attribute).first(contacts, None)) == [contacts[1], contacts[2], contacts[0]]


def test_contacts_are_sorted_by_number_where_nothing_else_is_said():
    contacts = [contact(n) for n in range(3)]

    assert Order().is_as_read
    assert list(Order().first(contacts, 2)) == contacts
    assert list(Order(descending=True).first(contacts, 2)) == [contacts[2], contacts[1]]
    assert list(Order(descending=True).first(contacts, None)) == contacts[::-1]
