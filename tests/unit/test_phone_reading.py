import itertools
import re
import sys

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from chalicelib.domain.errors import InvalidDataError, Problem
from chalicelib.domain.phone import Notation, PhoneNumber
from chalicelib.domain.phone_reading import (
    checked_region,
    read_phone_number,
    read_phone_number_or_integer,
)
from tests.account import account_in
from tests.sizes import FULL

INTERNATIONAL, NATIONAL = Notation.INTERNATIONAL, Notation.NATIONAL
DOCUMENTED = {"messente": None, "messagebird": INTERNATIONAL, "atom": NATIONAL}
"""What each dialect's documentation says of digits; Devino's says what MessageBird's does."""


def read(written, region="EE", documented=None, *, notation=None, **strictly):
    account = account_in(region, notation)
    number = read_phone_number(written, account, field="phone", documented=documented, **strictly)
    return number.e164


def reason(written, region="EE", documented=None, **how):
    with pytest.raises(InvalidDataError) as refused:
        read(written, region, documented, **how)
    (problem,) = refused.value.problems
    assert problem.field == "phone"
    return problem.message


def read_or_reason(written, region, documented=None, **how):
    try:
        return read(written, region, documented, **how)
    except InvalidDataError as refused:
        return refused.problems[0].message


ACCEPTED_BESIDE_REFUSED = [
    ("+37251000000", "+37251000000", "+3725100", "too short"),
    ("37251000000", "+37251000000", "37251000000000", "too long"),
    ("+372 5100-0000", "+37251000000", "+372 5100_0000", "LOW LINE"),
    ("+(372) 51.00.00.00", "+37251000000", "+(372) 51.00.00.0", "ends in .0"),
    ("(+372) 51000000", "+37251000000", "(372) 51000000", "is not a number of EE"),
    ("+442079460018", "+442079460018", "++442079460018", "PLUS SIGN"),
    ("+44 (0)20 7946 0018", "+442079460018", "+44 (0)20 7946 0018 ext 5", "SMALL LETTER E"),
    ("+18003569377", "+18003569377", "+1800FLOWERS", "CAPITAL LETTER F"),
    ("+390612345678", "+390612345678", "+999612345678", "country code"),
    ("+80012345678", "+80012345678", "0999612345678", "does not begin with a country code"),
    ("+491511234567890", "+491511234567890", "+4915112345678901", "15 digits"),
    ("+12015550123", "+12015550123", "+5550123", "country code"),
    ("+46093989013", "+4693989013", "+460093989013", "trunk prefix"),
    ("+13101234", "+13101234", "+12345678", "lacks its area code"),
    ("tel:+372-5100-0000", "+37251000000", "tel:+372-5100-0000;ext=5", "SEMICOLON"),
    ("+37251000000", "+37251000000", "+37251000000, 5", "COMMA"),
    ("+491701234567", "+491701234567", "491701234567.0", "ends in .0"),
    ("+491701234567", "+491701234567", "+491701234567.00", "ends in .0"),
    ("+491701234567", "+491701234567", "4.91701E+11", "rounded"),
    ("+491701234567", "+491701234567", "4,91701e11", "rounded"),
    ("+491701234567", "+491701234567", "(491701234567.0)", "ends in .0"),
    ("+491701234567", "+491701234567", "491701234567. 0", "ends in .0"),
    ("+491701234567", "+491701234567", "491 701 234 567.00", "ends in .0"),
    ("+49 171/5551234", "+491715551234", "+49 171/5551234/35", "two numbers"),
    ("+49 171/5551234", "+491715551234", "+49171555123/4", "two numbers"),
    ("+49/171/5551234", "+491715551234", "030 1234567/890", "two numbers"),
    ("+49 39829/2022", "+49398292022", "+49 30 1234567/8901", "two numbers"),
    ("+372 5100\n0000", "+37251000000", "51000000\n52000000", "two numbers"),
    ("+372 5100\n0000", "+37251000000", "51000\n51001", "two numbers"),
    ("+372 5100\n0000", "+37251000000", "+49 30 123456\n7890", "two numbers"),
    ("+49 30 1234/567", "+49301234567", "+49 30 12345/67", "two numbers"),
    ("+49 30 1234\n567", "+49301234567", "+49 30 12345\n67", "two numbers"),
    ("510000/00", "+37251000000", "5100000/0", "two numbers"),
    (
        "+372" + " " * 52 + "51000000",
        "+37251000000",
        "+372" + " " * 53 + "51000000",
        "64 characters",
    ),
    ("tel:+37251000000", "+37251000000", "tel:tel:+37251000000", "SMALL LETTER T"),
    ("' tel:+37251000000", "+37251000000", "+372 tel:51000000", "SMALL LETTER T"),
    (
        "+49 (0) 170 1234567",
        "+491701234567",
        "+49 170 123 (0) 4567",
        "does not follow its country code",
    ),
    ("0049 (0) 170 1234567", "+491701234567", "0049 170 (0) 1234567", "not a number of EE"),
]


@pytest.mark.parametrize(("accepted", "e164", "refused", "why"), ACCEPTED_BESIDE_REFUSED)
def test_number_is_read_and_its_nearest_neighbour_is_not(accepted, e164, refused, why):
    assert read(accepted) == e164
    assert why in reason(refused)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("+3725100", "is too short for its country code"),
        ("+37251000000000", "is too long for its country code"),
        ("+57362719647", "has a length that its country code does not have"),
        ("+999612345678", "has an unknown country code"),
        ("+372", "is not a phone number"),
        ("+12345678", "lacks its area code"),
        ("+4915112345678901", "is longer than the 15 digits of E.164"),
        ("+37508268914395", "has an extra trunk prefix after its country code"),
        ("+49 170 123 (0) 4567", "has a (0) that does not follow its country code"),
        ("(372) 51000000", "is not a number of EE, and does not begin with a country code"),
        ("1" * 65, "is longer than 64 characters"),
        ("4.91701E+11", "is rounded, as a spreadsheet shows a long number"),
        ("491701234567.0", "ends in .0, as a spreadsheet writes a number"),
        ("51000000\n52000000", "seems to hold two numbers"),
        ("++372", "is not a phone number: it has a PLUS SIGN that is not at its beginning"),
        ("+372x", "is not a phone number: it contains LATIN SMALL LETTER X"),
        ("()", "is not a phone number: it contains no digit"),
    ],
)
def test_what_is_wrong_with_a_number_is_told_in_these_words(written, told):
    assert reason(written) == told


@pytest.mark.parametrize("value", [None, 37251000000, ["+37251000000"], b"+37251000000"])
def test_what_is_no_text_is_refused(value):
    assert reason(value) == "must be a string"


@pytest.mark.parametrize("text", ["", " ", "\N{ZERO WIDTH SPACE}", "'", "tel:", " \N{BOM}\n"])
def test_text_in_which_nothing_can_be_seen_is_empty(text):
    if text in {"tel:", "'"}:
        assert reason(text)
    else:
        assert reason(text) == "must not be empty"


# What may stand around the digits.

PASTED = [
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2066, 0x206A)),
    *map(chr, range(0x200B, 0x2010)),
    "\N{BOM}",
    "\N{VARIATION SELECTOR-16}",
    *(chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace() and code > 0x1F),
    *"\t\n\r",
    *map(chr, range(0x2010, 0x2016)),
    "\N{MINUS SIGN}",
    "/",
    "\N{MIDDLE DOT}",
]


@pytest.mark.parametrize("character", PASTED, ids=lambda character: f"U+{ord(character):04X}")
def test_what_people_paste_between_the_digits_is_no_part_of_the_number(character):
    assert read(f"+372{character}5100{character}0000") == "+37251000000"
    assert read(f"{character}+37251000000{character}") == "+37251000000"


@pytest.mark.parametrize("zero", "\uff10\u0660\u06f0\u0966")
def test_digits_of_every_script_are_digits(zero):
    digits = "".join(chr(ord(zero) + int(each)) for each in "37251000000")

    assert read(f"+{digits}") == "+37251000000"
    assert read(f"\N{FULLWIDTH PLUS SIGN}{digits}") == "+37251000000"


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("+372\N{BLACK TELEPHONE}51000000", "BLACK TELEPHONE"),
        ("+3725\N{SUPERSCRIPT ONE}000000", "SUPERSCRIPT ONE"),
        ("+372\x0751000000", "U+0007"),
        ("+372\ud83d51000000", "U+D83D"),
        ('="+37251000000"', "EQUALS SIGN"),
    ],
)
def test_what_is_in_the_way_is_named(written, named):
    assert named in reason(written)


def test_leading_apostrophe_of_a_spreadsheet_is_no_part_of_the_number():
    assert read("'+37251000000") == read(" '+37251000000") == "+37251000000"


def test_work_of_reading_grows_with_the_length_at_most():
    def calls_for(length):
        count = 0

        def on_call(_frame, event, _argument):
            nonlocal count
            count += event in {"call", "c_call"}

        texts = (kind * (length // len(kind)) for kind in ("1", "(0)", "+", " ", "/1", "1\n", "'"))
        for text in texts:
            sys.setprofile(on_call)
            try:
                read_or_reason(text, "DE")
                read_or_reason(f"+{text}x", "DE")
            finally:
                sys.setprofile(None)
        return count

    calls_for(256)
    assert calls_for(256 * 1024) <= calls_for(256)


# Which reading wins.


@pytest.mark.parametrize(
    ("written", "region", "documented", "right"),
    [
        ("9161234567", "RU", INTERNATIONAL, "+79161234567"),
        ("491715551234", "DE", NATIONAL, "+491715551234"),
        ("491715551234", "DE", None, "+491715551234"),
        ("612345678", "NL", INTERNATIONAL, "+31612345678"),
        ("84951234567", "RU", INTERNATIONAL, "+74951234567"),
        ("84951234567", "RU", None, "+74951234567"),
        ("1715551234", "DE", INTERNATIONAL, "+491715551234"),
        ("0412345678", "AU", INTERNATIONAL, "+61412345678"),
        ("0236618300", "IT", None, "+390236618300"),
        ("(201) 555-0123", "US", INTERNATIONAL, "+12015550123"),
        ("(020) 7946 0018", "GB", None, "+442079460018"),
        ("(0)20 7946 0018", "GB", INTERNATIONAL, "+442079460018"),
        ("4641234", "AG", None, "+12684641234"),
        ("37251000000", "EE", None, "+37251000000"),
        ("51000000", "EE", None, "+37251000000"),
    ],
)
def test_digits_without_a_plus_are_who_they_can_be(written, region, documented, right):
    assert read(written, region, documented) == right


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("+48 (0) 22 512 3456", "+48225123456"),
        ("48 (0) 22 512 3456", "+48225123456"),
        ("0048 (0) 22 512 3456", "+48225123456"),
        ("+48 (022) 512 3456", "+48225123456"),
        ("+48 022 512 3456", "+48225123456"),
        ("+44 (0) 20 7946 0018", "+442079460018"),
        ("+39 (0) 6 1234 5678", "+390612345678"),
        ("+39 06 1234 5678", "+390612345678"),
        ("+7 (8) 495 123 45 67", "+74951234567"),
        ("+5215512345678", "+525512345678"),
        ("0052 1 55 1234 5678", "+525512345678"),
        # None of both readings is given out yet: what was written is kept.
        ("+267 06083778", "+26706083778"),
    ],
)
def test_what_nobody_dials_behind_a_country_code_is_left_out(written, right):
    assert read(written) == right
    assert read(right) == right


@pytest.mark.parametrize(
    ("written", "region", "right"),
    [
        ("00372 5100 0000", "EE", "+37251000000"),
        ("011 372 5100 0000", "US", "+37251000000"),
        ("0011 372 5100 0000", "AU", "+37251000000"),
        ("8 10 372 5100 0000", "RU", "+37251000000"),
        ("990 372 5100 0000", "FI", "+37251000000"),
        ("010 372 5100 0000", "JP", "+37251000000"),
    ],
)
def test_regions_own_way_to_call_abroad_is_a_plus(written, region, right):
    assert read(written, region) == right


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("0061412345670", "AU"),
        ("011 372 5100 0000", "DE"),
        # Of a Brazilian carrier, 31, the rest would be an Australian number that none has.
        ("0031612345678", "BR"),
    ],
)
def test_way_to_call_abroad_of_another_region_is_nobodys_number(written, region):
    assert "is not a number of" in reason(written, region)


@pytest.mark.parametrize(
    ("written", "region", "both"),
    [
        ("00 91 83260 63922", "NG", ("+18326063922", "+918326063922")),
        ("0049 162 28224679", "TH", ("+916228224679", "+4916228224679")),
        ("00 1 201 555 0123", "SG", ("+2015550123", "+12015550123")),
    ],
)
def test_way_to_call_abroad_that_is_a_carriers_too_is_refused(written, region, both):
    assert all(each in reason(written, region) for each in both)


def test_number_of_north_america_is_national_with_its_1_too():
    for written in ("12125551234", "1-212-555-1234", "(1) 212 555 1234", "(212) 555-1234"):
        assert read(written, "US", NATIONAL, notation=NATIONAL) == "+12125551234"


def test_digits_of_two_people_are_refused_in_a_dialect_that_writes_the_plus_and_both_are_named():
    told = "could be +13123456789 or +8613123456789: write it with + and its country code"

    assert reason("131 2345 6789", "CN") == told
    assert read("131 2345 6789", "CN", INTERNATIONAL) == "+13123456789"
    assert read("131 2345 6789", "CN", NATIONAL) == "+8613123456789"


def test_national_prefix_does_not_decide_where_reading_is_strict():
    assert "+84951234567 or +74951234567" in reason("84951234567", "RU", is_strict=True)
    assert read("491715551234", "DE", is_strict=True) == "+491715551234"


@pytest.mark.parametrize("documented", DOCUMENTED.values())
def test_notation_of_the_account_goes_before_that_of_the_dialect(documented):
    assert read("13123456789", "CN", documented, notation=INTERNATIONAL) == "+13123456789"
    assert read("13123456789", "CN", documented, notation=NATIONAL) == "+8613123456789"
    assert reason("010 1234 5678", "CN", documented, notation=INTERNATIONAL)
    assert reason("37251000000", "CN", documented, notation=NATIONAL)
    assert read("+37251000000", "CN", documented, notation=NATIONAL) == "+37251000000"
    assert read("00 372 51000000", "CN", documented, notation=NATIONAL) == "+37251000000"


# The library's own numbers.


REGIONS_OF_ACCOUNTS = (
    sorted(phonenumbers.SUPPORTED_REGIONS)
    if FULL
    else [
        "AG",
        "AR",
        "AU",
        "BR",
        "BY",
        "CL",
        "CN",
        "DE",
        "EE",
        "FI",
        "GB",
        "HU",
        "IN",
        "IT",
        "JP",
        "KP",
        "KR",
        "KZ",
        "MX",
        "NL",
        "RU",
        "SG",
        "TD",
        "US",
    ]
)


def example_numbers():
    """Yield each valid example number of the library, with its region if it has one."""
    seen = set()
    for region in (*sorted(phonenumbers.SUPPORTED_REGIONS), *phonenumbers_without_region()):
        for kind in range(11):
            number = (
                phonenumbers.example_number_for_type(region, kind)
                if isinstance(region, str)
                else phonenumbers.example_number_for_non_geo_entity(region)
            )
            if number and phonenumbers.is_valid_number(number):
                e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
                if e164 not in seen:
                    seen.add(e164)
                    yield e164, number, region if isinstance(region, str) else None


def phonenumbers_without_region():
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()
    return [code for code, regions in codes if regions == ("001",)]


EXAMPLES = list(example_numbers())


def test_there_are_examples_of_every_region():
    assert {region for *_, region in EXAMPLES} >= set(phonenumbers.SUPPORTED_REGIONS) - {
        # Their examples are those of a larger region beside them.
        "AX", "BL", "CC", "CX", "EH", "GG", "GP", "IM", "JE", "KZ", "MF", "RE", "SJ", "SX", "VA",
        "XK", "YT", "TA", "AC",
    }  # fmt: skip
    assert len(EXAMPLES) > 900


@pytest.mark.parametrize("region", REGIONS_OF_ACCOUNTS)
def test_example_of_any_region_is_itself_in_an_account_of_another(region):
    plan = phonenumbers.PhoneMetadata.metadata_for_region(region)
    prefix = (plan and plan.national_prefix) or "0"
    for e164, *_ in EXAMPLES:
        digits = e164.removeprefix("+")
        begins_nationally = not prefix.startswith("0") and digits.startswith(prefix)

        assert read(e164, region) == e164
        international = read(digits, region, INTERNATIONAL)
        assert international == e164 or begins_nationally, (e164, region, international)
        told = read_or_reason(digits, region)
        is_told = re.match(rf"could be .*{re.escape(e164)}", told)
        assert told == e164 or is_told or begins_nationally, (e164, region, told)
        told = read_or_reason(digits, region, is_strict=True)
        assert told == e164 or not told.startswith("+"), (e164, region, told)
        told = read_or_reason(f"00{digits}", region, INTERNATIONAL)
        assert told == e164 or not told.startswith("+"), (e164, region, told)


@pytest.mark.parametrize(("dialect", "documented"), DOCUMENTED.items())
def test_example_is_itself_in_each_notation_of_its_region(dialect, documented):
    for e164, number, region in EXAMPLES:
        for form in (PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.RFC3966):
            written = phonenumbers.format_number(number, form)
            assert read(written, region or "EE", documented) == e164
        if region:
            written = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
            told = read_or_reason(written, region, documented)
            digits = re.sub(r"[^0-9]", "", written)
            is_other = documented is INTERNATIONAL and told == f"+{digits}"
            is_refused = told.startswith("could be ")
            assert told == e164 or is_refused or (is_other and valid(told)), (dialect, e164, told)
            strict = read_or_reason(written, region, is_strict=True)
            assert strict == e164 or strict.startswith("could be "), (e164, strict)


def valid(e164):
    return phonenumbers.is_valid_number(phonenumbers.parse(e164))


def test_refusals_of_examples_are_few():
    told = [
        read_or_reason(phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL), region)
        for _, number, region in EXAMPLES
        if region
    ]

    assert sum(not each.startswith("+") for each in told) == 6


# Whatever is written.


@settings(max_examples=2_000)
@given(
    st.from_regex(r"(\+|00|8|0)?[1-9][0-9]{3,15}", fullmatch=True),
    st.sampled_from(["EE", "DE", "RU", "US", "AU", "IT", "BR", "FI", "CN"]),
    st.sampled_from([None, *Notation]),
)
def test_what_is_accepted_reads_as_itself_everywhere(written, region, documented):
    try:
        e164 = read(written, region, documented)
    except InvalidDataError:
        return

    number = phonenumbers.parse(e164)
    forms = (PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.RFC3966, PhoneNumberFormat.E164)
    notations = {e164, *(phonenumbers.format_number(number, form) for form in forms)}
    for other, notation in itertools.product((region, "DE", "AU"), (None, *Notation)):
        assert {read(each, other, notation) for each in notations} == {e164}


@given(st.text(), st.sampled_from([None, *Notation]))
def test_any_text_is_read_as_e164_or_refused(text, documented):
    told = read_or_reason(text, "DE", documented)
    assert re.fullmatch(r"\+[1-9][0-9]{6,14}", told) or not told.startswith("+")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ee", "did you mean EE?"),
        ("UK", "did you mean GB?"),
        ("el", "did you mean GR?"),
        ("+372", "did you mean EE?"),
        ("44", "did you mean GB, GG, IM, JE?"),
        ("ZZ", "it is two letters of ISO 3166, such as EE or GB"),
        ("", "it is two letters of ISO 3166, such as EE or GB"),
        ("Estonia", "it is two letters of ISO 3166, such as EE or GB"),
        ("800", "it is two letters of ISO 3166, such as EE or GB"),
        ("999", "it is two letters of ISO 3166, such as EE or GB"),
        ("1" * 5_000, "it is two letters of ISO 3166, such as EE or GB"),
    ],
)
def test_region_that_is_not_known_is_answered_with_what_helps(code, said):
    assert checked_region("region", "EE") == "EE"
    with pytest.raises(InvalidDataError) as refused:
        checked_region("region", code)
    assert refused.value.problems == (Problem("region", f"is not a known region: {said}"),)


@pytest.mark.parametrize(
    ("value", "region"),
    [(31612345678, "EE"), ("31612345678", "EE"), ("+31 612345678", "NL"), (612345678, "NL")],
)
def test_number_may_be_sent_as_an_integer(value, region):
    number = read_phone_number_or_integer(
        value, account_in(region), field="msisdn", documented=INTERNATIONAL
    )

    assert number == PhoneNumber("+31612345678")


@pytest.mark.parametrize(
    ("documented", "e164"), [(INTERNATIONAL, "+13123456789"), (NATIONAL, "+8613123456789")]
)
def test_integer_is_read_in_the_notation_of_its_dialect(documented, e164):
    number = read_phone_number_or_integer(
        13123456789, account_in("CN"), field="msisdn", documented=documented
    )

    assert number == PhoneNumber(e164)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (True, "must be a string or an integer"),
        (31612345678.0, "must be a string or an integer"),
        (None, "must be a string or an integer"),
        ([], "must be a string or an integer"),
        (-31612345678, "is not a phone number"),
        (10**64, "is not a phone number"),
        (10**4_000, "is not a phone number"),
        (0, "is not a number of EE, and does not begin with a country code"),
    ],
)
def test_what_is_no_integer_of_a_number_is_refused(value, why):
    with pytest.raises(InvalidDataError) as refused:
        read_phone_number_or_integer(value, account_in("EE"), field="msisdn")
    assert refused.value.problems == (Problem("msisdn", why),)
