"""Exports: asking for a file with what the account has, and fetching it."""

from itertools import islice
from typing import Final, NamedTuple

from chalicelib.console.pages.forms import Form, as_typed
from chalicelib.console.rendering import page
from chalicelib.console.visits import Answer, Fields, Visit, Who, last, redirect
from chalicelib.domain.errors import ErrorCode, InvalidDataError, NotFoundError
from chalicelib.domain.exports import ExportFormat, Selected, What, check_export
from chalicelib.domain.ids import id_of_uuid
from chalicelib.domain.jobs import ExportJob, JobKind, JobState
from chalicelib.services import groups, jobs

SHOWN: Final = 20

WHAT: Final = {
    What.CONTACTS: "Contacts",
    What.BLACKLIST: "The blacklist, with its ledger",
    What.EVERYTHING: "Everything",
}
FORMATS: Final = {
    ExportFormat.CSV: "CSV, for spreadsheets",
    ExportFormat.NDJSON: "NDJSON, for programs",
    ExportFormat.VCARD: "vCard, for address books",
}
STATES: Final = {
    JobState.RUNNING: "Running",
    JobState.DONE: "Done",
    JobState.FAILED: "Failed",
    JobState.CANCELLED: "Cancelled",
}


class Shown(NamedTuple):
    """An export, as the page shows it."""

    job: ExportJob
    what: str
    state: str
    is_done: bool


def show(visit: Visit, who: Who) -> Answer:
    """Show the past exports, and a form for another one."""
    return _page(visit, who, Form())


def start(visit: Visit, who: Who, form: Fields) -> Answer:
    """Start an export."""
    sent = last(form, "group")
    group_id = (id_of_uuid(sent) or 0) if sent else None
    try:
        what, export_format = What(last(form, "what")), ExportFormat(last(form, "format"))
    except ValueError:
        raise InvalidDataError.of("format", "is none that there is") from None
    try:
        check_export(what, export_format, has_group=group_id is not None)
        selected = Selected(what=what, format=export_format, group_id=group_id)
        jobs.start_export(who.known, selected, visit.received_on)
    except InvalidDataError as error:
        errors = {each.field: f"This {each.message}." for each in error.found}
        return _page(visit, who, as_typed(form).refused(errors))
    except NotFoundError:
        errors = {"group": "There is no such group any more."}
        return _page(visit, who, as_typed(form).refused(errors))
    return redirect(visit, "/exports", done="export-started")


def fetch(visit: Visit, who: Who) -> Answer:
    """Lead the browser to the file of an export, by an address that holds for minutes."""
    job_id = id_of_uuid(visit.ids["export"])
    if job_id is None:
        raise NotFoundError(ErrorCode.JOB_NOT_FOUND)
    account, now = who.known.account, visit.received_on
    job = jobs.retrieve_job(account, JobKind.EXPORT, job_id, now)
    if not isinstance(job, ExportJob) or job.state is not JobState.DONE:
        raise NotFoundError(ErrorCode.JOB_NOT_FOUND)
    return Answer(303, headers={"Location": jobs.download(job, job.file_name, now).url})


def _page(visit: Visit, who: Who, form: Form) -> Answer:
    account = who.known.account
    found = jobs.list_jobs(account, JobKind.EXPORT, visit.received_on, before=None, expected=SHOWN)
    return page(
        visit,
        who,
        "exports.html",
        status=form.status,
        exports=[_shown(job) for job in islice(found, SHOWN) if isinstance(job, ExportJob)],
        groups=groups.list_groups(account),
        form=form,
        what=WHAT,
        formats=FORMATS,
    )


def _shown(job: ExportJob) -> Shown:
    state = STATES.get(job.state, "Waiting")
    if job.is_cancelled and not job.has_ended:
        state = "Being cancelled"
    return Shown(job, WHAT[job.selected.what], state, job.state is JobState.DONE)
