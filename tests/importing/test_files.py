"""Files as they come: encodings, delimiters, workbooks, and what is no table at all."""

import csv
import io
import json
import tracemalloc
import zipfile
from contextlib import suppress
from datetime import date
from io import BytesIO

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.imports import FileFormat, ReadingOptions, UnreadableFileError
from chalicelib.domain.limits import MAX_COLUMNS, MAX_ROW_CHARACTERS, MAX_WORKBOOK_BYTES
from chalicelib.importing.files import open_source
from chalicelib.importing.formulas import guarded, unguarded
from tests.importing.reading import ACCOUNT, only_row_of, opened, rows_of

HEADER = "Phone,First Name\n"
ROW = "+37251000000,Jürgen Õun\n"


@pytest.mark.parametrize(
    ("codec", "named"),
    [
        ("utf-8", None), ("utf-8-sig", None), ("utf-16", None), ("windows-1252", None),
        ("utf-16-le", "utf-16-le"), ("iso-8859-15", "iso-8859-15"), ("cp850", "cp850"),
        ("utf-8-sig", "windows-1252"),
    ],
)  # fmt: skip
def test_encoding_is_seen_or_named(codec, named):
    row = only_row_of((HEADER + ROW).encode(codec), encoding=named)

    assert row.details == {"first_name": "Jürgen Õun"}


def test_encoding_is_decided_by_the_whole_file():
    rows = "".join(f"+372510{index:05d},Jüri\n" for index in range(20_000))
    late = (HEADER + rows).encode() + b"+37251999999,J\xfcri\n"

    assert len(rows_of(late)) == 20_001
    with pytest.raises(
        UnreadableFileError, match="Line 20002 has a byte that is not text in utf-8"
    ):
        rows_of(late, encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "options", "reason"),
    [
        (b"", {}, "The file is empty."),
        (b"\n\n,,\n", {}, "The file is empty."),
        (HEADER.encode("utf-16-le"), {}, "UTF-16 without a byte order mark"),
        (b"Phone\n\x81\n", {}, "Line 2 has a byte that is not text in windows-1252"),
        (b"Phone\n", {"encoding": "punycode"}, "The encoding punycode is not one of utf-8"),
        (b"Phone\n", {"delimiter": ":"}, "The delimiter is a comma"),
        (b"Phone\n", {"sheet": "x"}, "Only a workbook has sheets."),
        (b'"Phone"x,"y"\n', {}, "Line 1, which names the columns, has a quotation mark"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", {}, r"old workbook \(\.xls\)"),
        (b'[{"phoneNumber": "+37251000000"}]', {}, "JSON array"),
        (b'{"a": 1}', {"mapped": {"a": "phoneNumber"}}, "nothing can be mapped"),
        (b"PK\x03\x04 nothing more", {}, r"not a workbook \(\.xlsx\), or it is damaged"),
        (b"Phone\n", {"format": FileFormat.XLSX}, "not a workbook"),
    ],
)
def test_file_that_cannot_be_read_is_refused_with_the_reason(content, options, reason):
    with pytest.raises(UnreadableFileError, match=reason):
        rows_of(content, **options)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_seen_by_the_first_rows(delimiter):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(["Name, first", "Phone", "E-mail; home", "Group|s"])
    writer.writerow(["a,b;c", "+37251000000", "x\ny", "z"])

    (row,) = rows_of(text.getvalue(), mapped={"Name, first": "firstName"}).values()

    assert row.details["first_name"] == "a,b;c"


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [("Phone\n+37251000000\n", None), ("sep=|\nPhone|x,y,z\n+37251000000|1\n", None),
     ("Phone;a,b\n+37251000000;1,2\n", ";")],
)  # fmt: skip
def test_delimiter_of_one_column_of_excel_and_of_the_caller(content, delimiter):
    assert len(rows_of(content, delimiter=delimiter)) == 1


def test_row_with_a_stray_quotation_mark_is_rejected_and_the_others_are_read():
    rows = rows_of('Phone,Name\n"+37251000000"x,a\n+37251000001,b"c"\n')

    assert rows[2] == ("row: has a quotation mark that is not closed, or not doubled within quotes")
    assert rows[3].details == {"first_name": 'b"c"'}


@pytest.mark.parametrize("row", ['"Joe "+37251000001,"\n+37251000002,x\n"', '+37251000001,"Joe'])
def test_file_in_which_nobody_knows_where_rows_begin_is_refused(row):
    """Else a line of somebody's notes could become a contact."""
    with pytest.raises(UnreadableFileError, match="The row that begins at line 3 has a quotation"):
        rows_of(f"Phone,Name\n+37251000000,a\n{row}\n")


class Endless(io.RawIOBase):
    """A file of one text, many times over, that is never whole in memory."""

    def __init__(self, first, text, size):
        self._first, self._text, self._size, self._at = first, text, size, 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=0):
        self._at = self._size if whence == 2 else offset
        return self._at

    def tell(self):
        return self._at

    def readinto(self, buffer):
        count = min(len(buffer), self._size - self._at)
        text = self._first if self._at == 0 else b""
        text += self._text * (count // len(self._text) + 1)
        buffer[:count] = text[:count]
        self._at += count
        return count


@pytest.mark.parametrize(
    ("first", "text", "reason"),
    [
        (b"Phone,", b"x", "Line 1 has more than 1,000,000 characters"),
        (b"Phone\n", b"x", "Line 2 has more than 1,000,000 characters"),
        (b"Phone\n", b",", "Line 2 has more than 1,000,000 characters"),
        (
            b'Phone\n"',
            b"x" * 99 + b"\n",
            "The row that begins at line 2 has more than 1,000,000 characters",
        ),
        (b'Phone\n"', b'a\n",\n"', None),
        (b'{"a":', b"[", "Line 1 has more than 1,000,000 characters"),
    ],
)
def test_file_that_never_ends_its_line_is_refused_in_little_memory(first, text, reason):
    file = io.BufferedReader(Endless(first, text, 150_000_000))
    tracemalloc.start()
    try:
        if reason:
            with pytest.raises(UnreadableFileError, match=reason):
                list(open_source(file, ACCOUNT, ReadingOptions()).rows())
        else:
            next(open_source(file, ACCOUNT, ReadingOptions()).rows())
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 60 * MAX_ROW_CHARACTERS


def test_cells_beyond_the_limits_are_refused():
    wide = ",".join(["Phone", *(f"c{index}" for index in range(MAX_COLUMNS))])
    with pytest.raises(UnreadableFileError, match="has more than 1,000 cells"):
        rows_of(f"{wide}\n")
    long = "x" * 200_000
    rows = rows_of(f"Phone,Name\n+37251000000,{long}\n+37251000001,{long[:100_001]}\n")
    assert set(rows.values()) == {"row: has a cell with more than 100,000 characters"}


def test_nul_is_refused_by_its_column():
    assert rows_of("Phone,First Name\n+37251000000,a\0b\n")[2].endswith(
        "must not contain a NUL character"
    )


# Workbooks


def workbook(*rows, sheet="Contacts", others=()):
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append(row)
    for name in others:
        book.create_sheet(name).append(["Phone"])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def test_cells_of_a_workbook_are_read_as_they_are_meant():
    content = workbook(
        ["Phone", "First Name", "Blacklisted", "Custom", "Custom2"],
        [37251000000, "=1+1", True, date(2026, 1, 31), 1.5],
        [37251000001.0, "Jüri", None, None, None],
        ["3.725E+10", None, None, None, None],
        [3.7251e20, None, None, None, None],
        [None, None, None, None, None],
        ["+372 5100 0002", "x", "no", "00120", None],
    )
    rows = rows_of(content)

    assert list(rows) == [2, 3, 4, 5, 7]
    assert (rows[2].stop.value, rows[2].details["custom"]) == ("import", "2026-01-31")
    assert rows[2].details["custom2"] == "1.5"
    assert rows[3].phone_number.e164 == "+37251000001"
    assert "is rounded" in rows[4]
    assert "is rounded" in rows[5]
    assert rows[7].details["custom"] == "00120"


def test_sheet_is_the_first_or_the_named_one():
    content = workbook(["Phone"], ["+37251000000"], others=["Empty list"])

    assert len(rows_of(content)) == 1
    assert rows_of(content, sheet="Empty list") == {}
    with pytest.raises(UnreadableFileError, match=r"no sheet Other\. It has Contacts, Empty list"):
        rows_of(content, sheet="Other")
    with pytest.raises(UnreadableFileError, match="neither an encoding nor a delimiter"):
        rows_of(content, encoding="utf-8")


def test_workbook_that_grows_too_large_is_refused_by_what_it_declares():
    content = BytesIO(workbook(["Phone"], ["+37251000000"]))
    with (
        zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/bomb.bin", "w", force_zip64=True) as bomb,
    ):
        for _ in range(MAX_WORKBOOK_BYTES // 10_000_000 + 1):
            bomb.write(bytes(10_000_000))
    assert len(content.getvalue()) < 3_000_000

    with pytest.raises(UnreadableFileError, match="The workbook is too large"):
        rows_of(content.getvalue())


@pytest.mark.parametrize("cut", [100, 1_000, 3_000, -200, -1])
def test_workbook_that_is_cut_off_is_refused(cut):
    with pytest.raises(UnreadableFileError, match="not a workbook"):
        rows_of(workbook(["Phone"], ["+37251000000"])[:cut])


def test_workbook_with_entities_that_grow_is_refused():
    grows = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
    sheet = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "lol">{grows}]><x>&e11;</x>'
    content = BytesIO(workbook(["Phone"], ["+37251000000"]))
    forged = BytesIO()
    with zipfile.ZipFile(content) as source, zipfile.ZipFile(forged, "w") as target:
        for part in source.infolist():
            is_sheet = part.filename.startswith("xl/worksheets/")
            target.writestr(part.filename, sheet if is_sheet else source.read(part))

    with pytest.raises(UnreadableFileError, match="not a workbook"):
        rows_of(forged.getvalue())


# Whatever it is


@given(content=st.binary(max_size=2_000))
def test_any_bytes_are_read_or_refused(content):
    read_or_refused(content)


@given(
    rows=st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=5), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    cut=st.integers(0, 400),
)
def test_any_table_is_read_or_refused(rows, delimiter, cut):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([["Phone", "Name", "Groups"], *rows])
    read_or_refused(text.getvalue().encode("utf-8", "replace")[: cut or None])


@given(lines=st.lists(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["phoneNumber", "email", "groups", "attributes", "blacklisted", "x"]),
        inner, max_size=4,
    ),
    max_leaves=12,
), max_size=5))  # fmt: skip
def test_any_objects_are_read_or_refused(lines):
    read_or_refused("{}\n" + "\n".join(map(json.dumps, lines)))


@given(text=st.text(alphabet="'=+-@\t\r\n0a", max_size=6) | st.text(max_size=20))
def test_guarded_text_is_no_formula_and_comes_back(text):
    cell = guarded(text)

    assert unguarded(cell) == text
    assert cell[:1] not in {"=", "-", "@", "\t", "\r", "\n"}
    assert cell[:1] != "+" or cell[1:].isdigit()


def read_or_refused(content):
    """Read all of a file; its bytes are no reason for another error than the one for users."""
    with suppress(UnreadableFileError):
        assert all(rows_of(content).values())
        opened(content)
