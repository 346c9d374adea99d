"""Exports as jobs: the file of the command line, whatever is broken off."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.exports import ExportFormat, Selected, What
from chalicelib.domain.jobs import JobState, Step, Task
from chalicelib.domain.phone import PhoneNumber
from chalicelib.exporting.selected import lines_of
from chalicelib.jobs import exporting
from chalicelib.services import blacklist, contacts, groups, jobs, memberships
from chalicelib.storage import jobs as stored_jobs
from tests.jobs.breaking import Died, dying_at

NUMBERS = [f"+372510{index:05d}" for index in range(8)]
ALL = [
    Selected(),
    Selected(format=ExportFormat.NDJSON),
    Selected(format=ExportFormat.VCARD),
    Selected(what=What.BLACKLIST),
    Selected(what=What.BLACKLIST, format=ExportFormat.NDJSON),
    Selected(what=What.EVERYTHING, format=ExportFormat.NDJSON),
]


@pytest.fixture
def full(here):
    now = datetime.now(UTC)
    here.group = groups.create_group(here.caller, "Jüri", now)
    for number in map(PhoneNumber, NUMBERS):
        contacts.create_contact(here.caller, number, {"first_name": "Any"}, now)
    memberships.add_to_group(here.caller, here.group.id, PhoneNumber(NUMBERS[0]), now)
    blacklist.stop_number(here.caller, PhoneNumber(NUMBERS[1]), now)
    return here


def start(here, selected=ALL[0]):
    return jobs.start_export(here.caller, selected, datetime.now(UTC))


@pytest.mark.parametrize("selected", ALL, ids=lambda each: f"{each.what.value} {each.format.value}")
def test_export_has_the_lines_of_the_command_line(full, selected):
    job = start(full, selected)
    full.run()

    done = full.get(job)
    assert (done.state, done.reason) == (JobState.DONE, None)
    lines = list(lines_of(full.account, selected))
    assert full.read(done, done.file_name) == "".join(lines).removeprefix("\ufeff").replace(
        "\r\n", "\n"
    ) or full.read(done, done.file_name) == "".join(lines).removeprefix("\ufeff")
    assert done.entries == len(lines) - (selected.format is ExportFormat.CSV)


def test_export_of_a_group_has_its_members(full):
    job = start(full, Selected(group_id=full.group.id))
    full.run()

    assert full.get(job).entries == 1
    assert NUMBERS[0] in full.read(full.get(job), "contacts.csv")


def test_export_that_is_broken_off_anywhere_comes_to_the_same_end(full, monkeypatch):
    monkeypatch.setattr(exporting, "ENTRIES_BETWEEN_LOOKS", 3)
    for call in range(1_000):
        job = start(full)
        with dying_at(monkeypatch, call) as calls:
            try:
                full.run()
            except Died:
                full.run()
        done = full.get(job)
        assert done.state is JobState.DONE, (call, done)
        assert done.entries == len(NUMBERS)
        assert all(number in full.read(done, "contacts.csv") for number in NUMBERS)
        if len(calls) <= call:
            break
    assert call > 8
    assert full.dead_letters() == 0


def test_cancelled_export_leaves_no_file(full, monkeypatch):
    job = start(full)
    jobs.cancel(full.caller, job, datetime.now(UTC))
    full.run()
    assert full.get(job).state is JobState.CANCELLED

    # While it is written, and just before its end.
    for late in (1, len(NUMBERS)):
        monkeypatch.setattr(exporting, "ENTRIES_BETWEEN_LOOKS", late)
        job = start(full)
        count_entries = stored_jobs.count_entries

        def cancel_and_count(counted, entries, job=job, count_entries=count_entries):
            jobs.cancel(full.caller, job, datetime.now(UTC))
            return count_entries(counted, entries)

        with monkeypatch.context() as patch:
            patch.setattr(stored_jobs, "count_entries", cancel_and_count)
            full.run()
        assert full.get(job).state is JobState.CANCELLED
    assert full.files() == []


def test_export_that_is_done_is_not_cancelled_and_not_written_again(full):
    job = start(full)
    full.run()
    done = full.get(job)

    jobs.cancel(full.caller, done, datetime.now(UTC))
    full.send(Step(Task.EXPORT, job.account_id, job.id))
    full.run()

    assert full.get(job) == done


def test_export_whose_group_is_gone_fails(full):
    job = start(full, Selected(group_id=full.group.id))
    groups.delete_group(full.caller, full.group.id, datetime.now(UTC))
    full.run()

    assert (full.get(job).state, full.get(job).reason) == (JobState.FAILED, exporting.NO_GROUP)
    with pytest.raises(NotFoundError):
        start(full, Selected(group_id=full.group.id))


def test_export_without_time_says_so(full, monkeypatch):
    monkeypatch.setattr(exporting, "ENTRIES_BETWEEN_LOOKS", 3)
    monkeypatch.setattr("chalicelib.entrypoints.job_queues.SECONDS_WITHOUT_CONTEXT", 20.0)
    monkeypatch.setattr("chalicelib.entrypoints.job_queues._PART_USED", -1.0)
    job = start(full)
    full.run()

    assert full.get(job).reason == exporting.TOO_LONG
    assert full.files() == []


def test_export_that_fails_each_time_is_given_up(full, monkeypatch):
    def fail(*_):
        raise RuntimeError("Any bug")

    monkeypatch.setattr("chalicelib.jobs.steps.write_export", fail)
    job = start(full)
    full.run()

    assert full.get(job).state is JobState.FAILED
    assert full.dead_letters() == 0


def test_export_that_never_began_has_failed_and_does_not_begin_later(full):
    job = jobs.start_export(full.caller, ALL[0], datetime.now(UTC) - timedelta(days=2))
    full.run()

    assert "never began" in full.get(job).reason
    assert full.files() == []
