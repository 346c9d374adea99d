"""The moment from which on a request begins no further call to the table."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from chalicelib.domain.errors import ErrorCode, UnavailableError

_DEADLINE: Final[ContextVar[float | None]] = ContextVar("_DEADLINE", default=None)
"""On the monotonic clock; None where nobody set one."""


@contextmanager
def calls_end_after(seconds: float) -> Iterator[None]:
    """Refuse calls to the table that would begin later than *seconds* from now."""
    token = _DEADLINE.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def refuse_if_too_late() -> None:
    """Return if there is time for one more call.

    Raises:
        UnavailableError: There is none.

    """
    deadline = _DEADLINE.get()
    if deadline is not None and time.monotonic() > deadline:
        raise UnavailableError(ErrorCode.BUSY)
