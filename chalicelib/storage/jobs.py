"""Jobs in the table: every step of a job is one write, with a condition that allows it once."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from pynamodb.exceptions import DoesNotExist, PutError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.domain.caller import Stamp
from chalicelib.domain.errors import ErrorCode, NotFoundError
from chalicelib.domain.exports import ExportFormat, Selected, What
from chalicelib.domain.imports import FileFormat, ImportMode, ReadingOptions
from chalicelib.domain.jobs import (
    ENDED,
    OUTCOMES,
    ExportJob,
    ImportJob,
    Job,
    JobState,
)
from chalicelib.domain.phone import Notation
from chalicelib.storage import keys
from chalicelib.storage.items import ExportItem, ImportItem, JobItem
from chalicelib.storage.stamps import stamping

JobT = TypeVar("JobT", bound=Job)

_HAS_NOT_ENDED: Final[Condition] = JobItem.state.is_in(
    *(state.value for state in JobState if state not in ENDED)
)


def put_job(job: Job) -> bool:
    """Store a new job; return False if there is one with its id."""
    try:
        _item_of(job).save(JobItem.pk.does_not_exist())
    except PutError as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True


def get_import(account_id: str, job_id: int, now: datetime) -> ImportJob:
    """Return an import as it is at a moment.

    Raises:
        NotFoundError: The account has no such import, or it expired.

    """
    item = _get(ImportItem, keys.imports(account_id), job_id, now)
    return _import_of(item).seen_at(now)


def get_export(account_id: str, job_id: int, now: datetime) -> ExportJob:
    """Return an export.

    Raises:
        NotFoundError: The account has no such export, or it expired.

    """
    return _export_of(_get(ExportItem, keys.exports(account_id), job_id, now)).seen_at(now)


def list_imports(
    account_id: str, now: datetime, *, before: int | None = None, expected: int | None = None
) -> Iterator[ImportJob]:
    """Yield the imports of an account, newest first; *before* is the id of the last one before."""
    found = _list(ImportItem, keys.imports(account_id), before, expected)
    return _as_seen(map(_import_of, found), now)


def list_exports(
    account_id: str, now: datetime, *, before: int | None = None, expected: int | None = None
) -> Iterator[ExportJob]:
    """Yield the exports of an account as :func:`list_imports` does."""
    found = _list(ExportItem, keys.exports(account_id), before, expected)
    return _as_seen(map(_export_of, found), now)


def choose(job: ImportJob, options: ReadingOptions, group_id: int | None, stamp: Stamp) -> bool:
    """Note how an import is to be read that waits for its file; return False if none is awaited."""
    group = JobItem.group_id
    return _change(
        job,
        [
            ImportItem.options.set(_text_of(options)),
            group.remove() if group_id is None else group.set(group_id),
            *stamping(stamp),
        ],
        JobItem.state == JobState.WAITING.value,
    )


def begin_planning(job: ImportJob, file: str) -> bool:
    """Note that a file of an import is read; return False if another one is, or was."""
    is_next = JobItem.state == JobState.WAITING.value
    is_again = (JobItem.state == JobState.PLANNING.value) & (ImportItem.file == file)
    return _change(
        job,
        [JobItem.state.set(JobState.PLANNING.value), ImportItem.file.set(file)],
        is_next | is_again,
    )


def begin_running(job: ImportJob, counts: Mapping[str, int], now: datetime) -> bool:
    """Store the plan that *job* has; return False if another one is stored, or the import ended.

    *counts* are the rows of the plan that need not be written.
    """
    return _change(
        job,
        [
            JobItem.state.set(JobState.RUNNING.value),
            JobItem.started_on.set(now),
            ImportItem.plan.set(job.plan or ""),
            ImportItem.options.set(_text_of(job.options)),
            ImportItem.rows.set(job.rows),
            ImportItem.parts.set(job.parts),
            ImportItem.left_out.set(json.dumps(job.left_out)),
            *_counting(counts),
        ],
        JobItem.state == JobState.PLANNING.value,
    )


def count_part(
    job: ImportJob, part: int, counts: Mapping[str, int], reason: str | None = None
) -> bool:
    """Add the outcomes of a part's rows; return False if they were added before.

    *reason* is why the import will have failed, if it will.
    """
    is_new = ~ImportItem.done_parts.contains(part)
    return _change(
        job,
        [
            ImportItem.done_parts.add({part}),
            *_counting(counts),
            *([JobItem.reason.set(reason)] if reason else []),
        ],
        (JobItem.state == JobState.RUNNING.value) & is_new,
    )


def begin_export(job: ExportJob, now: datetime) -> bool:
    """Note that an export began; return False if it ended."""
    return _change(job, [JobItem.started_on.set(JobItem.started_on | now)], _HAS_NOT_ENDED)


def count_entries(job: ExportJob, entries: int) -> bool:
    """Note how many entries an export has so far; return False if it ended."""
    return _change(job, [ExportItem.entries.set(entries)], _HAS_NOT_ENDED)


def ask_to_cancel(job: Job, stamp: Stamp) -> bool:
    """Ask a job to end; return False if it ended. An import that has no file ends at once."""
    actions: list[Action] = [JobItem.cancelled_on.set(stamp.at), *stamping(stamp)]
    if job.state is JobState.WAITING:
        end_now = [JobItem.state.set(JobState.CANCELLED.value), JobItem.ended_on.set(stamp.at)]
        if _change(job, [*actions, *end_now], JobItem.state == JobState.WAITING.value):
            return True
    return _change(job, actions, _HAS_NOT_ENDED)


def end(
    job: Job,
    state: JobState,
    reason: str | None,
    now: datetime,
    condition: Condition = _HAS_NOT_ENDED,
) -> bool:
    """Let a job end in a state; return False if it ended before."""
    actions: list[Action] = [JobItem.state.set(state.value), JobItem.ended_on.set(now)]
    if reason is not None:
        actions.append(JobItem.reason.set(reason))
    return _change(job, actions, condition)


def end_with_results(job: ImportJob, state: JobState, now: datetime) -> bool:
    """Let an import end whose results are in its files; return False if it ended before."""
    actions = [
        JobItem.state.set(state.value),
        JobItem.ended_on.set(now),
        ImportItem.has_results.set(True),
    ]
    return _change(job, actions, _HAS_NOT_ENDED)


def end_unless_cancelled(job: Job, now: datetime) -> bool:
    """Let a job be done; return False if it ended before, or somebody asked to cancel it."""
    is_wanted = JobItem.cancelled_on.does_not_exist()
    return end(job, JobState.DONE, None, now, _HAS_NOT_ENDED & is_wanted)


def forget(job: Job) -> None:
    """Delete a job."""
    _item_of(job).delete()


def forget_all(account_id: str) -> None:
    """Delete the jobs of an account that does not exist any more."""
    for kind, partition in (
        (ImportItem, keys.imports(account_id)),
        (ExportItem, keys.exports(account_id)),
    ):
        for item in kind.query(partition, consistent_read=True):
            item.delete()


_ItemT = TypeVar("_ItemT", bound=JobItem)


def _get(kind: type[_ItemT], partition: str, job_id: int, now: datetime) -> _ItemT:
    try:
        item = kind.get(partition, keys.of_id(job_id), consistent_read=True)
    except DoesNotExist as error:
        raise NotFoundError(ErrorCode.JOB_NOT_FOUND) from error
    # DynamoDB deletes it some hours later.
    if item.expires_at <= now.timestamp():
        raise NotFoundError(ErrorCode.JOB_NOT_FOUND)
    return item


def _as_seen(found: Iterable[JobT], now: datetime) -> Iterator[JobT]:
    return (job.seen_at(now) for job in found if now < job.expires_on)


def _list(
    kind: type[_ItemT], partition: str, before: int | None, expected: int | None
) -> Iterator[_ItemT]:
    return kind.query(
        partition,
        None if before is None else kind.sk < keys.of_id(before),
        scan_index_forward=False,
        consistent_read=True,
        page_size=expected,
    )


def _change(job: Job, actions: Sequence[Action], condition: Condition) -> bool:
    try:
        _item_of(job).update([*actions], condition & JobItem.pk.exists())
    except UpdateError as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True


def _counting(counts: Mapping[str, int]) -> list[Action]:
    return [getattr(ImportItem, name).add(count) for name, count in counts.items() if count]


def _item_of(job: Job) -> JobItem:
    if isinstance(job, ImportJob):
        return ImportItem(
            keys.imports(job.account_id),
            keys.of_id(job.id),
            **_common(job),
            group_id=job.group_id,
            options=_text_of(job.options),
            is_rehearsal=job.is_rehearsal,
        )
    if isinstance(job, ExportJob):
        return ExportItem(
            keys.exports(job.account_id),
            keys.of_id(job.id),
            **_common(job),
            group_id=job.selected.group_id,
            what=job.selected.what.value,
            format=job.selected.format.value,
        )
    raise TypeError(job)


def _common(job: Job) -> dict[str, Any]:
    return {
        "state": job.state.value,
        "created_on": job.created_on,
        "started_on": job.started_on,
        "expires_at": int(job.expires_on.timestamp()),
        "asked_by": job.by,
        "asked_via": job.via,
        "changed_by": job.by,
        "changed_via": job.via,
    }


def _of_common(item: JobItem) -> dict[str, Any]:
    return {
        "id": keys.id_in(item.sk),
        "account_id": keys.account_in(item.pk),
        "created_on": item.created_on,
        "by": item.asked_by,
        "via": item.asked_via,
        "state": JobState(item.state),
        "is_cancelled": item.cancelled_on is not None,
        "started_on": item.started_on,
        "ended_on": item.ended_on,
        "reason": item.reason,
    }


def _import_of(item: ImportItem) -> ImportJob:
    return ImportJob(
        **_of_common(item),
        options=_options_in(item.options),
        group_id=item.group_id,
        is_rehearsal=bool(item.is_rehearsal),
        file=item.file,
        plan=item.plan,
        rows=item.rows or 0,
        parts=item.parts or 0,
        done_parts=frozenset(item.done_parts or ()),
        has_results=bool(item.has_results),
        counts={name: getattr(item, name) for name in OUTCOMES},
        left_out=tuple(json.loads(item.left_out)) if item.left_out else (),
    )


def _export_of(item: ExportItem) -> ExportJob:
    selected = Selected(
        what=What(item.what), format=ExportFormat(item.format), group_id=item.group_id
    )
    return ExportJob(**_of_common(item), selected=selected, entries=item.entries)


def _text_of(options: ReadingOptions) -> str:
    said: dict[str, Any] = {
        "mode": options.mode.value,
        "format": options.format and options.format.value,
        "encoding": options.encoding,
        "delimiter": options.delimiter,
        "sheet": options.sheet,
        "mapped": dict(options.mapped),
        "keepsUnknown": options.keeps_unknown,
        "notation": options.notation and options.notation.value,
    }
    return json.dumps({name: value for name, value in said.items() if value})


def _options_in(text: str) -> ReadingOptions:
    said = json.loads(text)
    return ReadingOptions(
        mode=ImportMode(said["mode"]),
        format=FileFormat(said["format"]) if "format" in said else None,
        encoding=said.get("encoding"),
        delimiter=said.get("delimiter"),
        sheet=said.get("sheet"),
        mapped=said.get("mapped", {}),
        keeps_unknown=said.get("keepsUnknown", False),
        notation=Notation(said["notation"]) if "notation" in said else None,
    )
