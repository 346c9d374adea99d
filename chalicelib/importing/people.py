"""What a row says about one number, from its cells.

Several numbers of a row are looked at in turn, the mobile first: the first that can be read is the
contact's, and the others become attributes. If the first column that has any cannot be read, the
row is refused rather than sent to another of its numbers.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.contact import MAX_DETAIL_CHARACTERS
from chalicelib.domain.errors import InvalidDataError, Problem, ProblemCollector
from chalicelib.domain.imports import ImportMode, ImportRow
from chalicelib.domain.ledger import Reason
from chalicelib.domain.limits import (
    MAX_FIELD_CHARACTERS,
    MAX_FIELD_NAME_CHARACTERS,
    MAX_GROUP_NAME_CHARACTERS,
    MAX_GROUPS_TO_JOIN,
    MAX_NOTE_CHARACTERS,
)
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.phone_reading import read_phone_number
from chalicelib.domain.text import checked_text
from chalicelib.importing.columns import (
    ATTRIBUTES,
    BLACKLISTED,
    DETAILS,
    GROUPS,
    MAIN,
    MOBILE,
    NEVER,
    NOTE,
    OTHER,
    REASON,
    Columns,
)
from chalicelib.importing.formulas import unguarded

SEPARATOR: Final = " ::: "
"""What Google puts between several values in one cell, as we do between groups."""

_PARTING: Final = SEPARATOR.strip()

CLEARED: Final = "--"
"""A cell that clears its field; an empty one leaves it as it is."""

YES: Final = frozenset({"yes", "y", "true", "t", "1", "x"})
NO: Final = frozenset({"no", "n", "false", "f", "0", ""})

REASONS: Final = {**{reason.value: reason for reason in Reason}, "stoplist": Reason.IMPORT}
"""The reasons of a stop. The stoplist of an exported one is another account's."""

_MOBILE_KINDS: Final = ("mobile", "cell", "iphone")
_OTHER_KINDS: Final = ("home", "work")
_NEVER_KINDS: Final = ("fax", "pager")
_SHOWN: Final = 50
"""How many characters of a cell an error repeats."""


class Written(NamedTuple):
    """A text for a field, the column that has it, and how soon it is taken if there are several.

    An empty text clears the field.
    """

    column: str
    text: str
    rank: int = MAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What a row says, as it is written there."""

    phones: Sequence[Written]
    emails: Sequence[Written] = ()
    fields: Mapping[str, Written]
    attributes: Mapping[str, str | None]


def person_in(cells: Sequence[str], columns: Columns) -> Person:
    """Return what the cells of a row say.

    Raises:
        InvalidDataError: There are more of them than columns.

    """
    if len(cells) > len(columns.header) and any(cells[len(columns.header) :]):
        raise InvalidDataError.of(
            "row", f"has {len(cells)} cells for {len(columns.header)} columns"
        )
    header = columns.header
    texts = {
        place: "" if cell == CLEARED else unguarded(cell)
        for place, cell in enumerate(cells[: len(header)])
        if cell
    }
    return Person(
        phones=[
            Written(
                header[each.place],
                texts[each.place],
                each.rank if each.kind_at is None else _rank_of_kind(texts.get(each.kind_at, "")),
            )
            for each in columns.phones
            if each.place in texts
        ],
        emails=[
            Written(header[each.place], texts[each.place], each.rank)
            for each in columns.emails
            if each.place in texts
        ],
        fields={
            name: Written(header[place], texts[place])
            for name, place in columns.fields.items()
            if place in texts
        },
        attributes={
            name: texts[place] or None for place, name in columns.kept.items() if place in texts
        },
    )


def read_person(person: Person, account: Account, mode: ImportMode) -> ImportRow:
    """Return what a row says about its number.

    *account* gives the region and the notation of numbers.

    Raises:
        InvalidDataError: For every cell that is not acceptable, with its column and its text.

    """
    if mode is ImportMode.BLACKLIST:
        return _read_stop(person, account)
    problems = ProblemCollector()
    details: dict[str, str | None] = {}
    attributes: dict[str, str | None] = {}
    groups: tuple[str, ...] = ()
    with problems:
        number, others = _first_number(person.phones, account)
    for written, name in _details_of(person):
        # Not in a `with` block, which would take half of the time of a file.
        try:
            details[name] = _read_detail(written, name)
        except InvalidDataError as error:
            problems.add(error)
    if person.attributes or ATTRIBUTES in person.fields:
        with problems:
            attributes = _read_attributes(person)
    if GROUPS in person.fields:
        with problems:
            groups = read_groups(person.fields[GROUPS])
    is_stopped = False
    if BLACKLISTED in person.fields:
        with problems:
            is_stopped = _read_yes(person.fields[BLACKLISTED])
    problems.raise_if_any()
    for written in (*others, *_other_emails(person)):
        name = written.column.replace(".", " ")
        there = attributes.get(name)
        attributes[name] = f"{there}{SEPARATOR}{written.text}" if there else written.text
    return ImportRow(
        phone_number=number,
        details=details,
        attributes=attributes,
        groups=groups,
        stop=Reason.IMPORT if is_stopped else None,
    )


def read_groups(written: Written) -> tuple[str, ...]:
    """Return the names of groups in a cell, each once: between ``:::``, or as a JSON array.

    Raises:
        InvalidDataError: A name is too long, or there are too many.

    """
    with _About(written):
        return check_groups(groups_in(written.text))


def groups_in(text: str) -> list[str]:
    """Return the names of groups as a cell has them, unchecked."""
    names = _array_in(text)
    if names is not None:
        return names
    # Google marks its own groups with an asterisk.
    each = (name.strip().removeprefix("* ").strip() for name in text.split(_PARTING))
    return [name for name in each if name]


def check_groups(names: Sequence[object]) -> tuple[str, ...]:
    """Return the names of groups, each once.

    Raises:
        InvalidDataError: One is no text, or empty or too long; or there are too many.

    """
    known = dict.fromkeys(
        checked_text(GROUPS, name, shortest=1, longest=MAX_GROUP_NAME_CHARACTERS) for name in names
    )
    if len(known) > MAX_GROUPS_TO_JOIN:
        raise InvalidDataError.of(GROUPS, f"must be at most {MAX_GROUPS_TO_JOIN} groups")
    return tuple(known)


def refusal_of(written: Written, error: InvalidDataError) -> InvalidDataError:
    """Return an error that names the column and repeats the text for each of its problems."""
    shown = written.text[:_SHOWN]
    if shown != written.text:
        shown += "…"
    return InvalidDataError(
        [Problem(written.column, f'"{shown}" {each.message}') for each in error.found]
    )


class _About:
    """Lets an error of one cell name the cell's column, and repeat its text.

    It is entered for each cell, so it is a class: a generator would take five times as long.
    """

    def __init__(self, written: Written) -> None:
        self._written = written

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, InvalidDataError):
            raise refusal_of(self._written, error) from error


def _read_stop(person: Person, account: Account) -> ImportRow:
    problems = ProblemCollector()
    reason, note = Reason.IMPORT, None
    with problems:
        number, _ = _first_number(person.phones, account)
    with problems:
        if BLACKLISTED in person.fields and not _read_yes(person.fields[BLACKLISTED]):
            with _About(person.fields[BLACKLISTED]):
                raise InvalidDataError.of("", "says that the number is not blacklisted")
    with problems:
        if REASON in person.fields:
            with _About(person.fields[REASON]):
                reason = reason_named(person.fields[REASON].text)
    with problems:
        if NOTE in person.fields:
            with _About(person.fields[NOTE]):
                text = person.fields[NOTE].text
                note = checked_text("", text, longest=MAX_NOTE_CHARACTERS)
    problems.raise_if_any()
    return ImportRow(phone_number=number, stop=reason, note=note, is_contact=False)


def _first_number(phones: Sequence[Written], account: Account) -> tuple[PhoneNumber, list[Written]]:
    """Return the contact's number, and the other texts of its row's numbers.

    Raises:
        InvalidDataError: There is none, or none of the first column that has any can be read.

    """
    first = min((each for each in phones if each.rank != NEVER), key=_rank_of, default=None)
    if first is None:
        raise InvalidDataError([Problem("row", "has no phone number", is_missing=True)])
    number, others = _number_in(first, account)
    return number, [
        *([first._replace(text=SEPARATOR.join(others))] if others else ()),
        *(each for each in phones if each is not first),
    ]


def _number_in(written: Written, account: Account) -> tuple[PhoneNumber, list[str]]:
    """Return the first number in a cell that can be read, and the other texts there."""
    if _PARTING not in written.text:
        with _About(written):
            number = read_phone_number(written.text, account, field="", is_strict=True)
        return number, []
    texts = _values_in(written.text)
    refused: list[Problem] = []
    for place, text in enumerate(texts):
        try:
            number, _ = _number_in(written._replace(text=text), account)
        except InvalidDataError as error:
            refused += error.found
        else:
            return number, texts[:place] + texts[place + 1 :]
    raise InvalidDataError(refused or [Problem(written.column, "has no phone number")])


def _values_in(text: str) -> list[str]:
    """Return the values in a cell; a text without a separator is one, as it is."""
    if _PARTING not in text:
        return [text]
    return [each.strip() for each in text.split(_PARTING) if each.strip()] or [""]


def _details_of(person: Person) -> Iterator[tuple[Written, str]]:
    for name, detail in DETAILS.items():
        if name in person.fields:
            yield person.fields[name], detail
    email = _chosen_email(person.emails)
    if email:
        yield email._replace(text=_values_in(email.text)[0]), "email"


def _chosen_email(emails: Sequence[Written]) -> Written | None:
    """Return the email of a row that is taken; it may be one of several in its cell."""
    return min((each for each in emails if each.rank != NEVER), key=_rank_of, default=None)


def _rank_of(written: Written) -> int:
    return written.rank


def _other_emails(person: Person) -> Iterator[Written]:
    chosen = _chosen_email(person.emails)
    for each in person.emails:
        if each is not chosen:
            yield each
        elif rest := _values_in(each.text)[1:]:
            yield each._replace(text=SEPARATOR.join(rest))


def _read_detail(written: Written, name: str) -> str | None:
    if not written.text:
        return None
    try:
        return checked_text("", written.text, longest=MAX_DETAIL_CHARACTERS[name])
    except InvalidDataError as error:
        raise refusal_of(written, error) from error


def _read_attributes(person: Person) -> dict[str, str | None]:
    """Return the attributes of unknown columns, and those in a column of JSON."""
    attributes = dict(person.attributes)
    written = person.fields.get(ATTRIBUTES)
    if written is not None:
        attributes.update(_object_in(written))
    check_attributes(attributes)
    return attributes


def check_attributes(attributes: Mapping[str, str | None]) -> None:
    """Check the names and the texts of attributes.

    Raises:
        InvalidDataError: For every one that is not acceptable.

    """
    problems = ProblemCollector()
    for name, text in attributes.items():
        shown = name[:_SHOWN]
        with problems:
            checked_text(shown, name, shortest=1, longest=MAX_FIELD_NAME_CHARACTERS)
            if text is not None:
                checked_text(shown, text, longest=MAX_FIELD_CHARACTERS)
    problems.raise_if_any()


def _object_in(written: Written) -> dict[str, str | None]:
    with _About(written):
        try:
            value = json.loads(written.text)
        except (ValueError, RecursionError) as error:
            raise InvalidDataError.of("", "must be a JSON object") from error
        return own_attributes(value, ATTRIBUTES)


def own_attributes(value: object, field: str) -> dict[str, str | None]:
    """Return the attributes in a JSON object, but those of other dialects, whose names have a dot.

    *field* is the name of the object in an error.

    Raises:
        InvalidDataError: It is not an object, or a value is no text.

    """
    if not isinstance(value, dict):
        raise InvalidDataError.of(field, "must be a JSON object")
    own = {name: each for name, each in value.items() if "." not in name}
    for name, each in own.items():
        if each is not None and not isinstance(each, str):
            raise InvalidDataError.of(field, f"has a value of {name[:_SHOWN]} that is not a text")
    return own


def _array_in(text: str) -> list[str] | None:
    if not text.startswith("["):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_array = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return value if is_array else None


def _read_yes(written: Written) -> bool:
    text = written.text.strip().casefold()
    if text in YES:
        return True
    if text in NO:
        return False
    with _About(written):
        raise InvalidDataError.of("", "must be yes or no")


def reason_named(name: object) -> Reason:
    """Return why a number is to be stopped.

    Raises:
        InvalidDataError: There is no such reason.

    """
    reason = REASONS.get(name.strip().casefold()) if isinstance(name, str) else None
    if reason is None:
        raise InvalidDataError.of(REASON, f"must be one of {', '.join(REASONS)}")
    return reason


def _rank_of_kind(text: str) -> int:
    """Return how soon a number of some kind is taken, such as Google's ``Mobile``."""
    kind = text.casefold()
    return next((rank for rank, words in _RANKS.items() if _has_any(kind, words)), MAIN)


def _has_any(kind: str, words: Iterable[str]) -> bool:
    return any(word in kind for word in words)


_RANKS: Final[Mapping[int, Sequence[str]]] = {
    NEVER: _NEVER_KINDS, MOBILE: _MOBILE_KINDS, OTHER: _OTHER_KINDS,
}  # fmt: skip
"""The kinds of numbers by rank. A work fax is a fax."""
