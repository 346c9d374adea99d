"""Reading what changed: a feed that a reader follows by itself, and misses nothing of."""

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.changes import KEPT, LONGEST_WRITE
from chalicelib.domain.errors import ErrorCode, NotFoundError, RefusedError
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import change_feed, keys
from chalicelib.storage.change_feed import Told

_MARGIN: Final = timedelta(seconds=5)
"""The clocks of AWS's machines differ by less."""

SETTLES_AFTER: Final = LONGEST_WRITE + _MARGIN
"""A change can be read after this: no change that arrived before it can still be on its way."""


class Followed(NamedTuple):
    """Some changes, the place after them, and whether more can be read there at once."""

    changes: list[dict[str, Any]]
    place: str
    has_more: bool

    @property
    def until(self) -> datetime:
        """The moment at which the last of them arrived; others may have arrived at the same."""
        return keys.moment_of_arrival(self.place)


class _Used:
    """Whether this process may read the feed."""

    is_on = True


def turn_off() -> None:
    """Refuse to read changes from now on, since nobody writes them."""
    _Used.is_on = False


def refuse_if_off() -> None:
    """Check that changes are told here.

    Raises:
        NotFoundError: They are turned off.

    """
    if not _Used.is_on:
        raise NotFoundError(ErrorCode.CHANGES_OFF)


def list_changes(account: Account, *, after: str | None, limit: int, now: datetime) -> Followed:
    """Return up to *limit* changes after a place; without one, from the oldest that is kept.

    Raises:
        NotFoundError: Changes are turned off.
        RefusedError: What came right after the place is not kept any more.

    """
    refuse_if_off()
    oldest, settled = keys.arrived(now - KEPT), keys.arrived(now - SETTLES_AFTER)
    if after is not None and after < oldest:
        raise RefusedError(ErrorCode.CHANGES_GONE)
    after = after or oldest
    found = change_feed.list_changes(
        account.id, after=after, before=now - SETTLES_AFTER, expected=limit + 1
    )
    changes = [each.change for each in found[:limit]]
    if len(found) > limit:
        return Followed(changes, found[limit - 1].place, has_more=True)
    # Nothing more can arrive up to there, so a reader who waits for long does not fall behind.
    return Followed(changes, max(after, settled), has_more=False)


def list_latest(
    account: Account, *, limit: int, now: datetime, before: str | None = None
) -> list[Told]:
    """Return the latest changes, the newest first. One that is on its way may still come before.

    *before* is the place of the last one that the caller has.

    Raises:
        NotFoundError: Changes are turned off.

    """
    refuse_if_off()
    return change_feed.list_latest(
        account.id,
        after=keys.arrived(now - KEPT),
        before=before or keys.AFTER_ALL_MOMENTS,
        expected=limit + (before is not None),
    )


def place_at(moment: datetime) -> str:
    """Return the place before all that arrived at a moment or later."""
    return keys.arrived(moment)


def place_now(now: datetime) -> str:
    """Return the place after all that can be read at a moment."""
    return keys.arrived(now - SETTLES_AFTER)


def number_told_as(account: Account, number_id: str) -> PhoneNumber:
    """Return the number that changes tell of by an id.

    Raises:
        NotFoundError: There is none.

    """
    number = change_feed.find_number(account.id, number_id)
    if number is None:
        raise NotFoundError(ErrorCode.NUMBER_NOT_BLACKLISTED)
    return number
