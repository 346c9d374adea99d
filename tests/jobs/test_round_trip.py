"""What is exported by a job, imported elsewhere by a job, and exported there: the same file."""

from datetime import UTC, datetime

import pytest

from chalicelib.domain.contact import ContactData
from chalicelib.domain.exports import ExportFormat, Selected, What
from chalicelib.domain.extra import OWN
from chalicelib.domain.jobs import JobState
from chalicelib.domain.ledger import Reason
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.rows import Mode, Rejected
from chalicelib.services import blacklist, groups, jobs, uploading
from tests.importing.messy import NAMES
from tests.jobs.conftest import without_dates

TEXTS = (
    *NAMES, "=1+1", "+1", "+37251000000", "-x", "--", "'--", "'", "''=", "@x", "\tx", "\rx", "\nx",
    "two\nlines", "two\r\nlines", "a\rb", 'a,"b"', '"', "a;b", "a|b", "\\", "\\n", "\\,", " x ",
    "\u00a0x\u00a0", "\ufeffx", "\u2028", "\x85", "\x0b\x0c", "\x1b[2J", "\u202ex", "e\u0301",
    "yes", "null", "{}", "[]", "0", "007", "3.7E+10", "1.0", " ::: ", "A ::: B", "sep=;", "N:x;y",
    "BEGIN:VCARD", "END:VCARD", "ä" * 1_000, "😀" * 40,
)  # fmt: skip
NAMES_OF_GROUPS = (
    "Zebra", "Apple", "A ::: B", "* Starred", '["x"]', "a,b;c\\d", "'=x", "--", " x ", "two\nlines",
    "yes", "Jüri", "小明",
)  # fmt: skip
DETAILS = ("first_name", "last_name", "company", "title", "custom", "custom2", "custom3", "custom4")


def number_of(index):
    return PhoneNumber(f"+3725{index:07d}")


def fill(account, caller):
    """Fill an account with texts that are hard to write, each in every field."""
    now = datetime.now(UTC)
    made = [groups.create_group(caller, name, now).id for name in NAMES_OF_GROUPS]
    rows = [
        ContactData(
            number_of(index),
            details={
                name: TEXTS[(index + place) % len(TEXTS)] for place, name in enumerate(DETAILS)
            }
            if index % 7
            else {"email": f"{index}@example.com"},
            extra={f"{OWN}{TEXTS[-index].strip()[:40] or 'x'}".replace(".", ""): text}
            if index % 3
            else {},
            group_ids=[made[index % len(made)], made[index // 3 % len(made)]][: index % 4],
        )
        for index, text in enumerate(TEXTS)
    ]
    outcomes = list(uploading.upload_contacts(caller, rows, now, mode=Mode.UPSERT))
    assert not any(isinstance(each, Rejected) for each in outcomes)
    reasons = [each for each in Reason if each is not Reason.STOPLIST]
    for index, text in enumerate(TEXTS[:12], len(TEXTS) - 6):
        reason = reasons[index % len(reasons)]
        blacklist.stop_number(caller, number_of(index), now, reason=reason, note=text)


@pytest.mark.parametrize(
    "selected",
    [
        *(Selected(format=each) for each in ExportFormat),
        Selected(what=What.BLACKLIST, format=ExportFormat.NDJSON),
        Selected(what=What.EVERYTHING, format=ExportFormat.NDJSON),
    ],
    ids=lambda each: f"{each.what.value} {each.format.value}",
)
def test_what_is_exported_is_imported_elsewhere_and_exported_alike(here, selected):
    fill(here.account, here.caller)
    fresh = here.elsewhere("US")
    before = exported(here, selected)

    job = fresh.start_import(before)
    fresh.run()

    done = fresh.get(job)
    assert (done.state, done.reason, done.counts["rejected"]) == (JobState.DONE, None, 0)
    after = exported(fresh, selected)
    if selected.what is What.CONTACTS:
        assert after == before
        assert done.rows == len(TEXTS)
    else:
        assert without_dates(after) == without_dates(before)


def exported(jobs_here, selected):
    job = jobs.start_export(jobs_here.caller, selected, datetime.now(UTC))
    jobs_here.run()
    done = jobs_here.get(job)
    assert (done.state, done.reason) == (JobState.DONE, None)
    return jobs_here.download(done, done.file_name)
