import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidDataError, Problem
from chalicelib.domain.extra import changed_extra, extra_of_text, text_of_extra
from chalicelib.domain.limits import MAX_EXTRA_CHARACTERS

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


def assert_refused(extra, changes, why):
    with pytest.raises(InvalidDataError) as refusal:
        changed_extra(extra, changes)
    assert refusal.value.problems == (Problem("extra fields", why),)


@given(st.dictionaries(texts, values, max_size=5))
def test_text_gives_the_extra_fields_back(extra):
    assert extra_of_text(text_of_extra(extra)) == extra


def test_nothing_extra_is_no_text():
    assert text_of_extra({}) is None
    assert extra_of_text(None) == {}


def test_fields_are_set_and_cleared_and_the_others_stay():
    extra = {"city": "Tallinn", "country": "EE"}

    assert changed_extra(extra, {"city": None, "gender": ["m"], "none": None}) == {
        "country": "EE",
        "gender": ["m"],
    }
    assert extra == {"city": "Tallinn", "country": "EE"}


def test_extra_fields_are_kept_up_to_the_limit():
    fits = "x" * (MAX_EXTRA_CHARACTERS - len('{"a":""}'))

    assert changed_extra({}, {"a": fits}) == {"a": fits}
    for extra, changes in ({}, {"a": fits + "x"}), ({"b": 1}, {"a": fits}):
        assert_refused(extra, changes, f"must be at most {MAX_EXTRA_CHARACTERS} characters long")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (float("nan"), "must be JSON values"),
        (float("inf"), "must be JSON values"),
        ("\ud800", "must not contain a lone surrogate"),
    ],
)
def test_what_cannot_be_sent_on_is_refused(value, why):
    assert_refused({}, {"a": value}, why)
