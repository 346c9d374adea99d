"""Python's garbage collection."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collecting() -> Iterator[None]:
    """Pause Python's collection of cycles.

    While code makes a million objects and needs all of them, the collector would scan them again
    and again. Python still frees objects outside cycles at once.
    """
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_collecting:
            gc.enable()
