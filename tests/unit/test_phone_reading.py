import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.phone_reading import (
    is_region,
    read_phone_number,
    read_phone_number_or_integer,
)

ACCEPTED_BESIDE_REJECTED = [
    ("+37251000000", "+37251000000", "+3725100", "too short"),
    ("37251000000", "+37251000000", "37251000000000", "too long"),
    ("+372 5100-0000", "+37251000000", "+372 5100_0000", "E.164"),
    ("+(372) 51.00.00.00", "+37251000000", "(+372) 51.00.00.00", "E.164"),
    (" +37251000000 ", "+37251000000", "\t+37251000000", "E.164"),
    ("+442079460018", "+442079460018", "++442079460018", "E.164"),
    ("+44 (0)20 7946 0018", "+442079460018", "+44 (0)20 7946 0018 ext 5", "E.164"),
    ("+18003569377", "+18003569377", "+1800FLOWERS", "E.164"),
    ("+390612345678", "+390612345678", "+999612345678", "country code"),
    ("+80012345678", "+80012345678", "0080012345678", "country code"),
    ("+491511234567890", "+491511234567890", "+4915112345678901", "15 digits"),
    ("+12015550123", "+12015550123", "+5550123", "country code"),
    ("+46093989013", "+4693989013", "+460093989013", "trunk prefix"),
    ("+61412345678", "+61412345678", "+6141234567\N{ARABIC-INDIC DIGIT EIGHT}", "E.164"),
]


@pytest.mark.parametrize(("accepted", "e164", "rejected", "reason"), ACCEPTED_BESIDE_REJECTED)
def test_number_is_read_and_its_nearest_neighbour_is_not(accepted, e164, rejected, reason):
    assert read_phone_number(accepted, field="phone").e164 == e164
    with pytest.raises(InvalidDataError) as refusal:
        read_phone_number(rejected, field="phone")
    assert reason in str(refusal.value.problems[0])


@pytest.mark.parametrize(
    "value", [None, 37251000000, ["+37251000000"], "", " ", "+", "()", "tel:1"]
)
def test_what_is_no_text_of_a_number_is_refused(value):
    with pytest.raises(InvalidDataError):
        read_phone_number(value, field="phone")


def test_number_that_is_far_too_long_is_refused_before_it_is_looked_at():
    with pytest.raises(InvalidDataError):
        read_phone_number("1" * 250_000 + "x", field="phone")


def test_national_number_is_read_only_with_a_region():
    assert read_phone_number("0412345678", field="phone", region="AU").e164 == "+61412345678"
    with pytest.raises(InvalidDataError):
        read_phone_number("0412345678", field="phone")


def test_international_number_keeps_its_country_whatever_the_region():
    assert read_phone_number("+37251000000", field="phone", region="AU").e164 == "+37251000000"


@settings(max_examples=2_000)
@given(st.from_regex(r"\+[1-9][0-9]{6,15}", fullmatch=True))
def test_reading_is_idempotent_and_needs_no_plus(written):
    try:
        number = read_phone_number(written, field="phone")
    except InvalidDataError:
        return

    assert read_phone_number(number.e164, field="phone") == number
    assert read_phone_number(number.e164.removeprefix("+"), field="phone") == number


@given(st.text())
def test_any_text_is_read_as_e164_or_refused(text):
    try:
        number = read_phone_number(text, field="phone")
    except InvalidDataError:
        return
    assert re.fullmatch(r"\+[1-9][0-9]{6,14}", number.e164)


def test_numbers_sort_as_their_text():
    assert PhoneNumber("+12015550123") < PhoneNumber("+37251000000")


@pytest.mark.parametrize(("code", "known"), [("EE", True), ("ee", False), ("XX", False)])
def test_region_is_known_or_not(code, known):
    assert is_region(code) is known


@pytest.mark.parametrize(
    ("value", "region"),
    [(31612345678, None), ("31612345678", None), ("+31 612345678", "NL"), (612345678, "NL")],
)
def test_number_may_be_sent_as_an_integer(value, region):
    number = read_phone_number_or_integer(value, field="msisdn", region=region)

    assert number == PhoneNumber("+31612345678")


@pytest.mark.parametrize("value", [True, -31612345678, 31612345678.0, 0, 10**4_000, None, []])
def test_what_is_no_integer_of_a_number_is_refused(value):
    with pytest.raises(InvalidDataError):
        read_phone_number_or_integer(value, field="msisdn")


@pytest.mark.parametrize(
    ("written", "region", "read"),
    [("0236618300", "IT", "+390236618300"), ("0412345678", "AU", "+61412345678")],
)
def test_zero_that_belongs_to_a_national_number_stays_and_one_that_does_not_goes(
    written, region, read
):
    assert read_phone_number(written, field="phone", region=region).e164 == read


def test_other_countries_way_to_call_abroad_is_no_national_number():
    with pytest.raises(InvalidDataError, match="INVALID_DATA") as refused:
        read_phone_number("0061412345670", field="phone", region="AU")
    assert str(refused.value.problems[0]) == "phone: begins with a zero too many"
