"""Telling webhooks of changes: each of what it wants, until it has it or we give it up.

A message leaves the queue only when it was sent or given up, or is in the queue again, so none is
lost. One that the queue delivers twice, or whose sender broke off, may be sent twice with one id.
"""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from chalicelib.domain.caller import Caller, Stamp
from chalicelib.domain.deliveries import (
    Attempt,
    Delivery,
    Event,
    Lease,
    body_of,
    change_of_test,
    wants,
)
from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.ids import new_id, uuid_of
from chalicelib.domain.limits import MAX_DELIVERIES_KEPT
from chalicelib.domain.webhooks import Answer, Outcome, Webhook, decide, valid
from chalicelib.storage import webhook_places, webhook_queue, webhooks
from chalicelib.webhooks.sending import SECONDS, send
from chalicelib.webhooks.signing import signed_headers

BESIDE_SENDING: Final = timedelta(seconds=45)
"""How long a sender may take for all that it does beside sending. After this, another one begins:
AWS has ended the Lambda then (``infra/resources.yaml``)."""

_BY: Final = "phonebook"
_VIA: Final = "queue.deliver"
"""What is stored with a webhook that is turned off, to say what turned it off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """How messages are sent: within how many seconds, and into how many slots of a ledger.

    ``chance`` returns a number from 0 to 1, which spreads out what would come together.
    """

    seconds: float = SECONDS
    slots: int = MAX_DELIVERIES_KEPT
    chance: Callable[[], float] = random.random

    def work_on(self, message: Delivery | Event, now: datetime) -> Attempt | None:
        """Do what a message of the queue asks for. Return the attempt that was made, if any.

        Raises:
            UnavailableError: The table or the queue is out of reach. It is to be done again.
            SettingsError: Nobody said where the queue is.

        """
        if isinstance(message, Event):
            tell(message, now)
            return None
        if now < message.due:
            webhook_queue.send(message, message.delay(now))
            return None
        return self._deliver(message, now)

    def _deliver(self, delivery: Delivery, now: datetime) -> Attempt | None:
        account_id, webhook_id = delivery.account_id, delivery.webhook_id
        lasting = timedelta(seconds=self.seconds) + BESIDE_SENDING
        lease = webhooks.take(account_id, webhook_id, uuid4().hex, now, lasting=lasting)
        if lease is None:
            if _is_on(account_id, webhook_id):
                later = delivery.at_next_turn(now, self.chance())
                webhook_queue.send(later, later.delay(now))
            return None
        return self._attempt(delivery, lease, now)

    def _attempt(self, delivery: Delivery, lease: Lease, now: datetime) -> Attempt:
        answer = _post(lease.webhook, delivery.change, now, self.seconds)
        ended = now + timedelta(seconds=answer.seconds)
        verdict = decide(
            answer,
            attempt=delivery.attempt,
            failing_since=lease.webhook.failing_since,
            now=ended,
        )
        again = None
        if verdict.again_at is not None:
            again = delivery.again(verdict.again_at, ended, self.chance())
        attempt = Attempt(
            position=lease.position,
            at=now,
            message_id=delivery.message_id,
            type=delivery.type,
            number=delivery.attempt,
            outcome=verdict.outcome,
            status=answer.status,
            problem=answer.problem,
            seconds=answer.seconds,
            again_at=None if again is None else again.due,
        )
        stamp = Stamp(ended, by=_BY, via=_VIA)
        webhooks.finish(lease, attempt, verdict, stamp, slots=self.slots)
        if again is not None:
            webhook_queue.send(again, again.delay(ended))
        return attempt

    def test(self, caller: Caller, webhook_id: int, now: datetime) -> Answer:
        """Send a message of the type ``webhook.test`` at once, and return what came of it.

        It is sent to a webhook that is off, too, and changes nothing but the ledger.

        Raises:
            NotFoundError: The account has no such webhook.

        """
        webhook, position = webhooks.count_test(caller.account.id, webhook_id, caller.stamp(now))
        change = change_of_test(uuid_of(new_id()), now)
        answer = _post(webhook, change, now, self.seconds)
        outcome = Outcome.DELIVERED if answer.problem is None else Outcome.GIVEN_UP
        attempt = Attempt(
            position=position,
            at=now,
            message_id=change["id"],
            type=change["type"],
            number=1,
            outcome=outcome,
            status=answer.status,
            problem=answer.problem,
            seconds=answer.seconds,
        )
        webhooks.note(caller.account.id, webhook_id, attempt, caller.stamp(now), slots=self.slots)
        return answer


def tell(event: Event, now: datetime) -> int:
    """Send a change on its way to each webhook that wants it. Return how many there are.

    Raises:
        UnavailableError: The table or the queue is out of reach. Some may be told twice then.
        SettingsError: Nobody said where the queue is.

    """
    return sum(
        replay(event.account_id, webhook, [event.change], now)
        for webhook in webhooks.list_webhooks(event.account_id)
    )


def replay(
    account_id: str, webhook: Webhook, changes: Iterable[Mapping[str, Any]], now: datetime
) -> int:
    """Send changes on their way to one webhook, those that it wants. Return how many there are.

    Each is as :func:`~chalicelib.domain.changes.rendered` returns it. A webhook that is off wants
    none.

    Raises:
        UnavailableError: The queue is out of reach. Some may be on their way.
        SettingsError: Nobody said where the queue is.

    """
    told = 0
    for change in changes:
        if wants(webhook, change["type"]):
            webhook_queue.send(
                Delivery(account_id=account_id, webhook_id=webhook.id, change=change, due=now)
            )
            told += 1
    return told


def _post(webhook: Webhook, change: Mapping[str, Any], now: datetime, seconds: float) -> Answer:
    body = body_of(change)
    secrets = [secret.text for secret in valid(webhook.secrets, now)]
    return send(
        webhook.url,
        signed_headers(secrets, change["id"], now, body),
        body,
        allows_loopback=webhook_places.allows_loopback(),
        seconds=seconds,
    )


def _is_on(account_id: str, webhook_id: int) -> bool:
    try:
        return webhooks.get(account_id, webhook_id).is_on
    except NotFoundError:
        return False
