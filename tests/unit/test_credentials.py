import base64
import hashlib
from datetime import UTC, datetime

import pytest

from chalicelib.dialects.credentials import (
    credential_in_header,
    read_pair,
    read_token,
    read_token_or_pair,
)
from chalicelib.dialects.messages import Request
from chalicelib.domain.credential import (
    PresentedCredential,
    hash_secret,
    is_username,
    new_username,
    token_of,
)
from chalicelib.domain.errors import UnauthorizedError

USERNAME, SECRET = "0123456789abcdef", "c2VjcmV0-_"
PRESENTED = PresentedCredential(USERNAME, SECRET)
TOKEN = token_of(USERNAME, SECRET)
PAIR = base64.b64encode(f"{USERNAME}:{SECRET}".encode()).decode()


def request(authorization):
    return Request(
        id="1",
        method="GET",
        route="/",
        url="http://localhost/",
        path_parameters={},
        query={},
        headers={} if authorization is None else {"authorization": authorization},
        body=b"",
        received_on=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_pair, PAIR),
        (read_token, TOKEN),
        (read_token_or_pair, TOKEN),
        (read_token_or_pair, PAIR),
    ],
)
def test_each_form_is_read_as_the_same_credential(read, text):
    assert read(text) == PRESENTED


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_pair, TOKEN),
        (read_pair, ""),
        (read_pair, "ä"),
        (read_pair, base64.b64encode(b"no colon").decode()),
        (read_pair, base64.b64encode(b"\xff:\xff").decode()),
        (read_token, PAIR),
        (read_token, ""),
        (read_token_or_pair, ""),
    ],
)
def test_other_form_is_refused(read, text):
    with pytest.raises(UnauthorizedError):
        read(text)


@pytest.mark.parametrize("scheme", ["Key", "key", "KEY "])
def test_scheme_is_found_in_either_case(scheme):
    presented = credential_in_header(request(f"{scheme} {TOKEN} "), {"key": read_token})

    assert presented == PRESENTED


@pytest.mark.parametrize(
    "authorization", [None, "", "Key", TOKEN, f"Bearer {TOKEN}", f"Key{TOKEN}"]
)
def test_header_of_another_scheme_is_refused(authorization):
    with pytest.raises(UnauthorizedError):
        credential_in_header(request(authorization), {"key": read_token, "basic": read_pair})


def test_pair_is_split_where_its_username_ends():
    assert PresentedCredential.of_pair("a:b:c", ":") == PresentedCredential("a", "b:c")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (USERNAME, True), (USERNAME.upper(), False), (USERNAME[1:], False),
        (f"{USERNAME}0", False), (f"{USERNAME}\n", False), ("", False),
    ],
)  # fmt: skip
def test_username_is_16_hexadecimal_digits(text, is_one):
    assert is_username(text) is is_one


def test_new_username_is_one():
    assert is_username(new_username())


@pytest.mark.parametrize("secret", ["", SECRET, "ä", "\ud800"])
def test_what_is_kept_of_a_secret_is_its_sha_256(secret):
    sha256 = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()

    assert hash_secret(secret) == sha256


def test_secret_of_a_credential_is_not_printed():
    assert SECRET not in repr(PRESENTED)
