"""Parse a MessageBird client's requests for the services; an error names every problem."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final, NamedTuple, cast

from chalicelib.dialects.bodies import (
    missing,
    read_details,
    read_object_or_form,
    refuse_unknown,
)
from chalicelib.dialects.messagebird.credentials import ACCESS_KEY, METHOD
from chalicelib.dialects.messages import Request
from chalicelib.domain.account import Account
from chalicelib.domain.contact import ContactChanges, ContactKey, Details
from chalicelib.domain.errors import (
    ErrorCode,
    InvalidDataError,
    NotFoundError,
    ProblemCollector,
)
from chalicelib.domain.ids import id_of_hex
from chalicelib.domain.limits import MAX_GROUP_NAME_CHARACTERS
from chalicelib.domain.phone import Notation, PhoneNumber
from chalicelib.domain.phone_reading import read_phone_number_or_integer
from chalicelib.domain.text import checked_text

MSISDN: Final = "msisdn"
NAME: Final = "name"
IDS: Final = "ids"
NAME_FIELDS: Final[Mapping[str, str]] = {"firstName": "first_name", "lastName": "last_name"}
CUSTOM_FIELDS: Final[Mapping[str, str]] = {
    "custom1": "custom",
    "custom2": "custom2",
    "custom3": "custom3",
    "custom4": "custom4",
}
"""A request has them next to the names, a response under ``customDetails``."""

CUSTOM_DETAILS: Final = "customDetails"
CONTACT_PARAMETERS: Final = frozenset({MSISDN, *NAME_FIELDS, *CUSTOM_FIELDS})
CONTACT_SHOWN: Final = frozenset({
    "id", "href", "groups", "messages", "createdDatetime", "updatedDatetime",
})  # fmt: skip
GROUP_SHOWN: Final = frozenset({"id", "href", "contacts", "createdDatetime", "updatedDatetime"})
"""The read-only parameters of a group; a client may send them back unchanged."""

WINDOW: Final = frozenset({"offset", "limit"})

SENT_BESIDE: Final[Mapping[str, str]] = {
    ACCESS_KEY: "MessageBird's documentation, as the other way to present the key",
    METHOD: "Node up to 3.6.4, Ruby, C# and Java, which add contacts to a group by it",
}
"""The query parameters that clients send with any operation, each with who sends it."""

GROUP_ID: Final = "groupId"
"""Node repeats the path's group id under this name, next to the contacts' (lib/messagebird.js)."""

DEFAULT_LIMIT: Final = 20
"""The limit in the lists that the clients have as test fixtures."""

MAX_LIMIT: Final = 500

MAX_IDS: Final = 50
"""How many contacts a request may add to a group, as the Go and Node clients document."""

_METHODS_OF_ANOTHER: Final = frozenset({"GET", "POST"})
_FORM_OF_AN_ID: Final = re.compile(r"[0-9A-Fa-f]{32}")
_NUMBER: Final = re.compile(r"[0-9]+", re.ASCII)
_OFFSET_DIGITS: Final = 9
"""A number with this many digits fits into the integers of every client."""


class Window(NamedTuple):
    """The part of a list that is asked for: up to ``limit`` entries after the first ``offset``."""

    offset: int
    limit: int

    @property
    def end(self) -> int:
        """The offset of the next window."""
        return self.offset + self.limit


def read_method(request: Request) -> str:
    """Return the method that a request means: ``?_method=`` on GET and POST replaces it.

    Node up to 3.6.4, Ruby, C# and Java add contacts to a group by ``GET …?_method=PUT``.

    Raises:
        InvalidDataError: ``_method`` differs on another method, or means GET, POST or HEAD.

    """
    meant = (request.last_in_query(METHOD) or request.method).upper()
    if meant == request.method:
        return meant
    if request.method not in _METHODS_OF_ANOTHER:
        raise InvalidDataError.of(METHOD, "is taken on GET and POST only")
    if meant in {*_METHODS_OF_ANOTHER, "HEAD"}:
        raise InvalidDataError.of(
            METHOD, "must be a method that a client cannot send by itself, such as PUT"
        )
    return meant


def parse_new_contact(request: Request, account: Account) -> tuple[PhoneNumber, Details]:
    """Read the number and the details of a contact.

    Raises:
        InvalidDataError: For every parameter that is missing or not acceptable.

    """
    sent = _read_parameters(request)
    problems = ProblemCollector()
    with problems:
        phone_number = _read_number(_required(sent, MSISDN), account)
    with problems:
        details = _read_details(sent)
    with problems:
        refuse_unknown(sent, known=CONTACT_PARAMETERS | {CUSTOM_DETAILS})
    problems.raise_if_any()
    return phone_number, details


def parse_contact_changes(
    request: Request, account: Account
) -> tuple[int, ContactChanges, Mapping[str, Any]]:
    """Read the id in the path, the changes, and the read-only parameters that were sent back.

    Null clears a detail, but not the number.

    Raises:
        NotFoundError: The id cannot be a contact's.
        InvalidDataError: For every parameter that is not acceptable.

    """
    contact_id = parse_contact_id(request)
    sent = _read_parameters(request)
    phone_number = None
    problems = ProblemCollector()
    with problems:
        if sent.get(MSISDN) is not None:
            phone_number = _read_number(sent[MSISDN], account)
    with problems:
        details = _read_details(sent)
    with problems:
        refuse_unknown(sent, known=CONTACT_PARAMETERS | CONTACT_SHOWN | {CUSTOM_DETAILS})
    problems.raise_if_any()
    changes = ContactChanges(phone_number=phone_number, details=details)
    return contact_id, changes, _only(sent, CONTACT_SHOWN)


def parse_group_name(request: Request) -> str:
    """Read the name of a new group.

    Raises:
        InvalidDataError: It is missing or not acceptable, or another parameter was sent.

    """
    return _read_group(_read_parameters(request), known={NAME})


def parse_group_changes(request: Request) -> tuple[int, str, Mapping[str, Any]]:
    """Read the id in the path, the group's name, and the read-only parameters that were sent back.

    Raises:
        NotFoundError: The id cannot be a group's.
        InvalidDataError: The name is missing or not acceptable, or another parameter was sent.

    """
    group_id = parse_group_id(request)
    sent = _read_parameters(request)
    return group_id, _read_group(sent, known={NAME} | GROUP_SHOWN), _only(sent, GROUP_SHOWN)


def parse_contact_ids(request: Request) -> list[int]:
    """Read the ids of the contacts to add to a group, without repetitions.

    Raises:
        InvalidDataError: They are missing, not a list, or too many.
        NotFoundError: One of them cannot be a contact's.

    """
    sent = _read_parameters(request)
    ids: object = None
    problems = ProblemCollector()
    with problems:
        ids = _required(sent, IDS)
        is_list = isinstance(ids, list) and all(isinstance(each, str) for each in ids)
        if not isinstance(ids, list) or not is_list or not 1 <= len(ids) <= MAX_IDS:
            raise InvalidDataError.of(IDS, f"must be a list of 1 to {MAX_IDS} ids of contacts")
    with problems:
        group_id = request.path_parameters[GROUP_ID]
        if sent.get(GROUP_ID, group_id) != group_id:
            raise InvalidDataError.of(GROUP_ID, "is not the group in the path")
    with problems:
        refuse_unknown(sent, known={IDS, GROUP_ID})
    problems.raise_if_any()
    return list(dict.fromkeys(map(_contact_id, cast("list[str]", ids))))


def parse_contact_id(request: Request) -> int:
    """Read the id of a contact in the path.

    Raises:
        NotFoundError: It cannot be a contact's.

    """
    return _contact_id(request.path_parameters["contactId"])


def parse_group_id(request: Request) -> int:
    """Read the id of a group in the path.

    Raises:
        NotFoundError: It cannot be a group's.

    """
    group_id = id_of_hex(request.path_parameters[GROUP_ID])
    if group_id is None:
        raise NotFoundError(ErrorCode.GROUP_NOT_FOUND)
    return group_id


def parse_viewed_contact(request: Request, account: Account) -> ContactKey | str:
    """Read what identifies the contact to view: an id, a number, or else a name.

    A text in the form of an id or a number is never looked up as a name: that would read every
    contact, and many clients ask for a number to find out whether it exists.

    Raises:
        NotFoundError: It has the form of an id, but cannot be a contact's.

    """
    text = request.path_parameters["contactId"]
    if _FORM_OF_AN_ID.fullmatch(text):
        return _contact_id(text)
    try:
        return _read_number(text, account)
    except InvalidDataError:
        return text


def parse_contact_list(
    request: Request, account: Account
) -> tuple[PhoneNumber | str | None, Window]:
    """Read the number or the name of the contacts to list (None for all), and the window.

    Raises:
        InvalidDataError: The number, the name or the window is not acceptable.

    """
    wanted: PhoneNumber | str | None = request.last_in_query(NAME)
    problems = ProblemCollector()
    with problems:
        # An empty filter would list everybody.
        if wanted == "":
            raise InvalidDataError.of(NAME, "must not be empty")
    with problems:
        msisdn = request.last_in_query(MSISDN)
        if msisdn is not None:
            number = _read_number(msisdn, account)
            if wanted is not None:
                raise InvalidDataError.of(NAME, "cannot be used together with msisdn")
            wanted = number
    with problems:
        window = parse_window(request)
    problems.raise_if_any()
    return wanted, window


def parse_window(request: Request) -> Window:
    """Read ``offset`` and ``limit``.

    A limit of 0 means the default: Ruby and Python 1.3.0 send it if the user sets none. A limit
    that is too high is lowered, and the response says to what.

    Raises:
        InvalidDataError: One of them is not a number, or the offset has too many digits.

    """
    offset = limit = 0
    problems = ProblemCollector()
    with problems:
        offset = int(_digits(request, "offset"))
        if offset >= 10**_OFFSET_DIGITS:
            raise InvalidDataError.of("offset", f"must have at most {_OFFSET_DIGITS} digits")
    with problems:
        limit = min(int(_digits(request, "limit")), MAX_LIMIT)
    problems.raise_if_any()
    return Window(offset=offset, limit=limit or DEFAULT_LIMIT)


def _digits(request: Request, name: str) -> str:
    """Return a number in the query, cut after one digit too many to be in range."""
    text = request.last_in_query(name) or "0"
    if not _NUMBER.fullmatch(text):
        raise InvalidDataError.of(name, "must be a whole number, 0 or more")
    return (text.lstrip("0") or "0")[: _OFFSET_DIGITS + 1]


def _read_parameters(request: Request) -> dict[str, Any]:
    """Return the parameters in the body, which is JSON or a form, and in the query.

    Python (all) sends ``PUT /groups/{id}?ids[]=…`` with the body ``{}``. With ``?_method=``
    all of them may be in the query; there ``+`` and ``%2B`` before a number mean the same.

    Raises:
        RefusedError: The body has another media type, or is compressed.
        InvalidDataError: It is neither JSON nor a form, or contradicts the query.

    """
    body = read_object_or_form(request) if request.body else {}
    in_query = {
        name: list(values) if name == IDS else values[-1]
        for name, values in request.query.items()
        if name not in SENT_BESIDE
    }
    for name in in_query.keys() & body.keys():
        if str(in_query[name]) != str(body[name]):
            raise InvalidDataError.of(name, "has one value in the query and another in the body")
    return {**in_query, **body}


def _required(sent: Mapping[str, Any], name: str) -> object:
    """Return a value; null counts as missing, since PHP sends it for every unset value."""
    value = sent.get(name)
    if value is None or value == "":
        raise missing(name)
    return value


def _read_details(sent: Mapping[str, Any]) -> Details:
    """Read the details; custom ones may be at the top or, as in responses, in an object."""
    own = sent.get(CUSTOM_DETAILS, {})
    if not isinstance(own, dict):
        raise InvalidDataError.of(CUSTOM_DETAILS, "must be an object")
    problems = ProblemCollector()
    with problems:
        refuse_unknown(own, known=CUSTOM_FIELDS.keys())
    for name in own.keys() & sent.keys():
        with problems:
            if own[name] != sent[name]:
                raise InvalidDataError.of(name, f"has another value in {CUSTOM_DETAILS}")
    problems.raise_if_any()
    return read_details({**sent, **own}, {**NAME_FIELDS, **CUSTOM_FIELDS})


def _read_group(sent: Mapping[str, Any], *, known: AbstractSet[str]) -> str:
    problems = ProblemCollector()
    with problems:
        name = checked_text(
            NAME, _required(sent, NAME), shortest=1, longest=MAX_GROUP_NAME_CHARACTERS
        )
    with problems:
        refuse_unknown(sent, known=known)
    problems.raise_if_any()
    return name


def _only(sent: Mapping[str, Any], names: AbstractSet[str]) -> Mapping[str, Any]:
    return {name: value for name, value in sent.items() if name in names}


def _read_number(value: object, account: Account) -> PhoneNumber:
    """Read a number as international digits, as in the vendor's documentation and responses."""
    return read_phone_number_or_integer(
        value, account, field=MSISDN, documented=Notation.INTERNATIONAL
    )


def _contact_id(text: str) -> int:
    contact_id = id_of_hex(text)
    if contact_id is None:
        raise NotFoundError(ErrorCode.CONTACT_NOT_FOUND)
    return contact_id
