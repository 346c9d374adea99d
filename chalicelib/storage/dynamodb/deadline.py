"""The deadline of a request: after it, the request may not begin a call to the table."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from chalicelib.domain.errors import ErrorCode, UnavailableError

_DEADLINE: Final[ContextVar[float | None]] = ContextVar("_DEADLINE", default=None)
"""On the monotonic clock; None means no deadline."""


@contextmanager
def calls_end_after(seconds: float) -> Iterator[None]:
    """Within this context, refuse calls to the table that begin later than *seconds* from now."""
    token = _DEADLINE.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def refuse_if_too_late() -> None:
    """Check that the deadline has not passed.

    Raises:
        UnavailableError: It has passed.

    """
    deadline = _DEADLINE.get()
    if deadline is not None and time.monotonic() > deadline:
        raise UnavailableError(ErrorCode.BUSY)
