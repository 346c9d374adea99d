"""What a Devino client sent, as the services want it; every problem found at once."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, NamedTuple, TypeVar

from chalicelib.dialects.bodies import read_object, refuse_unknown
from chalicelib.dialects.devino.errors import MUST_NOT_BE_NULL
from chalicelib.dialects.devino.fields import (
    BASICS,
    DATES,
    DETAILS,
    MAIN_FIELDS,
    READ_ONLY,
    TYPE_NUMBERS,
    TYPES,
    extra_of_list,
    extra_of_push_info,
)
from chalicelib.dialects.devino.selection import (
    UNSUBSCRIBED_CHANNELS,
    Channel,
    ContactFilter,
    ListFilter,
    Operator,
    Order,
    Slice,
    State,
    Subscription,
)
from chalicelib.dialects.messages import Request
from chalicelib.dialects.operations import likeness
from chalicelib.domain.account import Account
from chalicelib.domain.contact import DETAIL_CHARACTERS, ContactData
from chalicelib.domain.errors import (
    ErrorCode,
    InvalidDataError,
    NotFoundError,
    Problem,
    ProblemCollector,
)
from chalicelib.domain.extra import Extra, changed_extra
from chalicelib.domain.field import Field, FieldDefinition, FieldType, Value, extra_of_field
from chalicelib.domain.field_values import check_value, read_date_time, shifted
from chalicelib.domain.group import GroupKind
from chalicelib.domain.ids import id_of_decimal, is_decimal
from chalicelib.domain.limits import (
    FIELD_CHARACTERS,
    FIELD_NAME_CHARACTERS,
    GROUP_NAME_CHARACTERS,
    GROUPS_IN_A_FILTER,
    PAGE_ITEMS,
    TYPED_FIELDS,
    UPLOAD_ROWS,
)
from chalicelib.domain.phone import Notation, PhoneNumber
from chalicelib.domain.phone_reading import read_phone_number, read_phone_number_or_integer
from chalicelib.domain.phone_text import UnreadableError, read_text
from chalicelib.domain.text import checked_text

KINDS: Final[Mapping[str, GroupKind]] = {
    "STANDARD": GroupKind.STANDARD,
    "STOPLIST": GroupKind.STOPLIST,
    "PUSH": GroupKind.PUSH,
}

OMNI_API: Final = "OMNI_API"
"""The one further type: it cannot be created by a client, and is in no list of lists."""

TYPE: Final = "type"
ZONE_OFFSET: Final = "zoneOffset"
_SLICE: Final = frozenset({"limit", "offset"})
LISTS_QUERY: Final = frozenset({"name", "from", "to", "autoDeleteEnabled", ZONE_OFFSET, *_SLICE})
"""By what lists are asked for, beside their types."""

CONTACTS_QUERY: Final = frozenset({
    "contactGroupId", "sortByField", "descOrder", "queryName", "queryOperator", "queryValue",
    "pushToken", "subscriptionChannel", "subscriptionState", ZONE_OFFSET, *_SLICE,
})  # fmt: skip
"""By what the contacts of a list are asked for."""

DELETED_IDS: Final = ("ids", "smsIds")
"""The vendor's sample of a deletion says the one, its table of parameters the other."""

_LARGEST_OFFSET: Final = 2**31 - 1
_COUNT_DIGITS: Final = 10
_ZONE_OFFSET: Final = re.compile(r"[+-]?[0-9]{1,4}", re.ASCII)
_FARTHEST_ZONE: Final = 18 * 60
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_. -]{0,29}", re.ASCII)
"""Names that are repeated to the client: 10,000 rows may each be refused for one."""

_PROBLEMS_OF_FIELDS: Final = 10

_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
_LARGEST_OS: Final = 99
_ROW: Final = frozenset({*BASICS, "fields", "pushInfo"})
_DEFINITION: Final = frozenset({"name", "displayName", "type", "values", "isDefault"})
"""``isDefault`` is shown, and so sent back; it follows from the name."""

_NAMES_OF_ALL_LISTS: Final = {likeness(name): name for name in (*MAIN_FIELDS, *BASICS)}
_NO_FIELDS: Final = READ_ONLY | {"contactid", "companyid", "contactgroupid", "unsubscribeddata"}
_DEVICE: Final = frozenset({"appId", "os", "pushToken"})
_LONGEST: Final = {name: DETAIL_CHARACTERS[detail] for name, detail in DETAILS.items()}

_ValueT = TypeVar("_ValueT")
_ChoiceT = TypeVar("_ChoiceT", bound=Enum)


class DuplicateCheck(Enum):
    """By what a contact of an upload counts as one that is in the list already."""

    NONE = None
    PHONE = "phone"
    EMAIL = "email"


class NewList(NamedTuple):
    """A contact list to be created."""

    name: str
    kind: GroupKind
    extra: Extra


class Upload(NamedTuple):
    """Contacts for a list, each still as it was sent."""

    group_id: int
    rows: list[Any]
    check: DuplicateCheck
    zone_offset: timedelta


class ListsQuery(NamedTuple):
    """Which lists are asked for, and at which clock their dates are read."""

    filter: ListFilter
    slice: Slice
    zone_offset: timedelta


class ContactsQuery(NamedTuple):
    """Which contacts of which list are asked for, and at which clock their dates are read."""

    group_id: int
    filter: ContactFilter
    order: Order
    slice: Slice
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
            "name", _not_null("name", body.get("name")), shortest=1, longest=GROUP_NAME_CHARACTERS
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
    """Read contacts for a list, but not yet what each says.

    Raises:
        InvalidDataError: For everything that is missing or not acceptable.
        NotFoundError: The list's id is none of ours.

    """
    body = read_object(request)
    problems = ProblemCollector()
    with problems:
        list_id = _read_list_id(
            "contactGroupId", _not_null("contactGroupId", body.get("contactGroupId"))
        )
    with problems:
        rows = _checked_array("contacts", _not_null("contacts", body.get("contacts")))
        if len(rows) > UPLOAD_ROWS:
            raise InvalidDataError.of("contacts", f"must be at most {UPLOAD_ROWS}")
    with problems:
        check = _read_duplicate_check(body.get("duplicateCheckField"))
    with problems:
        zone_offset = _parse_zone_offset(request)
    with problems:
        refuse_unknown(body, known={"contactGroupId", "contacts", "duplicateCheckField"})
    problems.raise_if_any()
    return Upload(group_id=_existing(list_id), rows=rows, check=check, zone_offset=zone_offset)


def read_row(
    row: object,
    definitions: Mapping[str, FieldDefinition],
    account: Account,
    *,
    zone_offset: timedelta,
) -> ContactData:
    """Read one contact of an upload; null clears a field, and what is not named stays.

    Raises:
        InvalidDataError: For everything that is missing or not acceptable.

    """
    if not isinstance(row, dict):
        raise InvalidDataError.of("contacts", "must be an object")
    basics = {name: row[name] for name in BASICS if row.get(name) is not None}
    fields: list[Field] = []
    details: dict[str, str | None] = {}
    extra: dict[str, Any] = {}
    problems = ProblemCollector()
    with problems:
        fields = _read_fields(row.get("fields"), definitions, basics)
    with problems:
        if "email" in row or "email" in basics:
            details["email"] = _read_detail("email", basics.get("email"))
    for field in fields:
        name = field.definition.name
        if name not in DETAILS:
            extra |= extra_of_field(_in_utc(field, zone_offset))
            continue
        with problems:
            details[DETAILS[name]] = _read_detail(name, field.value)
    with problems:
        if "pushInfo" in row:
            extra |= extra_of_push_info(_read_push_info(row["pushInfo"]))
    with problems:
        # Also what the vendor shows and nobody can set: an opt-out that another service shows must
        # not be lost in silence.
        refuse_unknown(row, known=_ROW)
    with problems:
        # What is more than is kept whatever the contact has already is no contact's email either.
        changed_extra({}, extra)
    # Without a number there is no contact, whatever else is wrong: that is told first.
    all_problems = ProblemCollector()
    with all_problems:
        phone_number = _read_number(_single(basics.get("phone")), account)
    with all_problems:
        problems.raise_if_any()
    all_problems.raise_if_any()
    return ContactData(phone_number=phone_number, details=details, extra=extra)


def parse_lists_query(request: Request) -> ListsQuery:
    """Read which lists are asked for.

    Raises:
        InvalidDataError: For every parameter that is not acceptable.

    """
    name = None
    problems = ProblemCollector()
    with problems:
        zone_offset = _parse_zone_offset(request)
    with problems:
        wanted = _parse_slice(request)
    with problems:
        name = _sent(request, "name")
    with problems:
        kinds = _parse_kinds(request)
    with problems:
        start = _parse_moment(request, "from")
    with problems:
        end = _parse_moment(request, "to")
    with problems:
        auto_delete = _parse_flag(request, "autoDeleteEnabled")
    problems.raise_if_any()
    chosen = ListFilter(name=name, kinds=kinds, start=start, end=end, auto_delete=auto_delete)
    return ListsQuery(filter=chosen, slice=wanted, zone_offset=zone_offset)


def parse_contacts_query(request: Request, account: Account) -> ContactsQuery:
    """Read which contacts of which list are asked for.

    Raises:
        InvalidDataError: For every parameter that is missing or not acceptable.
        NotFoundError: The list's id is none of ours.

    """
    sort_by = push_token = None
    problems = ProblemCollector()
    with problems:
        list_id = _read_list_id(
            "contactGroupId", _not_null("contactGroupId", _sent(request, "contactGroupId"))
        )
    with problems:
        zone_offset = _parse_zone_offset(request)
    with problems:
        wanted = _parse_slice(request)
    with problems:
        sort_by = _sent(request, "sortByField")
    with problems:
        descending = _parse_flag(request, "descOrder") or False
    with problems:
        comparison = _parse_comparison(request, account)
    with problems:
        push_token = _sent(request, "pushToken")
    with problems:
        subscription = _parse_subscription(request)
    problems.raise_if_any()
    chosen = ContactFilter(
        field=comparison.field,
        operator=comparison.operator,
        value=comparison.value,
        push_token=push_token,
        subscription=subscription,
        zone_offset=zone_offset,
    )
    return ContactsQuery(
        group_id=_existing(list_id),
        filter=chosen,
        order=Order(sort_by, descending=descending),
        slice=wanted,
        zone_offset=zone_offset,
    )


def check_field_names(query: ContactsQuery, definitions: Mapping[str, FieldDefinition]) -> None:
    """Return unless the name of a field is almost another's, or of what is no field.

    A contact may have fields that its list does not define, so that no other name can be refused.

    Raises:
        InvalidDataError: It is: such a filter would choose nobody, or everybody.

    """
    names = (*definitions, *BASICS)
    known = {likeness(name): name for name in names}
    problems = ProblemCollector()
    for parameter, sent in (("queryName", query.filter.field), ("sortByField", query.order.field)):
        if sent is None or sent in names or sent.lower() in DATES:
            continue
        with problems:
            if likeness(sent) in known:
                meant = known[likeness(sent)]
                raise InvalidDataError.of(parameter, f"is no field: did you mean {meant}?")
            if sent.lower() in _NO_FIELDS:
                raise InvalidDataError.of(parameter, "is no field that contacts are chosen by")
    problems.raise_if_any()


def parse_deleted_ids(request: Request) -> tuple[str, list[str]]:
    """Read the ids of the lists to delete, each once and as it was sent, and their parameter.

    They may be several parameters, or separated by commas in one.

    Raises:
        InvalidDataError: There are none or too many, or one is no whole number.

    """
    parameter = next((name for name in DELETED_IDS if _all_sent(request, name)), DELETED_IDS[0])
    sent = dict.fromkeys(text for name in DELETED_IDS for text in _all_sent(request, name))
    if not sent:
        raise _missing(parameter)
    if len(sent) > GROUPS_IN_A_FILTER:
        raise InvalidDataError.of(parameter, f"must be at most {GROUPS_IN_A_FILTER}")
    if not all(map(is_decimal, sent)):
        raise InvalidDataError.of(parameter, "must be whole numbers")
    return parameter, list(sent)


def shown_name(name: str, position: int) -> str:
    """Return by what a field is named to the client: its name, if that is short and plain."""
    return name if _PLAIN_NAME.fullmatch(name) else f"fields[{position}]"


def _missing(field: str) -> InvalidDataError:
    return InvalidDataError([Problem(field, MUST_NOT_BE_NULL, is_missing=True)])


def _not_null(field: str, value: _ValueT | None) -> _ValueT:
    if value is None:
        raise _missing(field)
    return value


def _sent(request: Request, name: str) -> str | None:
    """Return a parameter if it is there.

    Raises:
        InvalidDataError: It is empty: it would narrow nothing, where somebody meant it to.

    """
    text = request.last_in_query(name)
    if text == "":
        raise InvalidDataError.of(name, "must not be empty")
    return text


def _all_sent(request: Request, name: str) -> list[str]:
    """Return all values of a parameter, however several are sent."""
    texts = request.query.get(name, [])
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _read_list_id(field: str, value: object) -> int | None:
    if not is_decimal(value):
        raise InvalidDataError.of(field, "must be a whole number")
    return id_of_decimal(value)


def _existing(group_id: int | None) -> int:
    """Return the id of a list; one that we never gave out is a list that does not exist."""
    if group_id is None:
        raise NotFoundError(ErrorCode.GROUP_NOT_FOUND)
    return group_id


def _checked_array(field: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidDataError.of(field, "must be an array")
    return value


def _checked_fields(value: object) -> list[Any]:
    fields = [] if value is None else _checked_array("fields", value)
    if len(fields) > TYPED_FIELDS:
        raise InvalidDataError.of("fields", f"must be at most {TYPED_FIELDS}")
    return fields


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
    for position, each in enumerate(_checked_fields(value)):
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
        name = _read_field_name(value.get("name"), f"{field}.name")
    with problems:
        display_name = _read_display_name(value.get("displayName"), f"{field}.displayName")
    with problems:
        kind = FieldType.TEXT
        if value.get("type") is not None:
            kind = _read_type(value["type"], f"{field}.type")
    with problems:
        values = _read_values(value.get("values"), f"{field}.values")
    with problems:
        _refuse_unknown_within(field, value, known=_DEFINITION)
    problems.raise_if_any()
    main = MAIN_FIELDS.get(name)
    if main and main.type is not kind:
        raise InvalidDataError.of(f"{field}.type", f"is {TYPE_NUMBERS[main.type]} in every list")
    shown = display_name or (main.display_name if main else name)
    return FieldDefinition(name, shown, kind, values or (main.values if main else ()))


def _read_type(value: object, field: str) -> FieldType:
    """Read a field's type; the vendor's tables say text, and its samples are numbers."""
    try:
        return TYPES[int(str(value)) if is_decimal(value) else -1]
    except (KeyError, ValueError) as error:
        known = ", ".join(map(str, TYPES))
        raise InvalidDataError.of(field, f"must be one of {known}") from error


def _read_field_name(value: object, field: str) -> str:
    name = checked_text(field, _not_null(field, value), shortest=1, longest=FIELD_NAME_CHARACTERS)
    if name in BASICS or name.lower() in READ_ONLY:
        raise InvalidDataError.of(field, "is an attribute that every contact has")
    return name


def _read_display_name(value: object, field: str) -> str | None:
    return None if value is None else checked_text(field, value, longest=FIELD_NAME_CHARACTERS)


def _read_values(value: object, field: str) -> tuple[str, ...]:
    values = [] if value is None else _checked_array(field, value)
    return tuple(checked_text(field, each, longest=FIELD_CHARACTERS) for each in values)


def _read_fields(
    value: object, definitions: Mapping[str, FieldDefinition], basics: dict[str, Any]
) -> list[Field]:
    """Return the fields of a row, and put a phone and an email that are among them into *basics*.

    The vendor counts both among the "main contact fields", and has them beside the fields too.
    Behind :data:`_PROBLEMS_OF_FIELDS` no further ones are looked for: an upload may hold a million
    fields, and a row is told its first problem.
    """
    fields: dict[str, Field | None] = {}
    problems = ProblemCollector()
    for position, sent in enumerate(_checked_fields(value)):
        with problems:
            name = _read_name_of_field(sent, position)
            shown = shown_name(name, position)
            if name in fields or name in basics:
                raise InvalidDataError.of(shown, "is there twice")
            fields[name] = None
            _refuse_unknown_within(shown, sent, known=_DEFINITION | {"value"})
            if "value" not in sent:
                continue
            if name in BASICS:
                basics[name] = sent["value"]
            else:
                fields[name] = _read_field(sent, name, shown, definitions.get(name))
        if len(problems) >= _PROBLEMS_OF_FIELDS:
            break
    problems.raise_if_any()
    return [field for field in fields.values() if field]


def _read_name_of_field(sent: Value, position: int) -> str:
    if not isinstance(sent, dict):
        raise InvalidDataError.of(f"fields[{position}]", "must be an object")
    field = f"fields[{position}].name"
    name = checked_text(
        field, _not_null(field, sent.get("name")), shortest=1, longest=FIELD_NAME_CHARACTERS
    )
    if name.lower() in READ_ONLY:
        raise InvalidDataError.of(field, "is an attribute that cannot be set")
    meant = _NAMES_OF_ALL_LISTS.get(likeness(name), name)
    if meant != name:
        raise InvalidDataError.of(field, f"is no field: did you mean {meant}?")
    if "values" in sent and "value" not in sent:
        raise InvalidDataError.of(f"fields[{position}].value", "is required")
    return name


def _read_field(
    sent: Mapping[str, Any], name: str, shown: str, defined: FieldDefinition | None
) -> Field:
    kind = defined.type if defined else FieldType.TEXT
    if sent.get("type") is not None:
        kind = _read_type(sent["type"], shown)
    if defined and kind is not defined.type:
        raise InvalidDataError.of(shown, f"is of type {TYPE_NUMBERS[defined.type]} in this list")
    display_name = _read_display_name(sent.get("displayName"), shown)
    if defined or display_name is None:
        display_name = name
    written = FieldDefinition(name, display_name, kind)
    if sent["value"] is not None:
        check_value(shown, defined or written, sent["value"])
    return Field(written, sent["value"])


def _in_utc(field: Field, zone_offset: timedelta) -> Field:
    """Return a field as it is kept: a date and time by no clock but UTC."""
    if not zone_offset:
        return field
    return Field(field.definition, shifted(field.definition.type, field.value, -zone_offset))


def _read_detail(name: str, value: object) -> str | None:
    value = _single(value)
    return None if value is None else checked_text(name, value, longest=_LONGEST[name])


def _single(value: object) -> object:
    """Return the only element of an array: the vendor's tables say one, its samples send none."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _read_number(value: object, account: Account) -> PhoneNumber:
    """Read a number as international digits, as the vendor's samples send and show it."""
    return read_phone_number_or_integer(
        _not_null("phone", value or None),
        account,
        field="phone",
        documented=Notation.INTERNATIONAL,
    )


def _read_push_info(value: object) -> list[dict[str, Any]]:
    devices = [] if value is None else _checked_array("pushInfo", value)
    return [_read_device(device, f"pushInfo[{n}]") for n, device in enumerate(devices)]


def _read_device(device: object, field: str) -> dict[str, Any]:
    if not isinstance(device, dict):
        raise InvalidDataError.of(field, "must be an object")
    problems = ProblemCollector()
    with problems:
        app_id = checked_text(
            f"{field}.appId",
            _not_null(f"{field}.appId", device.get("appId")),
            longest=FIELD_CHARACTERS,
        )
    with problems:
        system = _not_null(f"{field}.os", device.get("os"))
        is_number = isinstance(system, int) and not isinstance(system, bool)
        if not is_number or not 0 <= system <= _LARGEST_OS:
            raise InvalidDataError.of(f"{field}.os", f"must be a number from 0 to {_LARGEST_OS}")
    with problems:
        token = checked_text(
            f"{field}.pushToken",
            _not_null(f"{field}.pushToken", device.get("pushToken")),
            longest=FIELD_CHARACTERS,
        )
    with problems:
        _refuse_unknown_within(field, device, known=_DEVICE)
    problems.raise_if_any()
    return {"appId": app_id, "os": system, "pushToken": token}


def _refuse_unknown_within(
    field: str, value: Mapping[str, Any], *, known: AbstractSet[str]
) -> None:
    if not value.keys() <= known:
        refuse_unknown(
            {f"{field}.{name}": None for name in value if name not in known}, known=known
        )


def _parse_zone_offset(request: Request) -> timedelta:
    # A bare plus in a query arrives as a space.
    text = (request.last_in_query("zoneOffset") or "0").strip()
    if not _ZONE_OFFSET.fullmatch(text) or abs(int(text)) > _FARTHEST_ZONE:
        raise InvalidDataError.of(
            "zoneOffset", f"must be minutes from -{_FARTHEST_ZONE} to {_FARTHEST_ZONE}"
        )
    return timedelta(minutes=int(text))


def _parse_slice(request: Request) -> Slice:
    problems = ProblemCollector()
    with problems:
        limit = _parse_count(request, "limit", least=1, most=PAGE_ITEMS)
    with problems:
        offset = _parse_count(request, "offset", least=0, most=_LARGEST_OFFSET) or 0
    problems.raise_if_any()
    return Slice(offset, limit)


def _parse_count(request: Request, name: str, *, least: int, most: int) -> int | None:
    text = _sent(request, name)
    if text is None:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) <= _COUNT_DIGITS
    if not is_number or not least <= int(text) <= most:
        raise InvalidDataError.of(name, f"must be a number from {least} to {most}")
    return int(text)


def _parse_kinds(request: Request) -> frozenset[GroupKind] | None:
    names = _all_sent(request, TYPE)
    if TYPE not in request.query:
        return None
    if not names or any(name not in KINDS and name != OMNI_API for name in names):
        raise InvalidDataError.of("type", f"must be some of {', '.join([*KINDS, OMNI_API])}")
    return frozenset(KINDS[name] for name in names if name in KINDS)


def _parse_moment(request: Request, name: str) -> datetime | None:
    text = _sent(request, name)
    if text is None:
        return None
    moment = read_date_time(text)
    if moment is None:
        raise InvalidDataError.of(name, "must be a date and time, YYYY-MM-DD HH:MM:SS")
    return moment


def _parse_flag(request: Request, name: str) -> bool | None:
    text = _sent(request, name)
    if text is not None and text.lower() not in _BOOLEANS:
        raise InvalidDataError.of(name, "must be true or false")
    return None if text is None else _BOOLEANS[text.lower()]


class _Comparison(NamedTuple):
    """With what a field is compared, and how; without a field, nothing is."""

    field: str | None
    operator: Operator
    value: str


def _parse_comparison(request: Request, account: Account) -> _Comparison:
    value = request.last_in_query("queryValue")
    field = None
    operator = Operator.EQUALS
    problems = ProblemCollector()
    with problems:
        field = _sent(request, "queryName")
        if field is None and {"queryOperator", "queryValue"} & request.query.keys():
            raise _missing("queryName")
        if field is not None and value is None:
            raise _missing("queryValue")
    with problems:
        operator = _parse_choice(request, "queryOperator", Operator) or operator
    problems.raise_if_any()
    if value == "" and operator in {Operator.CONTAINS, Operator.STARTS_WITH}:
        # Every text contains it, and so it would choose everybody.
        raise InvalidDataError.of("queryValue", "must not be empty")
    if field == "phone" and value is not None:
        return _compared_number(value, operator, account)
    return _Comparison(field, operator, value or "")


def _compared_number(text: str, operator: Operator, account: Account) -> _Comparison:
    """Compare the digits of a number, or of a part of one: numbers are shown without a plus."""
    if operator in {Operator.EQUALS, Operator.NOT_EQUALS}:
        number = read_phone_number(
            text, account, field="queryValue", documented=Notation.INTERNATIONAL
        )
        return _Comparison("phone", operator, number.e164.removeprefix("+"))
    try:
        part = read_text(text)
    except UnreadableError as error:
        raise InvalidDataError.of("queryValue", str(error)) from error
    if part.before_zero:
        raise InvalidDataError.of("queryValue", "has a (0), of which no number is a part")
    # Behind a plus a number begins.
    return _Comparison("phone", Operator.STARTS_WITH if part.has_plus else operator, part.digits)


def _parse_subscription(request: Request) -> Subscription | None:
    problems = ProblemCollector()
    with problems:
        channel = _parse_choice(request, "subscriptionChannel", Channel)
    with problems:
        state = _parse_choice(request, "subscriptionState", State)
        if state is None and _sent(request, "subscriptionChannel") is not None:
            raise _missing("subscriptionState")
    problems.raise_if_any()
    if state is None:
        return None
    return Subscription(state, is_tracked=channel is None or channel in UNSUBSCRIBED_CHANNELS)


def _parse_choice(request: Request, name: str, choices: type[_ChoiceT]) -> _ChoiceT | None:
    text = _sent(request, name)
    if text is None:
        return None
    try:
        return choices(text)
    except ValueError as error:
        known = ", ".join(each.value for each in choices)
        raise InvalidDataError.of(name, f"must be one of {known}") from error
