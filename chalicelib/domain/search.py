"""Search: the tokens of a contact, and what is looked for among them.

A token is what a word of a search may be a prefix of. Texts are folded, so that case, accents and
forms of Unicode make no difference (docs/search.md).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from unicodedata import category, combining, normalize

from chalicelib.domain.contact import MAX_DETAIL_CHARACTERS, Contact
from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.limits import (
    MAX_SEARCH_CHARACTERS,
    MAX_SEARCH_WORDS,
    MAX_TOKEN_CHARACTERS,
    MAX_TOKENS,
)

FIELD: Final = "q"
"""The parameter, as errors name it."""

BACKWARDS: Final = "~"
"""How the token of a number begins: its digits follow backwards, so that its last ones are a
prefix."""

FORWARDS: Final = "+"
"""How a word begins that is looked for at the beginning of numbers. They need no token."""

FULL_TEXT: Final = tuple(name for name in MAX_DETAIL_CHARACTERS if name != "title")
"""The details whose words are tokens."""

_SHORTEST: Final = 2

_PHONE: Final = re.compile(r"\+[0-9][0-9 ().\u00a0-]*")
_NO_DIGIT: Final = re.compile(r"[^0-9]")

_LETTERS_WITHOUT_ACCENT: Final = str.maketrans({
    "æ": "ae", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "ĸ": "k", "ł": "l", "ŋ": "n", "ø": "o",
    "œ": "oe", "ŧ": "t", "þ": "th", "\u02bc": "'", "\u2019": "'", "\u2018": "'",
})  # fmt: skip
"""Letters that Unicode does not take apart into a plain one and an accent, and apostrophes."""

_ACCENTS_FROM: Final = 10
"""Marks of a lower combining class, such as the Japanese voiced sound mark, make another letter."""

_WITHOUT_SPACES: Final = (
    (0x0E00, 0x0EFF),  # Thai and Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Japanese syllables
    (0x3400, 0x9FFF),  # Han
    (0xAC00, 0xD7AF),  # Korean, whose names have no space inside
    (0xF900, 0xFAFF),  # Han, for compatibility
    (0x20000, 0x3FFFF),  # Han, rare
)
"""Scripts that put no spaces between words: pieces of two characters take the place of words."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a search. It holds if all pieces of one of its *forms* do.

    A piece holds if a token begins with it, or the number if the piece begins with ``+``.
    """

    forms: tuple[tuple[str, ...], ...]

    def holds(self, tokens: Iterable[str], e164: str) -> bool:
        """Say whether it holds for a contact with these tokens and this number."""
        known = list(tokens)
        return any(all(_is_found(piece, known, e164) for piece in form) for form in self.forms)


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: every word has to hold."""

    words: tuple[Word, ...]

    def finds(self, contact: Contact) -> bool:
        """Say whether a contact is what is looked for."""
        tokens = tokens_of(contact)
        return all(word.holds(tokens, contact.phone_number.e164) for word in self.words)


def parse_search(text: str) -> Search:
    """Read what a person types: words with spaces between.

    Raises:
        InvalidDataError: It is too long, or has no word, or too many; or a word has one character.

    """
    if len(text) > MAX_SEARCH_CHARACTERS:
        raise InvalidDataError.of(FIELD, f"must be at most {MAX_SEARCH_CHARACTERS} characters long")
    whole = text.strip()
    written = [whole] if _PHONE.fullmatch(whole) else whole.split()
    if not written:
        raise InvalidDataError.of(FIELD, "must not be empty")
    if len(written) > MAX_SEARCH_WORDS:
        raise InvalidDataError.of(FIELD, f"must be at most {MAX_SEARCH_WORDS} words")
    return Search(tuple(map(_word_of, written)))


def tokens_of(contact: Contact) -> frozenset[str]:
    """Return the tokens of a contact, at most :data:`MAX_TOKENS`.

    They are the words of its names, company and custom fields, its email whole and the email's
    domain, and its number backwards. The local part of an email is a prefix of the whole.
    """
    texts = {name: fold(text) for name in FULL_TEXT if (text := contact.details.get(name))}
    found = {backwards(contact.phone_number.e164): None}
    for name, folded in texts.items():
        tokens = _tokens_of_email(folded) if name == "email" else _pieces_of(folded)
        found.update((_cut(each), None) for each in tokens if len(each) >= _SHORTEST)
    found.update((each, None) for each in _across_names(texts))
    return frozenset(list(found)[:MAX_TOKENS])


def backwards(e164: str) -> str:
    """Return the token of a number, which every contact has."""
    return BACKWARDS + e164[:0:-1]


def beginning_of(token: str) -> str:
    """Return the beginning that a token, or a piece, shares with those beside which it is kept.

    These are two characters. Numbers backwards all begin with a mark, so theirs have one more.
    """
    return token[: _SHORTEST + 1 if token.startswith(BACKWARDS) else _SHORTEST]


def fold(text: str) -> str:
    """Return a text without case and accents, in one form of Unicode."""
    if text.isascii():
        return text.lower()
    plain = normalize("NFKD", text).casefold().translate(_LETTERS_WITHOUT_ACCENT)
    kept = (each for each in normalize("NFKD", plain) if combining(each) < _ACCENTS_FROM)
    return normalize("NFC", "".join(kept))


def _word_of(written: str) -> Word:
    if _PHONE.fullmatch(written):
        return Word(((FORWARDS + _NO_DIGIT.sub("", written),),))
    folded = fold(written)
    if len(folded) < _SHORTEST:
        raise _one_character(written)
    if folded.isascii() and folded.isdigit():
        return Word(((_cut(folded),), (BACKWARDS + folded[::-1],)))
    pieces = list(_pieces_of(folded))
    if not pieces:
        raise InvalidDataError.of(FIELD, f'has "{written}", which has neither letter nor digit')
    # Only a token of an email has other characters than letters and digits.
    as_it_is, in_pieces = _long_enough([_without_marks(folded)]), _long_enough(pieces)
    forms = tuple(dict.fromkeys(form for form in (as_it_is, in_pieces) if form))
    if not forms:
        raise _one_character(written)
    return Word(forms)


def _one_character(written: str) -> InvalidDataError:
    return InvalidDataError.of(
        FIELD, f'has the word "{written}", which is one character: give at least {_SHORTEST}'
    )


def _long_enough(pieces: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_cut(each) for each in pieces if len(each) >= _SHORTEST))


def _is_found(piece: str, tokens: Iterable[str], e164: str) -> bool:
    if piece.startswith(FORWARDS):
        return e164.startswith(piece)
    return any(token.startswith(piece) for token in tokens)


def _tokens_of_email(folded: str) -> Iterator[str]:
    whole = _without_marks("".join(folded.split()))
    yield whole
    _, at, domain = whole.rpartition("@")
    if at:
        yield domain


def _across_names(texts: Mapping[str, str]) -> Iterator[str]:
    """Yield the piece where family name and given name meet, if they are written as one."""
    family, given = texts.get("last_name", ""), texts.get("first_name", "")
    if family and given and _has_no_spaces(family[-1]) and _has_no_spaces(given[0]):
        yield family[-1] + given[0]


def _without_marks(word: str) -> str:
    """Return a word without a beginning that would make it a number of ours."""
    return word.lstrip(BACKWARDS + FORWARDS)


def _pieces_of(folded: str) -> Iterator[str]:
    """Yield the words of a text, and pieces of two characters where a script has no spaces."""
    word = ""
    run = ""
    for character in (*folded, " "):
        if _has_no_spaces(character):
            run += character
        elif run:
            yield from _pairs_of(run)
            run = ""
        if _is_of_a_word(character) and not _has_no_spaces(character):
            word += character
        # An apostrophe is inside a word: O'Brien.
        elif word and character != "'":
            yield word
            word = ""


def _pairs_of(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield run
    for start in range(len(run) - 1):
        yield run[start : start + 2]


def _is_of_a_word(character: str) -> bool:
    return category(character)[0] in "LNM"


def _has_no_spaces(character: str) -> bool:
    if character < "\u0e00":
        return False
    code = ord(character)
    return any(first <= code <= last for first, last in _WITHOUT_SPACES) and _is_of_a_word(
        character
    )


def _cut(piece: str) -> str:
    return piece[:MAX_TOKEN_CHARACTERS]
