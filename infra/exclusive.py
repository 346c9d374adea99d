"""A piece of work that only one process at a time may do in one folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class BusyError(Exception):
    """Another process is at it; the message says what to do."""


@contextmanager
def exclusive(lock_file: Path, busy: str) -> Iterator[None]:
    """Hold *lock_file* until the end of the block, or of the process, however that ends.

    Raises:
        BusyError: Another process holds it; the message is *busy*.
        OSError: There can be no such file.

    """
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(busy) from error
        yield
