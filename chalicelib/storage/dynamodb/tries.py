"""How often and how patiently a lost race is run again.

Two kinds of races are lost: DynamoDB turns a write away because another is under way on the
same item, and the same write is sent again; or a condition shows that the item is no longer
the one that was read, and the decision is taken anew. The second may contain the first, so
the pauses of both together stay far below the 29 seconds that API Gateway waits.
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
    """Yield up to *most* times, pausing between: doubling, with full jitter."""
    longest = _FIRST_PAUSE_SECONDS
    yield
    for _ in range(most - 1):
        time.sleep(random.uniform(0, longest))  # noqa: S311 - spreads out rivals, guards nothing
        longest = min(2 * longest, _MAX_PAUSE_SECONDS)
        yield
