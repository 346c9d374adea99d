"""The feed of changes in our own API.

Its endpoint is here, so that no other request loads what it needs.
"""

from typing import Final

from chalicelib.dialects.messages import Request, Response, json_response
from chalicelib.dialects.pages import parse_limit
from chalicelib.dialects.v2.parse import DEFAULT_LIMIT
from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller
from chalicelib.domain.cursors import read_cursor, write_cursor
from chalicelib.domain.errors import ProblemCollector
from chalicelib.services import changes

AFTER: Final = "after"
NOW: Final = "now"
"""In place of a cursor: after all that there is."""

_LIST_KEY: Final = ("v2 changes",)


def list_changes(request: Request, caller: Caller) -> Response:
    """List what changed after a place in the feed, and the place to go on after."""
    account, now = caller.account, request.received_on
    limit, after = DEFAULT_LIMIT, None
    problems = ProblemCollector()
    with problems:
        limit = parse_limit(request.last_in_query("limit")) or DEFAULT_LIMIT
    with problems:
        after = _read_after(request, account)
    problems.raise_if_any()
    if request.last_in_query(AFTER) == NOW:
        after = changes.place_now(now)
    found = changes.list_changes(account, after=after, limit=limit, now=now)
    return json_response(
        200,
        {
            "changes": found.changes,
            "next": write_cursor(account.cursor_key, _LIST_KEY, found.place),
            "hasMore": found.has_more,
        },
    )


def _read_after(request: Request, account: Account) -> str | None:
    sent = request.last_in_query(AFTER)
    if sent is None or sent == NOW:
        return None
    return read_cursor(account.cursor_key, _LIST_KEY, sent, field=AFTER)
