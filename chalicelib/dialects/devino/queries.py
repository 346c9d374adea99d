"""Parse which lists and contacts a Devino client asks for; an error names every problem."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple, TypeVar

from chalicelib.dialects.devino.fields import (
    BASICS,
    CHANNELS,
    DATES,
    KINDS,
    OMNI_API,
    READ_ONLY,
    attribute_of,
    has_push_token,
    is_auto_deleting,
)
from chalicelib.dialects.devino.values import (
    ZONE_OFFSET,
    all_sent,
    existing,
    missing,
    not_null,
    parse_zone_offset,
    read_list_id,
    sent,
)
from chalicelib.dialects.messages import Request
from chalicelib.dialects.operations import likeness
from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact
from chalicelib.domain.errors import InvalidDataError, ProblemCollector
from chalicelib.domain.field import FieldDefinition
from chalicelib.domain.field_values import read_date_time
from chalicelib.domain.group import GroupKind
from chalicelib.domain.limits import MAX_PAGE_ITEMS
from chalicelib.domain.phone import Notation
from chalicelib.domain.phone_reading import read_phone_number
from chalicelib.domain.phone_text import UnreadableError, read_text
from chalicelib.domain.selection import (
    Attribute,
    Comparison,
    ContactFilter,
    GroupFilter,
    Operator,
    Order,
    Slice,
)

TYPE: Final = "type"
_SLICE: Final = frozenset({"limit", "offset"})
LISTS_QUERY: Final = frozenset({"name", "from", "to", "autoDeleteEnabled", ZONE_OFFSET, *_SLICE})
"""The query parameters of the list of lists, besides the types."""

CONTACTS_QUERY: Final = frozenset({
    "contactGroupId", "sortByField", "descOrder", "queryName", "queryOperator", "queryValue",
    "pushToken", "subscriptionChannel", "subscriptionState", ZONE_OFFSET, *_SLICE,
})  # fmt: skip
"""The query parameters of the contacts of a list."""

_MAX_OFFSET: Final = 2**31 - 1
_COUNT_DIGITS: Final = 10
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
_NO_FIELDS: Final = READ_ONLY | {"contactid", "companyid", "contactgroupid", "unsubscribeddata"}

_OPERATORS: Final[Mapping[str, Operator]] = {
    "EQUALS": Operator.EQUALS,
    "NOT_EQUALS": Operator.NOT_EQUALS,
    "CONTAINS": Operator.CONTAINS,
    "STARTS_WITH": Operator.STARTS_WITH,
}
_IS_UNSUBSCRIBED: Final[Mapping[str, bool]] = {"SUBSCRIBED": False, "UNSUBSCRIBED": True}

_ChoiceT = TypeVar("_ChoiceT")


class ListsQuery(NamedTuple):
    """Which lists are asked for, and the client's offset from UTC, in which dates are shown."""

    filter: GroupFilter
    slice: Slice
    zone_offset: timedelta


class ContactsQuery(NamedTuple):
    """Which contacts of a list are asked for, and the offset from UTC in which dates are shown.

    ``field_names`` has each name of a field in the query, by the parameter that holds it.
    """

    group_id: int
    filter: ContactFilter
    order: Order
    slice: Slice
    zone_offset: timedelta
    field_names: Mapping[str, str]


def parse_lists_query(request: Request) -> ListsQuery:
    """Read which lists are asked for.

    Raises:
        InvalidDataError: For every parameter that is not acceptable.

    """
    name = None
    problems = ProblemCollector()
    with problems:
        zone_offset = parse_zone_offset(request)
    with problems:
        wanted = _parse_slice(request)
    with problems:
        name = sent(request, "name")
    with problems:
        kinds = _parse_kinds(request)
    with problems:
        start = _parse_moment(request, "from")
    with problems:
        end = _parse_moment(request, "to")
    with problems:
        auto_delete = _parse_flag(request, "autoDeleteEnabled")
    problems.raise_if_any()
    by_auto_delete = (lambda group: is_auto_deleting(group) is auto_delete,)
    chosen = GroupFilter(
        name=name,
        kinds=kinds,
        start=start,
        end=end,
        zone_offset=zone_offset,
        conditions=() if auto_delete is None else by_auto_delete,
    )
    return ListsQuery(filter=chosen, slice=wanted, zone_offset=zone_offset)


def parse_contacts_query(request: Request, account: Account) -> ContactsQuery:
    """Read which contacts of which list are asked for.

    Raises:
        InvalidDataError: For every parameter that is missing or not acceptable.
        NotFoundError: We never issued the list's id.

    """
    sort_by = push_token = None
    problems = ProblemCollector()
    with problems:
        list_id = read_list_id(
            "contactGroupId", not_null("contactGroupId", sent(request, "contactGroupId"))
        )
    with problems:
        zone_offset = parse_zone_offset(request)
    with problems:
        wanted = _parse_slice(request)
    with problems:
        sort_by = sent(request, "sortByField")
    with problems:
        descending = _parse_flag(request, "descOrder") or False
    with problems:
        compared = _parse_comparison(request, account)
    with problems:
        push_token = sent(request, "pushToken")
    with problems:
        subscription = _parse_subscription(request)
    problems.raise_if_any()
    field_names = {"queryName": compared and compared.name, "sortByField": sort_by}
    return ContactsQuery(
        group_id=existing(list_id),
        filter=_filter_of(compared, push_token, subscription, zone_offset),
        order=_order_of(sort_by, zone_offset, descending=descending),
        slice=wanted,
        zone_offset=zone_offset,
        field_names={parameter: name for parameter, name in field_names.items() if name},
    )


def check_field_names(query: ContactsQuery, definitions: Mapping[str, FieldDefinition]) -> None:
    """Refuse a field name that resembles a known one, or names an attribute that is not a field.

    Other unknown names are accepted: a contact may have fields that its list does not define.

    Raises:
        InvalidDataError: For each such name: its filter would choose nobody, or everybody.

    """
    names = (*definitions, *BASICS)
    known = {likeness(each): each for each in names}
    problems = ProblemCollector()
    for parameter, name in query.field_names.items():
        if name in names or name.lower() in DATES:
            continue
        with problems:
            if likeness(name) in known:
                meant = known[likeness(name)]
                raise InvalidDataError.of(parameter, f"is not a field: did you mean {meant}?")
            if name.lower() in _NO_FIELDS:
                raise InvalidDataError.of(
                    parameter, "is not a field that contacts can be filtered by"
                )
    problems.raise_if_any()


def _parse_slice(request: Request) -> Slice:
    problems = ProblemCollector()
    with problems:
        limit = _parse_count(request, "limit", least=1, most=MAX_PAGE_ITEMS)
    with problems:
        offset = _parse_count(request, "offset", least=0, most=_MAX_OFFSET) or 0
    problems.raise_if_any()
    return Slice(offset, limit)


def _parse_count(request: Request, name: str, *, least: int, most: int) -> int | None:
    text = sent(request, name)
    if text is None:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) <= _COUNT_DIGITS
    if not is_number or not least <= int(text) <= most:
        raise InvalidDataError.of(name, f"must be a number from {least} to {most}")
    return int(text)


def _parse_kinds(request: Request) -> frozenset[GroupKind] | None:
    names = all_sent(request, TYPE)
    if TYPE not in request.query:
        return None
    if not names or any(name not in KINDS and name != OMNI_API for name in names):
        raise InvalidDataError.of("type", f"must be some of {', '.join([*KINDS, OMNI_API])}")
    return frozenset(KINDS[name] for name in names if name in KINDS)


def _parse_moment(request: Request, name: str) -> datetime | None:
    text = sent(request, name)
    if text is None:
        return None
    moment = read_date_time(text)
    if moment is None:
        raise InvalidDataError.of(name, "must be a date and time, YYYY-MM-DD HH:MM:SS")
    return moment


def _parse_flag(request: Request, name: str) -> bool | None:
    text = sent(request, name)
    if text is not None and text.lower() not in _BOOLEANS:
        raise InvalidDataError.of(name, "must be true or false")
    return None if text is None else _BOOLEANS[text.lower()]


class _Compared(NamedTuple):
    """A field or basic attribute, how it is compared, and the value to compare with."""

    name: str
    operator: Operator
    value: str


def _parse_comparison(request: Request, account: Account) -> _Compared | None:
    name = None
    operator = Operator.EQUALS
    value = request.last_in_query("queryValue")
    problems = ProblemCollector()
    with problems:
        name = sent(request, "queryName")
        if name is None and {"queryOperator", "queryValue"} & request.query.keys():
            raise missing("queryName")
        if name is not None and value is None:
            raise missing("queryValue")
    with problems:
        operator = _parse_choice(request, "queryOperator", _OPERATORS) or operator
    problems.raise_if_any()
    if name is None or value is None:
        return None
    if value == "" and operator in {Operator.CONTAINS, Operator.STARTS_WITH}:
        # Every text contains the empty text, so it would choose everybody.
        raise InvalidDataError.of("queryValue", "must not be empty")
    if name == "phone":
        return _compared_number(value, operator, account)
    return _Compared(name, operator, value)


def _compared_number(text: str, operator: Operator, account: Account) -> _Compared:
    """Compare the digits of a number or of a part of it: numbers are shown without a plus."""
    if operator in {Operator.EQUALS, Operator.NOT_EQUALS}:
        number = read_phone_number(
            text, account, field="queryValue", documented=Notation.INTERNATIONAL
        )
        return _Compared("phone", operator, number.e164.removeprefix("+"))
    try:
        part = read_text(text)
    except UnreadableError as error:
        raise InvalidDataError.of("queryValue", str(error)) from error
    if part.before_zero:
        raise InvalidDataError.of("queryValue", "has a (0), which no stored number contains")
    # After a plus, a number begins.
    return _Compared("phone", Operator.STARTS_WITH if part.has_plus else operator, part.digits)


def _parse_subscription(request: Request) -> ContactFilter:
    """Read whether to choose the contacts that may be messaged, or those that may not."""
    problems = ProblemCollector()
    with problems:
        is_by_blacklist = _parse_choice(request, "subscriptionChannel", CHANNELS)
    with problems:
        is_unsubscribed = _parse_choice(request, "subscriptionState", _IS_UNSUBSCRIBED)
        if is_unsubscribed is None and sent(request, "subscriptionChannel") is not None:
            raise missing("subscriptionState")
    problems.raise_if_any()
    if is_by_blacklist is not False:
        return ContactFilter(is_blacklisted=is_unsubscribed)
    return ContactFilter(conditions=(_is_nobody,) if is_unsubscribed else ())


def _parse_choice(request: Request, name: str, choices: Mapping[str, _ChoiceT]) -> _ChoiceT | None:
    text = sent(request, name)
    if text is not None and text not in choices:
        raise InvalidDataError.of(name, f"must be one of {', '.join(choices)}")
    return None if text is None else choices[text]


def _filter_of(
    compared: _Compared | None,
    push_token: str | None,
    subscription: ContactFilter,
    zone_offset: timedelta,
) -> ContactFilter:
    conditions = list(subscription.conditions)
    if compared is not None:
        attribute = _attribute(compared.name, zone_offset)
        conditions.append(Comparison(attribute, compared.operator, compared.value).takes)
    if push_token is not None:
        conditions.append(partial(has_push_token, token=push_token))
    return replace(subscription, conditions=tuple(conditions))


def _order_of(sort_by: str | None, zone_offset: timedelta, *, descending: bool) -> Order:
    if sort_by is None or sort_by == "phone":
        return Order(None, descending)
    return Order(_attribute(sort_by, zone_offset), descending)


def _attribute(name: str, zone_offset: timedelta) -> Attribute:
    return partial(attribute_of, name=name, zone_offset=zone_offset)


def _is_nobody(_contact: Contact) -> bool:
    return False
