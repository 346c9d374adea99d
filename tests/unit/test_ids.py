import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.ids import ID_BITS, id_of_uuid, is_uuid, new_id, uuid_of

ids = st.integers(min_value=1, max_value=2**ID_BITS - 1)


@given(ids)
def test_uuid_gives_its_id_back_in_either_case(number):
    assert id_of_uuid(uuid_of(number)) == number
    assert id_of_uuid(uuid_of(number).upper()) == number


@given(ids)
def test_uuid_is_one_for_every_client(number):
    """Old validators take versions 1 to 5 of the RFC's own variant, and no other."""
    usual = r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"

    assert re.fullmatch(usual, uuid_of(number))
    assert uuid.UUID(uuid_of(number)).version == 4


@given(st.uuids())
def test_other_uuid_is_well_formed_but_of_no_group(other):
    assert is_uuid(str(other))
    assert id_of_uuid(str(other)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5792a02a-e5c2-422b-a0a0-0ae65d81466",
        "5792a02a-e5c2-422b-a0a0-0ae65d814663a",
        "5792a02ae5c2422ba0a00ae65d814663",
        "{5792a02a-e5c2-422b-a0a0-0ae65d814663}",
        "5792a02a-e5c2-422b-a0a0-0ae65d81466g",
        "5792a02a-e5c2-422b-a0a0-0ae65d814663\n",
    ],
)
def test_what_is_no_uuid_is_not_taken_for_one(text):
    assert not is_uuid(text)
    assert id_of_uuid(text) is None


def test_id_0_is_never_given_out():
    assert id_of_uuid(uuid_of(0)) is None
    assert all(0 < new_id() < 2**ID_BITS for _ in range(1_000))
