"""Comparing every counter with the truth, and repairing it, while traffic runs."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chalicelib.domain.errors import NotFoundError
from chalicelib.storage import accounts, groups, recount
from chalicelib.storage.counters import Counter

TRIES: Final = 5
"""How often a counter is looked at again whose contacts came and went meanwhile."""

SECONDS_FOR_THE_STREAM: Final = 30.0
_SECONDS_BETWEEN_LOOKS: Final = 0.2


class StreamStuckError(Exception):
    """Counting did not pass a fence in time."""


@dataclass(frozen=True, slots=True)
class Recount:
    """What a counter says and what it should; ``truth`` is None if it would not stand still."""

    counter: Counter
    count: int
    truth: int | None
    is_fixed: bool = False

    @property
    def drift(self) -> int:
        """How much is to be added."""
        return 0 if self.truth is None else self.truth - self.count


def all_counters() -> Iterator[Counter]:
    """Yield the counter of every account and of each of its groups."""
    for account in accounts.list_accounts():
        yield Counter(account.id, None)
        yield from (Counter(account.id, group.id) for group in groups.list_groups(account.id))


def recount_one(counter: Counter, *, fix: bool) -> Recount | None:
    """Compare a counter with the truth, and repair it if asked to; None if it was deleted.

    Raises:
        StreamStuckError: Nothing is counted at present.

    """
    result = None
    try:
        for _ in range(TRIES):
            result = _try_to_recount(counter, fix=fix)
            if result.truth is not None:
                break
    except NotFoundError:
        return None
    return result


def _try_to_recount(counter: Counter, *, fix: bool) -> Recount:
    tokens: list[str] = []
    try:
        tokens.append(recount.put_fence(counter))
        _, changes_before = _await_fence(counter, tokens[-1])
        truth = recount.count_entries(counter)
        tokens.append(recount.put_fence(counter))
        count, changes = _await_fence(counter, tokens[-1])
        if changes != changes_before:
            return Recount(counter, count, None)
        drift = truth - count
        is_fixed = bool(fix and drift and recount.correct(counter, drift, tokens[-1]))
        return Recount(counter, count, truth, is_fixed)
    finally:
        recount.remove_fences(counter, tokens)


def _await_fence(counter: Counter, token: str) -> tuple[int, int]:
    deadline = time.monotonic() + SECONDS_FOR_THE_STREAM
    while time.monotonic() < deadline:
        passed = recount.changes_until(counter, token)
        if passed:
            return passed
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    raise StreamStuckError
