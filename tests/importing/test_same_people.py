"""The same people in every format: what a file is made of changes nothing of what it says."""

import csv
import io
import json
import random

import openpyxl
import pytest

from chalicelib.domain.imports import ImportRow
from tests.importing.messy import NAMES
from tests.importing.reading import rows_of
from tests.sizes import PEOPLE_TO_IMPORT

FAULTS = (
    "3.72510E+10", "37251000000.0", "51 00", "oops", "", "+372510000000000000", "0",
    "+37251000001 / +37251000002", "+37251000001,+37251000002", "+99912345678",
)  # fmt: skip
COLUMNS = ("Phone", "First Name", "Last Name", "Company", "Group", "Blacklisted")


def people(count):
    """Yield rows of a table; each tenth has a number that cannot be read."""
    chance = random.Random(7)
    for index in range(count):
        number = f"+3725{index:07d}" if index % 10 else FAULTS[index // 10 % len(FAULTS)]
        yield [
            number,
            chance.choice(NAMES),
            f"{chance.choice(NAMES)}-{chance.choice(NAMES)}",
            chance.choice(["", "Acme; Sons, Ltd", '"Quoted"', "two\nlines", "=1+1"]),
            chance.choice(["", "Friends", "Friends ::: Family"]),
            chance.choice(["", "yes"]),
        ]


def as_csv(rows):
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([COLUMNS, *rows])
    return text.getvalue().encode()


def as_utf_16(rows):
    return as_csv(rows).decode().encode("utf-16")


def as_workbook(rows):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in [COLUMNS, *rows]:
        cells = []
        for text in row:
            cell = openpyxl.cell.WriteOnlyCell(sheet, text or None)
            cell.data_type = "s" if text else "n"
            cells.append(cell)
        sheet.append(cells)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def as_objects(rows):
    for number, first, last, company, groups, stopped in rows:
        yield json.dumps({
            "phoneNumber": number, "firstName": first, "lastName": last, "company": company,
            "groups": [name for name in groups.split(" ::: ") if name],
            "blacklisted": stopped == "yes",
        })  # fmt: skip


def said(content):
    """Return what each row says, and of the others that they are refused."""
    rows = rows_of(content).values()
    return [
        (
            row.phone_number,
            {name: text for name, text in row.details.items() if text},
            row.groups,
            row.stop,
        )
        if isinstance(row, ImportRow)
        else "refused"
        for row in rows
    ]


@pytest.mark.parametrize(
    "written",
    [as_utf_16, as_workbook, lambda rows: "\n".join(as_objects(rows)).encode()],
    ids=["UTF-16", "workbook", "objects"],
)
def test_every_format_says_the_same(written):
    rows = list(people(PEOPLE_TO_IMPORT))
    expected = said(as_csv(rows))

    assert said(written(rows)) == expected
    assert len(expected) == len(rows)
    refused = [place for place, each in enumerate(expected) if each == "refused"]
    assert refused == list(range(0, len(rows), 10))
