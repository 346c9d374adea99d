"""Waiting for what follows by itself, on a busy machine too."""

import time
from collections.abc import Callable
from typing import Final

SECONDS: Final = 180
"""Longer than anything takes; only what never comes is waited for as long."""


def eventually(read: Callable[[], object], expected: object) -> bool:
    """Say whether *read* returns what is expected before patience ends."""
    deadline = time.monotonic() + SECONDS
    while read() != expected:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def await_true(what: Callable[[], object]) -> None:
    """Wait until *what* holds.

    Raises:
        AssertionError: It did not before patience ended.

    """
    assert eventually(lambda: bool(what()), expected=True)
