"""Contacts in our own API: what a client sends, and what it gets."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib.dialects.bodies import (
    BODY,
    DETAIL_FIELDS,
    read_details,
    read_object,
    refuse_changed,
    refuse_unknown,
    required,
    shown_name,
)
from chalicelib.dialects.messages import Request, Response, json_response
from chalicelib.dialects.v2.parse import read_merge_patch, under
from chalicelib.dialects.v2.render import render_moment
from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact, ContactData, ContactKey
from chalicelib.domain.contact_write import ContactWrite
from chalicelib.domain.errors import InvalidDataError, ProblemCollector
from chalicelib.domain.extra import OWN
from chalicelib.domain.ids import id_of_uuid, is_uuid, uuid_of
from chalicelib.domain.limits import (
    MAX_FIELD_CHARACTERS,
    MAX_FIELD_NAME_CHARACTERS,
    MAX_GROUPS_TO_JOIN,
)
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.phone_reading import read_phone_number
from chalicelib.domain.precondition import Precondition, Version, version_of
from chalicelib.domain.text import checked_text
from chalicelib.services.profiles import Profile

if TYPE_CHECKING:
    from chalicelib.domain.search import Search

PHONE_NUMBER: Final = "phoneNumber"
ATTRIBUTES: Final = "attributes"
GROUPS: Final = "groups"
BLACKLISTED: Final = "blacklisted"
SEARCH: Final = "q"
READ_ONLY: Final = frozenset({
    "id", BLACKLISTED, "scheduledDeletionDate", "createdOn", "updatedOn",
})  # fmt: skip

_WRITABLE: Final = DETAIL_FIELDS.keys() | {PHONE_NUMBER, ATTRIBUTES, GROUPS}
_DATES: Final = ("scheduledDeletionDate", "createdOn", "updatedOn")
"""They are answered last."""

_ETAG: Final = re.compile(r'"([0-9a-f-]{36})-([0-9]{1,18})"')


class Sent(NamedTuple):
    """What a client wants a contact to be, and what it sent back that it cannot change."""

    write: ContactWrite
    read_only: Mapping[str, Any]
    foreign: Mapping[str, Any]

    @property
    def names_blacklist(self) -> bool:
        """Whether the client sent back whether the number is blacklisted."""
        return BLACKLISTED in self.read_only

    def check(self, contact: Contact | None, *, is_blacklisted: bool) -> None:
        """Refuse a changed read-only field, or a changed attribute of another dialect.

        A *contact* that is to be created has none of them.

        Raises:
            InvalidDataError: For every such field.

        """
        kept = {**_render_own(contact), BLACKLISTED: is_blacklisted} if contact else {}
        extra = contact.extra if contact else {}
        problems = ProblemCollector()
        with problems, under(""):
            refuse_changed(self.read_only, kept)
        with problems, under(f"/{ATTRIBUTES}"):
            refuse_changed(self.foreign, extra)
        problems.raise_if_any()


def parse_new_contact(request: Request, account: Account) -> tuple[PhoneNumber, Sent]:
    """Read a contact to create.

    Raises:
        InvalidDataError: For every field that is missing, unknown or not acceptable.

    """
    with under(""):
        body = read_object(request)
        problems = ProblemCollector()
        with problems:
            number = _read_number(required(body, PHONE_NUMBER), account)
        with problems:
            sent = _read_contact(body, account, is_whole=True)
        problems.raise_if_any()
    sent.check(None, is_blacklisted=False)
    return number, sent


def parse_contact(request: Request, account: Account, key: ContactKey) -> Sent:
    """Read a whole contact, which replaces the one in the path.

    Raises:
        InvalidDataError: For every field that is unknown or not acceptable.

    """
    with under(""):
        sent = _read_contact(read_object(request), account, is_whole=True, key=key)
    sent = sent._replace(write=replace(sent.write, may_create=True))
    return _with_precondition(sent, request)


def read_contact_row(row: object, account: Account) -> ContactData:
    """Read a contact of a batch: null clears a field, an absent one stays. It joins its groups.

    Raises:
        InvalidDataError: For every field that is missing, unknown or not acceptable.

    """
    with under(""):
        if not isinstance(row, dict):
            raise InvalidDataError.of(BODY, "must be an object")
        groups = row.get(GROUPS)
        if isinstance(groups, list) and len(groups) > MAX_GROUPS_TO_JOIN:
            raise InvalidDataError.of(GROUPS, f"must be at most {MAX_GROUPS_TO_JOIN}")
        problems = ProblemCollector()
        with problems:
            number = _read_number(required(row, PHONE_NUMBER), account)
        with problems:
            others = {field: value for field, value in row.items() if field != PHONE_NUMBER}
            sent = _read_contact(others, account, is_whole=False)
        problems.raise_if_any()

    def check(contact: Contact | None, is_blacklisted: bool) -> None:  # noqa: FBT001 - a row's check
        sent.check(contact, is_blacklisted=is_blacklisted)

    return ContactData(
        phone_number=number,
        details=sent.write.details,
        extra=sent.write.extra,
        replaced_extra=sent.write.replaced_extra,
        group_ids=sent.write.group_ids or (),
        check=check if sent.read_only or sent.foreign else None,
    )


def parse_contact_patch(request: Request, account: Account) -> Sent:
    """Read the changes of a contact (RFC 7396): null clears a field, an absent one stays.

    Raises:
        InvalidDataError: For every field that is unknown or not acceptable.

    """
    with under(""):
        sent = _read_contact(read_merge_patch(request), account, is_whole=False)
    return _with_precondition(sent, request)


def parse_groups_of_contact(request: Request) -> ContactWrite:
    """Read exactly the groups that a contact shall be in.

    Raises:
        InvalidDataError: They are missing or not acceptable.

    """
    with under(""):
        body = read_object(request)
        problems = ProblemCollector()
        with problems:
            groups = read_groups(required(body, GROUPS))
        with problems:
            refuse_unknown(body, known={GROUPS})
        problems.raise_if_any()
    return ContactWrite(group_ids=groups, precondition=parse_precondition(request))


def parse_precondition(request: Request) -> Precondition:
    """Read ``If-Match`` and ``If-None-Match``.

    Raises:
        InvalidDataError: One of them has another form.

    """
    exists, versions = None, None
    problems = ProblemCollector()
    with problems:
        match = request.headers.get("if-match")
        if match is not None:
            exists = True
            versions = None if match.strip() == "*" else frozenset(_read_etags(match))
    with problems:
        if request.headers.get("if-none-match", "*").strip() != "*":
            raise InvalidDataError.of("If-None-Match", "must be *")
    problems.raise_if_any()
    if "if-none-match" in request.headers:
        if exists:
            raise InvalidDataError.of("If-None-Match", "cannot be combined with If-Match")
        exists = False
    return Precondition(versions, exists)


def parse_filter(request: Request) -> tuple[list[int], bool | None, "Search | None"]:
    """Read of which groups to list contacts, whether blacklisted ones, and what to look for.

    Raises:
        InvalidDataError: A group is not a UUID, or ``blacklisted`` is not ``true`` or ``false``, or
            ``q`` is nothing that can be looked for.

    """
    groups: list[int] = []
    is_blacklisted = None
    search = None
    problems = ProblemCollector()
    with problems:
        groups = [_read_group_id("group", text) for text in request.query.get("group", ())]
    with problems:
        sent = request.last_in_query(BLACKLISTED)
        if sent not in {None, "true", "false"}:
            raise InvalidDataError.of(BLACKLISTED, "must be true or false")
        is_blacklisted = None if sent is None else sent == "true"
    with problems:
        text = request.last_in_query(SEARCH)
        if text is not None:
            from chalicelib.domain.search import parse_search  # noqa: PLC0415 - few requests do

            search = parse_search(text)
    problems.raise_if_any()
    return groups, is_blacklisted, search


def contact_response(
    status: int, profile: Profile, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a contact with its ``ETag``."""
    id_, revision = version_of(profile.contact)
    tag = {"ETag": f'"{uuid_of(id_)}-{revision}"'}
    return json_response(status, render_contact(profile), {**tag, **(headers or {})})


def render_contact(profile: Profile) -> dict[str, Any]:
    """Render a contact. No key is ever absent; what is not set is null."""
    own = render_own_fields(profile.contact)
    dates = {name: own.pop(name) for name in _DATES}
    return {
        **own,
        GROUPS: [{"id": uuid_of(group.id), "name": group.name} for group in profile.groups],
        BLACKLISTED: profile.is_blacklisted,
        **dates,
    }


def render_own_fields(contact: Contact) -> dict[str, Any]:
    """Render the fields that a contact has by itself: all but its groups and its opt-out."""
    own = _render_own(contact)
    return {
        "id": own.pop("id"),
        PHONE_NUMBER: contact.phone_number.e164,
        **{field: contact.details.get(name) for field, name in DETAIL_FIELDS.items()},
        ATTRIBUTES: {name.removeprefix(OWN): value for name, value in contact.extra.items()},
        **own,
    }


def _render_own(contact: Contact) -> dict[str, Any]:
    """Render the read-only fields that a contact has by itself."""
    day = contact.scheduled_deletion_date
    return {
        "id": uuid_of(contact.id),
        "scheduledDeletionDate": day and day.isoformat(),
        "createdOn": render_moment(contact.created_on),
        "updatedOn": render_moment(contact.updated_on),
    }


def _read_contact(
    body: Mapping[str, Any], account: Account, *, is_whole: bool, key: ContactKey | None = None
) -> Sent:
    """Read the fields of a contact. If they are the *whole*, absent ones are cleared."""
    details = dict.fromkeys(DETAIL_FIELDS.values()) if is_whole else {}
    number, groups = None, None
    own: dict[str, str | None] = {}
    foreign: dict[str, Any] = {}
    problems = ProblemCollector()
    with problems:
        details |= read_details(body, DETAIL_FIELDS)
    with problems:
        if PHONE_NUMBER in body:
            number = _read_number(body[PHONE_NUMBER], account)
            if isinstance(key, PhoneNumber) and number != key:
                raise InvalidDataError.of(PHONE_NUMBER, "must be the number in the path")
    with problems:
        if GROUPS in body:
            groups = read_groups(body[GROUPS])
    with problems, under(f"/{ATTRIBUTES}"):
        own, foreign = _read_attributes(body.get(ATTRIBUTES))
    with problems:
        refuse_unknown(body, known=_WRITABLE | READ_ONLY)
    problems.raise_if_any()
    clears_attributes = is_whole or (ATTRIBUTES in body and body[ATTRIBUTES] is None)
    write = ContactWrite(
        phone_number=number,
        details=details,
        extra={f"{OWN}{name}": value for name, value in own.items()},
        replaced_extra=OWN if clears_attributes else None,
        group_ids=groups,
    )
    read_only = {field: body[field] for field in READ_ONLY if field in body}
    return Sent(write, read_only, foreign)


def _with_precondition(sent: Sent, request: Request) -> Sent:
    return sent._replace(write=replace(sent.write, precondition=parse_precondition(request)))


def _read_number(value: object, account: Account) -> PhoneNumber:
    return read_phone_number(value, account, field=PHONE_NUMBER, is_strict=True)


def read_groups(value: object, field: str = GROUPS) -> tuple[int, ...]:
    """Read groups, each as its id or as an object with its id, as a contact is answered.

    Raises:
        InvalidDataError: For each that is not a UUID, or is there twice.

    """
    if not isinstance(value, list):
        raise InvalidDataError.of(field, "must be an array")
    group_ids: list[int] = []
    seen: set[str] = set()
    problems = ProblemCollector()
    with under(f"/{field}"):
        for place, each in enumerate(value):
            with problems:
                text = each.get("id") if isinstance(each, dict) else each
                group_id = _read_group_id(str(place), text)
                uuid = str(text).lower()
                if uuid in seen:
                    raise InvalidDataError.of(str(place), "is there twice")
                seen.add(uuid)
                group_ids.append(group_id)
        problems.raise_if_any()
    return tuple(group_ids)


def _read_group_id(field: str, text: object) -> int:
    """Read the id of a group; a UUID that is not one of ours is 0, which no group has."""
    if not isinstance(text, str) or not is_uuid(text):
        raise InvalidDataError.of(field, "must be a UUID")
    return id_of_uuid(text) or 0


def _read_attributes(value: object) -> tuple[dict[str, str | None], dict[str, Any]]:
    """Read our own attributes, and those of other dialects, whose names have a dot."""
    own: dict[str, str | None] = {}
    if value is None:
        return own, {}
    if not isinstance(value, dict):
        raise InvalidDataError.of("body", "must be an object")
    foreign = {name: each for name, each in value.items() if "." in name}
    problems = ProblemCollector()
    for name in value.keys() - foreign.keys():
        with problems:
            shown = shown_name(name)
            checked_text(shown, name, shortest=1, longest=MAX_FIELD_NAME_CHARACTERS)
            text = value[name]
            own[name] = (
                None if text is None else checked_text(shown, text, longest=MAX_FIELD_CHARACTERS)
            )
    problems.raise_if_any()
    return own, foreign


def _read_etags(text: str) -> Iterator[Version]:
    for each in text.split(","):
        tag = _ETAG.fullmatch(each.strip())
        contact_id = id_of_uuid(tag[1]) if tag else None
        if tag is None or contact_id is None:
            raise InvalidDataError.of("If-Match", "must be * or ETags of contacts")
        yield contact_id, int(tag[2])
