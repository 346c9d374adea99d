"""What a row says, and what is refused by name."""

import pytest

from chalicelib.domain.imports import ImportMode, UnreadableFileError
from chalicelib.domain.phone import Notation
from tests.importing.reading import only_row_of, opened, rows_of, said_by


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("3.72510E+10", '"3.72510E+10" is rounded, as a spreadsheet shows a long number'),
        ("37251000000.0", '"37251000000.0" ends in .0, as a spreadsheet writes a number'),
        ("call me", '"call me" is not a phone number: it contains LATIN SMALL LETTER C'),
        ("+37251000000 / +37251000001", "it has a PLUS SIGN that is not at its beginning"),
        ("5", '"5"'),
    ],
)  # fmt: skip
def test_number_that_cannot_be_read_is_refused_with_its_line_column_text_and_reason(text, reason):
    rows = rows_of(f"Name,Phone\nMari,+37251000000\nJüri,{text}\n")

    assert rows[3].startswith("Phone: ")
    assert reason in rows[3]
    assert not isinstance(rows[2], str)


def test_rows_are_counted_in_lines_as_an_editor_counts_them():
    rows = rows_of('Phone,Name\r\n+37251000000,"a\r\nb\r\nc"\r\n\r\nx,y\r\n')

    assert list(rows) == [2, 6]
    assert isinstance(rows[6], str)


def test_every_problem_of_a_row_is_told():
    (told,) = rows_of(f"Phone,Email,Blacklisted,Group\nx,{'e' * 321},maybe,{'g' * 256}\n").values()

    assert [each.partition(":")[0] for each in told.split("; ")] == [
        "Phone", "Email", "Group", "Blacklisted",
    ]  # fmt: skip
    assert f'"{"e" * 50}…" must be at most 320 characters long' in told


def test_first_column_that_has_a_number_decides_and_no_other_stands_in_for_it():
    header = "Home Phone,Mobile,Fax\n"

    assert only_row_of(f"{header}+3726000000,51000000,\n").phone_number.e164 == "+37251000000"
    assert only_row_of(f"{header}+3726000000,,\n").phone_number.e164 == "+3726000000"
    assert list(rows_of(f"{header}+3726000000,oops,\n,,+3726000000\n").values()) == [
        'Mobile: "oops" is not a phone number: it contains LATIN SMALL LETTER O',
        "row: has no phone number",
    ]


def test_of_several_values_in_a_cell_the_first_that_can_be_read_is_taken():
    row = only_row_of("Phone\nn/a ::: +37251000000 ::: +37251000001\n")

    assert said_by(row) == {
        "number": "+37251000000", "attributes": {"Phone": "n/a ::: +37251000001"},
    }  # fmt: skip
    (told,) = rows_of("Phone\nn/a ::: none\n").values()
    assert told.count("is not a phone number") == 2


def test_empty_cell_leaves_a_field_and_two_dashes_clear_it():
    row = only_row_of("Phone,First Name,Last Name,Company\n+37251000000,,--,'--\n")

    assert row.details == {"last_name": None, "company": "--"}


def test_row_with_more_cells_than_columns_is_refused():
    assert list(rows_of("Phone,Name\n+37251000000,a,b\n+37251000001\n+37251000002,a,,\n")) == [
        2, 3, 4,
    ]  # fmt: skip
    assert rows_of("Phone,Name\n+37251000000,a,b\n")[2] == "row: has 3 cells for 2 columns"


def test_columns_are_mapped_by_the_caller():
    row = only_row_of(
        "Handy,Phone,Notes,Skip\n+37251000000,+3726000000,hello,x\n",
        mapped={"handy": "phoneNumber", "Notes": "custom2", "Skip": "-"},
    )

    assert said_by(row) == {
        "number": "+37251000000", "custom2": "hello", "attributes": {"Phone": "+3726000000"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("header", "mapped", "reason"),
    [
        ("Phone,First Name,Given Name", {}, "First Name and Given Name could all be firstName"),
        ("Phone,Name", {"Nmae": "custom"}, "There is no column Nmae. There are Phone, Name."),
        ("Phone,Name", {"Name": "nickname"}, "cannot be mapped to nickname, but to one of"),
        ("Name,Handy", {}, "No column is known to hold phone numbers"),
        ("+37251000000,Mari", {}, "The first line has to name the columns; it has +37251000000"),
        ("Fax", {}, "No column is known to hold phone numbers"),
    ],
)
def test_columns_that_are_not_clear_are_refused_before_any_row(header, mapped, reason):
    with pytest.raises(UnreadableFileError, match=reason.replace("+", r"\+").replace(".", r"\.")):
        opened(f"{header}\n", mapped=mapped)


def test_notation_of_a_file_goes_before_the_accounts():
    content = "Phone\n37251000000\n"

    international = only_row_of(content, notation=Notation.INTERNATIONAL)
    assert international.phone_number.e164 == "+37251000000"
    (refused,) = rows_of(content, notation=Notation.NATIONAL).values()
    assert "37251000000" in refused


def test_blacklist_has_numbers_with_reason_and_note_and_nothing_else():
    content = (
        "phoneNumber,reason,note,Email,Blacklisted\n+37251000000,complaint,wrote to us,m@acme.ee,\n"
        "+37251000001,,,,yes\n+37251000002,stoplist,,,1\n+37251000003,because,,,\n"
        "+37251000004,,,,no\n"
    )
    rows = rows_of(content, mode=ImportMode.BLACKLIST)

    assert opened(content, mode=ImportMode.BLACKLIST).left_out == ("Email",)
    first = rows[2]
    assert (first.stop.value, first.note, first.is_contact) == ("complaint", "wrote to us", False)
    assert [rows[line].stop.value for line in (3, 4)] == ["import", "import"]
    assert rows[5].startswith('reason: "because" must be one of')
    assert rows[6] == 'Blacklisted: "no" says that the number is not blacklisted'


def test_objects_have_the_fields_of_our_own_contacts():
    rows = rows_of(
        '{"phoneNumber": "+37251000000", "id": "x", "firstName": null, "lastName": "", '
        '"attributes": {"city": "Tartu", "devino.push": 1}, "groups": [{"id": "y", "name": "A"}, '
        '"B"], "blacklisted": true}\n'
        '\n{"phoneNumber": 7, "nickname": "x", "groups": "A", "blacklisted": "yes"}\n[1]\n{"a":\n'
        '{"type": "entry", "phoneNumber": "+37251000001", "reason": "carrier", "entries": []}\n'
        '{"type": "entry", "phoneNumber": "+37251000001", "state": "allowed"}\n'
        '{"type": "group", "name": "Empty"}\n'
    )

    assert rows[1].details == {"first_name": None, "last_name": ""}
    assert (rows[1].attributes, rows[1].groups) == ({"city": "Tartu"}, ("A", "B"))
    assert rows[1].stop.value == "import"
    for field in ("phoneNumber", "nickname", "groups", "blacklisted"):
        assert f"{field}: " in rows[3]
    assert rows[4] == rows[5] == "row: must be a JSON object"
    assert (rows[6].stop.value, rows[6].is_contact) == ("carrier", False)
    assert rows[7] == "state: must be stopped: an import allows nobody"
    assert rows[8].name == "Empty"


def test_rejected_rows_can_be_mended_and_read_again():
    content = "Phone;Name\n+37251000000;a\nx;=b\ny;c\n"
    source = opened(content)
    reasons = {line: why for line, why in rows_of(content).items() if isinstance(why, str)}

    text = "".join(source.rejected(reasons.get))
    again = opened(text)
    mended = text.replace("\nx,", "\n+37251000001,")

    assert text.startswith("Phone,Name,Rejected because\r\n")
    assert again.left_out == ()
    assert list(rows_of(text)) == [2, 3]
    assert rows_of(mended)[2].details == {"first_name": "=b"}
    assert "".join(again.rejected(rows_of(text).get)) == text


def test_rejected_objects_can_be_mended_and_read_again():
    content = '{"phoneNumber": "x"}\nno json\n'
    reasons = rows_of(content)

    text = "".join(opened(content).rejected(reasons.get))

    assert rows_of(text.replace('"x"', '"+37251000000"'))[1].phone_number.e164 == "+37251000000"
    assert text.endswith("no json\n")


def test_column_without_a_name_is_named_by_its_place():
    content = ",Phone,,Email\n0,+37251000000,x,m@acme.ee\n"

    assert opened(content).left_out == ("column 1", "column 3")
    assert only_row_of(content, keeps_unknown=True).attributes == {"column 1": "0", "column 3": "x"}
    assert only_row_of(content, mapped={"column 3": "company"}).details["company"] == "x"


def test_what_is_behind_the_last_name_is_too_much():
    rows = rows_of("Phone,Email,,\n+37251000000,m@acme.ee,,\n+37251000001,,,x\n")

    assert rows[2].details == {"email": "m@acme.ee"}
    assert rows[3] == "row: has 4 cells for 2 columns"
