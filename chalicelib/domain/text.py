"""Checking texts, comparing texts, and writing values as JSON."""

import json
from typing import Final
from unicodedata import category, normalize

from chalicelib.domain.errors import InvalidDataError

_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
"""Control and format characters (zero-width spaces, direction marks), and all kinds of space."""

_OTHERS_INVISIBLE: Final = frozenset({
    *"\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U00016fe4\U0001d159",
    *map(chr, range(0x180B, 0x1810)),
    *map(chr, range(0xFE00, 0xFE10)),
    *map(chr, range(0xE0100, 0xE01F0)),
})  # fmt: skip
"""Fillers, blank patterns and variation selectors, which Unicode counts among letters, symbols and
marks. A unit test finds them by their names."""

_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def checked_text(field: str, value: object, *, longest: int, shortest: int = 0) -> str:
    """Return *value* if it is a text of ``shortest`` to ``longest`` characters.

    If ``shortest`` is not 0, a text of invisible characters counts as empty. *field* is the
    field's name in the error.

    Raises:
        InvalidDataError: It is not a string, it is too short or too long, or it has characters
            that cannot be stored or sent: NUL, or half of a surrogate pair.

    """
    if not isinstance(value, str):
        raise InvalidDataError.of(field, "must be a string")
    if len(value) > longest:
        raise InvalidDataError.of(field, f"must be at most {longest} characters long")
    if shortest and (len(value) < shortest or is_blank(value)):
        raise InvalidDataError.of(field, "must not be empty")
    if "\0" in value:
        raise InvalidDataError.of(field, "must not contain a NUL character")
    if has_lone_surrogate(value):
        raise InvalidDataError.of(field, "must not contain a lone surrogate")
    return value


def has_lone_surrogate(text: str) -> bool:
    """Say whether a text has half of a surrogate pair. If it has, UTF-8 cannot encode it."""
    if text.isascii():
        return False
    # Encoding checks each character in C, a hundred times faster than Python code.
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def is_blank(text: str) -> bool:
    """Say whether all characters of a text are invisible."""
    return all(map(_is_invisible, text))


def composed(text: str) -> str:
    """Return a text in the form to compare (NFC): ``é`` equals ``e`` with a combining accent."""
    return text if text.isascii() else normalize("NFC", text)


def json_text(value: object) -> str:
    """Return *value* as compact JSON."""
    return _JSON.encode(value)


def _is_invisible(character: str) -> bool:
    return category(character) in _INVISIBLE_CATEGORIES or character in _OTHERS_INVISIBLE
