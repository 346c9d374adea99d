"""Webhooks in the table, and the ledger of the last attempts at each.

The ledger is a ring of slots: an attempt overwrites the one that is as many positions older. Its
position comes with the write that begins it.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from pynamodb.exceptions import DoesNotExist, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.domain.caller import Stamp
from chalicelib.domain.deliveries import Attempt, Lease
from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError
from chalicelib.domain.ids import ID_BITS
from chalicelib.domain.limits import MAX_WEBHOOKS
from chalicelib.domain.webhooks import Outcome, Secret, Verdict, Webhook
from chalicelib.storage import keys
from chalicelib.storage.dynamodb.batches import in_batches
from chalicelib.storage.dynamodb.transactions import (
    MAX_ACTIONS,
    TransactionRefusedError,
    write_together,
)
from chalicelib.storage.items import DeliveryItem, WebhookCountItem, WebhookItem
from chalicelib.storage.stamps import stamp_values, stamping

_PUT, _COUNTED = 0, 1
"""The positions of the two actions that add a webhook, in the order in which they are sent."""

_RELEASING: Final[tuple[Action, ...]] = (
    WebhookItem.lease.remove(),
    WebhookItem.leased_until.remove(),
)

_LAST_ID: Final = 2**ID_BITS - 1


def add(account_id: str, webhook: Webhook, stamp: Stamp) -> bool:
    """Store a new webhook; return False if there is one with its id.

    Raises:
        ConflictError: The account has as many as it may have.

    """
    item = WebhookItem(
        keys.webhooks(account_id),
        keys.of_id(webhook.id),
        url=webhook.url,
        types=set(webhook.types) or None,
        secrets=_text_of(webhook.secrets),
        is_on=webhook.is_on,
        created_on=webhook.created_on,
        **stamp_values(stamp),
    )
    count = WebhookCountItem.webhooks

    def add_actions(transaction: TransactWrite) -> None:
        # Fails if there is one with this id: it is somebody else's receiver.
        transaction.save(item, WebhookItem.pk.does_not_exist())
        # Fails at the limit, whoever else adds one at the same time.
        transaction.update(
            _count_of(account_id),
            [count.add(1), *stamping(stamp)],
            count.does_not_exist() | (count < MAX_WEBHOOKS),
        )

    try:
        write_together(add_actions)
    except TransactionRefusedError as refusal:
        if _COUNTED in refusal.positions:
            raise ConflictError(ErrorCode.TOO_MANY_WEBHOOKS) from refusal
        return False
    return True


def has_any(account_id: str) -> bool:
    """Say whether an account has a webhook."""
    key = _count_of(account_id)
    try:
        item = WebhookCountItem.get(key.pk, key.sk, consistent_read=True)
    except DoesNotExist:
        return False
    return item.webhooks > 0


def get(account_id: str, webhook_id: int) -> Webhook:
    """Return a webhook.

    Raises:
        NotFoundError: The account has no such webhook.

    """
    return _webhook_in(_get(account_id, webhook_id))


def list_webhooks(
    account_id: str, *, after: int | None = None, expected: int | None = None
) -> Iterator[Webhook]:
    """Yield the webhooks of an account, the oldest first and after the one with the id *after*."""
    found = WebhookItem.query(
        keys.webhooks(account_id),
        WebhookItem.sk.between(keys.of_id((after or 0) + 1), keys.of_id(_LAST_ID)),
        consistent_read=True,
        page_size=expected,
    )
    return map(_webhook_in, found)


def change(account_id: str, before: Webhook, after: Webhook, stamp: Stamp) -> bool:
    """Bring a webhook from one state into another; return False if it is not in the one.

    When it fails and how often it was tried is the sender's, and no part of its state.
    """
    types = set(after.types)
    actions = [
        WebhookItem.url.set(after.url),
        WebhookItem.types.set(types) if types else WebhookItem.types.remove(),
        WebhookItem.secrets.set(_text_of(after.secrets)),
        WebhookItem.is_on.set(after.is_on),
        *stamping(stamp),
    ]
    if (before.url, before.is_on) != (after.url, after.is_on):
        # A sender that is at work ends its lease: what it learns is of the receiver as it was. So
        # is what it has learned since the webhook was read.
        actions += _RELEASING
        if after.off_because is None:
            actions.append(WebhookItem.off_because.remove())
        if after.failing_since is None:
            actions.append(WebhookItem.failing_since.remove())
    # Fails if somebody changed or removed it, or it was turned off: the caller decides anew then.
    return _update(account_id, before.id, actions, _is_as(before)) is not None


def remove(account_id: str, webhook_id: int, stamp: Stamp) -> None:
    """Delete a webhook, and then its ledger.

    Raises:
        NotFoundError: The account has no such webhook. What was left of its ledger is deleted.

    """

    def add_actions(transaction: TransactWrite) -> None:
        # Fails if it is gone: it must not be counted twice.
        transaction.delete(_key(account_id, webhook_id), WebhookItem.pk.exists())
        transaction.update(
            _count_of(account_id), [WebhookCountItem.webhooks.add(-1), *stamping(stamp)]
        )

    missing: TransactionRefusedError | None = None
    try:
        write_together(add_actions)
    except TransactionRefusedError as refusal:
        missing = refusal
    # Whoever writes an entry checks that the webhook exists, so none comes after this.
    _forget_attempts(account_id, webhook_id)
    if missing is not None:
        raise NotFoundError(ErrorCode.WEBHOOK_NOT_FOUND) from missing


def forget_all(account_id: str) -> None:
    """Delete the webhooks of an account that does not exist any more, and their ledgers."""
    for webhook in list_webhooks(account_id):
        _key(account_id, webhook.id).delete()
        _forget_attempts(account_id, webhook.id)
    _count_of(account_id).delete()


def take(
    account_id: str, webhook_id: int, token: str, now: datetime, *, lasting: timedelta
) -> Lease | None:
    """Begin an attempt at a webhook, for which no other sender works until it ends.

    Return None if another one does, or if the webhook is off or gone.
    """
    seconds = int(now.timestamp())
    is_free = (
        WebhookItem.lease.does_not_exist()
        | (WebhookItem.leased_until <= seconds)
        # The answer was lost, and the call repeated.
        | (WebhookItem.lease == token)
    )
    item = _update(
        account_id,
        webhook_id,
        [
            WebhookItem.lease.set(token),
            WebhookItem.leased_until.set(seconds + int(lasting.total_seconds())),
            WebhookItem.deliveries.add(1),
        ],
        # Fails as this function says. A sender that broke off holds it until its time is over.
        (WebhookItem.is_on == True) & is_free,  # noqa: E712 - a condition of PynamoDB
    )
    if item is None:
        return None
    return Lease(
        account_id=account_id,
        webhook=_webhook_in(item),
        position=item.deliveries,
        token=token,
    )


def count_test(account_id: str, webhook_id: int, stamp: Stamp) -> tuple[Webhook, int]:
    """Return a webhook, and the position of an attempt that needs no turn.

    Raises:
        NotFoundError: The account has no such webhook.

    """
    # Fails if there is none: an update would otherwise create an incomplete item.
    actions = [WebhookItem.deliveries.add(1), *stamping(stamp)]
    item = _update(account_id, webhook_id, actions, WebhookItem.pk.exists())
    if item is None:
        raise NotFoundError(ErrorCode.WEBHOOK_NOT_FOUND)
    return _webhook_in(item), item.deliveries


def finish(lease: Lease, attempt: Attempt, verdict: Verdict, stamp: Stamp, *, slots: int) -> None:
    """End an attempt: write its entry, and what follows for the webhook, in one transaction.

    If the lease has ended, or the webhook is gone, nothing follows.
    """

    def add_actions(transaction: TransactWrite) -> None:
        transaction.save(_entry_of(lease.account_id, lease.webhook.id, attempt, stamp, slots))
        # Fails if the time of this sender was over and another one decides now, or if the webhook
        # has another receiver now, or was turned off or on.
        transaction.update(
            _key(lease.account_id, lease.webhook.id),
            [*_releasing(verdict), *_following(attempt, verdict, stamp)],
            WebhookItem.lease == lease.token,
        )

    try:
        write_together(add_actions)
    except TransactionRefusedError:
        note(lease.account_id, lease.webhook.id, attempt, stamp, slots=slots)


def note(account_id: str, webhook_id: int, attempt: Attempt, stamp: Stamp, *, slots: int) -> bool:
    """Write the entry of an attempt, and nothing else; return False if the webhook is gone."""

    def add_actions(transaction: TransactWrite) -> None:
        # Fails if the webhook was removed: its ledger goes with it.
        transaction.condition_check(
            WebhookItem,
            keys.webhooks(account_id),
            keys.of_id(webhook_id),
            condition=WebhookItem.pk.exists(),
        )
        transaction.save(_entry_of(account_id, webhook_id, attempt, stamp, slots))

    try:
        write_together(add_actions)
    except TransactionRefusedError:
        return False
    return True


def list_attempts(
    account_id: str,
    webhook_id: int,
    *,
    before: int | None,
    expected: int | None,
    slots: int,
) -> Iterator[Attempt]:
    """Yield the last *slots* attempts at a webhook, the newest first.

    *before* is the position of the last one that the caller has.

    Raises:
        NotFoundError: The account has no such webhook.

    """
    newest = _get(account_id, webhook_id).deliveries
    start = newest if before is None else min(before - 1, newest)
    return _attempts(account_id, webhook_id, start, max(newest - slots, 0), expected, slots)


def _attempts(  # noqa: PLR0913, PLR0917 - which part of which ring
    account_id: str, webhook_id: int, start: int, end: int, expected: int | None, slots: int
) -> Iterator[Attempt]:
    """Yield the attempts from a position down to another, which is not among them.

    In a slot may be an older one, if a sender broke off, or a newer one that came meanwhile.
    """
    turn = start - start % slots
    ranges = [(keys.slot(turn, slots), keys.slot(start, slots))]
    if turn - 1 > end:
        # What was written before the ring began anew.
        ranges.append((keys.slot(start + 1, slots), keys.slot(slots - 1, slots)))
    for first, last in ranges:
        for item in DeliveryItem.query(
            keys.deliveries(account_id, webhook_id),
            DeliveryItem.sk.between(first, last),
            scan_index_forward=False,
            consistent_read=True,
            page_size=expected,
        ):
            if end < item.position <= start:
                yield _attempt_in(item)


def _releasing(verdict: Verdict) -> list[Action]:
    """Return what ends a lease: at once, or after the rest that the receiver asked for."""
    if verdict.rests_until is None:
        return [*_RELEASING]
    return [WebhookItem.leased_until.set(int(verdict.rests_until.timestamp()))]


def _following(attempt: Attempt, verdict: Verdict, stamp: Stamp) -> list[Action]:
    """Return what follows for a webhook from an attempt."""
    if verdict.outcome is Outcome.DELIVERED:
        return [WebhookItem.failing_since.remove()]
    since = WebhookItem.failing_since
    actions: list[Action] = [since.set(since | attempt.at)]
    if verdict.outcome is Outcome.TURNS_OFF:
        actions += [
            WebhookItem.is_on.set(False),
            WebhookItem.off_because.set(verdict.because or ""),
            *stamping(stamp),
        ]
    return actions


def _update(
    account_id: str, webhook_id: int, actions: list[Action], condition: Condition
) -> WebhookItem | None:
    """Update a webhook and return it, or None if the condition fails."""
    item = _key(account_id, webhook_id)
    try:
        item.update(actions, condition)
    except UpdateError as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            return None
        raise
    return item


def _is_as(webhook: Webhook) -> Condition:
    types = set(webhook.types)
    has_types: Condition = (
        WebhookItem.types == types if types else WebhookItem.types.does_not_exist()
    )
    is_same: Condition = (
        (WebhookItem.url == webhook.url)
        & has_types
        & (WebhookItem.secrets == _text_of(webhook.secrets))
        & (WebhookItem.is_on == webhook.is_on)
    )
    return is_same


def _forget_attempts(account_id: str, webhook_id: int) -> None:
    partition = keys.deliveries(account_id, webhook_id)
    for batch in in_batches(DeliveryItem.query(partition, consistent_read=True), MAX_ACTIONS):

        def add_actions(transaction: TransactWrite, items: list[DeliveryItem] = batch) -> None:
            for item in items:
                transaction.delete(item)

        write_together(add_actions)


def _get(account_id: str, webhook_id: int) -> WebhookItem:
    try:
        return WebhookItem.get(
            keys.webhooks(account_id), keys.of_id(webhook_id), consistent_read=True
        )
    except DoesNotExist as error:
        raise NotFoundError(ErrorCode.WEBHOOK_NOT_FOUND) from error


def _key(account_id: str, webhook_id: int) -> WebhookItem:
    return WebhookItem(keys.webhooks(account_id), keys.of_id(webhook_id))


def _count_of(account_id: str) -> WebhookCountItem:
    return WebhookCountItem(keys.webhooks(account_id), keys.WEBHOOK_COUNT)


def _webhook_in(item: WebhookItem) -> Webhook:
    return Webhook(
        id=keys.id_in(item.sk),
        url=item.url,
        types=frozenset(item.types or ()),
        secrets=_secrets_in(item.secrets),
        created_on=item.created_on,
        is_on=item.is_on,
        off_because=item.off_because,
        failing_since=item.failing_since,
    )


def _entry_of(
    account_id: str, webhook_id: int, attempt: Attempt, stamp: Stamp, slots: int
) -> DeliveryItem:
    return DeliveryItem(
        keys.deliveries(account_id, webhook_id),
        keys.slot(attempt.position, slots),
        position=attempt.position,
        at=attempt.at,
        message_id=attempt.message_id,
        type=attempt.type,
        attempt=attempt.number,
        outcome=attempt.outcome.value,
        status=attempt.status,
        problem=attempt.problem,
        milliseconds=round(attempt.seconds * 1000),
        again_at=attempt.again_at,
        **stamp_values(stamp),
    )


def _attempt_in(item: DeliveryItem) -> Attempt:
    return Attempt(
        position=item.position,
        at=item.at,
        message_id=item.message_id,
        type=item.type,
        number=item.attempt,
        outcome=Outcome(item.outcome),
        status=item.status,
        problem=item.problem,
        seconds=item.milliseconds / 1000,
        again_at=item.again_at,
    )


def _text_of(secrets: tuple[Secret, ...]) -> str:
    return json.dumps([[each.text, each.until and each.until.isoformat()] for each in secrets])


def _secrets_in(text: str) -> tuple[Secret, ...]:
    return tuple(
        Secret(secret, until and datetime.fromisoformat(until))
        for secret, until in json.loads(text)
    )
