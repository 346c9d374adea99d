"""Being forgotten: no object of the bucket holds an erased person, whatever ran before."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from chalicelib.domain.errors import ConflictError, NotFoundError
from chalicelib.domain.exports import ExportFormat, Selected, What
from chalicelib.domain.jobs import JobState
from chalicelib.domain.phone import PhoneNumber
from chalicelib.jobs import exporting
from chalicelib.services import jobs
from chalicelib.services.erasing import erase
from chalicelib.settings import BUCKET_VARIABLE
from chalicelib.storage import job_files, keys
from tests.jobs.breaking import Died, dying_at

NUMBER, OTHER = PhoneNumber("+37251000001"), "+37251000002"
PERSON = ("37251000001", "Wilhelmine", "wilhelmine@example.com")
FILE = (
    "Phone,First name,Email,City\n"
    f"{NUMBER.e164},Wilhelmine,wilhelmine@example.com,Any\n{OTHER},Other,,Any\n"
    f"{NUMBER.e164}0000000000,Wilhelmine,wilhelmine@example.com,Any\n"
)


def assert_forgotten(here):
    """Read the bucket, and the account's jobs in the table, byte by byte."""
    bucket = here.variables[BUCKET_VARIABLE]
    for key in here.files():
        content = here.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        assert not [word for word in PERSON if word.encode() in content or word in key], key
    for partition in (keys.imports(here.account.id), keys.exports(here.account.id)):
        found = here.dynamodb.query(
            TableName=here.table,
            KeyConditionExpression="PK = :pk",
            ExpressionAttributeValues={":pk": {"S": partition}},
        )
        assert not [word for word in PERSON if word in str(found["Items"])]


def run_jobs(here):
    for selected in (Selected(), Selected(what=What.EVERYTHING, format=ExportFormat.NDJSON)):
        jobs.start_export(here.caller, selected, datetime.now(UTC))
    here.run()


def test_no_file_and_no_job_holds_an_erased_person(here):
    here.start_import(FILE)
    here.run()
    here.start_import(f"{NUMBER.e164},Wilhelmine\n")  # it fails, and says what its columns are
    here.run()
    run_jobs(here)
    with pytest.raises(AssertionError):
        assert_forgotten(here)

    erase(here.caller, NUMBER, datetime.now(UTC))

    assert_forgotten(here)
    run_jobs(here)
    assert_forgotten(here)


@pytest.mark.parametrize("is_planned", [False, True])
def test_erasure_waits_for_an_import_that_could_bring_the_person_back(here, is_planned):
    here.start_import(FILE)
    here.run()
    job = here.start_import(FILE)
    here.plan()
    if is_planned:
        here.write_a_part()

    with pytest.raises(ConflictError):
        erase(here.caller, NUMBER, datetime.now(UTC))

    jobs.cancel(here.caller, here.get(job), datetime.now(UTC))
    here.run()
    erase(here.caller, NUMBER, datetime.now(UTC))
    assert_forgotten(here)


def test_export_that_has_read_an_erased_person_leaves_no_file(here, monkeypatch):
    here.start_import(FILE)
    here.run()
    monkeypatch.setattr(exporting, "ENTRIES_BETWEEN_LOOKS", 1)
    job = jobs.start_export(here.caller, Selected(), datetime.now(UTC))
    save = job_files.save

    def erase_and_save(*arguments, **more):
        erase(here.caller, NUMBER, datetime.now(UTC))
        save(*arguments, **more)

    monkeypatch.setattr(job_files, "save", erase_and_save)
    here.run()

    assert here.get(job).state is JobState.CANCELLED
    assert_forgotten(here)


def test_erasure_that_is_broken_off_anywhere_can_be_repeated(here, monkeypatch):
    for call in range(100):
        here.start_import(FILE)
        here.run()
        run_jobs(here)
        with dying_at(monkeypatch, call) as calls:
            try:
                erase(here.caller, NUMBER, datetime.now(UTC))
            except Died:
                erase_again(here)
        assert_forgotten(here)
        if len(calls) <= call:
            break
    assert call > 8


def erase_again(here):
    with suppress(NotFoundError):  # only its last calls were left
        erase(here.caller, NUMBER, datetime.now(UTC))
