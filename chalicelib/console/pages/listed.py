"""A page of a list, and where it goes on."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final, TypeVar
from urllib.parse import urlencode

from chalicelib.console.visits import Visit
from chalicelib.domain.account import Account
from chalicelib.domain.cursors import read_cursor, write_cursor

PAGE_ITEMS: Final = 50
AFTER: Final = "after"

EntryT = TypeVar("EntryT")


def after_of(visit: Visit, account: Account, list_key: Sequence[str]) -> str | None:
    """Return after what the page begins; None for the first one.

    Raises:
        InvalidDataError: The cursor is of another list or account.

    """
    sent = visit.asked(AFTER)
    return read_cursor(account.cursor_key, list_key, sent, field=AFTER) if sent else None


def taken(
    account: Account,
    list_key: Sequence[str],
    entries: Iterable[EntryT],
    key_of: Callable[[EntryT], str],
) -> tuple[list[EntryT], str | None]:
    """Return the entries of a page, and the cursor of the next one if there is one."""
    some = list(islice(entries, PAGE_ITEMS + 1))
    if len(some) <= PAGE_ITEMS:
        return some, None
    page = some[:PAGE_ITEMS]
    return page, write_cursor(account.cursor_key, list_key, key_of(page[-1]))


def link(path: str, **query: str | None) -> str:
    """Return a path with those parameters that are set."""
    asked = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(asked)}" if asked else path
