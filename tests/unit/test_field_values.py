"""Which values a typed field takes, and how clocks of other zones show them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.field import FieldDefinition, FieldType
from chalicelib.domain.field_values import (
    check_value,
    in_zone,
    read_date_time,
    shifted,
    texts_of_value,
)
from chalicelib.domain.limits import MAX_LEVELS_OF_A_VALUE, MAX_VALUES_OF_A_FIELD

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("kind", "value", "is_accepted"),
    [
        (0, "2026-02-28 23:59:59", True), (0, "2026-02-30 23:59:59", False),
        (0, "2026-02-28T23:59:59.123456Z", True), (0, "2026-02-28", False),
        (0, "2026-02-28T23:59:59+18:00", True), (0, "2026-02-28T23:59:59-12:45", True),
        (0, "2026-02-28T23:59:59+18:01", False), (0, "2026-02-28T23:59:59+99:99", False),
        (0, "2026-02-28T23:59:59+01:60", False), (0, "0001-01-01 00:00:00", False),
        (0, "9999-12-31 23:59:59", False), (0, 0, False),
        (1, True, True), (1, "TRUE", True), (1, "False", True), (1, 1, False), (1, "yes", False),
        (2, 10**400, True), (2, 1.5, True), (2, "-1.50", True), (2, "1e5", False),
        (2, float("nan"), False), (2, float("inf"), False), (2, True, False), (2, "\u0661", False),
        (3, "x" * 1000, True), (3, "x" * 1001, False), (3, 5, False), (3, ["a", 5], False),
        (5, {}, True), (5, [{}, {"a": [1]}], True), (5, "{}", False), (5, ["a"], False),
        (8, "2024-02-29", True), (8, "2023-02-29", False), (8, "2024-02-29 00:00:00", False),
        (8, "20240229", False), (8, 20240229, False),
    ],
)  # fmt: skip
def test_value_is_of_its_type(kind, value, is_accepted):
    definition = FieldDefinition("f", "F", FieldType(kind))

    if is_accepted:
        check_value("f", definition, value)
    else:
        with pytest.raises(InvalidDataError):
            check_value("f", definition, value)


def refusal_of(definition, value):
    with pytest.raises(InvalidDataError) as refusal:
        check_value("f", definition, value)
    (problem,) = refusal.value.problems
    assert problem.field == "f"
    return problem.message


def nested(levels):
    value: dict[str, object] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        (FieldType.DATE_TIME, "now", "must be a date and time, YYYY-MM-DD HH:MM:SS"),
        (FieldType.BOOLEAN, 1, "must be true or false"),
        (FieldType.NUMBER, "1e5", "must be a number"),
        (FieldType.TEXT, "x" * 1001, "must be at most 1000 characters long"),
        (FieldType.TEXT, 5, "must be a string"),
        (FieldType.OBJECT, "{}", "must be an object"),
        (
            FieldType.OBJECT,
            nested(MAX_LEVELS_OF_A_VALUE + 1),
            f"must be at most {MAX_LEVELS_OF_A_VALUE} objects deep",
        ),
        (
            FieldType.OBJECT,
            {"a": [nested(MAX_LEVELS_OF_A_VALUE)]},
            f"must be at most {MAX_LEVELS_OF_A_VALUE} objects deep",
        ),
        (FieldType.DATE, "now", "must be a date, YYYY-MM-DD"),
    ],
)
def test_what_is_wrong_with_a_value_is_told_in_these_words(kind, value, told):
    assert refusal_of(FieldDefinition("f", "F", kind), value) == told


def test_object_may_be_as_deep_as_is_said():
    check_value("f", FieldDefinition("f", "F", FieldType.OBJECT), nested(MAX_LEVELS_OF_A_VALUE))


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (None, []),
        ("a", ["a"]),
        (["a", 5, {"b": [1, None]}], ["a", "5", '{"b":[1,null]}']),
        ([], []),
    ],
)
def test_value_is_compared_as_these_texts(value, texts):
    assert list(texts_of_value(value)) == texts


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31 23:30:00", datetime.fromisoformat("2026-01-31T23:30:00")),
        ("2026-01-31T23:30:00", datetime.fromisoformat("2026-01-31T23:30:00")),
        ("2026-02-30 23:30:00", None),
        ("2026-01-31", None),
        ("2026-01-31 23:30:00Z", None),
        ("", None),
    ],
)  # fmt: skip
def test_date_and_time_is_read_to_the_second_and_without_a_zone(text, moment):
    assert read_date_time(text) == moment


def test_clock_of_a_zone_shows_whole_seconds_and_names_no_zone():
    moment = datetime(2026, 1, 31, 23, 30, 0, 999_999, tzinfo=UTC)

    assert in_zone(moment, HOUR) == datetime.fromisoformat("2026-02-01T00:30:00")


def test_value_is_one_of_those_that_the_field_may_have():
    definition = FieldDefinition("f", "F", values=("a", "b"))

    check_value("f", definition, ["a", "b"])
    told = "must be one of the field's values"
    assert refusal_of(definition, ["a", "c"]) == told
    assert refusal_of(replace(definition, type=FieldType.OBJECT), {"a": 1}) == told


def test_array_that_is_too_long_is_refused_before_its_values_are_checked():
    definition = FieldDefinition("f", "F")

    check_value("f", definition, ["a"] * MAX_VALUES_OF_A_FIELD)
    too_many = [0] * (MAX_VALUES_OF_A_FIELD + 1)
    assert refusal_of(definition, too_many) == "must be at most 1000 values"


@pytest.mark.parametrize(
    ("value", "later"),
    [
        ("2026-01-31 23:30:00", "2026-02-01 00:30:00"),
        ("2026-01-31T23:30:00.5", "2026-02-01T00:30:00.5"),
        ("2026-01-31T23:30:00Z", "2026-01-31T23:30:00Z"),
        ("2026-01-31T23:30:00.5+03:00", "2026-01-31T23:30:00.5+03:00"),
        (["2026-01-31 23:30:00"], ["2026-02-01 00:30:00"]),
        (None, None),
    ],
)
def test_date_and_time_of_no_zone_is_shifted(value, later):
    assert shifted(FieldType.DATE_TIME, value, HOUR) == later
    assert shifted(FieldType.DATE_TIME, value, timedelta(0)) == value
    assert shifted(FieldType.TEXT, value, HOUR) == value
