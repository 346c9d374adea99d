"""Waiting for what follows by itself."""

import time
from collections.abc import Callable
from typing import Final

SECONDS: Final = 20


def eventually(read: Callable[[], object], expected: object) -> bool:
    """Say whether *read* returns what is expected before patience ends."""
    deadline = time.monotonic() + SECONDS
    while read() != expected:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
