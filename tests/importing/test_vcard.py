"""Business cards as phones and address books write them."""

import io
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.imports import ImportRow, ReadingOptions, UnreadableFileError
from chalicelib.domain.phone import PhoneNumber
from chalicelib.exporting.vcard import contacts_as_cards
from chalicelib.importing.files import open_source
from chalicelib.services.exporting import ExportedContact
from tests.importing.reading import ACCOUNT, only_row_of, opened, rows_of, said_by

NOW = datetime(2026, 1, 31, tzinfo=UTC)


def card(*lines, version="3.0", end="\r\n"):
    return end.join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])


CARDS = {
    "apple": (
        card(
            "N:Tamm;Mari;;;", "FN:Mari Tamm", "ORG:Acme\\, Ltd;Sales", "TITLE:CEO",
            "EMAIL;type=INTERNET;type=HOME;type=pref:m@acme.ee",
            "TEL;type=HOME;type=VOICE:+372 600 0000",
            "TEL;type=CELL;type=VOICE;type=pref:5100 0000",
            "item1.TEL:+372 600 0001", "item1.X-ABLabel:_$!<Assistant>!$_",
            "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAASABIAAD", " /4QBMRXhpZg", "NOTE:a;b",
        ),
        {
            "number": "+37251000000", "first_name": "Mari", "last_name": "Tamm",
            "company": "Acme, Ltd", "title": "CEO", "email": "m@acme.ee",
            "attributes": {"TEL HOME": "+372 600 0000", "TEL Assistant": "+372 600 0001"},
        },
    ),
    "android": (
        card(
            "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=54=61=6D=6D;=4A=C3=",
            "=BC=72=69;;;", "TEL;CELL:5100-0000", "TEL;WORK;FAX:600 0009", "TEL;X-Own:1",
            version="2.1",
        ),
        {
            "number": "+37251000000", "first_name": "Jüri", "last_name": "Tamm",
            "attributes": {"TEL FAX WORK": "600 0009", "TEL X-OWN": "1"},
        },
    ),
    "outlook": (
        card(
            "N;LANGUAGE=en-us:Müller;Jörg", "FN;CHARSET=utf-8:Jörg Müller",
            "NOTE;ENCODING=QUOTED-PRINTABLE:met in Graz=0D=0A=", "   and in Linz=0D=0A=", "",
            "TEL;WORK;VOICE:+43 316 000000", "TEL;CELL;VOICE:+43 664 0000000",
            "PHOTO;TYPE=JPEG;ENCODING=BASE64:", "/9j/4AAQSkZJRgABAQEAYABgAAD",
            "2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRof", "",
            "X-MS-OL-DESIGN;CHARSET=utf-8:<card/>",
            "EMAIL;PREF;INTERNET:joerg@example.at", version="2.1",
        ),
        {
            "number": "+436640000000", "first_name": "Jörg", "last_name": "Müller",
            "email": "joerg@example.at", "attributes": {"TEL WORK": "+43 316 000000"},
        },
    ),
    "google": (
        card(
            "FN:Mari Tamm", "N:Tamm;Mari;;;", "EMAIL;TYPE=INTERNET:m@acme.ee",
            "item1.TEL:+372 600 0002", "item1.X-ABLabel:Ski hut", "TEL;TYPE=CELL:+372 5100 0000",
            "CATEGORIES:myContacts,Ski", "NOTE:one\\ntwo", "PHOTO:https://lh3.googleusercontent.com/x",
        ),
        {
            "number": "+37251000000", "first_name": "Mari", "last_name": "Tamm",
            "email": "m@acme.ee", "groups": ("myContacts", "Ski"),
            "attributes": {"TEL Ski hut": "+372 600 0002"},
        },
    ),
    "preferred of version 4.0": (
        card(
            "FN:A", "TEL;TYPE=cell;PREF=2:+37251000001", "TEL;TYPE=cell;PREF=1:+37251000000",
            "EMAIL;PREF=50:b@acme.ee", "EMAIL;PREF=1:a@acme.ee", version="4.0",
        ),
        {
            "number": "+37251000000", "first_name": "A", "email": "a@acme.ee",
            "attributes": {"TEL CELL": "+37251000001", "EMAIL": "b@acme.ee"},
        },
    ),
    "somebody's assistant in a group": (
        card("N:A;B", "item1.AGENT:", "BEGIN:VCARD", "N:C;D", "TEL:+37251000009", "END:VCARD",
             "TEL:+37251000000", version="2.1"),
        {"number": "+37251000000", "first_name": "B", "last_name": "A"},
    ),
    "a long note": (
        card("N:A;B", f"NOTE;ENCODING=QUOTED-PRINTABLE:{'=3D' * 40_000}=", "N:not one",
             "TEL:+37251000000", version="2.1"),
        {"number": "+37251000000", "first_name": "B", "last_name": "A"},
    ),
    "nextcloud": (
        card(
            "FN:Mari Tamm", 'TEL;TYPE="WORK,VOICE":+3726000000', "CATEGORIES:Friends,A\\,B",
            "TEL;VALUE=uri;TYPE=home:tel:+372-5100-0000;ext=5", version="4.0", end="\n",
        ),
        {
            "number": "+3726000000", "first_name": "Mari Tamm", "groups": ("Friends", "A,B"),
            "attributes": {"TEL HOME": "tel:+372-5100-0000"},
        },
    ),
    "somebody's secretary": (
        card(
            "N:Tamm;Mari", "AGENT:", "BEGIN:VCARD", "VERSION:2.1", "N:Kask", "TEL:1", "END:VCARD",
            "TEL:+37251000000", version="2.1",
        ),
        {"number": "+37251000000", "first_name": "Mari", "last_name": "Tamm"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("writer", CARDS)
def test_card_is_read_as_it_is_written(writer):
    content, expected = CARDS[writer]

    assert said_by(only_row_of(content)) == expected


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
def test_encoding_of_cards_is_seen(codec):
    content = card("N:Õun;Jürgen", "TEL:+37251000000").encode(codec)

    assert only_row_of(content).details == {"first_name": "Jürgen", "last_name": "Õun"}


def test_character_that_is_cut_in_two_by_a_line_is_whole_again():
    content = card("N:Tamm;J\xc3\r\n \xbcri", "TEL:+37251000000").encode("latin-1")

    assert only_row_of(content).details["first_name"] == "Jüri"


def test_card_that_cannot_be_read_is_rejected_and_the_others_are_read():
    long = "N:" + "x" * 70_000
    content = (
        "BEGIN:VCARD\nTEL:+37251000000\n"
        + card("TEL:oops")
        + card("no property at all", "TEL:+37251000001")
        + card(long, "TEL:+37251000001")
        + card("FN:Nobody")
        + card("TEL:+37251000002")
    )
    rows = rows_of(content)

    assert list(rows) == [1, 3, 7, 12, 17, 21]
    assert [rows[line] for line in list(rows)[:-1]] == [
        "row: the card has no end",
        'TEL: "oops" is not a phone number: it contains LATIN SMALL LETTER O',
        "row: the card has a line that is not a property",
        "row: the card has a property with more than 65,536 bytes",
        "row: has no phone number",
    ]
    assert rows[21].phone_number.e164 == "+37251000002"


def test_rejected_cards_can_be_mended_and_read_again():
    content = card("TEL:+37251000000") + card("TEL:oops", "PHOTO:a\r\n b")
    text = "".join(opened(content).rejected(rows_of_reasons(content).get))

    assert text.startswith("BEGIN:VCARD\r\nVERSION:3.0\r\nTEL:oops\r\nPHOTO:a\r\n b\r\n")
    assert 'X-REJECTED-BECAUSE:TEL: "oops" is not a phone number' in text
    assert "".join(opened(text).rejected(rows_of_reasons(text).get)) == text
    mended = only_row_of(text.replace("oops", "+37251000001"))
    assert mended.phone_number.e164 == "+37251000001"


def test_rejected_cards_keep_their_bytes_and_their_secretary():
    agent = ("AGENT:", "BEGIN:VCARD", "TEL:1", "END:VCARD")
    content = card("N;CHARSET=SHIFT_JIS:@;J\u00fcri", *agent, "NOTE:x\r\n END:VCARD", "TEL:oops")
    sent = content.encode().replace(b"@", "山田".encode("shift-jis"))

    text = "".join(opened(sent).rejected(rows_of_reasons(sent).get))
    mended = text.encode(errors="surrogateescape").replace(b"oops", b"+37251000000")

    reason = next(line for line in text.splitlines() if line.startswith("X-REJ"))
    assert mended.replace(reason.replace("oops", "+37251000000").encode() + b"\r\n", b"") == (
        sent.replace(b"oops", b"+37251000000")
    )
    assert only_row_of(mended).details["last_name"] == "山田"


def test_lines_may_end_in_cr_and_files_may_be_joined():
    one, other = card("TEL:+37251000000", end="\r"), card("TEL:+37251000001", end="\r")

    assert list(rows_of(one + other)) == [1, 5]
    joined = card("TEL:+37251000000") + "\ufeff" + card("TEL:+37251000001")
    assert [row.phone_number.e164[-1] for row in rows_of(joined).values()] == ["0", "1"]


def test_no_number_of_a_card_is_lost():
    row = only_row_of(card(
        "TEL;CELL:", "TEL;TYPE=CELL,VIDEO:+37251000000", "TEL;CELL:1", "TEL;CELL:2",
        "EMAIL;HOME:a@b.c", "EMAIL;HOME:d@b.c", "EMAIL;HOME:e@b.c",
    ))  # fmt: skip

    assert said_by(row) == {
        "number": "+37251000000", "email": "a@b.c",
        "attributes": {"TEL CELL": "1 ::: 2", "EMAIL HOME": "d@b.c ::: e@b.c"},
    }  # fmt: skip


@pytest.mark.parametrize("charset", ["undefined", "a\0b", "unicode_escape", "utf-7", ""])
def test_encoding_that_is_none_stops_no_import(charset):
    row = only_row_of(card(f"N;CHARSET={charset}:Tamm\\\\u0041", "TEL:+37251000000"))

    assert row.details == {"last_name": "Tamm\\u0041"}


def test_name_in_base64_is_no_name():
    (told,) = rows_of(card("N;ENCODING=BASE64:VGFtbTtNYXJp", "TEL:+37251000000")).values()

    assert told == "row: the card has N in base64"


def rows_of_reasons(content):
    return {line: why for line, why in rows_of(content).items() if isinstance(why, str)}


def test_picture_of_any_size_is_skipped_in_little_memory():
    picture = b"PHOTO;ENCODING=b:" + b"A" * 50_000_000
    content = card("TEL:+37251000000", "@").encode().replace(b"@", picture)
    file = io.BytesIO(content)
    tracemalloc.start()
    try:
        (row,) = open_source(file, ACCOUNT, ReadingOptions()).rows()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert isinstance(row.said, ImportRow)
    assert said_by(row.said) == {"number": "+37251000000"}
    assert most < 8_000_000


texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=30
).filter(lambda text: text != "--")


@given(
    details=st.dictionaries(
        st.sampled_from([
            "first_name", "last_name", "email", "company", "title", "custom", "custom4",
        ]), texts,
    ),
    attributes=st.dictionaries(
        st.text("abc ÄÖ", min_size=1, max_size=5).filter(str.strip), texts, max_size=2
    ),
    groups=st.lists(
        st.text("ab,;\\ 日本", min_size=1, max_size=9).filter(lambda name: name == name.strip()),
        max_size=3, unique=True,
    ),
    is_blacklisted=st.booleans(),
)  # fmt: skip
def test_what_is_written_is_read_again(details, attributes, groups, is_blacklisted):
    contact = ExportedContact(
        PhoneNumber("+37251000000"), details, attributes, groups, is_blacklisted
    )

    text = "".join(contacts_as_cards([contact]))
    row = only_row_of(text)

    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert row.details == {name: text for name, text in details.items() if text}
    assert row.attributes == attributes
    assert row.groups == tuple(groups)
    assert bool(row.stop) == is_blacklisted


@given(content=st.binary(max_size=500), cut=st.integers(0, 200))
def test_any_card_is_read_or_refused(content, cut):
    start = CARDS["apple"][0].encode()[:cut] or b"BEGIN:VCARD\n"
    with suppress(UnreadableFileError):
        assert all(rows_of(start + content).values())


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["FN;ENCODING=QUOTED-PRINTABLE:=ZZ"], "has FN in quoted-printable that is broken"),
        ([f"TEL;TYPE=X{index}:{'1' * 60_000}" for index in range(20)], "has more than 1,048,576"),
    ],
)
def test_card_that_says_too_much_or_nonsense_is_refused_with_a_reason(lines, problem):
    (reason,) = rows_of(card("TEL:+37251000000", *lines, version="2.1")).values()

    assert problem in reason


def test_card_without_an_end_is_rejected_with_its_reason_and_kept():
    cut = "BEGIN:VCARD\r\nTEL:+37251000001\r\n"
    source = opened(f"{cut}{card('TEL:+37251000000')}{cut}TEL:+3")

    lines = [line for line, said in source.rows() if not isinstance(said, ImportRow)]
    text = "".join(source.rejected(lambda line: "no end" if line in lines else None))

    because = "X-REJECTED-BECAUSE:no end\r\n"
    assert (lines, text) == ([1, 7], f"{cut}{because}{cut}TEL:+3\r\n{because}")


@pytest.mark.parametrize("ends", [True, False], ids=["with its end", "without"])
def test_card_that_was_cut_within_a_text_takes_nothing_of_the_next(ends):
    cut = "BEGIN:VCARD\r\nTEL:+37251000001\r\nNOTE;ENCODING=QUOTED-PRINTABLE:met in=\r\n"
    last = "END:VCARD\r\n" if ends else ""
    first, second = rows_of(cut + last + card("TEL:+37251000000", "FN:Mari")).values()

    if ends:
        assert first.phone_number.e164 == "+37251000001"
    else:
        assert first == "row: the card has no end"
    assert second.phone_number.e164 == "+37251000000"
    assert dict(second.details) == {"first_name": "Mari"}
