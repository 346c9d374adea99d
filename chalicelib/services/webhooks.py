"""Managing webhooks: where an account wants to be told of changes."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller
from chalicelib.domain.changes import ChangeType
from chalicelib.domain.deliveries import Attempt
from chalicelib.domain.errors import (
    ErrorCode,
    InvalidDataError,
    ProblemCollector,
    UnavailableError,
)
from chalicelib.domain.ids import new_id_after
from chalicelib.domain.limits import MAX_DELIVERIES_KEPT
from chalicelib.domain.webhooks import Webhook, check_url, new_secret, rotated
from chalicelib.storage import webhook_places, webhooks
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries


class WebhookChanges(NamedTuple):
    """What to set in a webhook; None leaves it as it is. Without ``types``, it gets all types."""

    url: str | None = None
    types: frozenset[str] | None = None
    is_on: bool | None = None


def add_webhook(
    caller: Caller,
    url: str,
    now: datetime,
    *,
    types: Collection[str] = (),
    is_on: bool = True,
) -> Webhook:
    """Add a webhook, which is told of changes from now on. Its secret is not shown again.

    Raises:
        InvalidDataError: It may not have this URL, or a type is none.
        ConflictError: The account has as many webhooks as it may have.

    """
    check(WebhookChanges(url, frozenset(types)))
    secrets = (new_secret(),)
    while True:
        webhook = Webhook(
            id=new_id_after(now),
            url=url,
            types=frozenset(types),
            secrets=secrets,
            created_on=now,
            is_on=is_on,
        )
        if webhooks.add(caller.account.id, webhook, caller.stamp(now)):
            return webhook


def retrieve_webhook(account: Account, webhook_id: int) -> Webhook:
    """Return a webhook.

    Raises:
        NotFoundError: The account has no such webhook.

    """
    return webhooks.get(account.id, webhook_id)


def list_webhooks(
    account: Account, *, after: int | None = None, expected: int | None = None
) -> Iterator[Webhook]:
    """Yield the webhooks of an account, oldest first, after the one with the id *after*."""
    return webhooks.list_webhooks(account.id, after=after, expected=expected)


def change_webhook(
    caller: Caller,
    webhook_id: int,
    changes: WebhookChanges,
    now: datetime,
    *,
    check_before: Callable[[Webhook], None] | None = None,
) -> Webhook:
    """Change a webhook and return it. *check_before* gets the webhook as it was, and may refuse.

    One that is turned on again, or gets another URL, begins anew: it has not failed yet.

    Raises:
        NotFoundError: The account has no such webhook.
        InvalidDataError: It may not have this URL, or a type is none.
        UnavailableError: Somebody else changed it at every try.

    """
    check(changes)

    def changed(before: Webhook) -> Webhook:
        if check_before is not None:
            check_before(before)
        after = replace(
            before,
            url=before.url if changes.url is None else changes.url,
            types=before.types if changes.types is None else changes.types,
            is_on=before.is_on if changes.is_on is None else changes.is_on,
        )
        if after.is_on and not before.is_on:
            return replace(after, off_because=None, failing_since=None)
        return after if after.url == before.url else replace(after, failing_since=None)

    return _change(caller, webhook_id, changed, now)


def rotate_secret(caller: Caller, webhook_id: int, now: datetime) -> Webhook:
    """Give a webhook a new secret, and return it. The former one is valid for a day.

    Raises:
        NotFoundError: The account has no such webhook.
        UnavailableError: Somebody else changed it at every try.

    """
    return _change(
        caller,
        webhook_id,
        lambda before: replace(before, secrets=rotated(before.secrets, now)),
        now,
    )


def remove_webhook(caller: Caller, webhook_id: int, now: datetime) -> None:
    """Remove a webhook and its ledger. What is on its way to it is not sent.

    Raises:
        NotFoundError: The account has no such webhook.

    """
    webhooks.remove(caller.account.id, webhook_id, caller.stamp(now))


def list_deliveries(
    account: Account, webhook_id: int, *, before: int | None = None, expected: int | None = None
) -> Iterator[Attempt]:
    """Yield the last attempts at a webhook, the newest first.

    *before* is the position of the last one that the caller has.

    Raises:
        NotFoundError: The account has no such webhook.

    """
    return webhooks.list_attempts(
        account.id, webhook_id, before=before, expected=expected, slots=MAX_DELIVERIES_KEPT
    )


def check(changes: WebhookChanges) -> None:
    """Check what is to be set in a webhook.

    Raises:
        InvalidDataError: It may not have this URL, or a type is none.

    """
    problems = ProblemCollector()
    with problems:
        if changes.url is not None:
            check_url(changes.url, allows_loopback=webhook_places.allows_loopback())
    with problems:
        if (changes.types or frozenset()) - set(ChangeType):
            raise InvalidDataError.of("types", f"must be of {', '.join(ChangeType)}")
    problems.raise_if_any()


def _change(
    caller: Caller, webhook_id: int, changed: Callable[[Webhook], Webhook], now: datetime
) -> Webhook:
    """Write what *changed* makes of a webhook, if nobody changes it meanwhile; if so, try again."""
    account_id = caller.account.id
    wanted: Webhook | None = None
    for _ in tries(DECISION_TRIES):
        before = webhooks.get(account_id, webhook_id)
        if wanted is not None and replace(before, failing_since=wanted.failing_since) == wanted:
            # The answer to our write was lost, and the call repeated. Another new secret would end
            # the former one.
            return before
        wanted = changed(before)
        if webhooks.change(account_id, before, wanted, caller.stamp(now)):
            return wanted
    raise UnavailableError(ErrorCode.BUSY)
