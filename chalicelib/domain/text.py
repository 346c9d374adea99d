"""What a text field may hold, when two texts are the same, and values as JSON texts."""

import json
from typing import Final
from unicodedata import category, normalize

from chalicelib.domain.errors import InvalidDataError

_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
"""Controls, formats (zero-width spaces, marks of direction), and every kind of space."""

_OTHERS_INVISIBLE: Final = frozenset({
    *"\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U00016fe4\U0001d159",
    *map(chr, range(0x180B, 0x1810)),
    *map(chr, range(0xFE00, 0xFE10)),
    *map(chr, range(0xE0100, 0xE01F0)),
})  # fmt: skip
"""Fillers, blank patterns, and selectors of variations: to Unicode, they are letters, symbols and
marks. A unit test finds them by their names."""

_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def checked_text(field: str, value: object, *, longest: int, shortest: int = 0) -> str:
    """Return *value* as the text of *field*, ``shortest`` to ``longest`` characters.

    Where one is needed, a text of which nothing can be seen is as good as empty.

    Raises:
        InvalidDataError: It is not a string, of another length, or holds characters
            that cannot be stored or sent on: NUL, or half of a surrogate pair.

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
    """Say whether half of a surrogate pair is in a text, which so has no form in UTF-8."""
    if text.isascii():
        return False
    # Encoding looks at each character in C, which is a hundred times faster than we could.
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def is_blank(text: str) -> bool:
    """Say whether nothing of a text can be seen."""
    return all(map(_is_invisible, text))


def composed(text: str) -> str:
    """Return the one form of a text that is compared: ``é`` is the same as ``e`` and an accent."""
    return text if text.isascii() else normalize("NFC", text)


def json_text(value: object) -> str:
    """Return *value* as JSON, as short as it can be."""
    return _JSON.encode(value)


def _is_invisible(character: str) -> bool:
    return category(character) in _INVISIBLE_CATEGORIES or character in _OTHERS_INVISIBLE
