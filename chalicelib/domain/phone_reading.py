"""Phone numbers as clients write them: read once, at the edge.

The library that reads them is a tenth of what a Lambda loads, so that only those load it who read.
"""

import re
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.limits import E164_DIGITS, WRITTEN_NUMBER_CHARACTERS
from chalicelib.domain.phone import PhoneNumber

_WRITTEN_NUMBER: Final = re.compile(r"\+?[0-9 .()\-]+")
"""ASCII digits with the usual separators. The library would also take letters, extensions
and ``tel:`` addresses, and so turn a typing error into somebody's number."""

_BEYOND_EVERY_NUMBER: Final = 10**WRITTEN_NUMBER_CHARACTERS

_REASONS: Final = {
    ValidationResult.TOO_SHORT: "is too short for its country code",
    ValidationResult.TOO_LONG: "is too long for its country code",
    ValidationResult.INVALID_LENGTH: "has no length that its country code knows",
    ValidationResult.INVALID_COUNTRY_CODE: "has an unknown country code",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "lacks its area code",
}


def read_phone_number(value: object, *, field: str, region: str | None = None) -> PhoneNumber:
    """Read the number that a client wrote, with or without the ``+`` and with separators.

    With a *region* (ISO 3166, two letters) a number without ``+`` is national there;
    without one it is international.

    It has to be *possible* (a known country code and one of its lengths), not assigned:
    numbering plans change faster than any table of them.

    Raises:
        InvalidDataError: It is not the number of anything, named by *field*.

    """
    if not isinstance(value, str):
        raise InvalidDataError.of(field, "must be a string")
    text = value.strip(" ")
    if not text:
        raise InvalidDataError.of(field, "must not be empty")
    if len(text) > WRITTEN_NUMBER_CHARACTERS or not _WRITTEN_NUMBER.fullmatch(text):
        raise InvalidDataError.of(field, "is not a phone number in E.164 format")
    if region is None and not text.startswith("+"):
        text = "+" + text
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        raise InvalidDataError.of(field, _reason_not_parsed(error)) from error
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != ValidationResult.IS_POSSIBLE:
        raise InvalidDataError.of(field, _REASONS[reason])
    if region and number.italian_leading_zero and not phonenumbers.is_valid_number(number):
        # "0061…" in Australia, say: the zeros of another country's way to call abroad.
        raise InvalidDataError.of(field, "begins with a zero too many")
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if len(e164) - 1 > E164_DIGITS:
        raise InvalidDataError.of(field, f"is longer than the {E164_DIGITS} digits of E.164")
    if e164 != text and not _is_read_as_itself(e164):
        # The library strips one trunk zero at each reading: "+46 00…" would be kept as "+460…",
        # and asked for as that, be looked for as "+46…".
        raise InvalidDataError.of(field, "has a trunk prefix too many behind its country code")
    return PhoneNumber(e164)


def read_phone_number_or_integer(
    value: object, *, field: str, region: str | None = None
) -> PhoneNumber:
    """Read a number as :func:`read_phone_number` does, or one that was sent as a JSON integer.

    Raises:
        InvalidDataError: It is not the number of anything, named by *field*.

    """
    is_whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    written = str(value) if is_whole and value < _BEYOND_EVERY_NUMBER else value
    return read_phone_number(written, field=field, region=region)


def is_region(code: str) -> bool:
    """Say whether *code* is a two-letter region whose national numbers can be read."""
    return code in phonenumbers.SUPPORTED_REGIONS


def _is_read_as_itself(e164: str) -> bool:
    number = phonenumbers.parse(e164)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) == e164


def _reason_not_parsed(error: NumberParseException) -> str:
    if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
        return _REASONS[ValidationResult.INVALID_COUNTRY_CODE]
    return "is not a phone number in E.164 format"
