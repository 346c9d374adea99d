"""Which column of a table holds what, by the names that other products give their columns."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from chalicelib.domain.imports import ImportMode, UnreadableFileError

PHONE_NUMBER: Final = "phoneNumber"
EMAIL: Final = "email"
GROUPS: Final = "groups"
BLACKLISTED: Final = "blacklisted"
ATTRIBUTES: Final = "attributes"
REASON: Final = "reason"
NOTE: Final = "note"
IGNORED: Final = "-"
"""What a column is mapped to if it is not to be imported."""

DETAILS: Final[Mapping[str, str]] = {
    "firstName": "first_name",
    "lastName": "last_name",
    "company": "company",
    "title": "title",
    "custom": "custom",
    "custom2": "custom2",
    "custom3": "custom3",
    "custom4": "custom4",
}
"""The fields with one text, each with the detail of a contact that it is."""

_OF_CONTACTS: Final = (EMAIL, *DETAILS, GROUPS, ATTRIBUTES)
"""What a column can hold of a contact, beside its number."""

MOBILE, MAIN, OTHER, NEVER = range(4)
"""How soon a number is taken for the contact's. A fax is never."""

_PHONES: Final[Mapping[str, int]] = {
    **dict.fromkeys(
        ("mobile", "mobilephone", "mobilenumber", "mobilephonenumber", "cell", "cellphone",
         "cellnumber", "gsm", "sms", "smsnumber"), MOBILE,
    ),
    **dict.fromkeys(
        ("phonenumber", "phone", "telephone", "telephonenumber", "tel", "msisdn", "primaryphone",
         "phonenumberid", "whatsapp"), MAIN,
    ),
    **dict.fromkeys(
        ("otherphone", "homephone", "homephone2", "workphone", "businessphone", "businessphone2",
         "landline", "landlinenumber", "companymainphone"), OTHER,
    ),
    **dict.fromkeys(
        ("fax", "faxnumber", "businessfax", "homefax", "otherfax", "pager", "pagernumber"), NEVER,
    ),
}  # fmt: skip
_EMAILS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("email", "emailaddress", "mail", "primaryemail"), MAIN),
    **dict.fromkeys(("secondaryemail", "email2address", "email3address"), OTHER),
}
_FIELDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("firstname", "givenname", "forename"), "firstName"),
    **dict.fromkeys(("lastname", "familyname", "surname"), "lastName"),
    **dict.fromkeys(
        ("company", "companyname", "organization", "organisation", "organizationname",
         "organization1name"), "company",
    ),
    "title": "title",
    **dict.fromkeys(("custom", "custom1"), "custom"),
    "custom2": "custom2",
    "custom3": "custom3",
    "custom4": "custom4",
    **dict.fromkeys(
        ("group", "groups", "groupname", "groupnames", "groupmembership", "labels", "categories"),
        GROUPS,
    ),
    **dict.fromkeys(
        ("blacklisted", "blacklist", "optout", "optedout", "unsubscribed", "donotmessage"),
        BLACKLISTED,
    ),
    "attributes": ATTRIBUTES,
}  # fmt: skip
_ONLY_WITHOUT: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(("name", "fullname", "displayname"), ("firstName", "lastName")),
    **dict.fromkeys(
        ("jobtitle", "organizationtitle", "organization1title"), ("title", "title"),
    ),
}  # fmt: skip
"""Columns that hold a field only if no other column does: a whole name is a first name then."""

_NUMBERED: Final = re.compile(r"(phone|email)([0-9]+)(value|type|label)")
"""Google's columns. The one of the type says which of its numbers is a mobile."""

REJECTED_BECAUSE: Final = "Rejected because"
"""The column that a file of rejected rows has beside those of the file that was imported."""

_LISTED: Final = 50
"""Columns that an error lists."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that may hold the contact's number or email, and how soon it is taken.

    ``kind_at`` is the place of the column that says in each row what kind of number it is.
    """

    place: int
    rank: int
    kind_at: int | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """What each column of a table holds, by its place.

    ``kept`` are those whose texts become attributes, with the attributes' names. ``left_out`` are
    the names of those that are not imported.
    """

    header: Sequence[str]
    phones: Sequence[Candidate]
    emails: Sequence[Candidate]
    fields: Mapping[str, int]
    kept: Mapping[int, str] = field(default_factory=dict)
    left_out: Sequence[str] = ()


def find_columns(
    header: Sequence[str],
    *,
    mode: ImportMode = ImportMode.UPSERT,
    mapped: Mapping[str, str] | None = None,
    keeps_unknown: bool = False,
) -> Columns:
    """Return what each column holds: as *mapped* says, and otherwise as its name says.

    *mapped* gives fields to the names of columns. Case, spaces and punctuation of names do not
    matter. A column that nobody knows is left out, or kept as an attribute if *keeps_unknown*.

    Raises:
        UnreadableFileError: *mapped* names what is not there, no column holds phone numbers, or
            two hold the same field.

    """
    found = _Finding(header, mode)
    found.take_mapped(mapped or {})
    found.take_known()
    return found.columns(keeps_unknown=keeps_unknown)


def plain_name(text: str) -> str:
    """Return the letters and digits of a column's name, in lower case."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def target_named(text: str, mode: ImportMode) -> str:
    """Return what a caller names as that which a column holds.

    Raises:
        UnreadableFileError: A column cannot hold that.

    """
    others = (REASON, NOTE) if mode is ImportMode.BLACKLIST else _OF_CONTACTS
    targets = (PHONE_NUMBER, *others, BLACKLISTED, IGNORED)
    for target in targets:
        if text == target or (plain_name(text) and plain_name(text) == plain_name(target)):
            return target
    raise UnreadableFileError(
        f"A column cannot be mapped to {text}, but to one of {', '.join(targets)}."
    )


class _Finding:
    """The columns that were found so far."""

    def __init__(self, header: Sequence[str], mode: ImportMode) -> None:
        self._header = names_of_columns(header)
        self._mode = mode
        self._phones: list[Candidate] = []
        self._emails: list[Candidate] = []
        self._fields: dict[str, list[int]] = {}
        self._decided: set[int] = set()
        self._ignored: set[int] = set()

    def take_mapped(self, mapped: Mapping[str, str]) -> None:
        """Take the columns that the caller decided about."""
        for name, target in mapped.items():
            places = [
                place
                for place, text in enumerate(self._header)
                if plain_name(text) == plain_name(name)
            ]
            if not places:
                raise UnreadableFileError(f"There is no column {name}. There are {self._listed()}.")
            field_name = target_named(target, self._mode)
            for place in places:
                self._decided.add(place)
                if field_name == IGNORED:
                    self._ignored.add(place)
                else:
                    self._take(place, field_name, MAIN)

    def take_known(self) -> None:
        """Take the other columns by their names."""
        are_phones_decided, are_emails_decided = bool(self._phones), bool(self._emails)
        names = {
            place: plain_name(text)
            for place, text in enumerate(self._header)
            if place not in self._decided
        }
        kinds = {
            (match[1], match[2]): place
            for place, name in names.items()
            if (match := _NUMBERED.fullmatch(name)) and match[3] != "value"
        }
        for place, name in names.items():
            numbered = _NUMBERED.fullmatch(name)
            kind_at = kinds.get((numbered[1], numbered[2])) if numbered else None
            is_value = numbered is not None and numbered[3] == "value"
            is_phone = name in _PHONES or (is_value and name.startswith("phone"))
            is_email = name in _EMAILS or (is_value and name.startswith("email"))
            if is_phone:
                rank = NEVER if are_phones_decided else _PHONES.get(name, MAIN)
                self._phones.append(Candidate(place, rank, kind_at))
            elif is_email and self._mode is not ImportMode.BLACKLIST:
                rank = NEVER if are_emails_decided else _EMAILS.get(name, MAIN)
                self._emails.append(Candidate(place, rank))
            elif numbered or name == plain_name(REJECTED_BECAUSE):
                self._ignored.add(place)
            elif name in self._known:
                self._take(place, self._known[name], MAIN)
        self._take_those_without(names)

    def columns(self, *, keeps_unknown: bool) -> Columns:
        """Return what was found.

        Raises:
            UnreadableFileError: No column holds phone numbers, or two hold the same field.

        """
        for name, places in self._fields.items():
            if len(places) > 1:
                both = " and ".join(self._header[place] for place in places)
                raise UnreadableFileError(
                    f"The columns {both} could all be {name}: map all but one to another field, "
                    f"or to {IGNORED}."
                )
        if all(each.rank == NEVER for each in self._phones):
            raise UnreadableFileError(
                "No column is known to hold phone numbers: map one to "
                f"{PHONE_NUMBER}. The first line has to name the columns; it has {self._listed()}."
            )
        taken = {
            *(each.place for each in (*self._phones, *self._emails)),
            *(place for places in self._fields.values() for place in places),
            *self._ignored,
        }
        others = [place for place in range(len(self._header)) if place not in taken]
        is_kept = keeps_unknown and self._mode is not ImportMode.BLACKLIST
        return Columns(
            header=self._header,
            phones=self._phones,
            emails=self._emails,
            fields={name: places[0] for name, places in self._fields.items()},
            kept={place: self._attribute(place) for place in others} if is_kept else {},
            left_out=[] if is_kept else [self._header[place] for place in others],
        )

    @property
    def _known(self) -> Mapping[str, str]:
        if self._mode is not ImportMode.BLACKLIST:
            return _FIELDS
        return {"blacklisted": BLACKLISTED, "reason": REASON, "note": NOTE}

    def _take(self, place: int, name: str, rank: int) -> None:
        if name == PHONE_NUMBER:
            self._phones.append(Candidate(place, rank))
        elif name == EMAIL:
            self._emails.append(Candidate(place, rank))
        else:
            self._fields.setdefault(name, []).append(place)

    def _take_those_without(self, names: Mapping[int, str]) -> None:
        if self._mode is ImportMode.BLACKLIST:
            return
        before = set(self._fields)
        for place, name in names.items():
            field_name, instead_of = _ONLY_WITHOUT.get(name, ("", ""))
            if field_name and not before & {field_name, instead_of}:
                self._take(place, field_name, MAIN)

    def _attribute(self, place: int) -> str:
        # An attribute with a dot in its name belongs to another dialect.
        name = self._header[place].replace(".", " ")
        earlier = sum(text == self._header[place] for text in self._header[:place])
        return f"{name} {earlier + 1}" if earlier else name

    def _listed(self) -> str:
        return ", ".join(self._header[:_LISTED]) or "no names"


def names_of_columns(header: Sequence[str]) -> list[str]:
    """Return the names of columns: of those without one, their places, but none of the last.

    LibreOffice ends every row of a CSV file at the last cell of the longest one. So what is behind
    the last name is not of a column, but too much.
    """
    names = [text.strip() for text in header]
    while names and not names[-1]:
        names.pop()
    return [name or f"column {place}" for place, name in enumerate(names, 1)]
