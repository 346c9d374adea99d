"""Parse an Atom client's requests for the services; an error names every problem."""

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.dialects.bodies import (
    read_details,
    read_object,
    refuse_unknown,
    required,
)
from chalicelib.dialects.messages import Request
from chalicelib.domain.account import Account
from chalicelib.domain.contact import ContactChanges, ContactData
from chalicelib.domain.errors import InvalidDataError, ProblemCollector
from chalicelib.domain.ids import id_of_decimal, is_decimal
from chalicelib.domain.limits import MAX_GROUP_NAME_CHARACTERS
from chalicelib.domain.phone import Notation, PhoneNumber
from chalicelib.domain.phone_reading import read_phone_number
from chalicelib.domain.text import checked_text

ID: Final = "id"
GROUP_ID: Final = "group_id"
PHONE_NUMBER: Final = "phone_number"
NAME: Final = "name"
DETAIL_FIELDS: Final[Mapping[str, str]] = {
    "first_name": "first_name",
    "last_name": "last_name",
    "company": "company",
    "custom_1": "custom",
    "custom_2": "custom2",
    "custom_3": "custom3",
    "custom_4": "custom4",
}
"""The optional parameters of a contact, each with the detail that it sets."""

_NOBODYS_ID: Final = 0
"""An id that nothing has: it replaces a number outside the range of ids, so that both are
answered as not found."""


def parse_id(request: Request) -> int:
    """Read the id of the contact or address book that is asked for.

    Raises:
        InvalidDataError: It is missing or not a whole number.

    """
    body = read_object(request)
    problems = ProblemCollector()
    with problems:
        id_ = _read_id(body, ID)
    with problems:
        refuse_unknown(body, known={ID})
    problems.raise_if_any()
    return id_


def parse_new_contact(request: Request, account: Account) -> tuple[int, ContactData]:
    """Read the id of an address book, and the contact to put into it.

    Raises:
        InvalidDataError: For every parameter that is missing or not acceptable.

    """
    body = read_object(request)
    problems = ProblemCollector()
    with problems:
        group_id = _read_id(body, GROUP_ID)
    with problems:
        phone_number = _read_phone_number(body, account)
    with problems:
        details = read_details(body, DETAIL_FIELDS)
    with problems:
        refuse_unknown(body, known={GROUP_ID, PHONE_NUMBER, *DETAIL_FIELDS})
    problems.raise_if_any()
    return group_id, ContactData(phone_number=phone_number, details=details)


def parse_contact_edit(
    request: Request, account: Account
) -> tuple[int, int | None, ContactChanges]:
    """Read a contact's id, the id of the address book it moves to (or None), and its changes.

    Raises:
        InvalidDataError: For every parameter that is missing or not acceptable.

    """
    body = read_object(request)
    group_id = phone_number = None
    problems = ProblemCollector()
    with problems:
        contact_id = _read_id(body, ID)
    with problems:
        group_id = _read_id(body, GROUP_ID) if GROUP_ID in body else None
    with problems:
        phone_number = _read_phone_number(body, account) if PHONE_NUMBER in body else None
    with problems:
        details = read_details(body, DETAIL_FIELDS)
    with problems:
        refuse_unknown(body, known={ID, GROUP_ID, PHONE_NUMBER, *DETAIL_FIELDS})
    problems.raise_if_any()
    return contact_id, group_id, ContactChanges(phone_number=phone_number, details=details)


def parse_new_address_book(request: Request) -> str:
    """Read the name of a new address book.

    Raises:
        InvalidDataError: It is missing or not acceptable.

    """
    body = read_object(request)
    problems = ProblemCollector()
    with problems:
        name = _read_name(body)
    with problems:
        refuse_unknown(body, known={NAME})
    problems.raise_if_any()
    return name


def parse_address_book_edit(request: Request) -> tuple[int, str | None]:
    """Read an address book's id and its new name (or None).

    Raises:
        InvalidDataError: For every parameter that is missing or not acceptable.

    """
    body = read_object(request)
    name = None
    problems = ProblemCollector()
    with problems:
        group_id = _read_id(body, ID)
    with problems:
        name = _read_name(body) if NAME in body else None
    with problems:
        refuse_unknown(body, known={ID, NAME})
    problems.raise_if_any()
    return group_id, name


def _read_id(body: Mapping[str, Any], field: str) -> int:
    """Read an id as a number or as text: the vendor's samples send both."""
    value = required(body, field)
    if not is_decimal(value):
        raise InvalidDataError.of(field, "must be a whole number")
    return id_of_decimal(value) or _NOBODYS_ID


def _read_phone_number(body: Mapping[str, Any], account: Account) -> PhoneNumber:
    """Read a number as a national one, as the vendor's sample sends it: ``0412345678``."""
    return read_phone_number(
        required(body, PHONE_NUMBER), account, field=PHONE_NUMBER, documented=Notation.NATIONAL
    )


def _read_name(body: Mapping[str, Any]) -> str:
    return checked_text(NAME, required(body, NAME), shortest=1, longest=MAX_GROUP_NAME_CHARACTERS)
