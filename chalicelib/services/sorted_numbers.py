"""Merging sorted numbers: which of those in one order are also in another."""

from collections.abc import Iterator


class SortedNumbers:
    """Numbers in order, read no further than they are asked for."""

    def __init__(self, numbers: Iterator[str]) -> None:
        self._numbers = numbers
        self._next: str | None = ""

    def has(self, number: str) -> bool:
        """Say whether a number is among them; the numbers asked for have to be in order too."""
        while self._next is not None and self._next < number:
            self._next = next(self._numbers, None)
        return self._next == number
