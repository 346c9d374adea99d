"""A lock for work that only one process at a time may do in a folder."""

import fcntl
from pathlib import Path
from typing import TextIO


class BusyError(Exception):
    """Another process holds the lock; the message says what to do."""


def exclusive(lock_file: Path, busy: str) -> TextIO:
    """Lock *lock_file* until the returned file is closed, or the process ends in any way.

    Raises:
        BusyError: Another process holds the lock; the message is *busy*.
        OSError: The file cannot be opened.

    """
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    lock = lock_file.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise BusyError(busy) from error
    return lock
