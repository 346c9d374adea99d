"""The queues of jobs: each message is a step, which is done at least once."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.domain.jobs import Step, Task
from chalicelib.settings import JobSettings
from chalicelib.storage.aws_calls import refusals_told
from chalicelib.storage.job_places import job_places, sqs


def send(steps: Iterable[Step]) -> None:
    """Let some steps be done, each by the Lambda that does its kind.

    Raises:
        UnavailableError: SQS refused, or is out of reach. Some of the steps may be done.

    """
    for step in steps:
        with refusals_told():
            # One by one: a batch needs an action in the role that only the embedded AWS knows.
            sqs().send_message(
                QueueUrl=_queue_of(step.task, job_places()), MessageBody=text_of(step)
            )


def text_of(step: Step) -> str:
    """Return a step as the body of a message."""
    said: dict[str, Any] = {
        "task": step.task.value,
        "account": step.account_id,
        "job": step.job_id,
        "file": step.file,
        "part": step.part,
    }
    return json.dumps({name: value for name, value in said.items() if value is not None})


def step_in(text: str) -> Step:
    """Return the step in the body of a message that :func:`text_of` wrote.

    Raises:
        ValueError: It is no step.

    """
    said = json.loads(text)
    if not isinstance(said, Mapping):
        raise ValueError(text)  # noqa: TRY004 - as what is no JSON
    try:
        return Step(
            Task(said["task"]),
            str(said["account"]),
            int(said["job"]),
            said.get("file"),
            said.get("part"),
        )
    except KeyError as error:
        raise ValueError(text) from error


def _queue_of(task: Task, places: JobSettings) -> str:
    if task is Task.PART:
        return places.parts_queue
    return places.exports_queue if task is Task.EXPORT else places.planning_queue
