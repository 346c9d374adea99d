"""Writing the rows of a part of an import, and counting what became of them, once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from chalicelib.domain.errors import NotFoundError, OperatorError
from chalicelib.domain.imports import REJECTED
from chalicelib.domain.jobs import CANCELLED, ImportJob, JobState, Step, Task
from chalicelib.importing.plan import PlannedRow, RowOutcome, part_in
from chalicelib.jobs.outcomes import (
    as_lines,
    counts_of,
    groups_name,
    in_lines,
    outcomes_name,
    part_name,
)
from chalicelib.jobs.planning import (
    NO_ACCOUNT,
    NO_GROUP,
    account_of,
    delete_all_but_results,
    find_import,
    groups_in,
    importing_of,
)
from chalicelib.services.importing import outcomes_of
from chalicelib.storage import job_files, job_queues, jobs

GIVEN_UP: Final = "it could not be written, though it was tried several times"
SOME_GIVEN_UP: Final = "some rows could not be written, though they were tried several times"


def write_part(step: Step, now: datetime) -> None:
    """Write a part of an import, unless that was done; the last one lets the outcomes be joined.

    Whatever is repeated, or done by several at once: the outcomes that are saved first are those
    of the rows, and they are counted once. Of an import that is cancelled, nothing is written.

    Raises:
        UnavailableError: AWS is out of reach, or busy at every try.

    """
    _finish(step, now, is_given_up=False)


def give_up_part(step: Step, now: datetime) -> None:
    """Reject the rows of a part that failed each time, so that the import comes to its end.

    Raises:
        UnavailableError: AWS is out of reach.

    """
    _finish(step, now, is_given_up=True)


def _finish(step: Step, now: datetime, *, is_given_up: bool) -> None:
    job = find_import(step, now)
    if job is None or job.state is not JobState.RUNNING or step.part is None:
        return
    if step.part not in job.done_parts:
        try:
            counts = counts_of(_outcomes(job, step.part, now, is_given_up=is_given_up))
        except job_files.FileGoneError:
            # It is gone if the import ended meanwhile; else the part will be given up.
            if _has_ended(step, now):
                return
            raise
        jobs.count_part(job, step.part, counts, SOME_GIVEN_UP if is_given_up else None)
        job = find_import(step, now)
        if job is None or job.has_ended:
            # Another one did the same and was faster: what this one saved would stay.
            delete_all_but_results(step, job)
            return
    if job.are_all_parts_done:
        job_queues.send([Step(Task.JOIN, job.account_id, job.id)])


def _outcomes(
    job: ImportJob, part: int, now: datetime, *, is_given_up: bool
) -> Sequence[RowOutcome]:
    """Return the outcomes of a part's rows: those that are saved first."""
    name = outcomes_name(job, part)
    try:
        return _saved(job, name)
    except job_files.FileGoneError:
        rows = part_in(job_files.read(job, part_name(job, part)))
        outcomes = _all(rows, REJECTED, GIVEN_UP) if is_given_up else _write(job, rows, now)
        text = "".join(as_lines(outcomes))
        return outcomes if job_files.save_new(job, name, text.encode()) else _saved(job, name)


def _saved(job: ImportJob, name: str) -> Sequence[RowOutcome]:
    return list(in_lines(job_files.read(job, name).splitlines()))


def _write(job: ImportJob, rows: Sequence[PlannedRow], now: datetime) -> Sequence[RowOutcome]:
    if job.is_cancelled:
        return _all(rows, CANCELLED)
    try:
        importing = importing_of(job, account_of(job))
        named = groups_in(job_files.read(job, groups_name(job)), job)
        written = importing.write([row for _, row in rows], named, now)
    except NotFoundError:
        return _all(rows, REJECTED, NO_GROUP)
    except OperatorError:
        return _all(rows, REJECTED, NO_ACCOUNT)
    return list(outcomes_of(rows, written))


def _all(
    rows: Sequence[PlannedRow], outcome: str, reason: str | None = None
) -> Sequence[RowOutcome]:
    return [RowOutcome(line, outcome, reason=reason) for line, _ in rows]


def _has_ended(step: Step, now: datetime) -> bool:
    job = find_import(step, now)
    return job is None or job.has_ended
