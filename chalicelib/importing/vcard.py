"""Business cards of phones and address books: vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350).

The library vobject reads whole cards and their pictures into memory, and stops at what real phones
write: quoted types, and characters that are cut in two. So the few properties that a contact has
are read here, line by line, and all others are skipped.
"""

import quopri
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import BinaryIO, Final, NamedTuple

from chalicelib.domain.limits import MAX_CARD_BYTES, MAX_CARD_LINE_BYTES, MAX_COLUMNS
from chalicelib.domain.text import json_text
from chalicelib.importing.columns import (
    ATTRIBUTES,
    BLACKLISTED,
    GROUPS,
    MAIN,
    MOBILE,
    NEVER,
    OTHER,
)
from chalicelib.importing.encodings import ENCODINGS, encoding_of, lines_of
from chalicelib.importing.people import Person, Written

OWN: Final = "X-PHONEBOOK-"
"""How the properties begin that only our own export writes."""

OWN_FIELDS: Final[Mapping[str, str]] = {
    OWN + name.upper(): name
    for name in ("custom", "custom2", "custom3", "custom4", ATTRIBUTES, BLACKLISTED)
}
REJECTED_BECAUSE: Final = "X-REJECTED-BECAUSE"
"""What a file of rejected cards has in each. Nobody reads it."""

_READ: Final = frozenset({
    "TEL", "EMAIL", "N", "FN", "ORG", "TITLE", "CATEGORIES", "X-ABLABEL", *OWN_FIELDS,
})  # fmt: skip
_BEGIN: Final = b"BEGIN:VCARD"
_END: Final = b"END:VCARD"
_AGENT: Final = re.compile(rb"(?:[A-Z0-9-]+\.)?AGENT\b")
"""The property of version 2.1 that holds another person's card."""
_LINE_ENDS: Final = (b"\n", b"\r")
_AT_A_LONE_CR: Final = re.compile(rb"(?<=\r)(?=[^\n])", re.DOTALL)
_BASE64: Final = frozenset({"B", "BASE64"})
_IN_BASE64: Final = re.compile(rb"[^:]*;(?:ENCODING=)?(?:B|BASE64)(?:;[^:]*)?:", re.IGNORECASE)
_BROKEN_QUOTE: Final = re.compile(rb"=(?![0-9A-Fa-f]{2}|$)")
_UNLIKED: Final = 100
"""The preference of what has none; 1 is the highest (RFC 6350)."""
_NAMED: Final = re.compile(rb"(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)[;:]")
_SPLIT_AT: Final = re.compile(r"\\(.)|([;,])", re.DOTALL)
_APPLE_LABEL: Final = re.compile(r"_\$!<(.*)>!\$_")
_MOBILE_KINDS: Final = frozenset({"CELL", "MOBILE", "IPHONE"})
_OTHER_KINDS: Final = frozenset({"HOME", "WORK", "CAR"})
_NEVER_KINDS: Final = frozenset({"FAX", "PAGER", "MODEM", "BBS"})
_NOT_SHOWN: Final = frozenset({"PREF", "VOICE", "INTERNET", "UTF-8"})


class _Place(Enum):
    """Where a line is: the first of a card, its last, or between."""

    BEGIN = auto()
    INSIDE = auto()
    END = auto()


class Card(NamedTuple):
    """What a card says, or why it cannot be read; ``line`` is its first, counted from 1."""

    line: int
    said: Person | str


@dataclass(frozen=True, slots=True)
class _Property:
    """A property of a card: its group, if it has one, its name, its parameters and its value."""

    group: str
    name: str
    parameters: Sequence[tuple[str, str]]
    value: str

    @property
    def kinds(self) -> frozenset[str]:
        """Its types, in upper case; version 2.1 writes them as parameters without a name."""
        return frozenset(
            each.upper()
            for name, value in self.parameters
            if name in {"TYPE", ""}
            for each in value.split(",")
        )


@dataclass(slots=True)
class _Open:
    """A card that is being read."""

    line: int
    depth: int = 1
    problem: str | None = None
    properties: list[_Property] = field(default_factory=list)
    size: int = 0

    def take(self, content: bytes) -> None:
        """Take a line of it, if it is one that a contact has."""
        named = _NAMED.match(content)
        if named is None:
            self.problem = self.problem or "has a line that is not a property"
        elif named[1].upper().decode() in _READ:
            if len(self.properties) >= MAX_COLUMNS:
                self.problem = f"has more than {MAX_COLUMNS:,} properties"
            elif len(content) > MAX_CARD_LINE_BYTES:
                self.problem = f"has a property with more than {MAX_CARD_LINE_BYTES:,} bytes"
            elif self.size + len(content) > MAX_CARD_BYTES:
                self.problem = f"has more than {MAX_CARD_BYTES:,} bytes of numbers and texts"
            else:
                self.size += len(content)
                self._add(content)

    def _add(self, content: bytes) -> None:
        found = _property_in(content)
        encodings = {value.upper() for name, value in found.parameters if name in {"ENCODING", ""}}
        if encodings & _BASE64:
            self.problem = f"has {found.name} in base64"
        elif _is_quoted_printable(content) and _BROKEN_QUOTE.search(_parted(content)[1]):
            self.problem = f"has {found.name} in quoted-printable that is broken"
        else:
            self.properties.append(found)

    def card(self, problem: str | None = None) -> Card:
        """Return the card as far as it was read."""
        problem = self.problem or problem
        return Card(self.line, f"the card {problem}" if problem else _person_in(self.properties))


def cards_of(file: BinaryIO) -> Iterator[Card]:
    """Yield the cards of a file from its beginning.

    Raises:
        UnreadableFileError: It is in UTF-16, and damaged.

    """
    card: _Open | None = None
    before = b""
    for number, content in _unfolded(file):
        line = content.rstrip().upper()
        if line == _BEGIN and card and _AGENT.match(before):
            card.depth += 1
        elif line == _BEGIN or (not card and line.endswith(_BEGIN)):
            if card:
                yield card.card("has no end")
            card = _Open(number)
        elif card and line == _END:
            card.depth -= 1
            if card.depth == 0:
                yield card.card()
                card = None
        elif card and line and card.depth == 1:
            card.take(content)
        before = line
    if card:
        yield card.card("has no end")


def text_of_cards(file: BinaryIO, why: Callable[[int], str | None]) -> Iterator[str]:
    """Yield the lines of those cards that begin at some lines, each with the reason in it.

    A byte that is not UTF-8 is half of a surrogate pair: its card may name another encoding.
    """
    reason: str | None = None
    for place, number, content in _placed(file):
        if place is _Place.BEGIN:
            # The card before it has no end.
            yield from _as_property(reason)
            reason = why(number)
        elif place is _Place.END:
            yield from _as_property(reason)
        is_told = content.upper().startswith(REJECTED_BECAUSE.encode())
        if reason is not None and not is_told:
            yield content.decode(errors="surrogateescape")
        if place is _Place.END:
            reason = None
    if reason is not None:
        # The file was cut in the middle of a line.
        yield "\r\n"
    yield from _as_property(reason)


def escaped(text: str) -> str:
    """Return a text as the value of a property."""
    text = text.replace("\\", "\\\\").replace("\r\n", "\\n")
    text = text.replace("\n", "\\n").replace("\r", "\\n")
    return text.replace(",", "\\,").replace(";", "\\;")


def _as_property(reason: str | None) -> Iterator[str]:
    if reason is not None:
        yield f"{REJECTED_BECAUSE}:{escaped(reason)}\r\n"


def _placed(file: BinaryIO) -> Iterator[tuple[_Place, int, bytes]]:
    """Yield each line with its place among the cards and its number."""
    depth, before = 0, b""
    for number, content in _physical(file):
        line = content.rstrip().upper()
        place = _Place.INSIDE
        if line == _BEGIN and depth and _AGENT.match(before):
            depth += 1
        elif line.endswith(_BEGIN):
            depth, place = 1, _Place.BEGIN
        elif line == _END:
            depth -= 1
            place = _Place.INSIDE if depth else _Place.END
        yield place, number, content
        before = line


def _physical(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield each line with its number and its end; a line that is too long comes in parts."""
    codec = encoding_of(file)
    if codec == "utf-16":
        for number, text in lines_of(file, codec):
            yield number, text.encode()
        return
    file.seek(3 if codec == "utf-8-sig" else 0)
    number = 1
    while content := file.readline(MAX_CARD_LINE_BYTES):
        for line in _AT_A_LONE_CR.split(content):
            yield number, line
            number += line.endswith(_LINE_ENDS)


def _unfolded(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield each content line with the number of its first line, put together from its parts.

    Of a line that is too long, only the beginning is kept: the value is not read then. Version 2.1
    does not indent base64, in which there is neither a colon nor a semicolon.
    """
    first, kept, is_soft, is_open, is_picture = 0, b"", False, False, False
    for number, content in _physical(file):
        line = content.rstrip(b"\r\n")
        is_more_of_picture = is_picture and line and b":" not in line and b";" not in line
        is_folded = bool(kept) and content[:1] in {b" ", b"\t"}
        # A card that was cut within a text: what begins or ends a card is none of it.
        is_soft = is_soft and line.rstrip().upper() not in {_BEGIN, _END}
        goes_on = is_open or is_soft or is_folded or is_more_of_picture
        if not goes_on:
            if kept:
                yield first, kept
            first, kept, is_picture = number, b"", False
        elif is_folded and not is_open and not is_soft:
            line = line[1:]
        is_open = not content.endswith(_LINE_ENDS)
        is_soft = not is_open and line.endswith(b"=") and _is_quoted_printable(kept + line)
        if len(kept) <= MAX_CARD_LINE_BYTES:
            kept += line[:-1] if is_soft else line
        is_picture = is_picture or _IN_BASE64.match(kept) is not None
    if kept:
        yield first, kept


def _is_quoted_printable(content: bytes) -> bool:
    return b"QUOTED-PRINTABLE" in content.partition(b":")[0].upper()


def _property_in(content: bytes) -> _Property:
    head, value = _parted(content)
    group, _, rest = head[0].rpartition(".")
    parameters = []
    for text in head[1:]:
        name, equals, given = text.partition("=")
        parameters.append((name.upper(), given) if equals else ("", name))
    found = dict(parameters)
    if _is_quoted_printable(content):
        value = quopri.decodestring(value)
    return _Property(group.upper(), rest.upper(), parameters, _decoded(value, found.get("CHARSET")))


def _parted(content: bytes) -> tuple[list[str], bytes]:
    """Return the name and the parameters of a property, and its value as it is written."""
    parts, part, is_quoted = [], bytearray(), False
    for place, byte in enumerate(content):
        if byte == ord('"'):
            is_quoted = not is_quoted
        elif byte in b";:" and not is_quoted:
            parts.append(_decoded(bytes(part)))
            part.clear()
            if byte == ord(":"):
                return parts, content[place + 1 :]
        else:
            part.append(byte)
    return [*parts, _decoded(bytes(part))], b""


def _decoded(text: bytes, charset: str | None = None) -> str:
    """Return a text in the encoding that it names, or in UTF-8, or else in Windows-1252."""
    named = (charset or "").lower().replace("_", "-")
    for codec in (named, "utf-8", "windows-1252"):
        try:
            if codec in ENCODINGS:
                return text.decode(codec)
        except UnicodeDecodeError:
            continue
    return text.decode("utf-8", "replace")


def _person_in(properties: Sequence[_Property]) -> Person:
    labels = {each.group: each.value for each in properties if each.name == "X-ABLABEL"}
    values: dict[str, list[str]] = {}
    for each in properties:
        values.setdefault(each.name, []).append(each.value)
    return Person(
        phones=[
            Written(_column(each, labels), _number_in(each.value), _rank(each))
            for each in sorted(properties, key=_preference)
            if each.name == "TEL" and each.value.strip()
        ],
        emails=[
            Written(_column(each, labels), _listed(each.value, "")[0], MAIN)
            for each in sorted(properties, key=_preference)
            if each.name == "EMAIL" and each.value
        ],
        fields={name: Written(name, text) for name, text in _fields_in(values).items() if text},
        attributes={},
    )


def _fields_in(values: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    """Return the texts of fields; a whole name is a first name if its parts are not there.

    Every card has to have a whole name. It is the number of somebody who has no name.
    """
    last, first = ([*_listed(values.get("N", [""])[0], ";"), "", ""])[:2]
    whole = values.get("FN", [""])[0]
    if whole in values.get("TEL", ()):
        whole = ""
    categories = [name for each in values.get("CATEGORIES", ()) for name in _listed(each, ",")]
    fields = {
        "firstName": first or ("" if last else _listed(whole, "")[0]),
        "lastName": last,
        "company": _listed(values.get("ORG", [""])[0], ";")[0],
        "title": _listed(values.get("TITLE", [""])[0], "")[0],
        GROUPS: json_text(categories) if categories else "",
    }
    own = {
        name: _listed(values[key][0], "")[0] for key, name in OWN_FIELDS.items() if key in values
    }
    return {**fields, **own}


def _preference(each: _Property) -> int:
    """Return how soon a property is taken: the lower, the sooner."""
    for name, value in each.parameters:
        if name == "PREF" and value.isascii() and value.isdigit():
            return int(value[:3])
    return 1 if "PREF" in each.kinds else _UNLIKED


def _rank(phone: _Property) -> int:
    kinds = phone.kinds
    if kinds & _NEVER_KINDS:
        return NEVER
    if kinds & _MOBILE_KINDS:
        return MOBILE
    return OTHER if kinds & _OTHER_KINDS else MAIN


def _column(each: _Property, labels: Mapping[str, str]) -> str:
    """Return what a number or an email is called: by its label, or by its kinds."""
    label = labels.get(each.group) if each.group else None
    if label:
        apple = _APPLE_LABEL.fullmatch(label)
        return f"{each.name} {apple[1] if apple else label}"
    return " ".join([each.name, *sorted(each.kinds - _NOT_SHOWN)])


def _number_in(value: str) -> str:
    """Return a number without the parameters of a URI (RFC 3966)."""
    text = _listed(value, "")[0]
    return text.partition(";")[0] if text.lower().startswith("tel:") else text


def _listed(value: str, separator: str) -> list[str]:
    """Return the parts of a value, without its escapes."""
    parts, part, after = [], "", 0
    for match in _SPLIT_AT.finditer(value):
        part += value[after : match.start()]
        after = match.end()
        if match[1] is not None:
            part += "\n" if match[1] in "nN" else match[1]
        elif match[2] == separator:
            parts.append(part)
            part = ""
        else:
            part += match[2]
    return [*parts, part + value[after:]]
