"""Parse a Devino client's requests for the services; an error names every problem.

``rows.py`` reads each contact of an upload, and ``queries.py`` reads the filters of lists.
"""

from datetime import timedelta
from enum import Enum
from typing import Any, Final, NamedTuple

from chalicelib.dialects.bodies import read_object, refuse_unknown
from chalicelib.dialects.devino.fields import (
    BASICS,
    FIELD_ATTRIBUTES,
    KINDS,
    MAIN_FIELDS,
    OMNI_API,
    READ_ONLY,
    TYPE_NUMBERS,
    extra_of_list,
)
from chalicelib.dialects.devino.values import (
    all_sent,
    checked_array,
    checked_fields,
    existing,
    missing,
    not_null,
    parse_zone_offset,
    read_display_name,
    read_field_name,
    read_list_id,
    read_type,
    refuse_unknown_within,
)
from chalicelib.dialects.messages import Request
from chalicelib.domain.errors import InvalidDataError, ProblemCollector
from chalicelib.domain.extra import Extra
from chalicelib.domain.field import FieldDefinition, FieldType
from chalicelib.domain.group import GroupKind
from chalicelib.domain.ids import id_of_decimal, is_decimal
from chalicelib.domain.limits import (
    MAX_FIELD_CHARACTERS,
    MAX_GROUP_NAME_CHARACTERS,
    MAX_GROUPS_IN_A_FILTER,
    MAX_UPLOAD_ROWS,
)
from chalicelib.domain.text import checked_text

DELETED_IDS: Final = ("ids", "smsIds")
"""The vendor's sample of a deletion has one of these parameters, its table the other."""


class DuplicateCheck(Enum):
    """What makes an uploaded contact the same as one that is already in the list."""

    NONE = None
    PHONE = "phone"
    EMAIL = "email"


class NewList(NamedTuple):
    """A contact list to be created."""

    name: str
    kind: GroupKind
    extra: Extra


class Upload(NamedTuple):
    """Contacts for a list, each as it was sent, not parsed."""

    group_id: int
    rows: list[Any]
    check: DuplicateCheck
    zone_offset: timedelta


def parse_new_list(request: Request) -> NewList:
    """Read a contact list to be created.

    Raises:
        InvalidDataError: For everything that is missing or not acceptable.

    """
    body = read_object(request)
    problems = ProblemCollector()
    with problems:
        name = checked_text(
            "name",
            not_null("name", body.get("name")),
            shortest=1,
            longest=MAX_GROUP_NAME_CHARACTERS,
        )
    with problems:
        kind = _read_kind(body.get("type"))
    with problems:
        definitions = _read_definitions(body.get("fields"))
    with problems:
        auto_delete = _read_flag("autoDeleteEnabled", body.get("autoDeleteEnabled"))
    with problems:
        refuse_unknown(body, known={"name", "type", "fields", "autoDeleteEnabled"})
    problems.raise_if_any()
    return NewList(name=name, kind=kind, extra=extra_of_list(definitions, auto_delete=auto_delete))


def parse_upload(request: Request) -> Upload:
    """Read an upload, but do not parse its contacts.

    Raises:
        InvalidDataError: For everything that is missing or not acceptable.
        NotFoundError: We never issued the list's id.

    """
    body = read_object(request)
    problems = ProblemCollector()
    with problems:
        list_id = read_list_id(
            "contactGroupId", not_null("contactGroupId", body.get("contactGroupId"))
        )
    with problems:
        rows = checked_array("contacts", not_null("contacts", body.get("contacts")))
        if len(rows) > MAX_UPLOAD_ROWS:
            raise InvalidDataError.of("contacts", f"must be at most {MAX_UPLOAD_ROWS}")
    with problems:
        check = _read_duplicate_check(body.get("duplicateCheckField"))
    with problems:
        zone_offset = parse_zone_offset(request)
    with problems:
        refuse_unknown(body, known={"contactGroupId", "contacts", "duplicateCheckField"})
    problems.raise_if_any()
    return Upload(group_id=existing(list_id), rows=rows, check=check, zone_offset=zone_offset)


def parse_deleted_ids(request: Request) -> tuple[str, dict[str, int | None]]:
    """Return the parameter that names the lists to delete, and each id by its text as sent.

    The client may repeat the parameter, or separate ids by commas. An id that we never issued
    is None.

    Raises:
        InvalidDataError: There are no ids or too many, or one is not a whole number.

    """
    parameter = next((name for name in DELETED_IDS if all_sent(request, name)), DELETED_IDS[0])
    sent = dict.fromkeys(text for name in DELETED_IDS for text in all_sent(request, name))
    if not sent:
        raise missing(parameter)
    if len(sent) > MAX_GROUPS_IN_A_FILTER:
        raise InvalidDataError.of(parameter, f"must be at most {MAX_GROUPS_IN_A_FILTER}")
    if not all(map(is_decimal, sent)):
        raise InvalidDataError.of(parameter, "must be whole numbers")
    return parameter, {text: id_of_decimal(text) for text in sent}


def _read_kind(value: object) -> GroupKind:
    if value is None:
        return GroupKind.STANDARD
    if value == OMNI_API:
        raise InvalidDataError.of("type", f"{OMNI_API} cannot be created")
    kind = KINDS.get(value) if isinstance(value, str) else None
    if kind is None:
        raise InvalidDataError.of("type", f"must be one of {', '.join(KINDS)}")
    return kind


def _read_flag(field: str, value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise InvalidDataError.of(field, "must be true or false")
    return value


def _read_duplicate_check(value: object) -> DuplicateCheck:
    try:
        return DuplicateCheck(value)
    except ValueError as error:
        raise InvalidDataError.of("duplicateCheckField", "must be phone or email") from error


def _read_definitions(value: object) -> list[FieldDefinition]:
    definitions: dict[str, FieldDefinition] = {}
    problems = ProblemCollector()
    for position, each in enumerate(checked_fields(value)):
        with problems:
            definition = _read_definition(each, f"fields[{position}]")
            if definition.name in definitions:
                raise InvalidDataError.of(f"fields[{position}].name", "is there twice")
            definitions[definition.name] = definition
    problems.raise_if_any()
    return list(definitions.values())


def _read_definition(value: object, field: str) -> FieldDefinition:
    if not isinstance(value, dict):
        raise InvalidDataError.of(field, "must be an object")
    problems = ProblemCollector()
    with problems:
        name = _read_own_name(f"{field}.name", value.get("name"))
    with problems:
        display_name = read_display_name(f"{field}.displayName", value.get("displayName"))
    with problems:
        kind = FieldType.TEXT
        if value.get("type") is not None:
            kind = read_type(f"{field}.type", value["type"])
    with problems:
        values = _read_values(f"{field}.values", value.get("values"))
    with problems:
        refuse_unknown_within(field, value, known=FIELD_ATTRIBUTES)
    problems.raise_if_any()
    main = MAIN_FIELDS.get(name)
    if main and main.type is not kind:
        raise InvalidDataError.of(f"{field}.type", f"is {TYPE_NUMBERS[main.type]} in every list")
    shown = display_name or (main.display_name if main else name)
    return FieldDefinition(name, shown, kind, values or (main.values if main else ()))


def _read_own_name(field: str, value: object) -> str:
    """Read the name of a field that a list defines."""
    name = read_field_name(field, value)
    if name in BASICS or name.lower() in READ_ONLY:
        raise InvalidDataError.of(field, "is an attribute that every contact has")
    return name


def _read_values(field: str, value: object) -> tuple[str, ...]:
    values = [] if value is None else checked_array(field, value)
    return tuple(checked_text(field, each, longest=MAX_FIELD_CHARACTERS) for each in values)
