"""Lists, whole or in pages: a limit of size never drops an entry silently."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from chalicelib.dialects.messages import JSON, Request, Response
from chalicelib.domain.account import Account
from chalicelib.domain.cursors import read_cursor, write_cursor
from chalicelib.domain.errors import ErrorCode, InvalidDataError, ProblemCollector, RefusedError
from chalicelib.domain.limits import MAX_PAGE_ITEMS, MAX_RESPONSE_BYTES, MAX_RESPONSE_EVENT_BYTES
from chalicelib.domain.text import json_text

PAGING: Final = frozenset({"limit", "cursor"})
"""The parameters of a page, which each list takes besides its own."""

_LIMIT_DIGITS: Final = 9
"""A number with more digits is out of range anyway."""


class Page(NamedTuple):
    """The part of a list that is asked for: at most ``limit`` entries after ``after``.

    Without a ``limit`` it is all of them. ``list_key`` identifies the list and the filters that
    decide its content: a cursor is valid for that list only.
    """

    limit: int | None
    after: str | None
    list_key: tuple[str, ...]

    @property
    def size_to_read(self) -> int | None:
        """How many entries to read: one more than ``limit``, to see whether the list goes on."""
        return None if self.limit is None else self.limit + 1


def page_after(account: Account, page: Page, cursor: object) -> Page:
    """Return a page that begins where *cursor* says; None begins the list.

    Raises:
        InvalidDataError: The cursor is not a text, or is of another list.

    """
    if cursor is None:
        return page
    if not isinstance(cursor, str):
        raise InvalidDataError.of("cursor", "must be a string")
    return page._replace(after=read_cursor(account.cursor_key, page.list_key, cursor))


def parse_page(request: Request, account: Account, list_key: Sequence[str]) -> Page:
    """Read ``limit`` and ``cursor``, our extension to the vendors' lists.

    Raises:
        InvalidDataError: The limit is not a number in range, or the cursor is of another list.

    """
    limit = after = None
    problems = ProblemCollector()
    with problems:
        limit = parse_limit(request.last_in_query("limit"))
    with problems:
        cursor = request.last_in_query("cursor")
        after = None if cursor is None else read_cursor(account.cursor_key, list_key, cursor)
    problems.raise_if_any()
    return Page(limit, after, tuple(list_key))


def parse_limit(text: str | None) -> int | None:
    """Read how many entries a page has at most.

    Raises:
        InvalidDataError: It is not a number in range.

    """
    if text is None:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) <= _LIMIT_DIGITS
    if not is_number or not 1 <= int(text) <= MAX_PAGE_ITEMS:
        raise InvalidDataError.of("limit", f"must be a number from 1 to {MAX_PAGE_ITEMS}")
    return int(text)


def render_list(
    request: Request, account: Account, page: Page, name: str, entries: Iterable[tuple[str, Any]]
) -> Response:
    """Render *entries*, each a sort key and a JSON value, as the list *name*.

    If the list goes on after the page, the response has a ``Link`` to the next page. A page ends
    after ``limit`` entries, or earlier if no more bytes fit into a response.

    Raises:
        RefusedError: The whole list was asked for, and does not fit into a response.

    """
    texts, cursor = take_page(account, page, entries)
    headers = {"Content-Type": JSON}
    if cursor is not None:
        headers["Link"] = link_to_next(request, cursor)
    return Response(status=200, body=f'{{"{name}":[{",".join(texts)}]}}', headers=headers)


def take_page(
    account: Account, page: Page, entries: Iterable[tuple[str, Any]]
) -> tuple[list[str], str | None]:
    """Return the entries of a page as JSON, and the cursor of the next page if there is one.

    Each of *entries* is a sort key and a JSON value.

    Raises:
        RefusedError: The whole list was asked for, and does not fit into a response.

    """
    texts, after = _take_what_fits(entries, page)
    if after is None:
        return texts, None
    return texts, write_cursor(account.cursor_key, page.list_key, after)


def link_to_next(request: Request, cursor: str) -> str:
    """Return the ``Link`` header of a page, which leads to the next one."""
    query = {**request.query, "cursor": [cursor]}
    return f'<{request.url}?{urlencode(query, doseq=True)}>; rel="next"'


def texts_of(values: Iterable[Any]) -> list[str]:
    """Return each of *values* as JSON, for a dialect that puts a list into its own envelope.

    Raises:
        RefusedError: Together they do not fit into a response.

    """
    room = _Room()
    texts = []
    for text in map(json_text, values):
        if not room.takes(text):
            raise RefusedError(ErrorCode.LIST_TOO_LARGE)
        texts.append(text)
    return texts


class _Room:
    """The space left in a response: in bytes of its body, and of the event that carries it."""

    def __init__(self) -> None:
        self._body_bytes = MAX_RESPONSE_BYTES
        self._event_bytes = MAX_RESPONSE_EVENT_BYTES

    def takes(self, text: str) -> bool:
        """Subtract an entry, and say whether it fits."""
        self._body_bytes -= len(text.encode()) + 1
        self._event_bytes -= len(json.dumps(text))
        return self._body_bytes >= 0 and self._event_bytes >= 0


def _take_what_fits(entries: Iterable[tuple[str, Any]], page: Page) -> tuple[list[str], str | None]:
    """Return the entries of a page as JSON, and the last one's sort key if there are more."""
    texts: list[str] = []
    room = _Room()
    last = ""
    for sort_key, value in entries:
        if len(texts) == page.limit:
            return texts, last
        text = json_text(value)
        if not room.takes(text):
            if page.limit is None:
                raise RefusedError(ErrorCode.LIST_TOO_LARGE)
            return texts, last
        texts.append(text)
        last = sort_key
    return texts, None
