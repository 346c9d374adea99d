"""Doing many things at once, a bounded number of them at a time."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Final, TypeVar

THREADS: Final = 8
"""Threads of one request; botocore keeps ten connections."""

ValueT = TypeVar("ValueT")
ResultT = TypeVar("ResultT")


def in_threads(work: Callable[[ValueT], ResultT], values: Iterable[ValueT]) -> Iterator[ResultT]:
    """Yield what *work* returns for each value, in their order."""
    with ThreadPoolExecutor(THREADS) as pool:
        # In a copy of the context, since the deadline of the request is in it.
        working = [pool.submit(copy_context().run, work, value) for value in values]
        for future in working:
            yield future.result()
