"""Keeping the index of the search equal to the contacts, whatever the stream delivers.

What is written follows from the contacts as they are, not as a record has them: a record only says
which numbers to look at, and which tokens they may have had. After the writes, the contacts are
read again, until nobody has changed them meanwhile. So whoever writes last writes what is right.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from chalicelib.domain.account import Account
from chalicelib.domain.errors import ErrorCode, UnavailableError
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import contacts, keys, search_index
from chalicelib.storage.dynamodb.batches import in_batches
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries
from chalicelib.storage.keys import ItemKind
from chalicelib.storage.search_index import NO_TOKENS, Indexed, tokens_in
from chalicelib.storage.stream_records import ItemChange, StreamEvent, StreamFilter

INDEXED: Final = StreamFilter(
    kinds=frozenset({ItemKind.CONTACT}),
    events=frozenset({StreamEvent.INSERT, StreamEvent.MODIFY, StreamEvent.REMOVE}),
)
"""What the index follows from."""


def index_changes(changes: Iterable[ItemChange]) -> None:
    """Bring the index up to date after some changes of contacts, of any account.

    A change that touches no token costs nothing. All of it may be repeated.

    Raises:
        UnavailableError: The table was out of reach, or busy at every try.

    """
    former: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for change in changes:
        before, after = tokens_in(change.before), tokens_in(change.after)
        if before != after:
            former[change.account_id][change.sort_key] |= before | after
    for account_id, tokens_of_numbers in former.items():
        for batch in in_batches(tokens_of_numbers.items()):
            _index(account_id, dict(batch))


def index_contacts(account_id: str, numbers: Iterable[str]) -> None:
    """Write the entries of the contacts of some numbers anew.

    Raises:
        UnavailableError: The table was out of reach, or busy at every try.

    """
    for batch in in_batches(numbers):
        _index(account_id, dict.fromkeys(batch, NO_TOKENS))


def reindex(account: Account, *, after: str | None = None) -> Iterator[list[PhoneNumber]]:
    """Write the entries of all contacts of an account anew, in the order of numbers.

    Yields the numbers of each hundred that are done. *after* is the number to go on after.

    Raises:
        UnavailableError: The table was out of reach, or busy at every try.

    """
    found = contacts.list_numbers(account.id, keys.BEFORE_ALL_NUMBERS, after=after, expected=None)
    for batch in in_batches(found):
        index_contacts(account.id, batch)
        yield list(map(PhoneNumber, batch))


def forget_entries(account_id: str, number: PhoneNumber) -> None:
    """Delete the entries of a contact that was deleted, without waiting for the stream.

    They may be those of an older state of it.

    Raises:
        UnavailableError: The table was out of reach, or busy at every try.

    """
    indexed = search_index.read_indexed(account_id, number.e164)
    if indexed.tokens:
        _index(account_id, {number.e164: indexed.tokens})


def _index(account_id: str, former: Mapping[str, AbstractSet[str]]) -> None:
    """Write the entries of up to 100 numbers, and delete those of *former* tokens."""
    left = {e164: set(tokens) for e164, tokens in former.items()}
    indexed: dict[str, Indexed] = {}
    for _ in tries(DECISION_TRIES):
        now = search_index.read_wanted(account_id, left)
        done = [e164 for e164 in left if indexed.get(e164) == now[e164]]
        for e164 in done:
            del left[e164]
        if not left:
            return
        unwanted = [
            (token, e164) for e164, tokens in left.items() for token in tokens - now[e164].tokens
        ]
        search_index.write_entries(account_id, (now[e164] for e164 in left), unwanted)
        for e164, tokens in left.items():
            tokens.update(now[e164].tokens)
            indexed[e164] = now[e164]
    raise UnavailableError(ErrorCode.BUSY)
