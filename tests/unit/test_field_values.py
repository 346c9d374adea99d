"""Which values a typed field takes, and how clocks of other zones show them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.field import FieldDefinition, FieldType
from chalicelib.domain.field_values import check_value, shifted
from chalicelib.domain.limits import MAX_VALUES_OF_A_FIELD

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
        (1, True, True), (1, "TRUE", True), (1, 1, False), (1, "yes", False),
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


def test_value_is_one_of_those_that_the_field_may_have():
    definition = FieldDefinition("f", "F", values=("a", "b"))

    check_value("f", definition, ["a", "b"])
    with pytest.raises(InvalidDataError):
        check_value("f", definition, ["a", "c"])
    with pytest.raises(InvalidDataError):
        check_value("f", replace(definition, type=FieldType.OBJECT), {"a": 1})


def test_array_that_is_too_long_is_refused_before_its_values_are_checked():
    definition = FieldDefinition("f", "F")

    check_value("f", definition, ["a"] * MAX_VALUES_OF_A_FIELD)
    with pytest.raises(InvalidDataError) as refusal:
        check_value("f", definition, [0] * (MAX_VALUES_OF_A_FIELD + 1))
    (problem,) = refusal.value.problems
    assert problem.message == "must be at most 1000 values"


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
