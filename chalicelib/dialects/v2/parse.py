"""Parse a request for the services; an error names every problem and its place."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, TypeVar

from chalicelib.dialects.bodies import (
    BODY,
    read_object,
    refuse_unknown,
    required,
)
from chalicelib.dialects.messages import Request
from chalicelib.dialects.pages import Page, parse_page
from chalicelib.domain.account import Account
from chalicelib.domain.changes import is_number_id
from chalicelib.domain.contact import ContactKey
from chalicelib.domain.errors import (
    ErrorCode,
    InvalidDataError,
    NotFoundError,
    Problem,
    ProblemCollector,
)
from chalicelib.domain.group import GroupKind
from chalicelib.domain.ids import id_of_uuid, is_uuid, read_id
from chalicelib.domain.ledger import Reason, Stop
from chalicelib.domain.limits import (
    MAX_GROUP_NAME_CHARACTERS,
    MAX_KEY_CHARACTERS,
    MAX_NOTE_CHARACTERS,
)
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.phone_reading import read_phone_number
from chalicelib.domain.text import checked_text

NamedT = TypeVar("NamedT")
DefaultT = TypeVar("DefaultT")

DEFAULT_LIMIT: Final = 100
"""The entries of a page, if the client does not say how many."""

MERGE_PATCH: Final = "application/merge-patch+json"

KINDS: Final = {kind.value: kind for kind in (GroupKind.STANDARD, GroupKind.STOPLIST)}
"""The kinds of groups that a client can create. Devino's clients create the others."""

REASONS: Final = {reason.value: reason for reason in Reason if reason is not Reason.STOPLIST}
"""The reasons that a client can give. That a contact joined a stoplist is not one."""


class NewGroup(NamedTuple):
    """A group to create, and the key that makes repetitions of the request harmless."""

    name: str
    kind: GroupKind
    idempotency_key: str | None


class GroupUpdate(NamedTuple):
    """The new name of a group, if any, and the read-only fields that were sent with it."""

    name: str | None
    read_only: Mapping[str, Any]


@contextmanager
def under(pointer: str) -> Iterator[None]:
    """Let each problem of a part of the body name its place, as a JSON pointer (RFC 6901)."""
    try:
        yield
    except InvalidDataError as error:
        raise InvalidDataError(
            [
                Problem(_pointer(pointer, each.field), each.message, each.is_missing)
                for each in error.found
            ]
        ) from error


def parse_list(request: Request, account: Account, *list_key: str) -> Page:
    """Read ``limit`` and ``cursor``. A page without ``limit`` has :data:`DEFAULT_LIMIT` entries.

    Raises:
        InvalidDataError: The limit is not a number in range, or the cursor is of another list.

    """
    page = parse_page(request, account, list_key)
    return page if page.limit else page._replace(limit=DEFAULT_LIMIT)


def parse_contact_key(request: Request, account: Account) -> ContactKey:
    """Read the contact in the path: its id, or its number.

    Raises:
        InvalidDataError: It is neither.
        NotFoundError: It is a UUID that no contact has.

    """
    return _read_contact_key(request.path_parameters["contact"], account, field="contact")


def read_contact_key(sent: object, account: Account) -> ContactKey:
    """Read a contact in a batch: its id, or its number. The place of a problem is the key itself.

    Raises:
        InvalidDataError: It is neither.
        NotFoundError: It is a UUID that no contact has.

    """
    with under(""):
        return _read_contact_key(sent, account, field=BODY)


def parse_phone_number(request: Request, account: Account) -> PhoneNumber:
    """Read the number in the path.

    Raises:
        InvalidDataError: It is not a phone number, or could be two.

    """
    return read_phone_number(
        request.path_parameters["phone"], account, field="phone", is_strict=True
    )


def parse_told_number(request: Request, account: Account) -> PhoneNumber:
    """Read the number in the path, or the one that changes tell of by the id in the path.

    Raises:
        InvalidDataError: It is not a phone number, or could be two.
        NotFoundError: It is an id that no number has.

    """
    sent = request.path_parameters["phone"]
    if is_number_id(sent):
        from chalicelib.services import changes  # noqa: PLC0415 - few requests need it

        return changes.number_told_as(account, sent)
    return parse_phone_number(request, account)


def parse_id(request: Request, parameter: str, missing: ErrorCode) -> int:
    """Read the id in the path that is this parameter.

    Raises:
        InvalidDataError: It is not a UUID.
        NotFoundError: It is a UUID that nothing of ours has; its code is *missing*.

    """
    return read_id(request.path_parameters[parameter], parameter, missing)


def parse_group_id(request: Request) -> int:
    """Read the group in the path, as :func:`parse_id` does."""
    return parse_id(request, "group", ErrorCode.GROUP_NOT_FOUND)


def parse_new_group(request: Request) -> NewGroup:
    """Read a group to create.

    Raises:
        InvalidDataError: For every field that is missing, unknown or not acceptable.

    """
    kind, key = GroupKind.STANDARD, None
    problems = ProblemCollector()
    with problems:
        key = _read_idempotency_key(request)
    with problems, under(""):
        body = read_object(request)
        in_body = ProblemCollector()
        with in_body:
            name = _read_group_name(required(body, "name"))
        with in_body:
            kind = one_of(body, "kind", KINDS, GroupKind.STANDARD)
        with in_body:
            refuse_unknown(body, known={"name", "kind"})
        in_body.raise_if_any()
    problems.raise_if_any()
    return NewGroup(name, kind, key)


def parse_group_update(request: Request) -> GroupUpdate:
    """Read the changes of a group. A client may send back a whole group with another name.

    Raises:
        InvalidDataError: For every field that is unknown or not acceptable.

    """
    read_only = {"id", "kind", "contactsCount", "createdOn", "updatedOn"}
    name = None
    with under(""):
        body = read_merge_patch(request)
        problems = ProblemCollector()
        with problems:
            if "name" in body:
                name = _read_group_name(body["name"])
        with problems:
            refuse_unknown(body, known={"name"} | read_only)
        problems.raise_if_any()
    return GroupUpdate(name, {field: body[field] for field in read_only & body.keys()})


def read_merge_patch(request: Request) -> dict[str, Any]:
    """Read a JSON object that says what to change (RFC 7396).

    Raises:
        RefusedError: The body has another media type, or is compressed.
        InvalidDataError: It is not a JSON object in UTF-8.

    """
    if request.media_type == MERGE_PATCH:
        request = request._replace(headers={**request.headers, "content-type": ""})
    return read_object(request)


def parse_stop(request: Request) -> tuple[Reason, str | None]:
    """Read why a number is stopped, and a note. An empty body means that somebody requested it.

    Raises:
        InvalidDataError: For every field that is unknown or not acceptable.

    """
    reason, note = Reason.REQUEST, None
    with under(""):
        body = read_object(request) if request.body.strip() else {}
        problems = ProblemCollector()
        with problems:
            reason, note = _read_reason_and_note(body)
        with problems:
            refuse_unknown(body, known={"reason", "note"})
        problems.raise_if_any()
    return reason, note


def parse_position(page: Page) -> int | None:
    """Return the position of the last ledger entry that the client has, from its cursor."""
    return None if page.after is None else int(page.after)


def parse_note(request: Request) -> str | None:
    """Read the note in the query.

    Raises:
        InvalidDataError: It is not acceptable.

    """
    return _read_note("note", request.last_in_query("note"))


def read_stop(row: object, account: Account) -> Stop:
    """Read a number to stop in a batch. Without a reason, somebody requested it.

    Raises:
        InvalidDataError: For everything that is missing, unknown or not acceptable.

    """
    reason, note = Reason.REQUEST, None
    with under(""):
        if not isinstance(row, dict):
            raise InvalidDataError.of(BODY, "must be an object")
        problems = ProblemCollector()
        with problems:
            sent = required(row, "phoneNumber")
            number = read_phone_number(sent, account, field="phoneNumber", is_strict=True)
        with problems:
            reason, note = _read_reason_and_note(row)
        with problems:
            refuse_unknown(row, known={"phoneNumber", "reason", "note"})
        problems.raise_if_any()
    return Stop(number, reason, note)


def read_array(body: Mapping[str, Any], field: str, *, most: int) -> list[Any]:
    """Return the array in a field; nothing means an empty one.

    Raises:
        InvalidDataError: It is not an array, or has more than *most* elements.

    """
    value = body.get(field, [])
    if not isinstance(value, list):
        raise InvalidDataError.of(field, "must be an array")
    if len(value) > most:
        raise InvalidDataError.of(field, f"must have at most {most} elements")
    return value


def one_of(
    body: Mapping[str, Any], field: str, values: Mapping[str, NamedT], default: DefaultT
) -> NamedT | DefaultT:
    """Return the value that a field names; null or nothing means *default*.

    Raises:
        InvalidDataError: It names none.

    """
    sent = body.get(field)
    if sent is None:
        return default
    if not isinstance(sent, str) or sent not in values:
        raise InvalidDataError.of(field, f"must be one of {', '.join(values)}")
    return values[sent]


def _read_contact_key(sent: object, account: Account, *, field: str) -> ContactKey:
    if not isinstance(sent, str) or not is_uuid(sent):
        return read_phone_number(sent, account, field=field, is_strict=True)
    contact_id = id_of_uuid(sent)
    if contact_id is None:
        raise NotFoundError(ErrorCode.CONTACT_NOT_FOUND)
    return contact_id


def _read_reason_and_note(body: Mapping[str, Any]) -> tuple[Reason, str | None]:
    reason, note = Reason.REQUEST, None
    problems = ProblemCollector()
    with problems:
        reason = one_of(body, "reason", REASONS, Reason.REQUEST)
    with problems:
        note = _read_note("note", body.get("note"))
    problems.raise_if_any()
    return reason, note


def _read_note(field: str, value: object) -> str | None:
    return None if value is None else checked_text(field, value, longest=MAX_NOTE_CHARACTERS)


def _read_group_name(value: object) -> str:
    return checked_text("name", value, shortest=1, longest=MAX_GROUP_NAME_CHARACTERS)


def _read_idempotency_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    return checked_text("Idempotency-Key", key, shortest=1, longest=MAX_KEY_CHARACTERS)


def _pointer(pointer: str, field: str) -> str:
    if field == BODY:
        return pointer
    if field.startswith("/"):
        return pointer + field
    return f"{pointer}/{field.replace('~', '~0').replace('/', '~1')}"
