"""Moments as clients write them (RFC 3339)."""

import re
from datetime import datetime
from typing import Final

from chalicelib.domain.errors import InvalidDataError

_WITH_ZONE: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)", re.ASCII
)


def read_moment(value: object, field: str) -> datetime:
    """Read a moment with its zone, such as ``2026-01-31T12:00:00Z``.

    Raises:
        InvalidDataError: It is none.

    """
    if isinstance(value, str) and _WITH_ZONE.fullmatch(value.upper()):
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError:
            pass
    raise InvalidDataError.of(field, "must be a moment, such as 2026-01-31T12:00:00Z")
