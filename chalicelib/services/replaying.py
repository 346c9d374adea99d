"""Telling a webhook again of what happened: while it was off, or did not hear."""

from datetime import datetime
from typing import Final, NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.errors import InvalidDataError
from chalicelib.services.changes import list_changes, place_at
from chalicelib.services.delivering import replay
from chalicelib.storage import webhooks

REPLAYED_AT_ONCE: Final = 500
"""Changes for which one request has time."""


class Replayed(NamedTuple):
    """How many changes are on their way again, and since when to go on, if there are more."""

    changes: int
    go_on_since: datetime | None


def replay_since(
    account: Account,
    webhook_id: int,
    since: datetime,
    now: datetime,
    *,
    most: int = REPLAYED_AT_ONCE,
) -> Replayed:
    """Send what arrived since a moment on its way to a webhook once more, up to *most* changes.

    Each has the id that it had. What arrived in the last seconds is left out.

    Raises:
        NotFoundError: The account has no such webhook, or changes are turned off.
        RefusedError: The moment is longer ago than changes are kept.
        InvalidDataError: The webhook is off.
        UnavailableError: The queue is out of reach. Some may be on their way.

    """
    webhook = webhooks.get(account.id, webhook_id)
    if not webhook.is_on:
        raise InvalidDataError.of("webhook", "is off: turn it on first")
    found = list_changes(account, after=place_at(since), limit=most, now=now)
    told = replay(account.id, webhook, found.changes, now)
    return Replayed(told, found.until if found.has_more else None)
