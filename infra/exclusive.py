"""A piece of work that only one process at a time may do in one folder."""

import fcntl
from pathlib import Path
from typing import TextIO


class BusyError(Exception):
    """Another process is at it; the message says what to do."""


def exclusive(lock_file: Path, busy: str) -> TextIO:
    """Hold *lock_file* until what is returned is closed, or the process ends, however it does.

    Raises:
        BusyError: Another process holds it; the message is *busy*.
        OSError: There can be no such file.

    """
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    lock = lock_file.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise BusyError(busy) from error
    return lock
