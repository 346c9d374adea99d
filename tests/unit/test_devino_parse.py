import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dialects.devino.fields import (
    MAIN_FIELDS,
    MOST_FIELDS,
    MOST_VALUES,
    Definition,
    FieldType,
    check_value,
    shifted,
)
from chalicelib.dialects.devino.parse import (
    DuplicateCheck,
    parse_deleted_ids,
    parse_new_list,
    parse_upload,
    read_row,
    shown_name,
)
from chalicelib.domain.errors import InvalidDataError, NotFoundError
from tests.account import account_in
from tests.openapi import REQUEST

HOUR = timedelta(hours=1)


def request(body=b"", **query):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return REQUEST._replace(body=body, query=query)


def read(row, *, region="RU", zone_offset=timedelta(0), definitions=MAIN_FIELDS):
    return read_row(row, definitions, account_in(region), zone_offset=zone_offset)


def problems_of(row):
    with pytest.raises(InvalidDataError) as refusal:
        read(row)
    return [problem.field for problem in refusal.value.problems]


@pytest.mark.parametrize(
    ("written", "region", "e164"),
    [
        ("79100000000", "EE", "+79100000000"),
        ("+7 (910) 000-00-00", "EE", "+79100000000"),
        (79100000000, "EE", "+79100000000"),
        (["79100000000"], "EE", "+79100000000"),
        ("89100000000", "RU", "+79100000000"),
        ("0412345678", "AU", "+61412345678"),
        ("51234567", "EE", "+37251234567"),
    ],
)
def test_number_is_international_or_else_of_the_region(written, region, e164):
    assert read({"phone": written}, region=region).phone_number.e164 == e164


def test_row_is_read_into_what_all_dialects_know_and_what_only_this_one_does():
    row = read({
        "phone": "79100000000",
        "email": "a@b.c",
        "fields": [
            {"name": "name", "type": 3, "value": ["John"]},
            {"name": "surname", "value": None},
            {"name": "city", "value": "Perm"},
            {"name": "country", "value": None},
            {"name": "timezone"},
            {"name": "own", "displayName": "Own one", "type": 2, "value": 5},
        ],
        "pushInfo": [{"appId": "1", "os": 0, "pushToken": "t"}],
    })  # fmt: skip

    assert row.details == {"email": "a@b.c", "first_name": "John", "last_name": None}
    assert row.extra == {
        "devino.fields.city": {"type": 3, "value": "Perm"},
        "devino.fields.country": None,
        "devino.fields.own": {"type": 2, "value": 5, "displayName": "Own one"},
        "devino.pushInfo": [{"appId": "1", "os": 0, "pushToken": "t"}],
    }


def test_what_is_not_said_is_not_changed_and_null_clears():
    assert read({"phone": "79100000000"}).details == {}
    assert read({"phone": "79100000000"}).extra == {}
    cleared = read({"phone": "79100000000", "email": None, "pushInfo": None, "fields": None})
    assert cleared.details == {"email": None}
    assert cleared.extra == {"devino.pushInfo": None}


def test_every_problem_of_a_row_is_found_and_the_number_comes_first():
    assert problems_of({
        "email": 1,
        "fields": [
            {"name": "gender", "value": "x"}, {"name": "birthdate", "value": "1.1.2000"},
            {"name": "name", "value": 5}, {"name": "city", "value": "a"},
            {"name": "city", "value": "b"}, 7, {"name": "Ä", "type": "x", "value": 1},
        ],
        "pushInfo": {},
    }) == [
        "phone", "gender", "birthdate", "name", "city", "fields[5]", "fields[6]", "email",
        "pushInfo",
    ]  # fmt: skip


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
    definition = Definition("f", "F", FieldType(kind))

    if is_accepted:
        check_value("f", definition, value)
    else:
        with pytest.raises(InvalidDataError):
            check_value("f", definition, value)


def test_value_is_one_of_those_that_the_field_may_have():
    definition = Definition("f", "F", values=("a", "b"))

    check_value("f", definition, ["a", "b"])
    with pytest.raises(InvalidDataError):
        check_value("f", definition, ["a", "c"])
    with pytest.raises(InvalidDataError):
        check_value("f", replace(definition, type=FieldType.OBJECT), {"a": 1})


def test_array_that_is_too_long_is_refused_before_its_values_are_checked():
    definition = Definition("f", "F")

    check_value("f", definition, ["a"] * MOST_VALUES)
    with pytest.raises(InvalidDataError) as refusal:
        check_value("f", definition, [0] * (MOST_VALUES + 1))
    (problem,) = refusal.value.problems
    assert problem.message == "must be at most 1000 values"


def test_fields_that_are_too_many_are_refused_before_each_is_looked_at():
    assert len(problems_of({"phone": "79100000000", "fields": [{}] * MOST_FIELDS})) == 10
    assert problems_of({"phone": "79100000000", "fields": [{}] * (MOST_FIELDS + 1)}) == ["fields"]
    with pytest.raises(InvalidDataError) as refusal:
        parse_new_list(request({"name": "a", "fields": [0] * (MOST_FIELDS + 1)}))
    assert [problem.field for problem in refusal.value.problems] == ["fields"]


@pytest.mark.parametrize("kind", [0, 3])
def test_main_field_takes_its_own_type_only(kind):
    value = "2026-01-01 00:00:00"
    fields = [{"name": "birthdate", "type": kind, "value": value}]

    assert problems_of({"phone": "79100000000", "fields": fields}) == ["birthdate"]


def test_row_that_is_larger_than_is_kept_is_refused_when_it_is_read():
    fields = [{"name": f"f{n}", "value": "x" * 1000} for n in range(20)]

    assert problems_of({"phone": "79100000000", "fields": fields}) == ["extra fields"]


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


@given(
    moment=st.datetimes().map(lambda moment: str(moment.replace(microsecond=0))),
    minutes=st.integers(-1080, 1080),
)
def test_what_is_written_at_an_offset_is_read_back_at_it(moment, minutes):
    offset = timedelta(minutes=minutes)
    fields = [{"name": "f", "type": 0, "value": moment}]
    try:
        row = read({"phone": "79100000000", "fields": fields}, zone_offset=offset)
    except InvalidDataError:
        assert moment[:4] in {"0001", "9999"}
        return
    kept = row.extra["devino.fields.f"]["value"]
    assert shifted(FieldType.DATE_TIME, kept, offset) == moment
    for farthest in (-1080, 1080):
        shifted(FieldType.DATE_TIME, kept, timedelta(minutes=farthest))


def test_ids_beyond_53_bits_are_read_exactly_and_are_nobodys():
    with pytest.raises(NotFoundError):
        parse_upload(request({"contactGroupId": 3576505602081984001, "contacts": []}))
    largest = parse_upload(request({"contactGroupId": 2**53 - 1, "contacts": []}))
    assert largest.group_id == 9007199254740991
    assert largest.check is DuplicateCheck.NONE


def test_ids_to_delete_are_each_once_and_as_they_were_sent():
    assert parse_deleted_ids(request(ids=["18446744073709551617", "1, 2", "1"])) == (
        "ids", ["18446744073709551617", "1", "2"],
    )  # fmt: skip
    assert parse_deleted_ids(request(smsIds=["007"])) == ("smsIds", ["007"])


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Auto", "Auto"), ("x" * 30, "x" * 30), ("x" * 31, "fields[3]"), ('"', "fields[3]"),
     ("Ä", "fields[3]"), (" a", "fields[3]")],
)  # fmt: skip
def test_name_is_repeated_if_it_is_short_and_plain(name, shown):
    assert shown_name(name, 3) == shown
