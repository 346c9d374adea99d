"""Imports: a file is sent, looked at, tried out, imported, and its rejected rows are shown."""

import csv
import io
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from chalicelib.console.pages.exports import STATES
from chalicelib.console.pages.forms import Form, as_typed
from chalicelib.console.rendering import page
from chalicelib.console.visits import Answer, Fields, Visit, Who, last, redirect
from chalicelib.domain.caller import Caller
from chalicelib.domain.errors import ErrorCode, InvalidDataError, NotFoundError
from chalicelib.domain.ids import id_of_uuid, uuid_of
from chalicelib.domain.imports import (
    REJECTED,
    FileFormat,
    ImportMode,
    ReadingOptions,
    UnreadableFileError,
)
from chalicelib.domain.jobs import CANCELLED, RESULTS, ImportJob, JobKind, JobState
from chalicelib.domain.limits import MAX_DRAFT_BYTES
from chalicelib.domain.phone import Notation
from chalicelib.domain.rows import Effect
from chalicelib.importing import columns
from chalicelib.importing.preview import KEPT, Preview, preview_of
from chalicelib.services import groups, jobs

SHOWN: Final = 20
ROWS_SHOWN: Final = 50
CHARACTERS_SHOWN: Final = 80

BEGUN: Final = "begun"
"""Somebody has asked for the import, though it may still wait for its turn."""

MODES: Final = {
    ImportMode.UPSERT: "Add contacts, and change known ones",
    ImportMode.CREATE: "Add new contacts only",
    ImportMode.BLACKLIST: "Put the numbers on the blacklist",
}
NOTATIONS: Final = {
    "": "Either; unclear ones are rejected",
    Notation.INTERNATIONAL.value: "Begin with their country code",
    Notation.NATIONAL.value: "Are of this account's country",
}
_OF_BOTH: Final = {columns.PHONE_NUMBER: "Phone number", columns.BLACKLISTED: "Blacklisted"}
_OF_CONTACTS: Final = {
    columns.EMAIL: "Email",
    "firstName": "First name",
    "lastName": "Last name",
    "company": "Company",
    "title": "Title",
    "custom": "Custom 1",
    "custom2": "Custom 2",
    "custom3": "Custom 3",
    "custom4": "Custom 4",
    columns.GROUPS: "Groups",
    columns.ATTRIBUTES: "Attributes, as JSON",
}
_OF_OPT_OUTS: Final = {columns.REASON: "Reason", columns.NOTE: "Note"}
OUTCOMES: Final = {
    Effect.CREATED.value: "New",
    Effect.UPDATED.value: "Changed",
    Effect.JOINED.value: "Joined a group, and nothing else",
    Effect.UNCHANGED.value: "As they were",
    Effect.SUPPRESSED.value: "On the blacklist, where they stay",
    Effect.DUPLICATE.value: "Repeated in the file",
    REJECTED: "Rejected",
    CANCELLED: "Not imported, since it was cancelled",
}


class Column(NamedTuple):
    """A column of a file: its name, what was found in it, and what somebody chose for it."""

    name: str
    found: str
    chosen: str


class RejectedRows(NamedTuple):
    """The first rejected rows, under their columns."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def show(visit: Visit, who: Who) -> Answer:
    """Show the imports of the last week, and a form for another one."""
    return _list(visit, who, Form({"mode": ImportMode.UPSERT.value}))


def send(visit: Visit, who: Who, form: Fields) -> Answer:
    """Take a file, and show what is in it."""
    typed = as_typed(form)
    if not visit.file:
        return _list(visit, who, typed.refused({"file": "Choose a file that is not empty."}))
    if len(visit.file) > MAX_DRAFT_BYTES:
        return _list(visit, who, typed.refused({"file": _TOO_LARGE}))
    if not jobs.are_possible():
        return _list(visit, who, typed.refused({"file": "This phonebook keeps no files."}))
    caller, now = who.known, visit.received_on
    options, group_id = ReadingOptions(mode=_mode_in(form)), _group_in(form)
    try:
        preview_of(io.BytesIO(visit.file), caller.account, options)
        draft = jobs.draft_import(caller, visit.file, now)
        jobs.choose_for_draft(caller, draft, options, group_id, now)
    except UnreadableFileError as error:
        return _list(visit, who, typed.refused({"file": str(error)}))
    except NotFoundError:
        return _list(visit, who, typed.refused({"group": "There is no such group any more."}))
    return redirect(visit, f"/imports/{uuid_of(draft.id)}")


def show_one(visit: Visit, who: Who) -> Answer:
    """Show a file that is not imported yet, or how far its import came."""
    job = _find(who.known, visit)
    is_asked_for = job.is_rehearsal or bool(visit.asked(BEGUN))
    if job.state is JobState.WAITING and not is_asked_for:
        return _look(visit, who, job, errors={})
    return _progress(visit, who, job)


def go_on(visit: Visit, who: Who, form: Fields) -> Answer:
    """Do with a file what the button says: look again, try it out, or import it."""
    caller, now = who.known, visit.received_on
    job = _find(caller, visit)
    if job.state is not JobState.WAITING:
        return redirect(visit, f"/imports/{uuid_of(job.id)}")
    content = jobs.read_draft(job)
    try:
        options = _options_in(form, content, caller)
        preview = preview_of(io.BytesIO(content), caller.account, options)
    except UnreadableFileError as error:
        return _look(visit, who, job, errors={"file": str(error)})
    try:
        jobs.choose_for_draft(caller, job, options, _group_in(form), now)
    except NotFoundError:
        return _look(visit, who, job, errors={"group": "There is no such group any more."})
    here = f"/imports/{uuid_of(job.id)}"
    do = last(form, "do")
    if preview.problem or do == "look":
        return redirect(visit, here)
    job = _find(caller, visit)
    if do == "rehearse":
        tried = jobs.rehearse_draft(caller, job, now)
        return redirect(visit, f"/imports/{uuid_of(tried.id)}", draft=uuid_of(job.id))
    if do != "import":
        raise InvalidDataError.of("do", "is none of the buttons")
    jobs.import_draft(job)
    return redirect(visit, here, **{BEGUN: "yes"})


def cancel(visit: Visit, who: Who, _form: Fields) -> Answer:
    """Let an import end before its next part."""
    job = _find(who.known, visit)
    jobs.cancel(who.known, job, visit.received_on)
    return redirect(visit, f"/imports/{uuid_of(job.id)}")


def fetch(visit: Visit, who: Who) -> Answer:
    """Lead the browser to a file of an import, by an address that holds for minutes."""
    job = _find(who.known, visit)
    names = {"results": RESULTS, "rejected": job.rejected_name}
    name = names.get(visit.ids["file"])
    if name is None or not job.has_results:
        raise NotFoundError(ErrorCode.JOB_NOT_FOUND)
    return Answer(303, headers={"Location": jobs.download(job, name, visit.received_on).url})


_TOO_LARGE: Final = (
    f"The file has more than {MAX_DRAFT_BYTES // 1_000_000} MB. Larger ones go by the command line "
    "(phonebook import), or by POST /v2/imports."
)


def _list(visit: Visit, who: Who, form: Form) -> Answer:
    account = who.known.account
    found = jobs.list_jobs(account, JobKind.IMPORT, visit.received_on, before=None, expected=SHOWN)
    return page(
        visit,
        who,
        "imports.html",
        status=form.status,
        imports=[each for each in islice(found, SHOWN) if isinstance(each, ImportJob)],
        groups=groups.list_groups(account),
        form=form,
        modes=MODES,
        states=_STATES,
        most=MAX_DRAFT_BYTES // 1_000_000,
    )


_STATES: Final = {
    **STATES,
    JobState.WAITING: "Not imported yet",
    JobState.PLANNING: "The file is being read",
}


def _look(visit: Visit, who: Who, job: ImportJob, *, errors: Mapping[str, str]) -> Answer:
    account, options = who.known.account, job.options
    content = io.BytesIO(jobs.read_draft(job))
    try:
        preview = preview_of(content, account, options)
    except UnreadableFileError as error:
        preview = Preview((), (), (), str(error))
    found = preview.found or [""] * len(preview.columns)
    is_blacklist = options.mode is ImportMode.BLACKLIST
    targets = {**_OF_BOTH, **(_OF_OPT_OUTS if is_blacklist else _OF_CONTACTS)}
    return page(
        visit,
        who,
        "import_look.html",
        status=400 if errors else 200,
        job=job,
        columns=[
            Column(name, _found(each, targets), options.mapped.get(name, ""))
            for name, each in zip(preview.columns, found, strict=True)
        ],
        rows=[
            (row.line, [_cut(cell) for cell in row.cells[: len(preview.columns)]], row.problem)
            for row in preview.rows
        ],
        problem=preview.problem,
        targets={**targets, columns.IGNORED: "Leave it out"},
        errors=errors,
        groups=groups.list_groups(account),
        modes=MODES,
        notations=NOTATIONS,
    )


def _progress(visit: Visit, who: Who, job: ImportJob) -> Answer:
    has_rejected = job.has_results and bool(job.counts.get(REJECTED))
    return page(
        visit,
        who,
        "import.html",
        job=job,
        state="Waiting for its turn" if job.state is JobState.WAITING else _STATES[job.state],
        done_rows=sum(job.counts.values()),
        outcomes=[(words, job.counts[name]) for name, words in OUTCOMES.items()
                  if job.counts.get(name)],
        rejected=_rejected(job) if has_rejected else None,
        has_rejected=has_rejected,
        rows_shown=ROWS_SHOWN,
        draft=visit.asked("draft") if id_of_uuid(visit.asked("draft")) else "",
        begun="yes" if job.state is JobState.WAITING else "",
    )  # fmt: skip


def _rejected(job: ImportJob) -> RejectedRows | None:
    """Return the first rejected rows of a table; other formats are only to be fetched."""
    if job.options.format not in {FileFormat.CSV, FileFormat.XLSX}:
        return None
    lines = csv.reader(io.StringIO(jobs.read_rejected(job).decode("utf-8-sig"), newline=""))
    header, *rows = ([_cut(cell) for cell in line] for line in islice(lines, ROWS_SHOWN + 1))
    # The last column says why. A small screen shows the first ones.
    return RejectedRows([*header[-1:], *header[:-1]], [[*row[-1:], *row[:-1]] for row in rows])


def _find(caller: Caller, visit: Visit) -> ImportJob:
    job_id = id_of_uuid(visit.ids["import"])
    if job_id is None:
        raise NotFoundError(ErrorCode.JOB_NOT_FOUND)
    job = jobs.retrieve_job(caller.account, JobKind.IMPORT, job_id, visit.received_on)
    if not isinstance(job, ImportJob):
        raise NotFoundError(ErrorCode.JOB_NOT_FOUND)
    return job


def _options_in(form: Fields, content: bytes, caller: Caller) -> ReadingOptions:
    """Read how a file is to be imported.

    Raises:
        UnreadableFileError: A column cannot hold what was chosen for it.

    """
    mode, notation = _mode_in(form), last(form, "notation")
    options = ReadingOptions(
        mode=mode,
        keeps_unknown=last(form, "attributes") == "yes",
        notation=Notation(notation) if notation in NOTATIONS and notation else None,
    )
    names = preview_of(io.BytesIO(content), caller.account, options).columns
    chosen = {name: last(form, f"column-{place}") for place, name in enumerate(names)}
    mapped = {name: columns.target_named(each, mode) for name, each in chosen.items() if each}
    return ReadingOptions(
        mode=mode, keeps_unknown=options.keeps_unknown, notation=options.notation, mapped=mapped
    )


def _mode_in(form: Fields) -> ImportMode:
    try:
        return ImportMode(last(form, "mode"))
    except ValueError:
        raise InvalidDataError.of("mode", "is none that there is") from None


def _group_in(form: Fields) -> int | None:
    sent = last(form, "group")
    return (id_of_uuid(sent) or 0) if sent else None


def _found(found: str, targets: Mapping[str, str]) -> str:
    if found == KEPT:
        return "kept as an attribute"
    return targets.get(found, "").lower() or "nothing, left out"


def _cut(text: str) -> str:
    return text if len(text) <= CHARACTERS_SHOWN else f"{text[:CHARACTERS_SHOWN]}…"
