"""Comparing counters with the truth, and repairing them, during traffic."""

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import Final

from chalicelib.domain.errors import InvalidDataError, NotFoundError
from chalicelib.storage import recount
from chalicelib.storage.counters import Counter, read_counter
from chalicelib.storage.recount import Passed, UnreadableCounterError

TRIES: Final = 5
"""How often to recount a counter if changes or another recount interfere."""

COUNTERS_AT_ONCE: Final = 8
"""Counters to recount in parallel: each mostly waits for the stream."""

SECONDS_FOR_THE_STREAM: Final = 30.0
_SECONDS_BESIDE_A_RIVAL: Final = 2.0
_SECONDS_BETWEEN_LOOKS: Final = 0.2


class StreamStuckError(Exception):
    """Counting did not pass a fence in time."""


class _RivalError(Exception):
    """Counting passed the fence of another recount, and may have passed ours before that."""


class Obstacle(Enum):
    """Why a counter could not be compared with the truth."""

    CHANGING = "still changing"
    RIVAL = "another recount is running"
    STUCK = "the stream stands still"
    SPOILT = "it is not a number; see verify"


@dataclass(frozen=True, slots=True)
class Recount:
    """A counter's value and its right value; ``truth`` is None if there was an ``obstacle``."""

    counter: Counter
    count: int
    truth: int | None
    is_fixed: bool = False
    obstacle: Obstacle | None = None

    @property
    def drift(self) -> int:
        """The amount to add to the counter."""
        return 0 if self.truth is None else self.truth - self.count

    @property
    def is_right(self) -> bool:
        """Whether the counter is known to be right now."""
        return self.obstacle is None and (not self.drift or self.is_fixed)


def all_counters() -> Iterator[Counter]:
    """Yield the counters of all accounts and of their groups."""
    for account_id in recount.accounts_with_counters():
        yield from recount.counters_of(account_id)


def some_counters(account_ids: Sequence[str], group_ids: Sequence[int]) -> Iterator[Counter]:
    """Yield the counters of some accounts and all their groups, or of some groups of one account.

    Raises:
        InvalidDataError: There are groups, but not exactly one account.
        OperatorError: There is no such account.
        NotFoundError: There is no such group.

    """
    if group_ids and len(account_ids) != 1:
        raise InvalidDataError.of("group", "needs the one account that it is in")
    for account_id in account_ids:
        recount.refuse_unless_there(Counter(account_id, None))
        if not group_ids:
            yield from recount.counters_of(account_id)
        for group_id in group_ids:
            recount.refuse_unless_there(Counter(account_id, group_id))
            yield Counter(account_id, group_id)


def recount_all(counters: Iterable[Counter], *, fix: bool) -> Iterator[Recount]:
    """Recount several counters in parallel, and yield each result as soon as it is known.

    If the stream is stuck, this does not wait for every counter: it ends after
    :data:`COUNTERS_AT_ONCE` stuck counters in a row.

    Raises:
        UnavailableError: The table does not serve us. The yielded results are done.

    """
    remaining = iter(counters)
    stuck_in_a_row = 0
    with ThreadPoolExecutor(COUNTERS_AT_ONCE) as pool:

        def begin(many: int) -> set[Future[Recount | None]]:
            begun = islice(remaining, many)
            return {pool.submit(recount_one, counter, fix=fix) for counter in begun}

        under_way = begin(COUNTERS_AT_ONCE)
        while under_way:
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for each in done:
                if result := each.result():
                    stuck_in_a_row = stuck_in_a_row + 1 if _is_stuck(result) else 0
                    yield result
            if stuck_in_a_row < COUNTERS_AT_ONCE:
                under_way |= begin(len(done))


def recount_one(counter: Counter, *, fix: bool) -> Recount | None:
    """Compare a counter with the truth, and with *fix* repair it; None if it was deleted.

    Raises:
        UnavailableError: The table does not serve us.

    """
    obstacle = Obstacle.CHANGING
    try:
        for _ in range(TRIES):
            try:
                result = _try_to_recount(counter, fix=fix)
            except StreamStuckError:
                obstacle = Obstacle.STUCK
                break
            except UnreadableCounterError:
                return Recount(counter, 0, None, obstacle=Obstacle.SPOILT)
            except _RivalError:
                obstacle = Obstacle.RIVAL
                # A random pause, so that two recounts do not meet again at every try.
                time.sleep(random.uniform(0, _SECONDS_BESIDE_A_RIVAL))  # noqa: S311 - guards nothing
                continue
            if result is not None:
                return result
            obstacle = Obstacle.CHANGING
    except NotFoundError:
        return None
    count = read_counter(counter)
    return None if count is None else Recount(counter, count, None, obstacle=obstacle)


def _is_stuck(result: Recount) -> bool:
    return result.obstacle is Obstacle.STUCK


def _try_to_recount(counter: Counter, *, fix: bool) -> Recount | None:
    """Return the result, or None if changes were counted meanwhile."""
    tokens: list[str] = []
    try:
        before = _pass_fence(counter, tokens)
        truth = recount.count_entries(counter)
        after = _pass_fence(counter, tokens)
        if after.changes != before.changes:
            return None
        drift = truth - after.contacts
        if not fix or not drift:
            return Recount(counter, after.contacts, truth)
        if not recount.correct(counter, drift, tokens[-1]):
            raise _RivalError
        return Recount(counter, after.contacts, truth, is_fixed=True)
    finally:
        recount.remove_fences(counter, tokens)


def _pass_fence(counter: Counter, tokens: list[str]) -> Passed:
    """Write a fence, add it to *tokens*, and return the counter after counting has passed it."""
    before = recount.look(counter).token
    tokens.append(recount.put_fence(counter))
    deadline = time.monotonic() + SECONDS_FOR_THE_STREAM
    is_beside_a_rival = False
    while time.monotonic() < deadline:
        seen = recount.look(counter)
        if seen.token == tokens[-1]:
            return seen
        if seen.token != before and not is_beside_a_rival:
            # Another recount's fence: if it was before ours, ours follows at once; if it was after
            # ours, it has overwritten our token.
            is_beside_a_rival = True
            deadline = min(deadline, time.monotonic() + _SECONDS_BESIDE_A_RIVAL)
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    if is_beside_a_rival:
        raise _RivalError
    raise StreamStuckError
