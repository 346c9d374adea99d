"""Imports as jobs: every row has one outcome, whatever is broken off, repeated or done twice."""

import base64
import csv
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from threading import Barrier

import pytest
from openpyxl import Workbook

from chalicelib.domain.errors import ErrorCode, NotFoundError, UnavailableError
from chalicelib.domain.imports import FileFormat, ImportMode, ReadingOptions
from chalicelib.domain.jobs import JobState, Step, Task
from chalicelib.domain.limits import MAX_IMPORT_BYTES
from chalicelib.domain.phone import PhoneNumber
from chalicelib.importing import plan
from chalicelib.importing.columns import REJECTED_BECAUSE
from chalicelib.jobs import parts
from chalicelib.jobs.parts import write_part
from chalicelib.services import blacklist, contacts, groups, jobs
from chalicelib.services.importing import Import
from chalicelib.storage import job_files
from chalicelib.storage import jobs as stored_jobs
from tests.forms import post_form
from tests.jobs.breaking import Died, dying_at

NUMBERS = [f"+372510{index:05d}" for index in range(12)]
FAULTY = "12,Faulty\n"


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(plan, "PART_ROWS", 5)


def table_of(numbers, *more):
    return "Phone,First name\n" + "".join(f"{number},Any\n" for number in numbers) + "".join(more)


def rows_of(text):
    return list(csv.DictReader(StringIO(text)))


def counted(job):
    return {outcome: count for outcome, count in job.counts.items() if count}


def numbers_there(here):
    return [contact.phone_number.e164 for contact in contacts.list_contacts(here.account)]


def assert_each_row_has_one_outcome(here, job):
    found = rows_of(here.read(job, "results.csv"))

    assert [int(row["line"]) for row in found] == list(range(2, job.rows + 2))
    assert counted(job) == Counter(row["outcome"] for row in found)


def assert_only_results_are_left(here, job):
    kept = ["results.csv", *(["rejected.csv"] if job.counts["rejected"] else [])]

    assert here.files() == sorted(job_files.key_of(job, name) for name in kept)


def test_import_tells_what_became_of_each_row(here, small_parts):
    group = groups.create_group(here.caller, "All", datetime.now(UTC))
    job = here.start_import(table_of(NUMBERS, FAULTY, f"{NUMBERS[0]},Any\n"), group_id=group.id)

    here.run()

    done = here.get(job)
    assert (done.state, done.reason) == (JobState.DONE, None)
    assert counted(done) == {"created": 12, "rejected": 1, "duplicate": 1}
    assert_each_row_has_one_outcome(here, done)
    *_, faulty, repeated = rows_of(here.read(done, "results.csv"))
    assert (faulty["line"], faulty["outcome"], faulty["contact"]) == ("14", "rejected", "")
    assert (repeated["line"], repeated["repeatsLine"]) == ("15", "2")
    (rejected,) = rows_of(here.read(done, done.rejected_name))
    assert rejected["Phone"] == "12"
    assert rejected[REJECTED_BECAUSE] == faulty["reason"]
    assert numbers_there(here) == NUMBERS
    assert all(group.id in each.group_ids for each in contacts.list_contacts(here.account))
    assert_only_results_are_left(here, done)
    assert here.dead_letters() == 0


def test_import_that_is_broken_off_anywhere_comes_to_the_same_end(here, small_parts, monkeypatch):
    """A process that ends in each of its calls, before or after the answer; then the next."""
    for call in range(1_000):
        job = here.start_import(f"Phone,Groups\n{NUMBERS[call % 12]},Any\n{NUMBERS[-1]},Any\n12,\n")
        with dying_at(monkeypatch, call) as calls:
            try:
                here.run()
            except Died:
                here.run()
        done = here.get(job)
        assert done.state is JobState.DONE, (call, done)
        assert sum(done.counts.values()) == done.rows == 3
        assert_each_row_has_one_outcome(here, done)
        jobs.forget_files(here.caller, datetime.now(UTC))
        if len(calls) <= call:
            break
    assert call > 30
    assert here.files() == []
    assert [group.name for group in groups.list_groups(here.account)] == ["Any"]
    assert here.dead_letters() == 0


def test_part_that_several_do_at_once_is_counted_once(here, small_parts, monkeypatch):
    """Two have read that it is to be done, and both write it."""
    job = here.start_import(table_of(NUMBERS))
    here.plan()
    both = Barrier(2, timeout=60)
    write = Import.write

    def write_together(*arguments):
        both.wait()
        return write(*arguments)

    running = here.get(job)
    assert running.parts == 3
    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(Import, "write", write_together)
        for part in range(1, 4):
            step = Step(Task.PART, job.account_id, job.id, part=part)
            now = datetime.now(UTC)
            list(pool.map(lambda _, step=step, now=now: write_part(step, now), range(2)))
    here.run()

    done = here.get(job)
    assert sum(done.counts.values()) == len(NUMBERS)
    assert_each_row_has_one_outcome(here, done)
    assert_only_results_are_left(here, done)


def test_message_that_comes_again_changes_nothing(here, small_parts):
    job = here.start_import(table_of(NUMBERS, FAULTY))
    here.run()
    done = here.get(job)

    for step in (
        Step(Task.PLAN, job.account_id, job.id, file=done.file),
        Step(Task.PART, job.account_id, job.id, part=1),
        Step(Task.JOIN, job.account_id, job.id),
    ):
        here.send(step)
    here.run()

    assert here.get(job) == done
    assert_only_results_are_left(here, done)


def test_part_that_can_never_be_done_is_given_up_and_the_import_fails(
    here, small_parts, monkeypatch
):
    job = here.start_import(table_of(NUMBERS))
    written = Import.write

    def fail_for_one(self, rows, *arguments):
        if any(row.phone_number.e164 == NUMBERS[0] for row in rows):
            raise RuntimeError("Any bug")
        return written(self, rows, *arguments)

    monkeypatch.setattr(Import, "write", fail_for_one)
    here.run()

    done = here.get(job)
    assert (done.state, done.reason) == (JobState.FAILED, parts.SOME_GIVEN_UP)
    assert_each_row_has_one_outcome(here, done)
    assert counted(done)["created"] + counted(done)["rejected"] == len(NUMBERS)
    reasons = {row["reason"] for row in rows_of(here.read(done, "results.csv"))}
    assert reasons == {"", parts.GIVEN_UP}
    assert len(rows_of(here.read(done, done.rejected_name))) == counted(done)["rejected"]
    assert here.dead_letters() == 0


@pytest.mark.parametrize(
    ("broken", "reason"),
    [("plan_import", "could not be read"), ("join_outcomes", "could not be joined")],
)
def test_step_that_can_never_be_done_lets_the_import_fail(here, monkeypatch, broken, reason):
    def fail(*_):
        raise RuntimeError("Any bug")

    monkeypatch.setattr(f"chalicelib.jobs.steps.{broken}", fail)
    job = here.start_import(table_of(NUMBERS))
    here.run()

    failed = here.get(job)
    assert failed.state is JobState.FAILED
    assert reason in failed.reason
    assert here.dead_letters() == 0


def test_busy_table_is_tried_again(here, monkeypatch):
    job = here.start_import(table_of(NUMBERS))
    written, failures = Import.write, [1, 2]

    def be_busy(*arguments):
        if failures:
            failures.pop()
            raise UnavailableError(ErrorCode.BUSY)
        return written(*arguments)

    monkeypatch.setattr(Import, "write", be_busy)
    here.run()

    assert counted(here.get(job)) == {"created": 12}


# Cancelling


def test_cancelled_import_writes_no_further_part(here, small_parts):
    job = here.start_import(table_of(NUMBERS, FAULTY))
    here.plan()
    here.write_a_part()
    before = counted(here.get(job))

    jobs.cancel(here.caller, here.get(job), datetime.now(UTC))
    here.run()

    done = here.get(job)
    assert done.state is JobState.CANCELLED
    assert done.counts["created"] == before["created"] == len(numbers_there(here)) > 0
    assert done.counts["cancelled"] == len(NUMBERS) - before["created"] > 0
    assert_each_row_has_one_outcome(here, done)


def test_import_that_is_cancelled_before_its_file_came_takes_none(here):
    job = jobs.start_import(here.caller, ReadingOptions(), datetime.now(UTC))
    jobs.cancel(here.caller, job, datetime.now(UTC))
    assert here.get(job).state is JobState.CANCELLED

    here.upload(job, table_of(NUMBERS), is_awaited=False)
    here.run()

    assert here.get(job).state is JobState.CANCELLED
    assert here.files() == []
    assert numbers_there(here) == []


def test_import_that_was_done_is_not_cancelled(here):
    job = here.start_import(table_of(NUMBERS))
    here.run()

    jobs.cancel(here.caller, here.get(job), datetime.now(UTC))

    assert here.get(job).state is JobState.DONE


# Files


def test_file_that_cannot_be_imported_says_why(here):
    job = here.start_import("Name,City\nAny,Any\n")

    here.run()

    failed = here.get(job)
    assert failed.state is JobState.FAILED
    assert "No column is known to hold phone numbers" in failed.reason
    assert here.files() == []


@pytest.mark.parametrize("content", ["Phone\n", "Phone\n12\n"])
def test_file_without_a_row_to_write_is_done(here, content):
    job = here.start_import(content)

    here.run()

    done = here.get(job)
    assert done.state is JobState.DONE
    assert_each_row_has_one_outcome(here, done)


def test_workbook_cards_and_objects_are_imported(here):
    book, content = Workbook(), BytesIO()
    for row in (("Phone", "First name"), (NUMBERS[0], "Any"), ("12", "Faulty")):
        book.active.append(row)
    book.save(content)
    cards = "".join(
        f"BEGIN:VCARD\nVERSION:3.0\nFN:Any\nTEL:{number}\nEND:VCARD\n"
        for number in (NUMBERS[1], "12")
    )
    objects = "".join(f'{{"phoneNumber": "{number}"}}\n' for number in (NUMBERS[2], "12"))
    for sent, kind, name in (
        (content.getvalue(), FileFormat.XLSX, "rejected.csv"),
        (cards, FileFormat.VCARD, "rejected.vcf"),
        (objects, FileFormat.NDJSON, "rejected.ndjson"),
    ):
        job = here.start_import(sent)
        here.run()
        done = here.get(job)
        assert (done.options.format, done.rejected_name) == (kind, name)
        assert counted(done) == {"created": 1, "rejected": 1}
        assert "12" in here.read(done, name)
    assert numbers_there(here) == NUMBERS[:3]


def test_second_file_is_not_imported_and_spoils_nothing_of_the_first(here):
    job = here.start_import(table_of(NUMBERS[:1], FAULTY))
    here.plan()
    here.upload(job, table_of(NUMBERS[1:]), is_awaited=False)
    here.run()

    done = here.get(job)
    assert (done.state, done.rows) == (JobState.DONE, 2)
    assert numbers_there(here) == NUMBERS[:1]
    assert [row["Phone"] for row in rows_of(here.read(done, done.rejected_name))] == ["12"]
    assert_only_results_are_left(here, done)


def test_file_that_is_replaced_while_it_waits_is_not_imported_as_the_first_one(here):
    job = here.start_import(table_of(NUMBERS[:1]))
    here.upload(job, table_of(NUMBERS[1:2]), is_awaited=False)
    here.run()

    assert here.get(job).state in {JobState.DONE, JobState.FAILED}
    assert numbers_there(here) in ([], NUMBERS[1:2])


def test_form_takes_no_file_that_is_too_large_and_no_other_name(here):
    job = jobs.start_import(here.caller, ReadingOptions(), datetime.now(UTC))
    upload = jobs.upload_of(job, datetime.now(UTC))
    assert upload is not None

    assert post_form(upload.url, upload.fields, "") == 400
    other = {**upload.fields, "key": "imports/other/1/file"}
    assert post_form(upload.url, other, "Phone\n") == 403
    assert f'"content-length-range",1,{MAX_IMPORT_BYTES}' in policy_of(upload).replace(" ", "")


# Modes


def test_rehearsal_tells_the_same_and_writes_nothing(here, small_parts):
    content = "Phone,Groups\n" + "".join(f"{number},Any\n" for number in NUMBERS) + "12,\n"
    rehearsed = here.start_import(content, is_rehearsal=True)
    here.run()
    assert numbers_there(here) == []
    assert list(groups.list_groups(here.account)) == []
    written = here.start_import(content)
    here.run()

    assert counted(here.get(rehearsed)) == counted(here.get(written))


def test_stopped_numbers_stay_stopped_and_are_told(here):
    blacklist.stop_number(here.caller, PhoneNumber(NUMBERS[0]), datetime.now(UTC))
    job = here.start_import(table_of(NUMBERS[:2]))
    here.run()

    assert counted(here.get(job)) == {"suppressed": 1, "created": 1}
    assert [entry.phone_number.e164 for entry in blacklist.list_blacklist(here.account)] == [
        NUMBERS[0]
    ]


def test_numbers_are_only_stopped_in_the_name_of_who_asked(here):
    job = here.start_import(f"Phone,Reason\n{NUMBERS[0]},complaint\n", mode=ImportMode.BLACKLIST)
    here.run()

    assert here.get(job).state is JobState.DONE
    (entry,) = blacklist.list_blacklist(here.account)
    assert (entry.reason.value, entry.actor, entry.source) == (
        "complaint", here.caller.username, here.caller.via,
    )  # fmt: skip
    assert numbers_there(here) == []


def test_group_that_is_gone_lets_the_import_fail_or_its_rows_be_rejected(here, small_parts):
    group = groups.create_group(here.caller, "All", datetime.now(UTC))
    early = here.start_import(table_of(NUMBERS[:1]), group_id=group.id)
    here.plan()
    late = here.start_import(table_of(NUMBERS), group_id=group.id)
    groups.delete_group(here.caller, group.id, datetime.now(UTC))
    with pytest.raises(NotFoundError):
        jobs.start_import(here.caller, ReadingOptions(), datetime.now(UTC), group_id=group.id)
    here.run()

    assert counted(here.get(early)) == {"rejected": 1}
    assert_each_row_has_one_outcome(here, here.get(early))
    assert here.get(late).state is JobState.FAILED
    assert "the group that all contacts were to join is gone" in here.get(late).reason


# Time


def test_import_without_a_file_in_time_has_failed(here):
    long_ago = datetime.now(UTC) - timedelta(hours=3)
    job = jobs.start_import(here.caller, ReadingOptions(), long_ago)

    assert here.get(job).reason == "no file came"
    assert jobs.upload_of(job, datetime.now(UTC)) is None


def test_import_is_gone_after_a_week(here):
    job = jobs.start_import(here.caller, ReadingOptions(), datetime.now(UTC) - timedelta(days=8))

    with pytest.raises(NotFoundError):
        here.get(job)
    assert not list(stored_jobs.list_imports(here.account.id, datetime.now(UTC)))


def policy_of(upload):
    return base64.b64decode(upload.fields["policy"]).decode()
