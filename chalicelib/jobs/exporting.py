"""Writing an export."""

import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import BinaryIO, Final

from chalicelib.domain.errors import NotFoundError, OperatorError
from chalicelib.domain.exports import ExportFormat
from chalicelib.domain.jobs import ExportJob, JobState, Step
from chalicelib.exporting.selected import lines_of
from chalicelib.jobs.planning import NO_ACCOUNT, account_of
from chalicelib.storage import groups, job_files, jobs

ENTRIES_BETWEEN_LOOKS: Final = 5_000
"""After so many, an export says how far it came, and looks whether it is cancelled."""

NO_GROUP: Final = "the group is gone"
TOO_LONG: Final = (
    "it took too long: export groups one by one, or all of it by the phonebook command"
)

MEDIA_TYPES: Final = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.NDJSON: "application/x-ndjson",
    ExportFormat.VCARD: "text/vcard; charset=utf-8",
}


def write_export(step: Step, now: datetime, has_time: Callable[[], bool]) -> None:
    """Write a file with what is asked for, and let the export end.

    If this is repeated, the file is written again. An export that is cancelled leaves none.

    Raises:
        UnavailableError: AWS is out of reach, or busy at every try.

    """
    job = _find(step, now)
    if job is None or job.has_ended or not jobs.begin_export(job, now):
        return
    with tempfile.TemporaryFile() as file:
        try:
            failure = _write(job, file, has_time, now)
        except NotFoundError:
            failure = NO_GROUP
        except OperatorError:
            failure = NO_ACCOUNT
        if failure is None:
            file.seek(0)
            media_type = MEDIA_TYPES[job.selected.format]
            job_files.save(job, job.file_name, file, media_type=media_type)
    if failure is not None:
        jobs.end(job, JobState.FAILED, failure, now)
    elif not jobs.end_unless_cancelled(job, now):
        jobs.end(job, JobState.CANCELLED, None, now)
        # Not if another delivery of this step was faster to its end.
        if (ended := _find(step, now)) is None or ended.state is JobState.CANCELLED:
            job_files.delete(job)


def _find(step: Step, now: datetime) -> ExportJob | None:
    with suppress(NotFoundError):
        return jobs.get_export(step.account_id, step.job_id, now)
    return None


def _write(
    job: ExportJob, file: BinaryIO, has_time: Callable[[], bool], now: datetime
) -> str | None:
    """Write the lines of an export, and return why that is impossible, if it is.

    It stops early if the export is cancelled.
    """
    account = account_of(job)
    if job.selected.group_id is not None:
        # Its members would be nobody, and the file an empty one.
        groups.get_group(account.id, job.selected.group_id)
    before = 1 if job.selected.format is ExportFormat.CSV else 0
    written = 0
    for written, line in enumerate(lines_of(account, job.selected), 1 - before):
        file.write(line.encode())
        if written % ENTRIES_BETWEEN_LOOKS == 0:
            if not has_time():
                return TOO_LONG
            jobs.count_entries(job, written)
            if jobs.get_export(job.account_id, job.id, now).is_cancelled:
                return None
    jobs.count_entries(job, written)
    return None
