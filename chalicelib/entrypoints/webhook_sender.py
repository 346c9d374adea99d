"""The Lambda of webhooks: tells them of changes, which wait in a queue.

It works on the messages of a batch at once, so that a receiver which hangs holds up no other
message. It reports those that failed, which the queue delivers again. What it needs is loaded at
its first batch: no other Lambda needs it.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from traceback import format_tb
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.metrics import Metrics, MetricUnit
from chalice.app import Blueprint, SQSEvent

from chalicelib.domain.ids import uuid_of
from chalicelib.observability import logger, service
from chalicelib.settings import Settings
from chalicelib.storage import webhook_places
from chalicelib.storage.dynamodb.connection import connect

if TYPE_CHECKING:
    from chalicelib.domain.deliveries import Attempt, Delivery

SET_BY_THE_TEMPLATE: Final = "arn:aws:sqs:*:*:set-by-the-template"
"""Chalice wants a queue's ARN in the code; infra/resources.yaml gives the real one."""

BATCH_SIZE: Final = 8
"""As many messages as are worked on at once."""

webhook_sender = Blueprint(__name__)


@webhook_sender.on_sqs_message(
    queue_arn=SET_BY_THE_TEMPLATE, batch_size=BATCH_SIZE, name="webhook_sender"
)
def tell_webhooks(event: SQSEvent) -> dict[str, Any]:
    """Work on a batch of messages, and report those that are to be delivered again."""
    from chalicelib.services.threads import in_threads  # noqa: PLC0415 - see above

    _connect()
    failed: list[dict[str, str]] = []
    attempts: list[Attempt] = []
    for message_id, done in in_threads(_work_on, event.to_dict()["Records"]):
        if isinstance(done, Exception):
            failed.append({"itemIdentifier": message_id})
        elif done is not None:
            attempts.append(done)
    _publish(attempts)
    return {"batchItemFailures": failed}


def _work_on(record: Mapping[str, Any]) -> "tuple[str, Attempt | Exception | None]":
    """Work on a message; return its id, and the attempt that was made or why it failed."""
    from chalicelib.domain.deliveries import Delivery  # noqa: PLC0415 - see above
    from chalicelib.services.delivering import Sender  # noqa: PLC0415 - see above
    from chalicelib.storage.webhook_queue import message_in  # noqa: PLC0415 - see above

    message_id = record["messageId"]
    try:
        message = message_in(record["body"])
        attempt = Sender().work_on(message, datetime.now(UTC))
    except Exception as error:  # noqa: BLE001 - the other messages do not fail with it
        # Not its text, which may quote the message.
        logger().error(
            "A message failed",
            sqs_message=message_id,
            error=type(error).__name__,
            stack="".join(format_tb(error.__traceback__)),
        )
        return message_id, error
    if attempt is not None and isinstance(message, Delivery):
        _log(message, attempt)
    return message_id, attempt


def _log(delivery: "Delivery", attempt: "Attempt") -> None:
    """Log an attempt. No line has the webhook's URL: its query may be a secret."""
    from chalicelib.domain.webhooks import Outcome  # noqa: PLC0415 - see above

    is_final = attempt.outcome in {Outcome.GIVEN_UP, Outcome.TURNS_OFF}
    (logger().warning if is_final else logger().info)(
        "webhook",
        account=delivery.account_id,
        webhook=uuid_of(delivery.webhook_id),
        message_id=attempt.message_id,
        type=attempt.type,
        attempt=attempt.number,
        outcome=attempt.outcome.value,
        status=attempt.status,
        problem=attempt.problem,
        seconds=round(attempt.seconds, 3),
    )


def _publish(attempts: "list[Attempt]") -> None:
    delivered = sum(attempt.problem is None for attempt in attempts)
    metrics = Metrics(namespace="Phonebook", service=service())
    metrics.add_metric("WebhooksDelivered", MetricUnit.Count, delivered)
    metrics.add_metric("WebhooksFailed", MetricUnit.Count, len(attempts) - delivered)
    metrics.flush_metrics()


@cache
def _connect() -> None:
    """Connect this Lambda to its table and its queue, once, at its first batch."""
    settings = Settings.of(os.environ)
    connect(settings.table_name)
    webhook_places.use(settings.webhooks)
