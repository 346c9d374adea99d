"""Doing the steps of jobs, and giving up those that failed each time."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.jobs import Job, JobState, Step, Task
from chalicelib.jobs.exporting import write_export
from chalicelib.jobs.joining import join_outcomes
from chalicelib.jobs.parts import give_up_part, write_part
from chalicelib.jobs.planning import plan_import
from chalicelib.storage import jobs

REASONS: Final = {
    Task.PLAN: "its file could not be read: each time, that was broken off",
    Task.JOIN: "its rows are written, but their outcomes could not be joined",
    Task.EXPORT: "it could not be written: each time, that was broken off",
}


def do_step(step: Step, now: datetime, has_time: Callable[[], bool]) -> None:
    """Do a step of a job, at least once, and by several at once.

    Raises:
        UnavailableError: AWS is out of reach, or busy at every try: it has to be done again.

    """
    if step.task is Task.PLAN:
        plan_import(step, now)
    elif step.task is Task.PART:
        write_part(step, now)
    elif step.task is Task.JOIN:
        join_outcomes(step, now)
    else:
        write_export(step, now, has_time)


def give_up(step: Step, now: datetime) -> None:
    """Let a job end whose step failed each time; only a part of an import is rejected alone.

    Raises:
        UnavailableError: AWS is out of reach: it has to be done again.

    """
    if step.task is Task.PART:
        give_up_part(step, now)
        return
    job: Job | None = None
    with suppress(NotFoundError):
        get = jobs.get_export if step.task is Task.EXPORT else jobs.get_import
        job = get(step.account_id, step.job_id, now)
    if job is not None:
        jobs.end(job, JobState.FAILED, REASONS[step.task], now)
