import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.cursors import read_cursor, write_cursor
from chalicelib.domain.errors import InvalidDataError, Problem


def assert_refused(key, query, cursor):
    with pytest.raises(InvalidDataError) as refusal:
        read_cursor(key, query, cursor)
    assert refusal.value.problems == (Problem("cursor", "is not a cursor of this list"),)


queries = st.lists(st.text(), max_size=3)
texts = st.text(st.characters(codec="utf-8"))


@given(queries, texts)
def test_cursor_gives_its_place_back(query, after):
    assert read_cursor("key", query, write_cursor("key", query, after)) == after


def test_cursor_gives_its_place_back_whatever_it_ends_in():
    places = [f"a{chr(code)}" for code in range(128)]
    cursors = [write_cursor("key", [], place) for place in places]

    assert [read_cursor("key", [], cursor) for cursor in cursors] == places
    assert len({cursor[-1] for cursor in cursors}) == 64


@given(queries, texts)
def test_cursor_is_safe_in_a_url(query, after):
    assert set(write_cursor("key", query, after)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


def test_cursor_of_another_account_is_refused():
    assert_refused("other key", ["contacts"], write_cursor("key", ["contacts"], "+372"))


@pytest.mark.parametrize("query", [["blacklist"], ["contacts", "1"], [], ["contact", "s"]])
def test_cursor_of_another_query_is_refused(query):
    assert_refused("key", query, write_cursor("key", ["contacts"], "+372"))


def test_text_cannot_move_between_the_query_and_the_place():
    assert_refused("key", ["a"], write_cursor("key", ["a", "b"], "c"))


@given(st.integers(min_value=0, max_value=15 + len("+37251000000")), st.integers(0, 7))
def test_cursor_with_one_bit_changed_is_refused(byte, bit):
    token = bytearray(base64.urlsafe_b64decode(write_cursor("key", [], "+37251000000") + "=="))
    token[byte] ^= 1 << bit

    assert_refused("key", [], base64.urlsafe_b64encode(token).decode())


@pytest.mark.parametrize("more", [*"!*~ +/\n", "!!!!"])
def test_cursor_with_what_no_cursor_holds_is_refused(more):
    cursor = write_cursor("key", [], "+37251000000")

    assert_refused("key", [], f"{cursor[:4]}{more}{cursor[4:]}")


@given(st.text())
def test_any_other_text_is_refused(text):
    assert_refused("key", [], text)
