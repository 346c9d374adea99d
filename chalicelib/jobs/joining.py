"""Joining the outcomes of an import's parts, with which it ends."""

import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from chalicelib.domain.imports import REJECTED, FileFormat
from chalicelib.domain.jobs import CANCELLED, RESULTS, ImportJob, JobState, Step
from chalicelib.importing.files import Source, open_source
from chalicelib.importing.plan import Plan
from chalicelib.jobs.outcomes import as_csv, in_lines, outcomes_name, source_name
from chalicelib.jobs.planning import (
    account_of,
    delete_all_but_results,
    ended_if_impossible,
    find_import,
)
from chalicelib.storage import job_files, jobs

CSV: Final = "text/csv; charset=utf-8"
_BYTE_ORDER_MARK: Final = "\ufeff"
"""Excel takes a file without it for another encoding than UTF-8."""

_MEDIA_TYPES: Final = {
    FileFormat.CSV: CSV,
    FileFormat.XLSX: CSV,
    FileFormat.VCARD: "text/vcard",
    FileFormat.NDJSON: "application/x-ndjson",
}


class RowsMissingError(Exception):
    """There are not as many outcomes as rows."""


def join_outcomes(step: Step, now: datetime) -> None:
    """Write the results of an import and its rejected rows, and let it end.

    Then everything but that is deleted. All of it may be repeated.

    Raises:
        RowsMissingError: There are not as many outcomes as rows.
        UnavailableError: AWS is out of reach.

    """
    job = find_import(step, now)
    if job is not None and job.state is JobState.RUNNING and job.are_all_parts_done:
        with ended_if_impossible(job, now):
            _join(job)
            jobs.end_with_results(job, _end_of(job), now)
        job = find_import(step, now)
    if job is None or job.has_ended:
        delete_all_but_results(step, job)


def _end_of(job: ImportJob) -> JobState:
    if job.reason:
        return JobState.FAILED
    return JobState.CANCELLED if job.counts.get(CANCELLED) else JobState.DONE


def _join(job: ImportJob) -> None:
    with tempfile.TemporaryDirectory() as folder, Plan(Path(folder) / "outcomes") as outcomes:
        for part in range(job.parts + 1):
            with tempfile.TemporaryFile() as file:
                job_files.copy_into(file, job, outcomes_name(job, part))
                file.seek(0)
                outcomes.record(in_lines(file))
        if (found := sum(outcomes.counts().values())) != job.rows:
            raise RowsMissingError(f"{found} outcomes of {job.rows} rows")
        _save(job, RESULTS, CSV, as_csv(outcomes.outcomes()))
        if outcomes.counts().get(REJECTED):
            _save_rejected(job, outcomes)


def _save_rejected(job: ImportJob, outcomes: Plan) -> None:
    with tempfile.TemporaryFile() as file:
        job_files.copy_into(file, job, source_name(job))
        source: Source = open_source(file, account_of(job), job.options)
        rejected = source.rejected(outcomes.why_rejected)
        _save(job, job.rejected_name, _MEDIA_TYPES[source.format], rejected)


def _save(job: ImportJob, name: str, media_type: str, lines: Iterable[str]) -> None:
    mark = _BYTE_ORDER_MARK if media_type == CSV else ""
    with tempfile.TemporaryFile() as file:
        file.write(mark.encode())
        # A card may name another encoding for a text, whose bytes stay as they are.
        file.writelines(line.encode(errors="surrogateescape") for line in lines)
        file.seek(0)
        job_files.save(job, name, file, media_type=media_type)
