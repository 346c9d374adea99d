"""How often a lost race is retried, and after which pauses.

There are two kinds of lost races. DynamoDB refuses a write because another write to the same item
is running: we send the same write again. Or a condition shows that an item has changed since it
was read: we read it and decide again. Each decision may include several sends, but all pauses
together are far below the 29 seconds that API Gateway waits.
"""

import random
import time
from collections.abc import Iterator
from typing import Final

SEND_TRIES: Final = 6
"""Pauses of at most 0.3 s in all."""

DECISION_TRIES: Final = 12
"""Pauses of at most 3 s in all."""

_FIRST_PAUSE_SECONDS: Final = 0.01
_MAX_PAUSE_SECONDS: Final = 0.4


def tries(most: int) -> Iterator[None]:
    """Yield up to *most* times, with pauses between: exponential backoff with full jitter."""
    longest = _FIRST_PAUSE_SECONDS
    yield
    for _ in range(most - 1):
        time.sleep(random.uniform(0, longest))  # noqa: S311 - spreads out rivals, guards nothing
        longest = min(2 * longest, _MAX_PAUSE_SECONDS)
        yield
