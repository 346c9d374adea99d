"""Reading phone numbers as people write them, without guessing: a guess may be another person's.

Text with a ``+``, or with the region's international prefix, is international. Any other digits may
be international or national: we read them as both, and take the valid reading. If both are valid,
the first digits decide, and then the notation of the dialect. If it has none, we refuse them. We
take a reading only if its E.164 form reads as the same number again, so that no digit is lost.

The library that reads numbers is a tenth of what a Lambda loads, so only Lambdas that read numbers
load it.
"""

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

import phonenumbers
from phonenumbers import (
    CountryCodeSource,
    NumberParseException,
    PhoneMetadata,
    PhoneNumberFormat,
    ValidationResult,
)

from chalicelib.domain.account import Account
from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.limits import MAX_E164_DIGITS, MAX_WRITTEN_NUMBER_CHARACTERS
from chalicelib.domain.phone import Notation, PhoneNumber
from chalicelib.domain.phone_text import UnreadableError, Written, read_text

_BEYOND_EVERY_NUMBER: Final = 10**MAX_WRITTEN_NUMBER_CHARACTERS

_MAX_COUNTRY_CODE_DIGITS: Final = 3
_USUAL_INTERNATIONAL_PREFIX: Final = "00"
"""The international prefix that the ITU recommends and most regions have."""

_ALSO_CALLED: Final = {"UK": "GB", "EL": "GR"}
"""Codes of the European Union that differ from ISO 3166."""

_MEXICAN_MOBILE: Final = "521"
"""Mexico dropped the 1 after its country code in 2019, but old lists still have it."""

_REASONS: Final = {
    ValidationResult.TOO_SHORT: "is too short for its country code",
    ValidationResult.TOO_LONG: "is too long for its country code",
    ValidationResult.INVALID_LENGTH: "has a length that its country code does not have",
    ValidationResult.INVALID_COUNTRY_CODE: "has an unknown country code",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "lacks its area code",
}


def read_phone_number(
    value: object,
    account: Account,
    *,
    field: str,
    documented: Notation | None = None,
    is_strict: bool = False,
) -> PhoneNumber:
    """Read a number, with or without a ``+`` and separators.

    *account* gives the region of national numbers, and may give a notation. *documented* is the
    notation of the dialect. Without a notation, digits that could be two numbers are refused,
    unless they begin with the national prefix; if *is_strict*, even then.

    A number with a ``+`` has to be *possible*: a known country code, and one of its lengths. It
    need not be assigned, since numbering plans change faster than any table of them.

    Raises:
        InvalidDataError: *field* is not a phone number, or could be two.

    """
    if not isinstance(value, str):
        raise InvalidDataError.of(field, "must be a string")
    try:
        return _decide(_Readings(read_text(value), account), documented, is_strict=is_strict)
    except UnreadableError as error:
        raise InvalidDataError.of(field, str(error)) from error


def read_phone_number_or_integer(
    value: object, account: Account, *, field: str, documented: Notation | None = None
) -> PhoneNumber:
    """Read a number as :func:`read_phone_number` does; it may also be a JSON integer.

    Raises:
        InvalidDataError: *field* is not a phone number, or could be two.

    """
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value < _BEYOND_EVERY_NUMBER:
            raise InvalidDataError.of(field, "is not a phone number")
        value = str(value)
    if not isinstance(value, str):
        raise InvalidDataError.of(field, "must be a string or an integer")
    return read_phone_number(value, account, field=field, documented=documented)


def checked_region(field: str, code: str) -> str:
    """Return *code*, two letters of ISO 3166, if we can read national numbers of that region.

    Raises:
        InvalidDataError: We cannot. The error names *field* and may suggest another code.

    """
    if code in phonenumbers.SUPPORTED_REGIONS:
        return code
    meant = ", ".join(_regions_meant_by(code.strip().upper()))
    if meant:
        raise InvalidDataError.of(field, f"is not a known region: did you mean {meant}?")
    raise InvalidDataError.of(
        field, "is not a known region: it is two letters of ISO 3166, such as EE or GB"
    )


def _regions_meant_by(code: str) -> list[str]:
    """Return the regions of a country code such as ``+372``, or the region of another code."""
    digits = code.removeprefix("+")
    if digits.isascii() and digits.isdigit() and len(digits) <= _MAX_COUNTRY_CODE_DIGITS:
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(digits), ())
        return [region for region in regions if region in phonenumbers.SUPPORTED_REGIONS]
    code = _ALSO_CALLED.get(code, code)
    return [code] if code in phonenumbers.SUPPORTED_REGIONS else []


@dataclass(frozen=True, slots=True)
class _Reading:
    """A possible number, in our form and in the library's."""

    number: PhoneNumber
    parsed: phonenumbers.PhoneNumber

    @property
    def is_valid(self) -> bool:
        """Whether its numbering plan has such numbers."""
        return phonenumbers.is_valid_number(self.parsed)


class _Readings:
    """The readings of digits in each notation; each is read on request."""

    def __init__(self, written: Written, account: Account) -> None:
        self.written = written
        self.region = account.default_region
        self.notation = account.notation
        self._plan: Any = PhoneMetadata.metadata_for_region(account.default_region)

    @property
    def says_national(self) -> bool:
        """Whether the digits cannot be international: no country code begins with 0."""
        return self.written.digits.startswith("0") or self.written.begins_with_area_code

    @property
    def begins_with_country_code(self) -> bool:
        """Whether the digits begin with the region's own country code."""
        return self.written.digits.startswith(str(self._plan.country_code))

    @property
    def begins_with_national_prefix(self) -> bool:
        """Whether the digits begin with the region's national (trunk) prefix."""
        prefix = self._plan.national_prefix
        return prefix is not None and self.written.digits.startswith(prefix)

    def international(self) -> _Reading | str:
        """Read the digits as country code and number; return the number, or why it is none."""
        return _read_international(self.written)

    def called_abroad(self) -> PhoneNumber | None:
        """Return the number after the region's international prefix, if there is one.

        If the region has several prefixes, such as one for each carrier, the number must be valid:
        its first digits may be a carrier's.
        """
        prefix = self._plan.international_prefix
        begins = re.match(prefix, self.written.digits)
        if begins is None:
            return None
        reading = _read_international(_after_prefix(self.written, begins.end()))
        if isinstance(reading, str) or not (prefix.isdigit() or reading.is_valid):
            return None
        return reading.number

    def called_abroad_as_elsewhere(self) -> PhoneNumber | None:
        """Return the valid number after ``00`` if the region has another international prefix.

        We never take this number, but it makes any other reading ambiguous: much of the world
        writes numbers with ``00``.
        """
        is_own_prefix = self._plan.international_prefix == _USUAL_INTERNATIONAL_PREFIX
        if is_own_prefix or not self.written.digits.startswith(_USUAL_INTERNATIONAL_PREFIX):
            return None
        return _number_if_valid(
            _read_international(_after_prefix(self.written, len(_USUAL_INTERNATIONAL_PREFIX)))
        )

    def national(self) -> PhoneNumber | None:
        """Return the valid number of the region, if there is one."""
        if self.written.before_zero:
            return None
        digits = self.written.digits
        if self._plan.national_prefix == str(self._plan.country_code):
            # In North America both are 1. The library would take it for the country code.
            digits = digits.removeprefix(self._plan.national_prefix)
        try:
            parsed = phonenumbers.parse(digits, self.region, keep_raw_input=True)
        except NumberParseException:
            return None
        # The library would also strip a country code, or an international prefix.
        if parsed.country_code_source != CountryCodeSource.FROM_DEFAULT_COUNTRY:
            return None
        return _number_if_valid(_reading_of(parsed))


def _decide(readings: _Readings, documented: Notation | None, *, is_strict: bool) -> PhoneNumber:
    """Return the only number that the readings allow.

    Raises:
        UnreadableError: They allow none, or two.

    """
    if readings.written.has_plus:
        return _number_if_possible(readings.international())
    may_be_international = not (readings.says_national or readings.notation is Notation.NATIONAL)
    plain: _Reading | str = (
        f"is not a number of {readings.region}, and does not begin with a country code"
    )
    if may_be_international:
        plain = readings.international()
    international = _number_if_valid(plain)
    if international and _needs_no_other(readings, documented):
        return international
    abroad = readings.called_abroad()
    national = None if readings.notation is Notation.INTERNATIONAL else readings.national()
    found = list(dict.fromkeys(each for each in (abroad, international, national) if each))
    elsewhere = readings.called_abroad_as_elsewhere()
    if not found:
        return _number_if_possible(plain)
    if elsewhere and elsewhere not in found:
        found.append(elsewhere)
    if len(found) == 1:
        return found[0]
    if national and not (abroad or elsewhere):
        if readings.begins_with_national_prefix and not is_strict:
            return national
        if documented is Notation.NATIONAL:
            return national
    first, second, *_ = found
    raise UnreadableError(f"could be {first} or {second}: write it with + and its country code")


def _needs_no_other(readings: _Readings, documented: Notation | None) -> bool:
    """Say whether to take a valid international reading without trying the others."""
    return readings.begins_with_country_code or (
        documented is Notation.INTERNATIONAL and not readings.begins_with_national_prefix
    )


def _read_international(written: Written) -> _Reading | str:
    """Read digits that begin with a country code; return the number, or why it is none.

    A zero after the country code is not dialled from abroad, except in Italy. So we keep it if the
    number is valid with it. We keep a zero in brackets only if the number without it is not valid.
    """
    reading = _reading_of_digits(written.digits)
    code = _country_code_of(written.digits)
    rest = written.digits.removeprefix(code)
    if written.before_zero:
        if written.before_zero != code:
            return "has a (0) that does not follow its country code"
        return _first_valid(reading, f"{code}0{rest}")
    if code and rest.startswith("0") and not rest.startswith("00"):
        return _first_valid(reading, code + rest.removeprefix("0"))
    if isinstance(reading, str) and written.digits.startswith(_MEXICAN_MOBILE):
        return _first_valid(reading, code + rest.removeprefix("1"))
    return reading


def _after_prefix(written: Written, prefix_digits: int) -> Written:
    """Return what is written after an international prefix of so many digits."""
    return replace(
        written,
        digits=written.digits[prefix_digits:],
        before_zero=written.before_zero[prefix_digits:],
    )


def _first_valid(reading: _Reading | str, other_digits: str) -> _Reading | str:
    """Return a reading if it is valid; or else that of other digits, if that is valid."""
    if _number_if_valid(reading):
        return reading
    other = _reading_of_digits(other_digits)
    return other if _number_if_valid(other) else reading


def _country_code_of(digits: str) -> str:
    """Return the country code at the beginning, or an empty text; no code begins another."""
    for length in range(1, _MAX_COUNTRY_CODE_DIGITS + 1):
        code = digits[:length]
        if code and int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return code
    return ""


def _reading_of_digits(digits: str) -> _Reading | str:
    code = _country_code_of(digits)
    if not code:
        return _REASONS[ValidationResult.INVALID_COUNTRY_CODE]
    try:
        return _reading_of(_parse_international(code, digits), digits)
    except NumberParseException as error:
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            return _REASONS[ValidationResult.INVALID_COUNTRY_CODE]
        return "is not a phone number"


def _reading_of(parsed: phonenumbers.PhoneNumber, digits: str = "") -> _Reading | str:
    """Return a number if it is possible and reads as itself again, or why we refuse it."""
    possible = phonenumbers.is_possible_number_with_reason(parsed)
    is_short_by_plan = possible == ValidationResult.IS_POSSIBLE_LOCAL_ONLY
    if possible != ValidationResult.IS_POSSIBLE and not (
        is_short_by_plan and phonenumbers.is_valid_number(parsed)
    ):
        return _REASONS[possible]
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    if len(e164) - 1 > MAX_E164_DIGITS:
        return f"is longer than the {MAX_E164_DIGITS} digits of E.164"
    if e164[1:] != digits and _may_lose_digits(parsed):
        # The library strips one trunk zero at each reading: we would store "+46 00…" as "+460…",
        # and a client who asks for "+460…" would get "+46…".
        again = phonenumbers.parse(e164)
        if phonenumbers.format_number(again, PhoneNumberFormat.E164) != e164:
            return "has an extra trunk prefix after its country code"
    return _Reading(PhoneNumber(e164), parsed)


def _parse_international(code: str, digits: str) -> phonenumbers.PhoneNumber:
    """Parse digits as the library does, but faster if it would strip nothing after the code."""
    rest = digits.removeprefix(code)
    is_plain = 1 < len(rest) <= MAX_E164_DIGITS and not rest.startswith("0")
    if is_plain and not _begins_with_prefix(int(code), rest):
        return phonenumbers.PhoneNumber(country_code=int(code), national_number=int(rest))
    return phonenumbers.parse(f"+{digits}")


def _may_lose_digits(parsed: phonenumbers.PhoneNumber) -> bool:
    """Say whether the library may take the beginning of a number for a prefix if it reads it."""
    code = parsed.country_code or 0
    return bool(parsed.italian_leading_zero) or _begins_with_prefix(
        code, str(parsed.national_number)
    )


def _begins_with_prefix(code: int, national: str) -> bool:
    prefix = _plan_of(code).national_prefix_for_parsing
    return bool(prefix) and re.match(prefix, national) is not None


@cache
def _plan_of(code: int) -> Any:  # noqa: ANN401 - the library types none of its fields
    """Return the numbering plan of a country code's main region; there are about 230 plans."""
    region = phonenumbers.region_code_for_country_code(code)
    return PhoneMetadata.metadata_for_region_or_calling_code(code, region)


def _number_if_valid(reading: _Reading | str) -> PhoneNumber | None:
    if isinstance(reading, str) or not reading.is_valid:
        return None
    return reading.number


def _number_if_possible(reading: _Reading | str) -> PhoneNumber:
    if isinstance(reading, str):
        raise UnreadableError(reading)
    return reading.number
