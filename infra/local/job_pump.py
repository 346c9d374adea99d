"""The Lambdas of jobs on this machine: their functions, called for the messages of their queues.

It is a separate process, which ``make dev`` restarts when the code changes::

    python -m infra.local.job_pump

It finds the queues in the environment. On SIGTERM, it ends what it is at.
"""

import os
import signal
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import boto3

from chalicelib.entrypoints.job_queues import (
    give_up_steps,
    plan_imports,
    write_exports,
    write_parts,
)
from chalicelib.observability import logger
from chalicelib.settings import (
    EXPORTS_QUEUE_VARIABLE,
    PARTS_QUEUE_VARIABLE,
    PLANNING_QUEUE_VARIABLE,
)
from infra.local.job_places import DEAD_LETTERS_VARIABLE

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageTypeDef

SECONDS_BETWEEN_LOOKS: Final = 0.2

FUNCTIONS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    PLANNING_QUEUE_VARIABLE: plan_imports,
    PARTS_QUEUE_VARIABLE: write_parts,
    EXPORTS_QUEUE_VARIABLE: write_exports,
    DEAD_LETTERS_VARIABLE: give_up_steps,
}
"""The function for each queue, by the variable that names the queue."""


class JobPump:
    """Delivers the messages of the queues, one at a time, and again if a function fails."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._sqs = boto3.client("sqs")
        self._urls = {variable: environment[variable] for variable in FUNCTIONS}

    def pump(self) -> bool:
        """Deliver a message of each queue; return whether there was any."""
        delivered = [self.deliver(variable) for variable in FUNCTIONS]
        return any(delivered)

    def deliver(self, variable: str) -> bool:
        """Deliver a message of one queue, by its variable; return whether there was any."""
        answer = self._sqs.receive_message(
            QueueUrl=self._urls[variable], MaxNumberOfMessages=1, WaitTimeSeconds=0
        )
        for message in answer.get("Messages", ()):
            try:
                FUNCTIONS[variable](_event_of(message), None)
            except Exception:  # noqa: BLE001 - as on AWS, the message is delivered again
                logger().exception("A step of a job failed")
            else:
                self._sqs.delete_message(
                    QueueUrl=self._urls[variable], ReceiptHandle=message["ReceiptHandle"]
                )
            return True
        return False


def _event_of(message: "MessageTypeDef") -> dict[str, Any]:
    """Return an event as Lambda makes it of a message."""
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
        ]
    }


def main() -> None:
    """Deliver messages until SIGTERM."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    pump = JobPump(os.environ)
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
