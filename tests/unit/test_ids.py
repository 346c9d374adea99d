import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.ids import (
    ID_BITS,
    hex_of,
    id_of_decimal,
    id_of_hex,
    id_of_uuid,
    ids_of_pair,
    is_decimal,
    is_uuid,
    pair_of,
    uuid_of,
)

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


@pytest.mark.parametrize("number", [0, 2**53, 2**60])
def test_number_that_is_never_given_out_is_of_no_group_as_a_uuid_either(number):
    assert id_of_uuid(uuid_of(number)) is None


@given(ids)
def test_hex_digits_give_their_id_back_in_either_case(number):
    assert re.fullmatch(r"[0-9a-f]{32}", hex_of(number))
    assert id_of_hex(hex_of(number)) == number
    assert id_of_hex(hex_of(number).upper()) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "61afc0531573b08ddbe36e1c85602827",
        "31612345678",
        "0" * 32,
        hex_of(0),
        hex_of(1)[:-1],
        hex_of(1) + "0",
        hex_of(1) + "\n",
        uuid_of(1),
        "\n" * 32,
    ],
)
def test_other_hex_digits_are_of_no_contact(text):
    assert id_of_hex(text) is None


@given(ids)
def test_number_and_its_decimal_digits_are_the_same_id(number):
    assert id_of_decimal(number) == id_of_decimal(str(number)) == number


@pytest.mark.parametrize(
    "value", [0, -1, 2**53, 2**63, 10**4_000, "0", "-1", "9" * 17, "9" * 5_000]
)
def test_number_that_is_no_id_of_ours_is_well_formed_but_of_nothing(value):
    assert is_decimal(value)
    assert id_of_decimal(value) is None


@pytest.mark.parametrize(
    "value", [None, True, 1.0, 3.5e18, [], {}, "", " 1", "1.0", "1\n", "+1", "\u0661"]
)
def test_what_is_no_whole_number_is_not_taken_for_one(value):
    assert not is_decimal(value)
    assert id_of_decimal(value) is None


@given(ids, ids)
def test_pair_gives_both_ids_back_in_either_case(group_id, contact_id):
    assert ids_of_pair(pair_of(group_id, contact_id)) == (group_id, contact_id)
    assert ids_of_pair(pair_of(group_id, contact_id).upper()) == (group_id, contact_id)


@pytest.mark.parametrize(
    "text",
    ["", "-", pair_of(0, 1), pair_of(1, 0), pair_of(1, 2**53), pair_of(1, 1)[1:], f"{1:016x}" * 2],
)
def test_other_pair_is_of_no_contact(text):
    assert ids_of_pair(text) is None
