"""What is drawn by chance: nobody guesses it, and no two meet."""

import base64
import secrets
from functools import reduce
from operator import and_, or_

import pytest

from chalicelib.domain.account import new_account_id, new_cursor_key
from chalicelib.domain.credential import new_secret, new_username
from chalicelib.domain.ids import ID_BITS, new_id

DRAWS = 256
"""So many that a bit which is left to chance stays the same once in 2**255 times."""


def of_hex(text):
    assert len(text) % 2 == 0
    return int.from_bytes(bytes.fromhex(text))


def of_base64(text):
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


@pytest.mark.parametrize(
    ("draw", "bits"),
    [
        (new_id, ID_BITS),
        (lambda: of_hex(new_account_id()), 64),
        (lambda: of_hex(new_cursor_key()), 256),
        (lambda: of_hex(new_username()), 64),
        (lambda: of_base64(new_secret()), 256),
    ],
    ids=["id", "account", "cursor key", "username", "secret"],
)
def test_every_bit_is_left_to_chance_and_no_two_are_alike(draw, bits):
    drawn = [draw() for _ in range(DRAWS)]

    assert reduce(or_, drawn) == 2**bits - 1
    assert reduce(and_, drawn) == 0
    assert len(set(drawn)) == DRAWS


def test_id_is_never_0_and_never_larger_than_every_client_can_hold(monkeypatch):
    monkeypatch.setattr(secrets, "randbelow", lambda _limit: 0)
    assert new_id() == 1
    monkeypatch.setattr(secrets, "randbelow", lambda limit: limit - 1)
    assert new_id() == 2**53 - 1
