"""How fast the stream Lambda counts: for each shard, and for each counter.

A shard's batches are counted one after the other, and so are the transactions of a batch. And a
counter is one item: of two transactions on it at once, DynamoDB cancels one, which is tried again.
"""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from growth.limits import TRANSACTION_ACTIONS

BATCH: Final = 1_000
"""The changes that the Lambda is given at once, at the most."""

TRANSACTION_SECONDS: Final = 0.030
"""A transaction of 100 actions, from a Lambda in the same region: an assumption."""

TRIES: Final = 6
FIRST_PAUSE: Final = 0.01
MAX_PAUSE: Final = 0.4
"""How a cancelled transaction is tried again (`chalicelib/storage/dynamodb/tries.py`)."""

DELIVERED_AGAIN: Final = 1.0
"""Seconds until a batch that gave up comes again. AWS publishes none."""

BETWEEN_TRANSACTIONS: Final = 0.005
BETWEEN_BATCHES: Final = 0.050
"""Seconds in which a shard holds nothing: what lies on the way to the next. Assumptions."""

DELIVERIES: Final = 50
"""After how many of them in a row AWS gives up (`MaximumRetryAttempts`)."""


def together(counters: int) -> int:
    """Return how many changes that take turns among *counters* one transaction holds.

    Beside n changes' markers it holds as many counters as those n changes have.
    """
    return max(TRANSACTION_ACTIONS.value - counters, TRANSACTION_ACTIONS.value // 2)


def transactions(changes: int, counters: int) -> int:
    """Return how many transactions count *changes* that take turns among *counters*."""
    return -(-changes // together(counters))


def writes(changes: int, counters: int) -> int:
    """Return the write units that counting them costs: 2 for each marker and each counter."""
    units = 0
    while changes > 0:
        now = min(changes, together(counters))
        units += 2 * now + 2 * min(counters, now)
        changes -= now
    return units


def changes_a_second(counters: int, transaction_seconds: float) -> float:
    """Return what one shard counts, when its batches are full and share *counters*."""
    steps = transactions(BATCH, counters)
    seconds = steps * transaction_seconds + (steps - 1) * BETWEEN_TRANSACTIONS + BETWEEN_BATCHES
    return BATCH / seconds


@dataclass(frozen=True, slots=True)
class Contention:
    """What became of shards that all count into one counter."""

    transactions_a_second: float
    cancelled_for_each: float
    gave_up: int
    gave_up_in_a_row: int

    @property
    def changes_a_second(self) -> float:
        """What is counted, when each batch is full."""
        return self.transactions_a_second * BATCH / transactions(BATCH, counters=1)


@dataclass(slots=True)
class _Shard:
    pauses: Iterator[float]
    left_in_batch: int
    gave_up_in_a_row: int = 0


def contend(shards: int, transaction_seconds: float, seconds: float, seed: int) -> Contention:
    """Let *shards* that are all behind count into one counter for so long.

    Whoever comes while another's transaction is under way is cancelled after half of its time.
    """
    chance = random.Random(seed)
    batch = transactions(BATCH, counters=1)
    state = [_Shard(_pauses(chance), batch) for _ in range(shards)]
    waiting = [(chance.uniform(0, transaction_seconds), number) for number in range(shards)]
    heapq.heapify(waiting)
    free_at, done, cancelled, gave_up, longest = 0.0, 0, 0, 0, 0
    while waiting[0][0] < seconds:
        now, number = heapq.heappop(waiting)
        shard = state[number]
        if now >= free_at:
            done += 1
            free_at = now + transaction_seconds
            shard.pauses = _pauses(chance)
            shard.gave_up_in_a_row = 0
            shard.left_in_batch = shard.left_in_batch - 1 or batch
            is_new_batch = shard.left_in_batch == batch
            again_at = free_at + (BETWEEN_BATCHES if is_new_batch else BETWEEN_TRANSACTIONS)
        else:
            cancelled += 1
            pause = next(shard.pauses, None)
            if pause is None:
                gave_up += 1
                shard.gave_up_in_a_row += 1
                longest = max(longest, shard.gave_up_in_a_row)
                shard.pauses = _pauses(chance)
                pause = DELIVERED_AGAIN
            again_at = now + transaction_seconds / 2 + pause
        heapq.heappush(waiting, (again_at, number))
    return Contention(done / seconds, cancelled / done, gave_up, longest)


def _pauses(chance: random.Random) -> Iterator[float]:
    longest = FIRST_PAUSE
    for _ in range(TRIES - 1):
        yield chance.uniform(0, longest)
        longest = min(2 * longest, MAX_PAUSE)
