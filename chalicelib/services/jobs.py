"""Asking for imports and exports, looking after them, and ending them early."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller
from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError
from chalicelib.domain.exports import Selected
from chalicelib.domain.ids import new_id_after, uuid_of
from chalicelib.domain.imports import ReadingOptions
from chalicelib.domain.jobs import (
    ExportJob,
    ImportJob,
    Job,
    JobKind,
    JobState,
    Step,
    Task,
)
from chalicelib.domain.limits import MAX_IMPORT_BYTES
from chalicelib.services.groups import retrieve_group
from chalicelib.storage import jobs

TIME_TO_DOWNLOAD: Final = timedelta(minutes=15)
"""How long the address of a file may be used. Each answer has a new one."""


class Upload(NamedTuple):
    """Where a client sends the file of an import: the URL, and the fields of the form beside it."""

    url: str
    fields: dict[str, str]
    expires_on: datetime


class Download(NamedTuple):
    """Where a client gets a file of a job."""

    url: str
    expires_on: datetime


def start_import(
    caller: Caller,
    options: ReadingOptions,
    now: datetime,
    *,
    group_id: int | None = None,
    is_rehearsal: bool = False,
) -> ImportJob:
    """Start an import, which waits for its file.

    Raises:
        NotFoundError: There is no such group.

    """
    if group_id is not None:
        retrieve_group(caller.account, group_id)
    while True:
        job = ImportJob(
            **_beginning(caller, now),
            state=JobState.WAITING,
            options=options,
            group_id=group_id,
            is_rehearsal=is_rehearsal,
        )
        if jobs.put_job(job):
            return job


def are_possible() -> bool:
    """Say whether there is a place for the files of jobs."""
    from chalicelib.storage import job_places  # noqa: PLC0415 - few requests need it

    return job_places.has_places()


def draft_import(caller: Caller, content: bytes, now: datetime) -> ImportJob:
    """Start an import with a file that somebody looks at first; it waits for an hour.

    Raises:
        UnavailableError: S3 is out of reach.

    """
    from chalicelib.storage import job_files  # noqa: PLC0415 - boto3 is loaded for jobs only

    job = start_import(caller, ReadingOptions(), now)
    job_files.save_draft(job, content)
    return job


def read_draft(job: ImportJob) -> bytes:
    """Return the file of an import that somebody looks at first.

    Raises:
        NotFoundError: It has none.
        UnavailableError: S3 is out of reach.

    """
    from chalicelib.storage import job_files  # noqa: PLC0415 - boto3 is loaded for jobs only

    try:
        return job_files.read(job, job_files.DRAFT)
    except job_files.FileGoneError as error:
        raise NotFoundError(ErrorCode.JOB_NOT_FOUND) from error


def choose_for_draft(
    caller: Caller, draft: ImportJob, options: ReadingOptions, group_id: int | None, now: datetime
) -> bool:
    """Note how a draft is to be imported; return False if its import has begun.

    Raises:
        NotFoundError: There is no such group.

    """
    if group_id is not None:
        retrieve_group(caller.account, group_id)
    return jobs.choose(draft, options, group_id, caller.stamp(now))


def import_draft(draft: ImportJob) -> None:
    """Import the file of a draft, as was chosen for it. To ask twice imports it once.

    Raises:
        NotFoundError: It has no file.
        UnavailableError: S3 is out of reach.

    """
    from chalicelib.storage import job_files  # noqa: PLC0415 - boto3 is loaded for jobs only

    job_files.use_draft(draft, read_draft(draft))


def rehearse_draft(caller: Caller, draft: ImportJob, now: datetime) -> ImportJob:
    """Start an import of a draft's file that writes nothing, and return it.

    Raises:
        NotFoundError: The draft has no file, or its group is gone.
        UnavailableError: S3 is out of reach.

    """
    from chalicelib.storage import job_files  # noqa: PLC0415 - boto3 is loaded for jobs only

    content = read_draft(draft)
    job = start_import(caller, draft.options, now, group_id=draft.group_id, is_rehearsal=True)
    job_files.use_draft(job, content)
    return job


def read_rejected(job: ImportJob) -> bytes:
    """Return the file of an import's rejected rows.

    Raises:
        NotFoundError: There is none.
        UnavailableError: S3 is out of reach.

    """
    from chalicelib.storage import job_files  # noqa: PLC0415 - boto3 is loaded for jobs only

    try:
        return job_files.read(job, job.rejected_name)
    except job_files.FileGoneError as error:
        raise NotFoundError(ErrorCode.JOB_NOT_FOUND) from error


def start_export(caller: Caller, selected: Selected, now: datetime) -> ExportJob:
    """Start an export.

    Raises:
        NotFoundError: There is no such group.
        UnavailableError: It could not be given its turn.

    """
    from chalicelib.storage import job_queues  # noqa: PLC0415 - boto3 is loaded for jobs only

    if selected.group_id is not None:
        retrieve_group(caller.account, selected.group_id)
    while True:
        job = ExportJob(**_beginning(caller, now), state=JobState.RUNNING, selected=selected)
        if jobs.put_job(job):
            break
    # If this fails, the export has failed after a day (ExportJob.seen_at).
    job_queues.send([Step(Task.EXPORT, job.account_id, job.id)])
    return job


def retrieve_job(account: Account, kind: JobKind, job_id: int, now: datetime) -> Job:
    """Return a job.

    Raises:
        NotFoundError: The account has no such job.

    """
    if kind is JobKind.IMPORT:
        return jobs.get_import(account.id, job_id, now)
    return jobs.get_export(account.id, job_id, now)


def list_jobs(
    account: Account, kind: JobKind, now: datetime, *, before: int | None, expected: int | None
) -> Iterator[Job]:
    """Yield the jobs of a kind, newest first, after the one with the id *before*."""
    if kind is JobKind.IMPORT:
        return jobs.list_imports(account.id, now, before=before, expected=expected)
    return jobs.list_exports(account.id, now, before=before, expected=expected)


def cancel(caller: Caller, job: Job, now: datetime) -> None:
    """Ask a job to end before its next part. One that ended stays as it is."""
    jobs.ask_to_cancel(job, caller.stamp(now))


def upload_of(job: ImportJob, now: datetime) -> Upload | None:
    """Return where a client sends the file of an import, or None if none is awaited any more."""
    from chalicelib.storage import job_files  # noqa: PLC0415 - boto3 is loaded for jobs only

    seconds = int((job.upload_until - now).total_seconds())
    if job.state is not JobState.WAITING or seconds <= 0:
        return None
    form = job_files.upload_form(job, most_bytes=MAX_IMPORT_BYTES, seconds=seconds)
    return Upload(form.url, dict(form.fields), job.upload_until)


def download(job: Job, name: str, now: datetime) -> Download:
    """Return where a client gets a file of a job."""
    from chalicelib.storage import job_files  # noqa: PLC0415 - boto3 is loaded for jobs only

    url = job_files.address_of(
        job,
        name,
        seconds=int(TIME_TO_DOWNLOAD.total_seconds()),
        shown_as=f"{uuid_of(job.id)}-{name}",
    )
    return Download(url, now + TIME_TO_DOWNLOAD)


def refuse_if_import_runs(account: Account, now: datetime) -> None:
    """Check that no import is running, whose file could bring an erased contact back.

    Raises:
        ConflictError: One is.

    """
    running = {JobState.PLANNING, JobState.RUNNING}
    if any(job.state in running for job in jobs.list_imports(account.id, now)):
        raise ConflictError(ErrorCode.IMPORT_RUNS)


def forget_files(caller: Caller, now: datetime) -> None:
    """Delete the jobs that have ended and their files, and files that are only looked at yet.

    Exports that are running are cancelled. Any of them may hold a person who is being erased.

    Raises:
        UnavailableError: AWS is out of reach, or busy at every try.

    """
    all_jobs: list[Job] = [
        *jobs.list_imports(caller.account.id, now),
        *jobs.list_exports(caller.account.id, now),
    ]
    for job in all_jobs:
        if job.has_ended:
            _forget(job)
        elif isinstance(job, ExportJob):
            jobs.ask_to_cancel(job, caller.stamp(now))
        elif job.state is JobState.WAITING and isinstance(job, ImportJob):
            _forget_draft(job)


def _forget_draft(job: ImportJob) -> None:
    from chalicelib.storage import job_files  # noqa: PLC0415 - boto3 is loaded for jobs only

    job_files.forget_draft(job)


def _forget(job: Job) -> None:
    from chalicelib.storage import job_files  # noqa: PLC0415 - boto3 is loaded for jobs only

    job_files.delete(job)
    jobs.forget(job)


def _beginning(caller: Caller, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id_after(now),
        "account_id": caller.account.id,
        "created_on": now,
        "by": caller.username,
        "via": caller.via,
    }
