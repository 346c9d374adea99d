"""The ids of contacts and groups: one random integer, shown by each dialect in its own way.

Every rendering is a pure, reversible function of the integer, so that no dialect needs
a table of its own to find a contact or group by the id that it gave out.
"""

import re
import secrets
from typing import Final

ID_BITS: Final = 53
"""The integers that a JSON number holds exactly in every client."""

_LOW_BITS: Final = 48
_UUID_PREFIX: Final = "70686f6e-6562-4000-"
"""The fixed digits of our UUIDs. Their version is 4: some clients accept no later one."""
_VARIANT: Final = 0x8000
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_id() -> int:
    """Return a random id of :data:`ID_BITS` bits, never 0."""
    return secrets.randbelow(2**ID_BITS - 1) + 1


def uuid_of(number: int) -> str:
    """Render an id as a UUID string."""
    high, low = number >> _LOW_BITS, number & (2**_LOW_BITS - 1)
    return f"{_UUID_PREFIX}{_VARIANT | high:04x}-{low:012x}"


def is_uuid(text: str) -> bool:
    """Say whether *text* is a UUID in its usual form, whoever gave it out."""
    return _UUID.fullmatch(text.lower()) is not None


def id_of_uuid(text: str) -> int | None:
    """Return the id that :func:`uuid_of` rendered as *text*, or None if it rendered none so."""
    if not is_uuid(text):
        return None
    high, low = text[19:23], text[24:]
    number = (int(high, 16) & ~_VARIANT) << _LOW_BITS | int(low, 16)
    return number if number and uuid_of(number) == text.lower() else None
