"""Reading single values of requests, and the words for what is wrong with them."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any, Final, TypeVar

from chalicelib.dialects.bodies import refuse_unknown
from chalicelib.dialects.devino.errors import MUST_NOT_BE_NULL
from chalicelib.dialects.devino.fields import TYPES
from chalicelib.dialects.messages import Request
from chalicelib.domain.errors import ErrorCode, InvalidDataError, NotFoundError, Problem
from chalicelib.domain.field import FieldType
from chalicelib.domain.ids import id_of_decimal, is_decimal
from chalicelib.domain.limits import MAX_FIELD_NAME_CHARACTERS, MAX_TYPED_FIELDS
from chalicelib.domain.text import checked_text

ZONE_OFFSET: Final = "zoneOffset"

_ZONE_OFFSET: Final = re.compile(r"[+-]?[0-9]{1,4}", re.ASCII)
_MAX_ZONE_MINUTES: Final = 18 * 60

_ValueT = TypeVar("_ValueT")


def missing(field: str) -> InvalidDataError:
    """Return the error to raise for a missing field."""
    return InvalidDataError([Problem(field, MUST_NOT_BE_NULL, is_missing=True)])


def not_null(field: str, value: _ValueT | None) -> _ValueT:
    """Return a value that must not be null.

    Raises:
        InvalidDataError: It is null or missing.

    """
    if value is None:
        raise missing(field)
    return value


def checked_array(field: str, value: object) -> list[Any]:
    """Return a value that must be an array.

    Raises:
        InvalidDataError: It is not an array.

    """
    if not isinstance(value, list):
        raise InvalidDataError.of(field, "must be an array")
    return value


def checked_fields(value: object) -> list[Any]:
    """Return the ``fields`` of a list or of a contact as they were sent; null means no fields.

    Raises:
        InvalidDataError: They are not an array, or too many.

    """
    fields = [] if value is None else checked_array("fields", value)
    if len(fields) > MAX_TYPED_FIELDS:
        raise InvalidDataError.of("fields", f"must be at most {MAX_TYPED_FIELDS}")
    return fields


def read_field_name(field: str, value: object) -> str:
    """Read the name of a field.

    Raises:
        InvalidDataError: It is missing or not acceptable.

    """
    return checked_text(
        field, not_null(field, value), shortest=1, longest=MAX_FIELD_NAME_CHARACTERS
    )


def read_display_name(field: str, value: object) -> str | None:
    """Read the name under which a screen shows a field, or None.

    Raises:
        InvalidDataError: It is not acceptable.

    """
    return None if value is None else checked_text(field, value, longest=MAX_FIELD_NAME_CHARACTERS)


def read_type(field: str, value: object) -> FieldType:
    """Read a field's type; the vendor's tables say text, but its samples have numbers.

    Raises:
        InvalidDataError: The type is unknown.

    """
    try:
        return TYPES[int(str(value)) if is_decimal(value) else -1]
    except (KeyError, ValueError) as error:
        known = ", ".join(map(str, TYPES))
        raise InvalidDataError.of(field, f"must be one of {known}") from error


def refuse_unknown_within(field: str, value: Mapping[str, Any], *, known: AbstractSet[str]) -> None:
    """Refuse an object, the value of *field*, that has an attribute outside *known*.

    Raises:
        InvalidDataError: For every unknown attribute.

    """
    if not value.keys() <= known:
        refuse_unknown(
            {f"{field}.{name}": None for name in value if name not in known}, known=known
        )


def read_list_id(field: str, value: object) -> int | None:
    """Read the id of a list; return None if we never issued it.

    Raises:
        InvalidDataError: It is not a whole number.

    """
    if not is_decimal(value):
        raise InvalidDataError.of(field, "must be a whole number")
    return id_of_decimal(value)


def existing(list_id: int | None) -> int:
    """Return an id that :func:`read_list_id` read, if it is not None.

    Raises:
        NotFoundError: It is None: we never issued it.

    """
    if list_id is None:
        raise NotFoundError(ErrorCode.GROUP_NOT_FOUND)
    return list_id


def sent(request: Request, name: str) -> str | None:
    """Return a parameter of the query, or None if it was not sent.

    Raises:
        InvalidDataError: It is empty: the client meant a filter, but it would filter nothing.

    """
    text = request.last_in_query(name)
    if text == "":
        raise InvalidDataError.of(name, "must not be empty")
    return text


def all_sent(request: Request, name: str) -> list[str]:
    """Return all values of a parameter of the query, repeated or separated by commas."""
    texts = request.query.get(name, [])
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def parse_zone_offset(request: Request) -> timedelta:
    """Read the offset of the client's clock from UTC.

    Raises:
        InvalidDataError: It is not a number of minutes in range.

    """
    # A plus that the client did not encode arrives as a space.
    text = (request.last_in_query(ZONE_OFFSET) or "0").strip()
    if not _ZONE_OFFSET.fullmatch(text) or abs(int(text)) > _MAX_ZONE_MINUTES:
        raise InvalidDataError.of(
            ZONE_OFFSET, f"must be minutes from -{_MAX_ZONE_MINUTES} to {_MAX_ZONE_MINUTES}"
        )
    return timedelta(minutes=int(text))
