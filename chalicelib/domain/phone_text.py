"""Finding the digits of a phone number in the text around them."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from chalicelib.domain.limits import MAX_WRITTEN_NUMBER_CHARACTERS


class UnreadableError(Exception):
    """A text is not a phone number. The message says why, and follows the name of the field."""


@dataclass(frozen=True, slots=True)
class Written:
    """The ASCII digits of a text, and what the text around them says.

    If the text has a ``(0)`` after its first digits, ``before_zero`` holds these digits, and
    ``digits`` leaves out the ``(0)``.
    """

    digits: str
    has_plus: bool = False
    begins_with_area_code: bool = False
    before_zero: str = ""


_PLAIN: Final = re.compile(r"(?P<plus>\+?)(?P<digits>[0-9]{7,15})")
"""How programs write a number: nearly all numbers that we read."""

_NOT_OF_A_NUMBER: Final = re.compile(r"[^+0-9 .()/\n-]")
"""Mainly letters and extensions. If we ignored them, a typing error could become another number."""

_PLUS_FIRST_IF_AT_ALL: Final = re.compile(r"[^+0-9]*\+?[^+]*")
_DASHES: Final = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d")
_LINE_ENDS: Final = frozenset("\n\r\v\f\x85\u2028\u2029")
_STANDS_FOR: Final = {
    "\t": " ",
    "\N{MIDDLE DOT}": " ",
    "\N{KATAKANA MIDDLE DOT}": " ",
    "\N{VARIATION SELECTOR-15}": "",
    "\N{VARIATION SELECTOR-16}": "",
    "\N{FULLWIDTH PLUS SIGN}": "+",
    "\N{FULLWIDTH LEFT PARENTHESIS}": "(",
    "\N{FULLWIDTH RIGHT PARENTHESIS}": ")",
    "\N{FULLWIDTH FULL STOP}": ".",
    "\N{FULLWIDTH SOLIDUS}": "/",
}

_LINK: Final = re.compile(r"tel:", re.IGNORECASE)
_ROUNDED: Final = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?[Ee][+-]?[0-9]+")
_WITH_DECIMALS: Final = re.compile(r"[^.]*\.0+[^0-9.]*|.*\.[^0-9]*0[^0-9]*", re.DOTALL)
"""More than ``.0``, since dots may separate all groups of a number, also a group of zeros."""

_AREA_CODE_FIRST: Final = re.compile(r"[ \n]*\([ \n]*[0-9]")
_ZERO_IN_BRACKETS: Final = re.compile(r"\([ \n]*0[ \n]*\)")
_MIN_DIGITS: Final = 7
_MIN_DIGITS_AFTER_PLUS: Final = 9


def read_text(text: str) -> Written:
    """Return the digits of a text, and what the text around them says.

    Raises:
        UnreadableError: The text is not one phone number.

    """
    plain = _PLAIN.fullmatch(text)
    if plain:
        return Written(plain["digits"], has_plus=bool(plain["plus"]))
    text = _normalized(text)
    _refuse_if_not_a_number(text)
    zero = _ZERO_IN_BRACKETS.search(text)
    before_zero = _digits_of(text[: zero.start()]) if zero else ""
    after_zero = _digits_of(text[zero.end() :]) if zero else ""
    return Written(
        digits=before_zero + after_zero if before_zero else _digits_of(text),
        has_plus="+" in text,
        begins_with_area_code=_AREA_CODE_FIRST.match(text) is not None,
        before_zero=before_zero,
    )


def _normalized(text: str) -> str:
    """Return a text with ASCII digits and separators, and without what tools add around it."""
    text = text.strip()
    if len(text) > MAX_WRITTEN_NUMBER_CHARACTERS:
        raise UnreadableError(f"is longer than {MAX_WRITTEN_NUMBER_CHARACTERS} characters")
    if not text.isascii() or not text.isprintable():
        text = "".join(map(_plain, text)).strip()
    # A spreadsheet has an apostrophe before a value that it must not change.
    text = text.removeprefix("'").lstrip()
    return _LINK.sub("", text, count=1) if _LINK.match(text) else text


def _plain(character: str) -> str:
    """Return the ASCII character for one of any script; nothing for an invisible one."""
    if character in _STANDS_FOR:
        return _STANDS_FOR[character]
    if character in _DASHES:
        return "-"
    if character in _LINE_ENDS:
        return "\n"
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Zs":
        return " "
    return "" if category == "Cf" else character


def _refuse_if_not_a_number(text: str) -> None:
    if not text:
        raise UnreadableError("must not be empty")
    if _ROUNDED.fullmatch(text):
        raise UnreadableError("is rounded, as a spreadsheet shows a long number")
    in_the_way = _NOT_OF_A_NUMBER.search(text)
    if in_the_way:
        raise UnreadableError(f"is not a phone number: it contains {_name_of(in_the_way[0])}")
    if not _PLUS_FIRST_IF_AT_ALL.fullmatch(text):
        raise UnreadableError(
            "is not a phone number: it has a PLUS SIGN that is not at its beginning"
        )
    if not _digits_of(text):
        raise UnreadableError("is not a phone number: it contains no digit")
    if _WITH_DECIMALS.fullmatch(text):
        raise UnreadableError("ends in .0, as a spreadsheet writes a number")
    if _holds_two_numbers(text):
        raise UnreadableError("seems to hold two numbers")


def _holds_two_numbers(text: str) -> bool:
    """Say whether a text holds two numbers, or one and the last digits of another.

    Few digits before a slash are an area code. A number with a ``+`` may go on in the next line.
    """
    has_plus = "+" in text
    fewest = _MIN_DIGITS_AFTER_PLUS if has_plus else _MIN_DIGITS
    lines = [digits for digits in map(_digits_of, text.split("\n")) if digits]
    if len(lines) > 1 and (not has_plus or len("".join(lines[:-1])) >= fewest):
        return True
    before, slash, after = text.rpartition("/")
    return bool(slash and _digits_of(after)) and len(_digits_of(before)) >= fewest


def _digits_of(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _name_of(character: str) -> str:
    return unicodedata.name(character, f"U+{ord(character):04X}")
