"""The Lambdas of jobs: one plans and joins imports, one writes their parts, one writes exports.

Each gets one step of a job at a time, from a queue of its own, which delivers it again until it is
done. After several failures the step goes to a queue of dead letters, and a fourth Lambda gives it
up, so that its job ends. What they need is loaded at their first step: no other Lambda needs it.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from aws_lambda_powertools.metrics import Metrics, MetricUnit
from chalice.app import Blueprint, SQSEvent

from chalicelib.domain.ids import uuid_of
from chalicelib.observability import logger, service
from chalicelib.settings import Settings
from chalicelib.storage import job_places
from chalicelib.storage.dynamodb.connection import connect
from chalicelib.storage.dynamodb.deadline import calls_end_after

if TYPE_CHECKING:
    from chalicelib.domain.jobs import Step

SET_BY_THE_TEMPLATE: Final = "arn:aws:sqs:*:*:set-by-the-template"
"""Chalice wants a queue's ARN in the code; infra/resources.yaml gives the real ones."""

SECONDS_KEPT: Final = 20.0
"""The part of a Lambda's time that is reserved for the last call."""

SECONDS_WITHOUT_CONTEXT: Final = 900.0
"""The longest step if no Lambda context sets a limit."""

_PART_USED: Final = 0.9
"""After this part of its time, an export ends, and has failed, instead of being broken off."""

job_queues = Blueprint(__name__)


@job_queues.on_sqs_message(queue_arn=SET_BY_THE_TEMPLATE, name="import_planner")
def plan_imports(event: SQSEvent) -> None:
    """Plan an import whose file arrived, or join the outcomes of one.

    Raises:
        Exception: It is to be delivered again.

    """
    _do(event)


@job_queues.on_sqs_message(queue_arn=SET_BY_THE_TEMPLATE, name="import_worker")
def write_parts(event: SQSEvent) -> None:
    """Write a part of an import.

    Raises:
        Exception: It is to be delivered again.

    """
    _do(event)


@job_queues.on_sqs_message(queue_arn=SET_BY_THE_TEMPLATE, name="export_writer")
def write_exports(event: SQSEvent) -> None:
    """Write an export.

    Raises:
        Exception: It is to be delivered again.

    """
    _do(event)


@job_queues.on_sqs_message(queue_arn=SET_BY_THE_TEMPLATE, name="job_give_up")
def give_up_steps(event: SQSEvent) -> None:
    """Give up a step that failed each time.

    Raises:
        Exception: It is to be delivered again.

    """
    from chalicelib.jobs.steps import give_up  # noqa: PLC0415 - see above

    _connect()
    for step in _steps_in(event):
        logger().error("A step of a job is given up", **_about(step))
        with calls_end_after(_seconds_of(event.context)):
            give_up(step, datetime.now(UTC))
        _publish(given_up=1)


def _do(event: SQSEvent) -> None:
    from chalicelib.jobs.steps import do_step  # noqa: PLC0415 - see above

    _connect()
    for step in _steps_in(event):
        started = time.monotonic()
        seconds = _seconds_of(event.context)
        with calls_end_after(seconds):
            do_step(step, datetime.now(UTC), _has_time(started + _PART_USED * seconds))
        logger().info("job", **_about(step), seconds=round(time.monotonic() - started, 3))
        _publish(given_up=0)


def _publish(*, given_up: int) -> None:
    metrics = Metrics(namespace="Phonebook", service=service())
    metrics.add_metric("StepsGivenUp", MetricUnit.Count, given_up)
    metrics.flush_metrics()


def _has_time(until: float) -> Callable[[], bool]:
    return lambda: time.monotonic() < until


def _steps_in(event: SQSEvent) -> "Iterator[Step]":
    """Yield the steps in the messages of an event.

    Raises:
        ValueError: A message is none of ours.

    """
    for record in event.to_dict()["Records"]:
        yield from _steps_of(record["body"])


def _steps_of(body: str) -> "Iterator[Step]":
    """Yield the steps in a message: ours has one, and one of S3 names files that arrived."""
    from chalicelib.storage.job_files import planning_of  # noqa: PLC0415 - see above
    from chalicelib.storage.job_queues import step_in  # noqa: PLC0415 - see above

    said = json.loads(body)
    if not isinstance(said, Mapping) or "task" in said:
        yield step_in(body)
        return
    # S3 also sends a message without records, when it is told of the queue.
    for record in said.get("Records", ()):
        file = record["s3"]["object"]
        step = planning_of(unquote_plus(file["key"]), file["eTag"])
        if step is not None:
            yield step


def _about(step: "Step") -> dict[str, Any]:
    return {
        "task": step.task.value,
        "account": step.account_id,
        "job": uuid_of(step.job_id),
        "part": step.part,
    }


def _seconds_of(context: Any) -> float:  # noqa: ANN401 - Chalice hands on what Lambda gave it
    if context is None:
        return SECONDS_WITHOUT_CONTEXT
    return float(context.get_remaining_time_in_millis()) / 1000 - SECONDS_KEPT


@cache
def _connect() -> None:
    """Connect this Lambda to its table, its bucket and its queues, once, at its first step."""
    settings = Settings.of(os.environ)
    connect(settings.table_name)
    job_places.use(settings.jobs)
