import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.text import checked_text


@pytest.mark.parametrize(
    ("accepted", "rejected"),
    [
        ("a" * 10, "a" * 11),
        ("ä" * 10, "ä" * 11),
        ("\U0001f600" * 10, "\U0001f600" * 11),
        ("\x01", "\0"),
        ("\ud7ff", "\ud800"),
        ("\ue000", "\udfff"),
        ("\U0001f600", "\ud83d"),
        ("1", 1),
        ("", None),
        ("true", True),
    ],
)
def test_text_is_taken_and_its_nearest_neighbour_is_not(accepted, rejected):
    assert checked_text("name", accepted, longest=10) == accepted
    with pytest.raises(InvalidDataError) as refusal:
        checked_text("name", rejected, longest=10)
    assert refusal.value.problems[0].field == "name"


def test_empty_text_is_refused_where_one_is_needed():
    assert checked_text("name", "a", shortest=1, longest=10) == "a"
    with pytest.raises(InvalidDataError):
        checked_text("name", "", shortest=1, longest=10)


@given(st.text(max_size=10))
def test_what_is_taken_can_be_sent_on(text):
    try:
        taken = checked_text("name", text, longest=10)
    except InvalidDataError:
        return
    assert taken.encode().decode() == text
