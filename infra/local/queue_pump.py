"""The Lambdas of queues on this machine: their functions, called for the messages of their queues.

It is a separate process, which ``make dev`` restarts when the code changes::

    python -m infra.local.queue_pump

It finds the queues in the environment. On SIGTERM, it ends what it is at.
"""

import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import boto3

from chalicelib.entrypoints.job_queues import (
    give_up_steps,
    plan_imports,
    write_exports,
    write_parts,
)
from chalicelib.entrypoints.webhook_sender import BATCH_SIZE, tell_webhooks
from chalicelib.observability import logger
from chalicelib.settings import (
    EXPORTS_QUEUE_VARIABLE,
    PARTS_QUEUE_VARIABLE,
    PLANNING_QUEUE_VARIABLE,
    WEBHOOK_QUEUE_VARIABLE,
)
from infra.local.job_places import DEAD_LETTERS_VARIABLE

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageTypeDef

Handler: TypeAlias = Callable[[Any, Any], Any]

SECONDS_BETWEEN_LOOKS: Final = 0.2

OF_JOBS: Final[Mapping[str, Handler]] = {
    PLANNING_QUEUE_VARIABLE: plan_imports,
    PARTS_QUEUE_VARIABLE: write_parts,
    EXPORTS_QUEUE_VARIABLE: write_exports,
    DEAD_LETTERS_VARIABLE: give_up_steps,
}
"""The function for each queue of jobs, by the variable that names the queue."""


class QueuePump:
    """Delivers the messages of a queue to a function, and again what it fails on."""

    def __init__(self, url: str, function: Handler, batch_size: int = 1) -> None:
        self._sqs = boto3.client("sqs")
        self._url = url
        self._function = function
        self._batch_size = batch_size

    def pump(self) -> bool:
        """Deliver a batch, and say whether there was any message."""
        answer = self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=self._batch_size, WaitTimeSeconds=0
        )
        messages = answer.get("Messages", [])
        if not messages:
            return False
        try:
            said = self._function(_event_of(messages), None) or {}
        except Exception:  # noqa: BLE001 - as on AWS, the messages are delivered again
            logger().exception("A message failed")
            return True
        failed = {each["itemIdentifier"] for each in said.get("batchItemFailures", ())}
        for message in messages:
            if message["MessageId"] not in failed:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return True


def _event_of(messages: "Sequence[MessageTypeDef]") -> dict[str, Any]:
    """Return an event as Lambda makes it of messages."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": {},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
            }
            for message in messages
        ]
    }


def main() -> None:
    """Deliver messages until SIGTERM."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    pumps = [QueuePump(os.environ[variable], function) for variable, function in OF_JOBS.items()]
    pumps.append(QueuePump(os.environ[WEBHOOK_QUEUE_VARIABLE], tell_webhooks, BATCH_SIZE))
    # Each in its own thread, so that a receiver that hangs holds up no job.
    threads = [threading.Thread(target=_pump_until, args=(pump, stopping)) for pump in pumps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _pump_until(pump: QueuePump, stopping: threading.Event) -> None:
    while not stopping.is_set():
        try:
            is_any = pump.pump()
        except Exception:  # noqa: BLE001 - as on AWS, what was not read is read later
            logger().exception("A queue could not be read")
            is_any = False
        if not is_any:
            stopping.wait(SECONDS_BETWEEN_LOOKS)


if __name__ == "__main__":
    main()
