"""Lists, whole or in pages: complete either way, and never cut short by a limit of size."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from chalicelib.dialects.http import JSON, Request, Response
from chalicelib.domain.account import Account
from chalicelib.domain.cursors import read_cursor, write_cursor
from chalicelib.domain.errors import ErrorCode, InvalidDataError, ProblemCollector, RefusedError
from chalicelib.domain.limits import PAGE_ITEMS, RESPONSE_BYTES, RESPONSE_EVENT_BYTES

_LONGEST_LIMIT: Final = 9
"""Digits; more would only make a number that is out of range anyway."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for: at most ``limit`` entries from behind ``after``.

    Without a ``limit`` it is all of them. ``query`` is what else decides the list's content.
    """

    limit: int | None
    after: str | None
    query: tuple[str, ...]

    @property
    def reads(self) -> int | None:
        """How many entries to read at a time; one more than wanted tells whether there are more."""
        return None if self.limit is None else self.limit + 1


def parse_page(request: Request, account: Account, query: Sequence[str]) -> Page:
    """Read ``limit`` and ``cursor``, our extension to the vendors' lists.

    Raises:
        InvalidDataError: The limit is no number in range, or the cursor not of this list.

    """
    limit = after = None
    problems = ProblemCollector()
    with problems:
        limit = _parse_limit(request)
    with problems:
        for cursor in request.query.get("cursor", [])[-1:]:
            after = read_cursor(account.cursor_key, query, cursor)
    problems.raise_if_any()
    return Page(limit, after, tuple(query))


def render_list(
    request: Request, account: Account, page: Page, name: str, entries: Iterable[tuple[str, Any]]
) -> Response:
    """Render *entries*, each a sort key and a JSON value, as the list *name*.

    A page that ends before its list does carries a ``Link`` to the next, be it that it has
    as many entries as were asked for or as many bytes as fit.

    Raises:
        RefusedError: The whole list was asked for, and does not fit into a response.

    """
    texts: list[str] = []
    body_bytes = event_bytes = 0
    last = ""
    headers = {"Content-Type": JSON}
    for sort_key, value in entries:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        body_bytes += len(text.encode()) + 1
        event_bytes += len(json.dumps(text))
        too_large = body_bytes > RESPONSE_BYTES or event_bytes > RESPONSE_EVENT_BYTES
        if too_large and page.limit is None:
            raise RefusedError(ErrorCode.LIST_TOO_LARGE)
        if too_large or len(texts) == page.limit:
            headers["Link"] = _link_to_next(request, account, page, last)
            break
        texts.append(text)
        last = sort_key
    return Response(status=200, body=f'{{"{name}":[{",".join(texts)}]}}', headers=headers)


def _parse_limit(request: Request) -> int | None:
    for text in request.query.get("limit", [])[-1:]:
        is_number = text.isascii() and text.isdigit() and len(text) <= _LONGEST_LIMIT
        if not is_number or not 1 <= int(text) <= PAGE_ITEMS:
            raise InvalidDataError.of("limit", f"must be a number from 1 to {PAGE_ITEMS}")
        return int(text)
    return None


def _link_to_next(request: Request, account: Account, page: Page, last: str) -> str:
    query = {name: values for name, values in request.query.items() if name != "cursor"}
    query["cursor"] = [write_cursor(account.cursor_key, page.query, last)]
    return f'<{request.url}?{urlencode(query, doseq=True)}>; rel="next"'
