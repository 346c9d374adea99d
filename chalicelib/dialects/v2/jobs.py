"""Imports and exports in our own API: what a client asks, and what it gets.

Its endpoints are here too, so that no other request loads what jobs need.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from chalicelib.dialects.bodies import read_object, refuse_unknown
from chalicelib.dialects.messages import Request, Response, json_response
from chalicelib.dialects.v2.parse import one_of, parse_id, parse_list, parse_position, under
from chalicelib.dialects.v2.render import render_list, render_moment
from chalicelib.domain.caller import Caller
from chalicelib.domain.errors import (
    ErrorCode,
    InvalidDataError,
    ProblemCollector,
)
from chalicelib.domain.exports import ExportFormat, Selected, What, check_export
from chalicelib.domain.ids import read_id, uuid_of
from chalicelib.domain.imports import (
    REJECTED,
    FileFormat,
    ImportMode,
    ReadingOptions,
    UnreadableFileError,
)
from chalicelib.domain.jobs import (
    OUTCOMES,
    RESULTS,
    ExportJob,
    ImportJob,
    Job,
    JobKind,
    JobState,
)
from chalicelib.domain.limits import MAX_CELL_CHARACTERS, MAX_COLUMNS, MAX_FIELD_CHARACTERS
from chalicelib.domain.phone import Notation
from chalicelib.domain.text import checked_text
from chalicelib.services import jobs
from chalicelib.services.jobs import Upload

COLUMNS: Final = "columns"

_IMPORT_FIELDS: Final = frozenset({
    "mode", "group", "dryRun", "format", "encoding", "delimiter", "sheet", COLUMNS, "attributes",
    "notation",
})  # fmt: skip
_EXPORT_FIELDS: Final = frozenset({"what", "format", "group"})
_MODES: Final = {mode.value: mode for mode in ImportMode}
_FILE_FORMATS: Final = {each.value: each for each in FileFormat}
_NOTATIONS: Final = {each.value: each for each in Notation}
_DELIMITERS: Final = {",": ",", ";": ";", "|": "|", "\t": "\t", "tab": "\t"}
_WHATS: Final = {each.value: each for each in What}
_EXPORT_FORMATS: Final = {each.value: each for each in ExportFormat}


class AskedImport(NamedTuple):
    """An import that a client asks for."""

    options: ReadingOptions
    group_id: int | None
    is_rehearsal: bool


def start_import(request: Request, caller: Caller) -> Response:
    """Start an import, and say where to send its file."""
    asked = _parse_import(request)
    job = jobs.start_import(
        caller,
        asked.options,
        request.received_on,
        group_id=asked.group_id,
        is_rehearsal=asked.is_rehearsal,
    )
    return _started(request, job)


def start_export(request: Request, caller: Caller) -> Response:
    """Start an export."""
    return _started(request, jobs.start_export(caller, _parse_export(request), request.received_on))


def list_imports(request: Request, caller: Caller) -> Response:
    """List imports, newest first."""
    return _list_jobs(request, caller, JobKind.IMPORT)


def list_exports(request: Request, caller: Caller) -> Response:
    """List exports, newest first."""
    return _list_jobs(request, caller, JobKind.EXPORT)


def get_import(request: Request, caller: Caller) -> Response:
    """Retrieve an import: how far it came, and the addresses of its files."""
    return _get_job(request, caller, JobKind.IMPORT)


def get_export(request: Request, caller: Caller) -> Response:
    """Retrieve an export: how far it came, and the address of its file."""
    return _get_job(request, caller, JobKind.EXPORT)


def cancel_import(request: Request, caller: Caller) -> Response:
    """Let an import end before its next part; one that has ended stays as it is."""
    return _cancel_job(request, caller, JobKind.IMPORT)


def cancel_export(request: Request, caller: Caller) -> Response:
    """Let an export end early; one that has ended stays as it is."""
    return _cancel_job(request, caller, JobKind.EXPORT)


def _list_jobs(request: Request, caller: Caller, kind: JobKind) -> Response:
    account, now = caller.account, request.received_on
    page = parse_list(request, account, f"v2 {kind.value}s")
    found = jobs.list_jobs(
        account, kind, now, before=parse_position(page), expected=page.size_to_read
    )
    entries = ((str(job.id), _render(job, now)) for job in found)
    return render_list(request, account, page, f"{kind.value}s", entries)


def _get_job(request: Request, caller: Caller, kind: JobKind) -> Response:
    now = request.received_on
    job_id = parse_id(request, kind.value, ErrorCode.JOB_NOT_FOUND)
    return json_response(200, _render(jobs.retrieve_job(caller.account, kind, job_id, now), now))


def _cancel_job(request: Request, caller: Caller, kind: JobKind) -> Response:
    now = request.received_on
    job_id = parse_id(request, kind.value, ErrorCode.JOB_NOT_FOUND)
    jobs.cancel(caller, jobs.retrieve_job(caller.account, kind, job_id, now), now)
    return _get_job(request, caller, kind)


def _started(request: Request, job: Job) -> Response:
    rendered = _render(job, request.received_on)
    return json_response(201, rendered, {"Location": f"{request.url}/{rendered['id']}"})


def _render(job: Job, now: datetime) -> dict[str, Any]:
    if isinstance(job, ImportJob):
        return _render_import(job, now)
    if isinstance(job, ExportJob):
        return _render_export(job, now)
    raise TypeError(job)


def _parse_import(request: Request) -> AskedImport:
    """Read how a file is to be imported. An empty body leaves all to the file.

    Raises:
        InvalidDataError: For every field that is unknown or not acceptable.
        NotFoundError: The group is a UUID that no group has.

    """
    mode, file_format, notation, delimiter = ImportMode.UPSERT, None, None, None
    mapped: Mapping[str, str] = {}
    encoding = sheet = None
    group_id = None
    keeps_unknown = is_rehearsal = False
    with under(""):
        body = read_object(request) if request.body.strip() else {}
        problems = ProblemCollector()
        with problems:
            mode = one_of(body, "mode", _MODES, ImportMode.UPSERT)
        with problems:
            group_id = _read_group(body)
        with problems:
            is_rehearsal = _read_boolean(body, "dryRun")
        with problems:
            file_format = one_of(body, "format", _FILE_FORMATS, None)
        with problems:
            encoding = _read_encoding(body)
        with problems:
            delimiter = one_of(body, "delimiter", _DELIMITERS, None)
        with problems:
            sheet = _read_text(body, "sheet")
        with problems:
            mapped = _read_columns(body, mode)
        with problems:
            keeps_unknown = _read_boolean(body, "attributes")
        with problems:
            notation = one_of(body, "notation", _NOTATIONS, None)
        with problems:
            refuse_unknown(body, known=_IMPORT_FIELDS)
        problems.raise_if_any()
    options = ReadingOptions(
        mode=mode,
        format=file_format,
        encoding=encoding,
        delimiter=delimiter,
        sheet=sheet,
        mapped=mapped,
        keeps_unknown=keeps_unknown,
        notation=notation,
    )
    return AskedImport(options, group_id, is_rehearsal)


def _parse_export(request: Request) -> Selected:
    """Read what is to be exported; an empty body means all contacts, as CSV.

    Raises:
        InvalidDataError: For every field that is unknown or not acceptable.
        NotFoundError: The group is a UUID that no group has.

    """
    what, export_format, group_id = What.CONTACTS, ExportFormat.CSV, None
    with under(""):
        body = read_object(request) if request.body.strip() else {}
        problems = ProblemCollector()
        with problems:
            what = one_of(body, "what", _WHATS, What.CONTACTS)
        with problems:
            export_format = one_of(body, "format", _EXPORT_FORMATS, ExportFormat.CSV)
        with problems:
            group_id = _read_group(body)
        with problems:
            refuse_unknown(body, known=_EXPORT_FIELDS)
        problems.raise_if_any()
        check_export(what, export_format, has_group=group_id is not None)
    return Selected(what=what, format=export_format, group_id=group_id)


def _render_import(job: ImportJob, now: datetime) -> dict[str, Any]:
    done = sum(job.counts.values())
    has_rejected = job.has_results and bool(job.counts.get(REJECTED))
    options = job.options
    return {
        **_render_job(job),
        "mode": options.mode.value,
        "group": job.group_id and uuid_of(job.group_id),
        "dryRun": job.is_rehearsal,
        "format": options.format and options.format.value,
        "encoding": options.encoding,
        "delimiter": options.delimiter,
        "sheet": options.sheet,
        COLUMNS: dict(options.mapped),
        "attributes": options.keeps_unknown,
        "notation": options.notation and options.notation.value,
        "upload": _render_upload(jobs.upload_of(job, now)),
        "rows": job.rows if job.plan else None,
        "rowsDone": done,
        "rowsPerSecond": _rate(job, done, now),
        "outcomes": {name: job.counts.get(name, 0) for name in OUTCOMES},
        "columnsLeftOut": list(job.left_out),
        "results": _render_file(job, RESULTS, now) if job.has_results else None,
        "rejected": _render_file(job, job.rejected_name, now) if has_rejected else None,
    }


def _render_upload(upload: Upload | None) -> dict[str, Any] | None:
    return upload and {
        "url": upload.url,
        "fields": upload.fields,
        "expiresOn": render_moment(upload.expires_on),
    }


def _render_export(job: ExportJob, now: datetime) -> dict[str, Any]:
    selected = job.selected
    return {
        **_render_job(job),
        "what": selected.what.value,
        "format": selected.format.value,
        "group": selected.group_id and uuid_of(selected.group_id),
        "entries": job.entries,
        "file": _render_file(job, job.file_name, now) if job.state is JobState.DONE else None,
    }


def _render_job(job: Job) -> dict[str, Any]:
    state = job.state.value
    if job.is_cancelled and not job.has_ended:
        state = "cancelling"
    return {
        "id": uuid_of(job.id),
        "state": state,
        "reason": job.reason,
        "createdOn": render_moment(job.created_on),
        "startedOn": job.started_on and render_moment(job.started_on),
        "endedOn": job.ended_on and render_moment(job.ended_on),
        "expiresOn": render_moment(job.expires_on),
    }


def _render_file(job: Job, name: str, now: datetime) -> dict[str, Any]:
    file = jobs.download(job, name, now)
    return {"url": file.url, "expiresOn": render_moment(file.expires_on)}


def _rate(job: ImportJob, done: int, now: datetime) -> float | None:
    """Return the rows a second since the first part could be written."""
    if job.started_on is None or job.state is JobState.WAITING:
        return None
    seconds = ((job.ended_on or now) - job.started_on).total_seconds()
    return round(done / seconds, 1) if seconds > 0 else None


def _read_group(body: Mapping[str, Any]) -> int | None:
    sent = body.get("group")
    return None if sent is None else read_id(sent, "group", ErrorCode.GROUP_NOT_FOUND)


def _read_boolean(body: Mapping[str, Any], field: str) -> bool:
    value = body.get(field, False)
    if not isinstance(value, bool):
        raise InvalidDataError.of(field, "must be true or false")
    return value


def _read_text(body: Mapping[str, Any], field: str) -> str | None:
    value = body.get(field)
    return None if value is None else checked_text(field, value, longest=MAX_FIELD_CHARACTERS)


def _read_encoding(body: Mapping[str, Any]) -> str | None:
    from chalicelib.importing.encodings import ENCODINGS  # noqa: PLC0415 - few requests need it

    return one_of(body, "encoding", {name: name for name in ENCODINGS}, None)


def _read_columns(body: Mapping[str, Any], mode: ImportMode) -> Mapping[str, str]:
    from chalicelib.importing.columns import target_named  # noqa: PLC0415 - few requests need it

    value = body.get(COLUMNS)
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > MAX_COLUMNS:
        raise InvalidDataError.of(COLUMNS, f"must be an object of at most {MAX_COLUMNS} columns")
    problems = ProblemCollector()
    for name, target in value.items():
        place = f"/{COLUMNS}/{name.replace('~', '~0').replace('/', '~1')}"
        with problems:
            checked_text(place, name, shortest=1, longest=MAX_CELL_CHARACTERS)
            text = checked_text(place, target, longest=MAX_FIELD_CHARACTERS)
            try:
                target_named(text, mode)
            except UnreadableFileError as error:
                raise InvalidDataError.of(place, str(error)) from error
    problems.raise_if_any()
    return value
