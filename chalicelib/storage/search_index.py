"""The index of the search: every contact's number under each of its tokens.

An entry has all tokens of its contact as text, so that one query also looks at the other words of a
search. Entries may be late, and readers look at the contacts themselves.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import and_, or_
from typing import Any, Final, NamedTuple

from pynamodb.expressions.condition import Condition
from pynamodb.pagination import PageIterator

from chalicelib.domain.search import Search, Word, backwards, beginning_of, tokens_of
from chalicelib.observability import logger
from chalicelib.storage import keys
from chalicelib.storage.contact_items import contact_in
from chalicelib.storage.dynamodb.batch_writes import WRITTEN_AT_ONCE, write_batch
from chalicelib.storage.dynamodb.batches import StoredItem, in_batches, read_batch
from chalicelib.storage.dynamodb.connection import table
from chalicelib.storage.items import SearchItem
from chalicelib.storage.rewrites import DAMAGED

NO_TOKENS: Final[frozenset[str]] = frozenset()

_AFTER_EVERY_PREFIX: Final = "\U0010ffff"


class Indexed(NamedTuple):
    """What the index has, or is to have, of a number: its tokens."""

    e164: str
    tokens: frozenset[str]

    @property
    def text(self) -> str:
        """All tokens and the number, each after a space."""
        return "".join(f" {each}" for each in (self.e164, *sorted(self.tokens)))


class OpenToken(NamedTuple):
    """A token with more numbers than were read: those of them that a search finds, in order.

    ``last`` is the last number that was read, found or not.
    """

    token: str
    numbers: list[str]
    last: str


class Stretch(NamedTuple):
    """Entries in a row: the numbers that a search finds under tokens that were read to their end.

    ``open_token`` is the last token, if it was not. Then others may follow too.
    """

    numbers: list[str]
    open_token: OpenToken | None


def read_wanted(account_id: str, numbers: Iterable[str]) -> dict[str, Indexed]:
    """Return what the index is to have of up to 100 numbers: nothing of those without a contact."""
    wanted = list(numbers)
    found = read_batch(tokens_in, keys.contacts(account_id), wanted)
    return {e164: Indexed(e164, found.get(e164, NO_TOKENS)) for e164 in wanted}


def read_indexed(account_id: str, e164: str) -> Indexed:
    """Return what the index has of a number, as one of its entries says."""
    key = _key_of(account_id, backwards(e164), e164)
    found = table().get_item(key["PK"]["S"], key["SK"]["S"], consistent_read=True).get("Item")
    if found is None:
        return Indexed(e164, NO_TOKENS)
    return Indexed(e164, frozenset(found["text"]["S"].split()) - {e164})


def tokens_in(stored: StoredItem | None) -> frozenset[str]:
    """Return the tokens of an item or an image of it: none of keys alone, nor of a damaged one."""
    if stored is None or "id" not in stored:
        return NO_TOKENS
    try:
        return tokens_of(contact_in(stored))
    except DAMAGED:
        logger().error("A damaged contact cannot be found by searching")
        return NO_TOKENS


def write_entries(
    account_id: str, wanted: Iterable[Indexed], unwanted: Iterable[tuple[str, str]]
) -> None:
    """Write the entries of some numbers, and delete those of some tokens and numbers.

    Raises:
        UnavailableError: The table was out of reach, or busy at every try.

    """
    requests: list[dict[str, Any]] = [
        {"DeleteRequest": {"Key": _key_of(account_id, token, e164)}} for token, e164 in unwanted
    ]
    for each in wanted:
        text = {"S": each.text}
        requests += [
            {"PutRequest": {"Item": {**_key_of(account_id, token, each.e164), "text": text}}}
            for token in each.tokens
        ]
    for batch in in_batches(requests, WRITTEN_AT_ONCE):
        write_batch(batch)


def read_stretch(
    account_id: str, prefix: str, search: Search, *, after_token: str | None = None, most: int
) -> Stretch:
    """Read up to *most* entries whose tokens begin with *prefix*, in their order.

    With *after_token*, these are those that come after that token.
    """
    first = prefix if after_token is None else keys.after_token(after_token)
    question: dict[str, Any] = {
        "range_key_condition": SearchItem.sk.between(first, prefix + _AFTER_EVERY_PREFIX),
        "filter_condition": _condition_of(search, prefix),
        "consistent_read": True,
        "attributes_to_get": ["SK"],
        "limit": most,
    }
    pages: PageIterator[Any] = PageIterator(
        table().query, (keys.search(account_id, beginning_of(prefix)),), question
    )
    found: list[tuple[str, str]] = []
    read = 0
    for page in pages:
        read += page["ScannedCount"]
        found += (keys.token_and_number(item["SK"]["S"]) for item in page["Items"])
        if read >= most:
            break
    if "LastEvaluatedKey" not in page:
        return Stretch([e164 for _, e164 in found], None)
    token, last = keys.token_and_number(page["LastEvaluatedKey"]["SK"]["S"])
    return Stretch(
        [e164 for each, e164 in found if each != token],
        OpenToken(token, [e164 for each, e164 in found if each == token], last),
    )


def list_numbers(
    account_id: str, token: str, search: Search, *, after: str | None, expected: int
) -> Iterator[str]:
    """Yield the numbers of a token that a search finds, in order and after the number *after*."""
    first = keys.search_entry(token, after or keys.BEFORE_ALL_NUMBERS)
    question: dict[str, Any] = {
        "range_key_condition": SearchItem.sk.between(first, keys.after_token(token)),
        "filter_condition": _condition_of(search, token),
        "consistent_read": True,
        "attributes_to_get": ["SK"],
        "limit": expected + 1,
    }
    pages: PageIterator[Any] = PageIterator(
        table().query, (keys.search(account_id, beginning_of(token)),), question
    )
    for page in pages:
        for item in page["Items"]:
            _, e164 = keys.token_and_number(item["SK"]["S"])
            if e164 != after:
                yield e164


def _condition_of(search: Search, prefix: str) -> Condition | None:
    """Return the condition that an entry is of a contact that is found, if its key is not enough.

    The tokens of the entries that are read begin with *prefix*.
    """
    is_enough = len(search.words) == 1 and any(
        len(form) == 1 and prefix.startswith(form[0]) for form in search.words[0].forms
    )
    return None if is_enough else reduce(and_, map(_condition_of_word, search.words))


def _condition_of_word(word: Word) -> Condition:
    return reduce(
        or_,
        (
            reduce(and_, (SearchItem.text.contains(f" {piece}") for piece in form))
            for form in word.forms
        ),
    )


def _key_of(account_id: str, token: str, e164: str) -> StoredItem:
    return {
        "PK": {"S": keys.search(account_id, beginning_of(token))},
        "SK": {"S": keys.search_entry(token, e164)},
    }
