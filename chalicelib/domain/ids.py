"""The ids of contacts and groups: a random integer, which each dialect shows in its own form.

Each form is a pure, reversible function of the integer, so that no dialect has to store
its own ids.
"""

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from chalicelib.domain.errors import ErrorCode, InvalidDataError, NotFoundError

ID_BITS: Final = 53
"""Every client can hold integers of this size exactly in a JSON number."""

_MAX_ID: Final[int] = 2**ID_BITS - 1

_FIRST_MOMENT: Final = datetime(2020, 1, 1, tzinfo=UTC)
_RANDOM_BITS: Final = 13
"""The other 40 bits of an id count milliseconds until the year 2054."""

_LOW_BITS: Final = 48
_UUID_PREFIX: Final = "70686f6e-6562-4000-"
"""The fixed digits of our UUIDs. Their version is 4, since some clients accept no later one."""
_VARIANT: Final = 0x8000
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX: Final = re.compile(r"(.{8})(.{4})(.{4})(.{4})(.{12})")
_DECIMAL: Final = re.compile(r"-?[0-9]+", re.ASCII)
_PAIR: Final = re.compile(r"([0-9a-f]{16})-([0-9a-f]{16})")
_MAX_DECIMAL_DIGITS: Final = 16
"""The digits of the largest id. A longer text is not converted: that could take very long."""


def new_id() -> int:
    """Return a random id of :data:`ID_BITS` bits, never 0."""
    return secrets.randbelow(_MAX_ID) + 1


def new_id_after(now: datetime) -> int:
    """Return a random id that sorts by the moment, to the millisecond.

    Two of one millisecond are the same once in some thousands: whoever stores one has to look.
    """
    milliseconds = (now - _FIRST_MOMENT) // timedelta(milliseconds=1)
    return milliseconds << _RANDOM_BITS | secrets.randbelow(2**_RANDOM_BITS)


def id_of_key(secret: str, key: str) -> int:
    """Return the id that follows from a client's *key*; another *secret* gives another id."""
    digest = hmac.digest(secret.encode(), key.encode(), hashlib.sha256)
    return int.from_bytes(digest) % _MAX_ID + 1


def uuid_of(number: int) -> str:
    """Render an id as a UUID string."""
    high, low = number >> _LOW_BITS, number & (2**_LOW_BITS - 1)
    return f"{_UUID_PREFIX}{_VARIANT | high:04x}-{low:012x}"


def is_uuid(text: str) -> bool:
    """Say whether *text* is a UUID in its usual form, ours or not."""
    return _UUID.fullmatch(text.lower()) is not None


def id_of_uuid(text: str) -> int | None:
    """Return the id that :func:`uuid_of` rendered as *text*, or None if there is none."""
    if not is_uuid(text):
        return None
    high, low = text[21:23], text[24:]
    number = int(high, 16) << _LOW_BITS | int(low, 16)
    is_ours = _is_id(number) and uuid_of(number) == text.lower()
    return number if is_ours else None


def read_id(value: object, field: str, missing: ErrorCode) -> int:
    """Return the id that a client sends as a UUID. *field* is its name in an error.

    Raises:
        InvalidDataError: It is not a UUID.
        NotFoundError: It is a UUID that nothing of ours has; its code is *missing*.

    """
    if not isinstance(value, str) or not is_uuid(value):
        raise InvalidDataError.of(field, "must be a UUID")
    number = id_of_uuid(value)
    if number is None:
        raise NotFoundError(missing)
    return number


def hex_of(number: int) -> str:
    """Render an id as the 32 hexadecimal digits of its UUID."""
    return uuid_of(number).replace("-", "")


def id_of_hex(text: str) -> int | None:
    """Return the id that :func:`hex_of` rendered as *text*, or None if there is none."""
    digits = _HEX.fullmatch(text)
    return id_of_uuid("-".join(digits.groups())) if digits else None


def is_decimal(value: object) -> bool:
    """Say whether *value* is an integer, or the decimal digits of one, ours or not."""
    if isinstance(value, str):
        return _DECIMAL.fullmatch(value) is not None
    return isinstance(value, int) and not isinstance(value, bool)


def id_of_decimal(value: object) -> int | None:
    """Return the id that *value* is, as an integer or in decimal digits, or else None."""
    if not is_decimal(value):
        return None
    if isinstance(value, str):
        value = int(value) if len(value) <= _MAX_DECIMAL_DIGITS else 0
    return value if isinstance(value, int) and _is_id(value) else None


def pair_of(group_id: int, contact_id: int) -> str:
    """Render the ids of a group and a contact in it as one: 16 hexadecimal digits each."""
    return f"{group_id:016x}-{contact_id:016x}"


def ids_of_pair(text: str) -> tuple[int, int] | None:
    """Return the ids of group and contact that :func:`pair_of` rendered, or else None."""
    digits = _PAIR.fullmatch(text.lower())
    if digits is None:
        return None
    group_id, contact_id = (id_of_decimal(int(each, 16)) for each in digits.groups())
    return (group_id, contact_id) if group_id and contact_id else None


def _is_id(number: int) -> bool:
    return 0 < number <= _MAX_ID
