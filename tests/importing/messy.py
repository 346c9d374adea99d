"""A file in which every fault of files is planted that people bring, of any number of rows.

Each row says what has to become of it in an account of Estonia, in which the rows of
:func:`rows_before` were imported before.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import openpyxl

COLUMNS: Final = (
    "Mobile", "Home Phone", "First Name", "Last Name", "E-mail", "Company", "Group", "Opt-out",
    "Shoe size",
)  # fmt: skip

NAMES: Final = (
    "Mari", "Jüri", "Łukasz", "Þórunn", "Çağlar", "Đặng", "Олена", "Ђорђе",
    "Ελένη", "نور", "שרה", "अनन्या", "প্রিয়া", "ਗੁਰਪ੍ਰੀਤ", "ગીતા", "ஆனந்த்",
    "లక్ష్మి", "ಕಾವ್ಯ", "ശ്രീ", "නිමල්", "สมชาย", "ສົມພອນ", "မြင့်", "ទេវី",
    "小明", "さくら", "민준", "አበበ", "გიორგი", "Արամ", "ᏣᎳᎩ",
)  # fmt: skip
"""Names in all scripts of the languages that most people write."""


@dataclass(frozen=True)
class Messy:
    """A row, what becomes of it, and a part of the reason if it is rejected.

    The one without an outcome is empty, and no row. ``before`` are the cells of a row that was
    imported before.
    """

    cells: Sequence[str | int]
    outcome: str | None
    reason: str = ""
    before: Sequence[str | int] | None = None


def rows(count: int) -> list[Messy]:
    """Return as many rows, with each fault again and again."""
    return [_ROWS[index % len(_ROWS)](index) for index in range(count)]


def rows_before(messy: Iterable[Messy]) -> list[Sequence[str | int]]:
    """Return the rows that are to be imported before the messy ones."""
    return [each.before for each in messy if each.before is not None]


def as_csv(cells: Iterable[Sequence[str | int]]) -> bytes:
    """Return rows as a spreadsheet in Europe saves them."""
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([COLUMNS, *cells])
    return text.getvalue().encode("utf-8-sig")


def as_workbook(cells: Iterable[Sequence[str | int]]) -> bytes:
    """Return rows as a workbook, with texts that stay texts and numbers that are numbers."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in [COLUMNS, *cells]:
        sheet.append([_cell(sheet, value) for value in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _cell(sheet: Any, value: str | int) -> Any:
    cell = openpyxl.cell.WriteOnlyCell(sheet, value or None)
    if value and isinstance(value, str):
        cell.data_type = "s"
    return cell


def _cells(index: int, mobile: str | int, **said: str) -> list[str | int]:
    known = {
        "home": "",
        "first": NAMES[index % len(NAMES)],
        "last": f"{NAMES[index // 3 % len(NAMES)]}-{index}",
        "email": "",
        "company": "",
        "group": "",
        "stopped": "",
        "size": str(index % 50),
        **said,
    }
    return [mobile, *known.values()]


_Row = Callable[[int], Messy]


def _row(mobile: str, outcome: str | None, reason: str = "", **said: str) -> _Row:
    """Return a row whose texts have the number of its index where they name it."""

    def make(index: int) -> Messy:
        digits = _digits(index)
        texts = {
            name: text.format(digits, first=digits[:3], rest=digits[3:], wide=_wide(digits))
            for name, text in {"mobile": mobile, **said}.items()
        }
        return Messy(_cells(index, **texts), outcome, reason)

    return make


def _digits(index: int) -> str:
    """Return the last digits of a number, which after a 5 are not one of another country."""
    return str(1_000_000 + index)


def _wide(digits: str) -> str:
    return digits.translate({ord(each): chr(ord(each) + 0xFEE0) for each in digits})


def _as_a_number(index: int) -> Messy:
    """Return a row whose number a spreadsheet took for one, and lost its plus."""
    return Messy(_cells(index, int(f"3725{_digits(index)}")), "created")


def _short(index: int) -> Messy:
    return Messy([f"+3725{_digits(index)}"], "created")


def _too_long(index: int) -> Messy:
    return Messy(
        [*_cells(index, f"+3725{_digits(index)}"), "more"], "rejected", "10 cells for 9 columns"
    )


def _empty(_: int) -> Messy:
    return Messy([""] * len(COLUMNS), None)


def _again(outcome: str, mobile: str = "+3725{}", above: int = 1, **said: str) -> _Row:
    """Return a row about the person of a row above it."""

    def make(index: int) -> Messy:
        person = index - above
        return Messy(_cells(person, mobile.format(_digits(person)), **said), outcome)

    return make


def _there(outcome: str, before: dict[str, str], **said: str) -> _Row:
    """Return a row about a person of whom another row told before."""

    def make(index: int) -> Messy:
        number = f"+3725{_digits(index)}"
        return Messy(_cells(index, number, **said), outcome, before=_cells(index, number, **before))

    return make


def _all() -> Iterator[_Row]:
    # Numbers that can be read, however they are written.
    yield _row("+3725{}", "created")
    yield _again("duplicate", "5{}")
    yield _again("updated", above=2, company="Another")
    yield _again("duplicate", "5{}", above=3, company="Another")
    for mobile in (
        "5{}", "5{first} {rest}", "(+372) 5{first}-{rest}", "003725{}", "3725{}", "tel:+3725{}",
        "'+3725{}", "'5{}", "\u200e+3725{}\u202c", "\u00a0+372\u00a05{}", "+372 (0) 5{}",
        "+3725{first}\n{rest}", "＋３７２５{wide}", "+3725{} ::: +3726000000",  # noqa: RUF001
        "n/a ::: +3725{}",
    ):  # fmt: skip
        yield _row(mobile, "created")
    yield _as_a_number
    yield _short
    yield _row("", "created", home="+3725{}")
    yield _row("+3725{}", "created", home="oops")
    # Numbers that cannot.
    for mobile, reason in (
        ("3.725{first}E+10", "is rounded"), ("3,725{first}E+10", "is rounded"),
        ("3725{}.0", "ends in .0"), ("3725{},0", "COMMA"), ("+3725{}/+3726000000", "PLUS SIGN"),
        ("+3725{}, +3726000000", "COMMA"), ("+3725{}; 6000000", "SEMICOLON"),
        ("5{}\n56000000", "two numbers"), ("171{}", "too short"), ("0171{}", "not a number of EE"),
        ("0", "Mobile: "), ("+3725{}000000000", "too long"), ("+9991{}", "unknown country code"),
        ("oops {}", "LATIN SMALL LETTER O"), ("#N/A", "NUMBER SIGN"), ('="+3725{}"', "EQUALS SIGN"),
        ("+3725{} ext. 1", "LATIN SMALL LETTER E"), ("=1+1", "EQUALS SIGN"),
    ):  # fmt: skip
        yield _row(mobile, "rejected", reason)
    yield _row("", "rejected", "has no phone number")
    yield _row("oops", "rejected", "Mobile: ", home="+3725{}")
    # Other cells.
    for company in (
        'two\nlines of "Acme; Sons", Ltd', "two\r\nlines\n", "=1+1", "+1", "-1", "@me", "'=1+1",
        "--", "'--", "' '", "\u202eevil", "tab\there", "{{}}", "null", "e\u0301", "\u2028",
    ):  # fmt: skip
        yield _row("+3725{}", "created", company=company)
    for group in (
        "Friends", "Friends ::: Family", "Jüri", "Ju\u0308ri", '["C ::: D", "E"]', "* Starred",
    ):  # fmt: skip
        yield _row("+3725{}", "created", group=group)
    yield _row("+3725{}", "rejected", "First Name: ", first="n" * 1_001)
    yield _row("+3725{}", "rejected", "E-mail: ", email="m" * 321)
    yield _row("+3725{}", "rejected", "Group: ", group="g" * 256)
    yield _too_long
    yield _empty
    # Who must not be messaged.
    yield _row("+3725{}", "created", stopped="no")
    yield _row("+3725{}", "suppressed", stopped="yes")
    yield _row("+3725{}", "suppressed", stopped="X")
    yield _row("+3725{}", "rejected", "Opt-out: ", stopped="maybe")
    yield _row("+3725{}", "suppressed", stopped="true")
    yield _again("duplicate", stopped="")
    yield _there("suppressed", {"stopped": "yes"})
    yield _there("suppressed", {"stopped": "yes"}, stopped="no", company="New")
    yield _again("duplicate", "5{}", stopped="", company="New")
    # Who is there.
    yield _there("unchanged", {})
    yield _there("unchanged", {"company": "Old"})
    yield _there("updated", {"company": "Old"}, company="New")
    yield _there("updated", {"company": "Old"}, company="--")
    yield _there("joined", {"group": "Friends"}, group="Family")
    yield _there("unchanged", {"group": "Friends ::: Family"}, group="Family")


_ROWS: Final = tuple(_all())
EVERY_FAULT: Final = len(_ROWS)
"""So many rows have each fault once."""
