"""Deliveries: changes on their way to webhooks, and what came of each attempt.

A delivery waits in a queue until its next attempt is due, and is gone when there is none.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.domain.text import json_text
from chalicelib.domain.webhooks import Outcome, Webhook

LONGEST_DELAY: Final = timedelta(minutes=15)
"""The longest time for which SQS holds a message back. A longer wait is several of them."""

TEST_TYPE: Final = "webhook.test"
"""The type of the message by which a webhook is tried out."""

_MOMENT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"

_JITTER: Final = 0.2
"""The part of a wait that is added to it at most, so that what failed together comes apart."""

_SHORTEST_TURN: Final = timedelta(seconds=1)
_FIRST_TURN: Final = timedelta(seconds=4)
_LONGEST_TURN: Final = LONGEST_DELAY
_MOST_DOUBLINGS: Final = 8

_AT_THE_TOP: Final = frozenset({"type", "at"})
"""What a message says beside its data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A change of an account that all its webhooks that want it are still to be told of.

    ``change`` is as :func:`~chalicelib.domain.changes.rendered` returns it.
    """

    account_id: str
    change: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A change on its way to a webhook.

    ``change`` is as :func:`~chalicelib.domain.changes.rendered` returns it. ``attempt`` is the next
    one, from 1, and ``due`` its moment. ``turns`` counts how often in a row another sender was
    working for the webhook then.
    """

    account_id: str
    webhook_id: int
    change: Mapping[str, Any]
    due: datetime
    attempt: int = 1
    turns: int = 0

    @property
    def message_id(self) -> str:
        """The id of the message, which is the same at each attempt."""
        return str(self.change["id"])

    @property
    def type(self) -> str:
        """The type of the message."""
        return str(self.change["type"])

    def delay(self, now: datetime) -> timedelta:
        """Return how long it may be held back, in whole seconds, before it is looked at again."""
        seconds = math.ceil((self.due - now).total_seconds())
        return min(max(timedelta(seconds=seconds), timedelta()), LONGEST_DELAY)

    def at_next_turn(self, now: datetime, chance: float) -> "Delivery":
        """Return it as it waits for its turn at a webhook that another sender is working for.

        It waits for some seconds, and up to a quarter of an hour if it has waited often. *chance*
        is from 0 to 1.
        """
        longest = min(_FIRST_TURN * 2 ** min(self.turns, _MOST_DOUBLINGS), _LONGEST_TURN)
        wait = _SHORTEST_TURN + (longest - _SHORTEST_TURN) * chance
        return replace(self, due=now + wait, turns=self.turns + 1)

    def again(self, again_at: datetime, now: datetime, chance: float) -> "Delivery":
        """Return it before its next attempt, a little later than told. *chance* is from 0 to 1."""
        due = again_at + (again_at - now) * _JITTER * chance
        return replace(self, due=due, attempt=self.attempt + 1, turns=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of one attempt to send a message: an entry of a webhook's ledger.

    ``position`` counts all attempts at the webhook, and ``number`` those at the message.
    """

    position: int
    at: datetime
    message_id: str
    type: str
    number: int
    outcome: Outcome
    status: int | None
    problem: str | None
    seconds: float
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """That one sender works for a webhook, and no other.

    ``position`` is that of the attempt in the ledger. The sender knows its lease by ``token``.
    """

    account_id: str
    webhook: Webhook
    position: int
    token: str


def wants(webhook: Webhook, change_type: str) -> bool:
    """Say whether a webhook is to be told of changes of a type."""
    return webhook.is_on and (not webhook.types or change_type in webhook.types)


def change_of_test(message_id: str, now: datetime) -> dict[str, Any]:
    """Return what the message of a test tells, in the form of a change."""
    return {"id": message_id, "type": TEST_TYPE, "at": now.strftime(_MOMENT)}


def body_of(change: Mapping[str, Any]) -> bytes:
    """Return the body of the message that tells of a change, as Standard Webhooks has it."""
    data = {name: value for name, value in change.items() if name not in _AT_THE_TOP}
    return json_text({"type": change["type"], "timestamp": change["at"], "data": data}).encode()
