"""A terminal on which a program shows its progress."""

import os
import pty
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread


@contextmanager
def terminal() -> Iterator[tuple[int, list[bytes]]]:
    """Open a terminal, to be written to; what was shown is whole when this ends."""
    screen, written = pty.openpty()
    shown: list[bytes] = []

    def look() -> None:
        try:
            while more := os.read(screen, 1000):
                shown.append(more)
        except OSError:
            pass  # Nobody writes any more.

    looking = Thread(target=look)
    looking.start()
    try:
        yield written, shown
    finally:
        os.close(written)
        looking.join()
        os.close(screen)
