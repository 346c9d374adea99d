"""Finding contacts by words, in the order of numbers.

The index has the numbers of each token in order. How many tokens begin with a word decides how its
numbers come into order (docs/search.md).
"""

import heapq
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import Final

from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact
from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.search import FIELD, FORWARDS, Search, Word
from chalicelib.storage import contacts, search_index
from chalicelib.storage.search_index import Matches

ENTRIES_READ_FIRST: Final = 100
"""Of a word that has no more, all are read and sorted."""

TOKENS_MERGED: Final = 16
"""Of a word with no more tokens, the numbers of each are merged; each takes two queries."""

ENTRIES_SORTED: Final = 5_000
"""Of any other word that has no more, all are read and sorted: about one megabyte."""

_EXPECTED: Final = 1_000
_READ_FOR_EACH: Final = 10
"""A word with more entries than can be sorted is in many contacts, so all are read in turn: this
many at a time for each that is expected."""


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
    words = sorted(wanted.words, key=_length, reverse=True)
    for word in words:
        numbers = _if_few(account_id, word, wanted, max(ENTRIES_READ_FIRST, expected))
        if numbers is not None:
            return _after(numbers, after)
    for word in words:
        streams = _streams(account_id, word, wanted, after, expected)
        if streams is not None:
            return (number for number, _ in groupby(heapq.merge(*streams)))
    for word in words:
        numbers = _if_few(account_id, word, wanted, ENTRIES_SORTED)
        if numbers is not None:
            return _after(numbers, after)
    return None


def _if_few(account_id: str, word: Word, wanted: Search, most: int) -> list[str] | None:
    """Return the numbers of a word in order, if it has at most so many entries."""
    found: set[str] = set()
    for piece in _pieces_of(word):
        if piece.startswith(FORWARDS):
            return None
        matches: Matches = search_index.find_matches(account_id, piece, wanted, most)
        if not matches.is_all:
            return None
        found.update(matches.numbers)
    return sorted(found)


def _streams(
    account_id: str, word: Word, wanted: Search, after: str | None, expected: int
) -> list[Iterator[str]] | None:
    """Return the numbers of each token of a word, in order, if it has few tokens."""
    streams: list[Iterator[str]] = []
    for piece in _pieces_of(word):
        if piece.startswith(FORWARDS):
            streams.append(contacts.list_numbers(account_id, piece, after=after, expected=expected))
            continue
        tokens = list(islice(search_index.list_tokens(account_id, piece), TOKENS_MERGED + 1))
        if len(tokens) > TOKENS_MERGED:
            return None
        streams += [
            search_index.list_numbers(account_id, token, wanted, after=after, expected=expected)
            for token in tokens
        ]
    return streams


def _after(numbers: Iterable[str], after: str | None) -> Iterable[str]:
    return (number for number in numbers if after is None or number > after)


def _pieces_of(word: Word) -> Iterator[str]:
    """Yield a piece of each form of a word; the longest, which is found least often."""
    return (max(form, key=len) for form in word.forms)


def _length(word: Word) -> int:
    return min(map(len, _pieces_of(word)))
