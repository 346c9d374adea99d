"""Imports in the console: a file is sent, looked at, tried out, imported, and mended."""

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from chalicelib.console.visits import read_form_with_file
from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.jobs import JobKind
from chalicelib.domain.limits import MAX_DRAFT_BYTES
from chalicelib.domain.phone import PhoneNumber
from chalicelib.entrypoints.job_queues import plan_imports, write_parts
from chalicelib.services import contacts, groups, jobs
from chalicelib.services.erasing import erase
from chalicelib.storage import job_files, job_places
from infra.local.queue_pump import QueuePump
from tests.console.test_attacks import MARKUP
from tests.console.visitor import Visitor, multipart

TWO_FAULTY = (
    "Phone,First name,Shoe size\n"
    "+37251000000,Mari,38\nnone,Jaan,44\n+37251000002,Liis,\n+372,Tom,\n"
)


def sent(visitor, text, **typed):
    content = text if isinstance(text, bytes) else text.encode()
    return visitor.send(visitor.get("/imports"), "Look at the file", file=content, **typed)


def run(engine):
    """Do what waits in the queues, as the Lambdas do."""
    with engine.environment():
        pumps = [
            QueuePump(job_places.job_places().planning_queue, plan_imports),
            QueuePump(job_places.job_places().parts_queue, write_parts),
        ]
        while sum(pump.pump() for pump in pumps):
            pass


def jobs_of(caller):
    now = datetime.now(UTC)
    return list(jobs.list_jobs(caller.account, JobKind.IMPORT, now, before=None, expected=None))


def numbers(caller):
    return [each.phone_number.e164 for each in contacts.list_contacts(caller.account)]


def test_spreadsheet_with_two_faulty_rows_is_imported_and_says_which(visitor, caller, engine):
    page = sent(visitor, TWO_FAULTY)

    assert page.headings == ["Look at the file"]
    assert "Found: phone number" in page.text
    assert "Found: nothing, left out" in page.text
    assert page.text.count("No: Phone:") == 2

    begun = visitor.send(page, "Import")
    run(engine)
    page = visitor.get(f"/imports/{begun.path.rpartition('/')[2]}")

    assert numbers(caller) == ["+37251000000", "+37251000002"]
    assert "Done" in page.text
    assert "New 2" in page.text
    assert "Rejected 2" in page.text
    assert "Jaan" in page.text
    assert "\ufeff" not in page.html
    assert "Columns that were left out: Shoe size" in page.text
    for words in ("Fetch the rejected rows", "Fetch the outcome of each row"):
        address = f"/console{page.links[words].partition('/console')[2]}"
        assert visitor.ask("GET", address).headers["Location"].startswith("http")


def test_dry_run_writes_nothing_and_leads_back_to_the_file_as_it_was_chosen(
    visitor, caller, engine
):
    group = groups.create_group(caller, "Customers", datetime.now(UTC))
    page = sent(visitor, TWO_FAULTY, group=uuid_of(group.id))
    tried = visitor.send(page, "Dry run", **{"column-2": "custom"})
    assert (tried.status, tried.headings) == (200, ["Dry run"])
    run(engine)
    page = visitor.get(f"{tried.path.removeprefix('/console')}?{tried.address.partition('?')[2]}")

    assert "Nothing was written." in page.text
    assert "New 2" in page.text
    assert numbers(caller) == []

    page = visitor.open(page, "Back to the file, to import it")
    fields = dict(page.form("Import").fields)
    assert (fields["column-2"], fields["group"]) == ("custom", uuid_of(group.id))
    visitor.send(page, "Import")
    run(engine)
    found = list(contacts.list_contacts(caller.account))
    assert [each.details.get("custom") for each in found] == ["38", None]
    assert {each.group_ids for each in found} == {frozenset({group.id})}


def test_to_press_import_twice_imports_once(visitor, caller, engine):
    page = sent(visitor, TWO_FAULTY)

    visitor.send(page, "Import")
    visitor.send(page, "Import")
    run(engine)
    again = visitor.send(page, "Import")

    assert again.headings == ["Import"]
    assert len(jobs_of(caller)) == 1
    assert len(numbers(caller)) == 2


def test_column_of_numbers_that_has_another_name_is_chosen(visitor, caller, engine):
    page = sent(visitor, "Handy,Name\n+37251000000,Mari\n")
    assert "No column is known to hold phone numbers" in page.text

    page = visitor.send(page, "Import")
    assert page.headings == ["Look at the file"]
    page = visitor.send(page, "Look again", **{"column-0": "phoneNumber"})
    assert "No column is known" not in page.text
    visitor.send(page, "Import")
    run(engine)

    assert numbers(caller) == ["+37251000000"]


def test_workbook_arrives_as_it_was_sent(visitor, caller, engine):
    workbook, file = Workbook(), io.BytesIO()
    workbook.active.append(["Phone", "First name"])
    workbook.active.append(["+37251000000", "Tõnu"])
    workbook.save(file)

    visitor.send(sent(visitor, file.getvalue()), "Import")
    run(engine)

    assert [each.details["first_name"] for each in contacts.list_contacts(caller.account)] == [
        "Tõnu"
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Choose a file that is not empty."),
        (b"\xd0\xcf\x11\xe0 old", "save it as .xlsx or as CSV"),
        (b"a" * (MAX_DRAFT_BYTES + 1), "more than 4 MB"),
    ],
)
def test_file_that_cannot_be_read_is_refused_beside_its_field(visitor, caller, content, said):
    page = sent(visitor, content, mode="create")

    assert page.status == 400
    assert said in page.text
    assert dict(page.form("Look at the file").fields)["mode"] == "create"
    assert jobs_of(caller) == []


def test_phonebook_that_keeps_no_files_says_so(visitor, caller, monkeypatch):
    monkeypatch.setattr(job_places._Used, "connection", None)

    page = sent(visitor, TWO_FAULTY)

    assert (page.status, "This phonebook keeps no files." in page.text) == (400, True)


def test_markup_in_a_file_is_shown_as_text(visitor):
    page = sent(visitor, f"Phone,{MARKUP}\n+37251000000,{MARKUP}\n")

    assert MARKUP not in page.html
    assert MARKUP in page.text


def test_import_of_another_account_is_not_there(visitor, reader, engine):
    page = sent(visitor, TWO_FAULTY)
    path = page.path.removeprefix("/console")

    other = Visitor.signed_in(reader)

    for each in (path, f"{path}/results"):
        assert other.get(each).status == 404
    assert "Look at the file" not in [form for each in other.get("/imports").forms
                                      for form in each.buttons]  # fmt: skip


def test_import_is_cancelled_while_it_waits_for_its_turn(visitor, caller, engine):
    page = visitor.send(sent(visitor, TWO_FAULTY), "Import")
    assert "Waiting for its turn" in page.text

    page = visitor.send(page, "Cancel the import")
    run(engine)

    assert "Cancelled" in page.text
    assert numbers(caller) == []


def test_draft_is_gone_with_its_import(visitor, caller, engine):
    page = sent(visitor, TWO_FAULTY)
    (job,) = jobs_of(caller)
    assert job_files.read(job, job_files.DRAFT) == TWO_FAULTY.encode()

    visitor.send(page, "Import")
    run(engine)

    with pytest.raises(job_files.FileGoneError):
        job_files.read(job, job_files.DRAFT)


def test_erasure_forgets_a_file_that_is_only_looked_at_yet(visitor, caller):
    page = sent(visitor, TWO_FAULTY)
    (job,) = jobs_of(caller)
    erased = PhoneNumber("+37251000000")
    contacts.create_contact(caller, erased, {}, datetime.now(UTC))

    erase(caller, erased, datetime.now(UTC))

    with pytest.raises(job_files.FileGoneError):
        job_files.read(job, job_files.DRAFT)
    assert visitor.get(page.path.removeprefix("/console")).status == 404


@given(st.binary(max_size=300), st.text(alphabet=st.characters(codec="utf-8"), max_size=30))
def test_file_in_a_form_is_read_byte_by_byte(content, text):
    content_type, body = multipart([("name", text), ("file", content)])

    assert read_form_with_file(content_type, body) == ({"name": [text]}, content)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"a=b"),
        ("multipart/form-data", b"--x\r\n\r\n\r\n--x--"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/mixed; boundary=x", b"--x\r\n\r\n\r\n--x--"),
        ("multipart/form-data; boundary=x",
         b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--'),
    ],
)  # fmt: skip
def test_form_that_is_none_is_refused(content_type, body):
    with pytest.raises(InvalidDataError):
        read_form_with_file(content_type, body)
