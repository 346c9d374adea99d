"""Reading the feed of an account, as a reader does who follows it."""

from datetime import UTC, datetime, timedelta

from chalicelib.services import changes

AT_ONCE = timedelta()
"""How soon changes can be read where nothing is on its way: what a test writes, it awaits."""


def read_on(account, place=None, *, limit=100, now=None):
    """Return all changes after a place, and the place after them."""
    found = []
    while True:
        page = changes.list_changes(account, after=place, limit=limit, now=now or datetime.now(UTC))
        found += page.changes
        place = page.place
        if not page.has_more:
            return found, place
