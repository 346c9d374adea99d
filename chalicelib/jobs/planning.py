"""Planning an import: its file is read, and its rows are put into parts."""

import json
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller
from chalicelib.domain.credential import Scope
from chalicelib.domain.errors import InvalidDataError, NotFoundError, OperatorError
from chalicelib.domain.group import Group
from chalicelib.domain.imports import UnreadableFileError
from chalicelib.domain.jobs import RESULTS, ImportJob, Job, JobState, Step, Task
from chalicelib.importing.files import open_source
from chalicelib.importing.plan import Plan
from chalicelib.jobs.outcomes import (
    PLANNED,
    as_lines,
    groups_name,
    outcomes_name,
    part_name,
    source_name,
)
from chalicelib.services.importing import GroupsByName, Import
from chalicelib.storage import accounts, groups, job_files, job_queues, jobs

JSON_LINES: Final = "application/x-ndjson"

NO_ACCOUNT: Final = "the account was closed"
NO_GROUP: Final = "the group that all contacts were to join is gone"
_ANOTHER_FILE: Final = "another file took the place of this one while it was read"
_PLAN_BYTES: Final = 8


def plan_import(step: Step, now: datetime) -> None:
    """Read the file of an import, put its rows into parts, and let them be written.

    If this was broken off, it begins anew: only one plan is ever taken. If it was broken off after
    that, it lets those parts be written that are not. A file that nobody waits for is deleted.

    Raises:
        UnavailableError: AWS is out of reach, or busy at every try.

    """
    job = find_import(step, now)
    if job is not None and jobs.begin_planning(job, step.file or ""):
        if job.is_cancelled:
            jobs.end(job, JobState.CANCELLED, None, now)
        else:
            with ended_if_impossible(job, now):
                _plan(replace(job, file=step.file), now)
        job = find_import(step, now)
    if job is not None and job.state is JobState.RUNNING and job.file == step.file:
        left = sorted(set(range(1, job.parts + 1)) - job.done_parts)
        job_queues.send(Step(Task.PART, job.account_id, job.id, part=part) for part in left)
        if not left:
            job_queues.send([Step(Task.JOIN, job.account_id, job.id)])
    if job is None or job.has_ended:
        delete_all_but_results(step, job)


def delete_all_but_results(step: Step, job: ImportJob | None) -> None:
    """Delete what an import needs no more that has ended, or that is gone.

    Raises:
        UnavailableError: S3 is out of reach.

    """
    kept = (RESULTS, job.rejected_name) if job is not None and job.has_results else ()
    job_files.delete(step, but=kept)


def find_import(step: Step, now: datetime) -> ImportJob | None:
    """Return the import of a step, if it is still there."""
    with suppress(NotFoundError):
        return jobs.get_import(step.account_id, step.job_id, now)
    return None


def account_of(job: Job) -> Account:
    """Return the account of a job.

    Raises:
        OperatorError: It was closed.

    """
    return accounts.get_account(job.account_id)


def importing_of(job: ImportJob, account: Account) -> Import:
    """Return how a job imports, in the name of who asked for it.

    Raises:
        NotFoundError: The group that all contacts join is gone.

    """
    caller = Caller(account=account, username=job.by, scope=Scope.FULL, request_id="", via=job.via)
    group = None if job.group_id is None else groups.get_group(account.id, job.group_id)
    return Import(caller, job.options.mode, group, is_rehearsal=job.is_rehearsal)


@contextmanager
def ended_if_impossible(job: Job, now: datetime) -> Iterator[None]:
    """Let a job end, with the reason, if what is in the ``with`` block can never be done."""
    try:
        yield
    except UnreadableFileError as error:
        jobs.end(job, JobState.FAILED, str(error), now)
    except job_files.FileGoneError:
        jobs.end(job, JobState.FAILED, _ANOTHER_FILE, now)
    except OperatorError:
        jobs.end(job, JobState.FAILED, NO_ACCOUNT, now)
    except NotFoundError:
        jobs.end(job, JobState.FAILED, NO_GROUP, now)


def groups_as_text(named: GroupsByName) -> str:
    """Return the groups that rows name as text, which :func:`groups_in` reads."""
    return json.dumps({
        name: {"id": each.id, "name": each.name}
        if isinstance(each, Group)
        else {"problem": each.found[0].message}
        for name, each in named.items()
    })  # fmt: skip


def groups_in(text: bytes, job: ImportJob) -> GroupsByName:
    """Return the groups in a text that :func:`groups_as_text` made."""
    return {name: _group_or_problem(said, job) for name, said in json.loads(text).items()}


def _plan(job: ImportJob, now: datetime) -> None:
    account = account_of(job)
    importing = importing_of(job, account)
    job = replace(job, plan=secrets.token_hex(_PLAN_BYTES))
    with (
        tempfile.TemporaryFile() as file,
        tempfile.TemporaryDirectory() as folder,
        Plan(Path(folder) / "plan") as plan,
    ):
        job_files.keep_file(job, source_name(job))
        job_files.copy_into(file, job, source_name(job))
        source = open_source(file, account, job.options)
        plan.take(source.rows())
        named = importing.make_groups(plan.groups(), now)
        job_files.save_new(job, groups_name(job), groups_as_text(named).encode())
        parts = 0
        for parts, text in enumerate(plan.texts_of_parts(), 1):
            job_files.save_new(job, part_name(job, parts), text.encode())
        with tempfile.TemporaryFile() as outcomes:
            outcomes.writelines(line.encode() for line in as_lines(plan.outcomes()))
            outcomes.seek(0)
            name = outcomes_name(job, PLANNED)
            job_files.save(job, name, outcomes, media_type=JSON_LINES)
        planned = replace(
            job,
            rows=plan.size,
            parts=parts,
            left_out=source.left_out,
            options=replace(job.options, format=source.format),
        )
        # If another one was faster, its plan is taken, and this one is deleted in the end.
        jobs.begin_running(planned, plan.counts(), now)


def _group_or_problem(said: Mapping[str, str | int], job: ImportJob) -> Group | InvalidDataError:
    if "problem" in said:
        return InvalidDataError.of("group", str(said["problem"]))
    return Group(
        id=int(said["id"]),
        name=str(said["name"]),
        created_on=job.created_on,
        updated_on=job.created_on,
        contacts_count=0,
    )
