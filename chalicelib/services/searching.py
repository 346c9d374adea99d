"""Finding contacts by words, in the order of numbers.

The index has the numbers of each token in order. How many tokens begin with a word decides how its
numbers come into order (docs/search.md).
"""

import heapq
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from typing import Final

from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact
from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.search import FIELD, FORWARDS, Search, Word
from chalicelib.storage import contacts, search_index
from chalicelib.storage.search_index import OpenToken

ENTRIES_READ_FIRST: Final = 100
"""Of a word that has no more, all are read and sorted. Of one that has, so many in each stretch."""

STRETCHES: Final = 9
"""Of a word whose entries take no more, the numbers of tokens that were cut short are merged."""

ENTRIES_SORTED: Final = 5_000
"""Of any other word that has no more, all are read and sorted: about one megabyte."""

_EXPECTED: Final = 1_000
_READ_FOR_EACH: Final = 10
"""Where other words decide what is found, this many are read at a time for each that is expected.
A word with more entries than can be sorted is in many contacts, so these are read in turn."""


class _Used:
    """Whether this process may use the index."""

    is_on = True


def turn_off() -> None:
    """Refuse every search from now on, since nobody keeps the index."""
    _Used.is_on = False


def search(
    account: Account, wanted: Search, *, after: str | None, expected: int | None
) -> Iterator[Contact]:
    """Yield the contacts that a search finds, in the order of numbers and after *after*.

    *expected* is how many the caller expects to use; it sets how many are read at a time. A change
    of the last seconds may be missing; what is yielded is as it is now.

    Raises:
        InvalidDataError: Searching is turned off.

    """
    if not _Used.is_on:
        raise InvalidDataError.of(FIELD, "cannot be used: the search is turned off here")
    numbers = _numbers(account.id, wanted, after, expected or _EXPECTED)
    found = (
        contacts.list_contacts(
            account.id, after=after, expected=_READ_FOR_EACH * (expected or _EXPECTED)
        )
        if numbers is None
        else contacts.list_contacts_by_number(account.id, numbers, expected=expected)
    )
    return filter(wanted.finds, found)


def _numbers(
    account_id: str, wanted: Search, after: str | None, expected: int
) -> Iterable[str] | None:
    """Return the numbers of entries that match, in order, or None if reading all is cheaper."""
    most = max(ENTRIES_READ_FIRST, expected)
    words = sorted(wanted.words, key=_length, reverse=True)
    walks = []
    for word in words:
        walk = _Walk(account_id, word, wanted, most)
        if walk.is_done:
            return walk.numbers(after, expected)
        walks.append(walk)
    for walk in walks:
        if walk.ends_within(STRETCHES):
            return walk.numbers(after, expected)
    for word in words:
        walk = _Walk(account_id, word, wanted, ENTRIES_SORTED)
        if walk.is_done:
            return walk.numbers(after, expected)
    return None


class _Walk:
    """The entries of a word, read in stretches, each of which ends within a token.

    What follows of that token is read once it is needed, since there the numbers are in order.
    """

    def __init__(self, account_id: str, word: Word, wanted: Search, most: int) -> None:
        self._account_id = account_id
        self._wanted = wanted
        self._most = most
        pieces = [max(form, key=len) for form in word.forms]
        self._beginnings = [each for each in pieces if each.startswith(FORWARDS)]
        self._whole: set[str] = set()
        self._open: list[OpenToken] = []
        self._unread: dict[str, str | None] = {}
        for piece in pieces:
            if not piece.startswith(FORWARDS):
                self._read(piece, None)

    @property
    def is_done(self) -> bool:
        """Whether all entries were read, so that none follow."""
        return not (self._beginnings or self._open)

    def ends_within(self, stretches: int) -> bool:
        """Read on, and say whether so many stretches reach beyond the last token."""
        for _ in range(stretches):
            if not self._unread:
                return True
            piece, token = self._unread.popitem()
            self._read(piece, token)
        return not self._unread

    def numbers(self, after: str | None, expected: int) -> Iterator[str]:
        """Yield each number once, in order and after the number *after*."""
        streams = [
            iter(sorted(_after(self._whole, after))),
            *(self._rest(each, after, expected) for each in self._open),
            *(
                contacts.list_numbers(self._account_id, each, after=after, expected=expected)
                for each in self._beginnings
            ),
        ]
        return (number for number, _ in groupby(heapq.merge(*streams)))

    def _read(self, piece: str, after_token: str | None) -> None:
        stretch = search_index.read_stretch(
            self._account_id, piece, self._wanted, after_token=after_token, most=self._most
        )
        self._whole.update(stretch.numbers)
        if stretch.open_token:
            self._open.append(stretch.open_token)
            self._unread[piece] = stretch.open_token.token

    def _rest(self, open_token: OpenToken, after: str | None, expected: int) -> Iterator[str]:
        has_others = len(self._wanted.words) > 1
        return chain(
            _after(open_token.numbers, after),
            search_index.list_numbers(
                self._account_id,
                open_token.token,
                self._wanted,
                after=max(open_token.last, after or open_token.last),
                expected=_READ_FOR_EACH * expected if has_others else expected,
            ),
        )


def _after(numbers: Iterable[str], after: str | None) -> Iterable[str]:
    return (number for number in numbers if after is None or number > after)


def _length(word: Word) -> int:
    return min(max(map(len, form)) for form in word.forms)
