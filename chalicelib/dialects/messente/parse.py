"""Parse a Messente client's requests for the services; an error names every problem."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final, NamedTuple

from chalicelib.dialects.bodies import (
    CANNOT_BE_CHANGED,
    DETAIL_FIELDS,
    read_details,
    read_object,
    refuse_unknown,
    required,
)
from chalicelib.dialects.messages import Request
from chalicelib.dialects.pages import Page, parse_page
from chalicelib.domain.account import Account
from chalicelib.domain.contact import Details
from chalicelib.domain.errors import (
    ErrorCode,
    InvalidDataError,
    NotFoundError,
    ProblemCollector,
)
from chalicelib.domain.ids import id_of_uuid, is_uuid, uuid_of
from chalicelib.domain.limits import MAX_GROUP_NAME_CHARACTERS, MAX_GROUPS_IN_A_FILTER
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.phone_reading import read_phone_number
from chalicelib.domain.text import checked_text

PHONE_NUMBER: Final = "phoneNumber"
GROUP_IDS: Final = "groupIds"
READ_ONLY_FIELD: Final = "scheduledDeletionDate"
"""messente_api 1.3.0 sends it on creation: its request model has it by mistake."""

READ_ONLY_OF_GROUP: Final = frozenset({"id", "createdOn", "contactsCount"})
"""The fields of a group in a response, besides its name."""


class ContactUpdate(NamedTuple):
    """The changes of a contact, and the read-only fields that were sent with them."""

    phone_number: PhoneNumber
    details: Details
    read_only: Mapping[str, Any]


class GroupUpdate(NamedTuple):
    """The new name of a group, and the read-only fields that were sent with it."""

    name: str
    read_only: Mapping[str, Any]


def parse_new_contact(request: Request, account: Account) -> tuple[PhoneNumber, Details]:
    """Read ``ContactFields``.

    Raises:
        InvalidDataError: For every field that is missing, unknown or not acceptable.

    """
    body = read_object(request)
    problems = ProblemCollector()
    with problems:
        phone_number = _read_number(body, account)
    with problems:
        details = _read_details(body, also_known={PHONE_NUMBER, READ_ONLY_FIELD})
    problems.raise_if_any()
    return phone_number, details


def parse_contact_update(request: Request, account: Account) -> ContactUpdate:
    """Read the number in the path and ``ContactUpdateFields``; null clears a field.

    A client may send back a whole contact as it received it, if its number is that of the path.

    Raises:
        InvalidDataError: For the number and every field that is unknown or not acceptable,
            or if there is no field at all.

    """
    body: dict[str, Any] = {}
    problems = ProblemCollector()
    with problems:
        body = read_object(request)
        if not body:
            raise InvalidDataError.of("body", "must hold at least one field")
    with problems:
        phone_number = parse_phone_number(request, account)
        if PHONE_NUMBER in body and not _is_number(body[PHONE_NUMBER], account, phone_number):
            raise InvalidDataError.of(PHONE_NUMBER, CANNOT_BE_CHANGED)
    with problems:
        details = _read_details(body, also_known={PHONE_NUMBER, READ_ONLY_FIELD})
    problems.raise_if_any()
    return ContactUpdate(phone_number, details, _those_in(body, {READ_ONLY_FIELD}))


def parse_group_name(request: Request) -> str:
    """Read ``GroupName``.

    Raises:
        InvalidDataError: The name is missing or not acceptable, or another field was sent.

    """
    return _read_group_name(read_object(request), also_known=frozenset())


def parse_group_update(request: Request) -> GroupUpdate:
    """Read ``GroupName``, or a whole group as the client received it.

    Raises:
        InvalidDataError: The name is missing or not acceptable, or an unknown field was sent.

    """
    body = read_object(request)
    name = _read_group_name(body, also_known=READ_ONLY_OF_GROUP)
    return GroupUpdate(name, _those_in(body, READ_ONLY_OF_GROUP))


def parse_number_to_blacklist(request: Request, account: Account) -> PhoneNumber:
    """Read ``NumberToBlacklist``.

    Raises:
        InvalidDataError: The number is missing or not acceptable, or another field was sent.

    """
    body = read_object(request)
    problems = ProblemCollector()
    with problems:
        phone_number = _read_number(body, account)
    with problems:
        refuse_unknown(body, known={PHONE_NUMBER})
    problems.raise_if_any()
    return phone_number


def parse_phone_number(request: Request, account: Account) -> PhoneNumber:
    """Read the number in the path.

    Raises:
        InvalidDataError: It is not a phone number.

    """
    return read_phone_number(request.path_parameters["phone"], account, field="phone")


def parse_group_id(request: Request) -> int:
    """Read the group id in the path.

    Raises:
        NotFoundError: It cannot be a group's; the official document has no 400 here.

    """
    group_id = id_of_uuid(request.path_parameters["groupId"])
    if group_id is None:
        raise NotFoundError(ErrorCode.GROUP_NOT_FOUND)
    return group_id


def parse_contact_list(request: Request, account: Account) -> tuple[frozenset[int] | None, Page]:
    """Read the ``groupIds`` whose contacts to list (None for all contacts), and the page.

    A UUID that we never issued is a group that does not exist, and adds no contacts.

    Raises:
        InvalidDataError: An id is not a UUID, there are too many, or the page is not acceptable.

    """
    group_ids = None
    problems = ProblemCollector()
    with problems:
        group_ids = _read_group_ids(request.query.get(GROUP_IDS, []))
    with problems:
        list_key = ["contacts"] if group_ids is None else ["contacts", *_uuids(group_ids)]
        page = parse_page(request, account, list_key)
    problems.raise_if_any()
    return group_ids, page


def _read_number(body: Mapping[str, Any], account: Account) -> PhoneNumber:
    return read_phone_number(required(body, PHONE_NUMBER), account, field=PHONE_NUMBER)


def _read_group_ids(texts: Sequence[str]) -> frozenset[int] | None:
    """Read the ids; return None for all contacts.

    PHP 1.0.0 to 1.4.1 sends the name without a value to mean all contacts (fetchContactsRequest
    in lib/Api/ContactsApi.php of https://github.com/messente/messente-api-php).
    """
    if texts in ([], [""]):
        return None
    if len(texts) > MAX_GROUPS_IN_A_FILTER:
        raise InvalidDataError.of(GROUP_IDS, f"must be at most {MAX_GROUPS_IN_A_FILTER}")
    if not all(map(is_uuid, texts)):
        raise InvalidDataError.of(GROUP_IDS, "must be UUIDs")
    return frozenset(group_id for group_id in map(id_of_uuid, texts) if group_id)


def _uuids(group_ids: AbstractSet[int]) -> list[str]:
    return [uuid_of(group_id) for group_id in sorted(group_ids)]


def _read_details(body: Mapping[str, Any], *, also_known: AbstractSet[str]) -> Details:
    problems = ProblemCollector()
    with problems:
        details = read_details(body, DETAIL_FIELDS)
    with problems:
        refuse_unknown(body, known=DETAIL_FIELDS.keys() | also_known)
    problems.raise_if_any()
    return details


def _read_group_name(body: Mapping[str, Any], *, also_known: AbstractSet[str]) -> str:
    problems = ProblemCollector()
    with problems:
        name = checked_text(
            "name", required(body, "name"), shortest=1, longest=MAX_GROUP_NAME_CHARACTERS
        )
    with problems:
        refuse_unknown(body, known={"name"} | also_known)
    problems.raise_if_any()
    return name


def _is_number(value: object, account: Account, phone_number: PhoneNumber) -> bool:
    try:
        return read_phone_number(value, account, field=PHONE_NUMBER) == phone_number
    except InvalidDataError:
        return False


def _those_in(body: Mapping[str, Any], fields: AbstractSet[str]) -> dict[str, Any]:
    return {field: value for field, value in body.items() if field in fields}
