"""A messy file by the command line and by a job: the same becomes of each row."""

import csv
import json
from io import StringIO

import pytest
from typer.testing import CliRunner

from chalicelib.cli import importing
from chalicelib.cli.commands import cli
from chalicelib.cli.failures import REJECTED_ROWS
from chalicelib.domain.exports import ExportFormat, Selected, What
from chalicelib.domain.jobs import JobState
from chalicelib.exporting.selected import lines_of
from chalicelib.importing import plan
from chalicelib.importing.formulas import unguarded
from chalicelib.importing.plan import Plan, RowOutcome
from chalicelib.settings import TABLE_VARIABLE
from tests.importing.messy import EVERY_FAULT, as_csv, as_workbook, rows, rows_before
from tests.jobs.conftest import without_dates
from tests.sizes import MESSY_ROWS_TO_IMPORT

ROWS = max(EVERY_FAULT, MESSY_ROWS_TO_IMPORT)


@pytest.fixture
def by_command_line(here, tmp_path, monkeypatch):
    """Import a file by the command line; return what it printed, the outcomes, the rejected rows.

    It tells the outcomes of single rows only if they are rejected, so they are read from its plan.
    """
    outcomes: list[RowOutcome] = []

    class KeptPlan(Plan):
        def __exit__(self, *arguments):
            outcomes[:] = self.outcomes()
            super().__exit__(*arguments)

    monkeypatch.setattr(importing, "Plan", KeptPlan)
    for name, value in {TABLE_VARIABLE: here.table, **here.variables}.items():
        monkeypatch.setenv(name, value)

    def run(content, account):
        path, rejected = tmp_path / "messy", tmp_path / "rejected"
        path.write_bytes(content)
        arguments = ["--account", account.id, "--attributes", "--json"]
        done = CliRunner().invoke(
            cli, ["import", str(path), *arguments, "--rejected", str(rejected)]
        )
        assert done.exit_code == REJECTED_ROWS, done
        found = [(each.line, each.outcome, each.repeats, each.reason) for each in outcomes]
        return json.loads(done.stdout), found, rejected.read_bytes()

    return run


def outcomes_of(text):
    return [
        (
            int(row["line"]),
            row["outcome"],
            int(row["repeatsLine"]) if row["repeatsLine"] else None,
            unguarded(row["reason"]) or None,
        )
        for row in csv.DictReader(StringIO(text, newline=""))
    ]


def imported_before(jobs, content):
    job = jobs.start_import(content, keeps_unknown=True)
    jobs.run()
    assert jobs.get(job).state is JobState.DONE


@pytest.mark.parametrize("written", [as_csv, as_workbook], ids=["CSV", "workbook"])
def test_same_becomes_of_each_row(here, by_command_line, monkeypatch, written):
    monkeypatch.setattr(plan, "PART_ROWS", max(20, ROWS // 10))
    messy = rows(ROWS)
    content = written(each.cells for each in messy)
    there, before = here.elsewhere(), as_csv(rows_before(messy))
    imported_before(here, before)
    imported_before(there, before)

    printed, outcomes, rejected = by_command_line(content, there.account)
    job = here.start_import(content, keeps_unknown=True)
    here.run()

    done = here.get(job)
    assert (done.state, done.reason) == (JobState.DONE, None)
    assert done.parts > 1
    assert outcomes_of(here.read(done, "results.csv")) == outcomes
    assert here.download(done, done.rejected_name) == rejected
    assert done.counts.items() <= {**printed, "cancelled": 0}.items()
    expected = [each for each in messy if each.outcome]
    assert len(outcomes) == printed["rows"] == done.rows == len(expected)
    for each, (line, outcome, _, reason) in zip(expected, outcomes, strict=True):
        assert (outcome, each.reason in (reason or "")) == (each.outcome, True), (
            line,
            each,
            reason,
        )
    assert everything_in(here.account) == everything_in(there.account)


def everything_in(account):
    """Return all that an account has, without dates; groups are in the order of their creation."""
    lines = lines_of(account, Selected(what=What.EVERYTHING, format=ExportFormat.NDJSON))
    return sorted(map(str, without_dates("".join(lines).encode())))
