from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dialects.devino.fields import MAIN_FIELDS
from chalicelib.dialects.devino.rows import read_row, shown_name
from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.field import FieldType
from chalicelib.domain.field_values import shifted
from chalicelib.domain.limits import MAX_TYPED_FIELDS
from tests.account import account_in


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


def test_fields_that_are_too_many_are_refused_before_each_is_looked_at():
    assert len(problems_of({"phone": "79100000000", "fields": [{}] * MAX_TYPED_FIELDS})) == 10
    assert problems_of({"phone": "79100000000", "fields": [{}] * (MAX_TYPED_FIELDS + 1)}) == [
        "fields"
    ]


@pytest.mark.parametrize("kind", [0, 3])
def test_main_field_takes_its_own_type_only(kind):
    value = "2026-01-01 00:00:00"
    fields = [{"name": "birthdate", "type": kind, "value": value}]

    assert problems_of({"phone": "79100000000", "fields": fields}) == ["birthdate"]


def test_row_that_is_larger_than_is_kept_is_refused_when_it_is_read():
    fields = [{"name": f"f{n}", "value": "x" * 1000} for n in range(20)]

    assert problems_of({"phone": "79100000000", "fields": fields}) == ["extra fields"]


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


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Auto", "Auto"), ("x" * 30, "x" * 30), ("x" * 31, "fields[3]"), ('"', "fields[3]"),
     ("Ä", "fields[3]"), (" a", "fields[3]")],
)  # fmt: skip
def test_name_is_repeated_if_it_is_short_and_plain(name, shown):
    assert shown_name(name, 3) == shown
