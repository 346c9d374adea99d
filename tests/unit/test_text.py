import sys
from unicodedata import category, name

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidDataError, Problem
from chalicelib.domain.text import checked_text, composed, is_blank

FILLERS = (
    "BRAILLE PATTERN BLANK",
    "COMBINING GRAPHEME JOINER",
    "HANGUL CHOSEONG FILLER",
    "HANGUL FILLER",
    "HANGUL JUNGSEONG FILLER",
    "HALFWIDTH HANGUL FILLER",
    "KHITAN SMALL SCRIPT FILLER",
    "KHMER VOWEL INHERENT",
    "MONGOLIAN FREE VARIATION SELECTOR",
    "MUSICAL SYMBOL NULL NOTEHEAD",
    "VARIATION SELECTOR",
)
"""How the names begin of what cannot be seen, though it is a letter, a symbol or a mark."""


@pytest.mark.parametrize(
    ("accepted", "rejected", "why"),
    [
        ("a" * 10, "a" * 11, "must be at most 10 characters long"),
        ("ä" * 10, "ä" * 11, "must be at most 10 characters long"),
        ("\U0001f600" * 10, "\U0001f600" * 11, "must be at most 10 characters long"),
        ("\x01", "\0", "must not contain a NUL character"),
        ("\ud7ff", "\ud800", "must not contain a lone surrogate"),
        ("\ue000", "\udfff", "must not contain a lone surrogate"),
        ("\U0001f600", "\ud83d", "must not contain a lone surrogate"),
        ("1", 1, "must be a string"),
        ("", None, "must be a string"),
        ("true", True, "must be a string"),
    ],
)
def test_text_is_taken_and_its_nearest_neighbour_is_not(accepted, rejected, why):
    assert checked_text("name", accepted, longest=10) == accepted
    with pytest.raises(InvalidDataError) as refusal:
        checked_text("name", rejected, longest=10)
    assert refusal.value.problems == (Problem("name", why),)


def test_empty_text_is_refused_where_one_is_needed():
    assert checked_text("name", "a", shortest=1, longest=10) == "a"
    with pytest.raises(InvalidDataError) as refusal:
        checked_text("name", "", shortest=1, longest=10)
    assert refusal.value.problems == (Problem("name", "must not be empty"),)


@pytest.mark.parametrize(
    "blank", [" ", "\t\n", "\xa0", "\u200b", "\u3164", "\u2800", "\ufeff \u200d", "\u202e", "\0"]
)
def test_text_of_which_nothing_can_be_seen_is_empty_where_one_is_needed(blank):
    with pytest.raises(InvalidDataError) as refusal:
        checked_text("name", blank, shortest=1, longest=10)
    assert refusal.value.problems[0].message == "must not be empty"
    assert checked_text("name", f"{blank}a".strip("\0"), shortest=1, longest=10)
    if "\0" not in blank:
        assert checked_text("name", blank, longest=10) == blank


def test_every_character_that_cannot_be_seen_is_known():
    characters = map(chr, range(sys.maxunicode + 1))
    assert {character for character in characters if is_blank(character)} == {
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if category(character) in {"Cc", "Cf", "Zl", "Zp", "Zs"}
        or name(character, "").startswith(FILLERS)
    }


@pytest.mark.parametrize(
    "visible", ["a", "\u0301", "\U0001f600", "\ue000", "\u0378", "\ud800", " ."]
)
def test_what_can_be_seen_or_is_not_known_yet_is_not_blank(visible):
    assert not is_blank(visible)


def test_texts_are_compared_in_one_form():
    assert composed("Jo\u0308rg") == composed("J\xf6rg") == "J\xf6rg"
    assert composed("ABC") == "ABC"
    assert composed("\ufb01") == "\ufb01"


@given(st.text(max_size=10))
def test_what_is_taken_can_be_sent_on(text):
    try:
        taken = checked_text("name", text, longest=10)
    except InvalidDataError:
        return
    assert taken.encode().decode() == text
