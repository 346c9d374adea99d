import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.cursors import read_cursor, write_cursor
from chalicelib.domain.errors import InvalidDataError

queries = st.lists(st.text(), max_size=3)
texts = st.text(st.characters(codec="utf-8"))


@given(queries, texts)
def test_cursor_gives_its_place_back(query, after):
    assert read_cursor("key", query, write_cursor("key", query, after)) == after


@given(queries, texts)
def test_cursor_is_safe_in_a_url(query, after):
    assert set(write_cursor("key", query, after)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


def test_cursor_of_another_account_is_refused():
    with pytest.raises(InvalidDataError):
        read_cursor("other key", ["contacts"], write_cursor("key", ["contacts"], "+372"))


@pytest.mark.parametrize("query", [["blacklist"], ["contacts", "1"], [], ["contact", "s"]])
def test_cursor_of_another_query_is_refused(query):
    with pytest.raises(InvalidDataError):
        read_cursor("key", query, write_cursor("key", ["contacts"], "+372"))


def test_text_cannot_move_between_the_query_and_the_place():
    with pytest.raises(InvalidDataError):
        read_cursor("key", ["a"], write_cursor("key", ["a", "b"], "c"))


@given(st.integers(min_value=0, max_value=15 + len("+37251000000")), st.integers(0, 7))
def test_cursor_with_one_bit_changed_is_refused(byte, bit):
    token = bytearray(base64.urlsafe_b64decode(write_cursor("key", [], "+37251000000") + "=="))
    token[byte] ^= 1 << bit

    with pytest.raises(InvalidDataError):
        read_cursor("key", [], base64.urlsafe_b64encode(token).decode())


@given(st.text())
def test_any_other_text_is_refused(text):
    with pytest.raises(InvalidDataError):
        read_cursor("key", [], text)
