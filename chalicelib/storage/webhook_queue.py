"""The queue of webhooks: each message is a change, or one on its way to one webhook."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.deliveries import Delivery, Event
from chalicelib.storage.aws_calls import refusals_told
from chalicelib.storage.webhook_places import queue, sqs


def send(delivery: Delivery, delay: timedelta = timedelta()) -> None:
    """Let a delivery wait in the queue, where nobody sees it before the delay is over.

    Raises:
        SettingsError: Nobody said where the queue is.
        UnavailableError: SQS refused, or is out of reach.

    """
    with refusals_told():
        sqs().send_message(
            QueueUrl=queue(),
            MessageBody=text_of(delivery),
            DelaySeconds=int(delay.total_seconds()),
        )


def text_of(delivery: Delivery) -> str:
    """Return a delivery as the body of a message."""
    return json.dumps({
        "account": delivery.account_id,
        "webhook": delivery.webhook_id,
        "change": dict(delivery.change),
        "due": delivery.due.isoformat(),
        "attempt": delivery.attempt,
        "turns": delivery.turns,
    })  # fmt: skip


def message_in(text: str) -> Delivery | Event:
    """Return what a message says: EventBridge has put a change there, or we a delivery.

    Raises:
        ValueError: It is neither.

    """
    said = json.loads(text)
    try:
        if "detail" in said:
            change = dict(said["detail"])
            # The one was for the rule, which has passed the event on. The other is for programs of
            # one's own: a webhook's receiver reads what it may.
            for name in ("hasWebhooks", "contact"):
                change.pop(name, None)
            return Event(account_id=str(change.pop("account")), change=_checked(change))
        due = datetime.fromisoformat(said["due"])
        if due.tzinfo is None:
            raise ValueError("it is due at a moment without a zone")
        return Delivery(
            account_id=str(said["account"]),
            webhook_id=int(said["webhook"]),
            change=_checked(said["change"]),
            due=due,
            attempt=int(said["attempt"]),
            turns=int(said["turns"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError("it is no message of ours") from error


def _checked(change: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a change that can be sent: whatever else it has, it says what a message has to.

    Raises:
        ValueError: It does not, or its id would move the limits of what is signed.

    """
    if not all(isinstance(change[name], str) for name in ("id", "type", "at")):
        raise ValueError("its id, type or moment is no text")
    if "." in change["id"] or not change["id"].isascii() or not change["id"].isprintable():
        raise ValueError("its id cannot be a header's")
    return change
