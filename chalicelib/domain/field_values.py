"""The values of typed fields: which ones are valid, and how to show them in other time zones."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any, Final

from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.field import FieldDefinition, FieldType, Value
from chalicelib.domain.limits import (
    MAX_FIELD_CHARACTERS,
    MAX_LEVELS_OF_A_VALUE,
    MAX_VALUES_OF_A_FIELD,
)
from chalicelib.domain.text import checked_text, json_text

_DATE_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}")
_DATE_TIME_CHARACTERS: Final = 19
_SEPARATOR_AT: Final = 10
_FRACTION: Final = re.compile(r"(\.[0-9]{1,6})?")
_FRACTION_AND_ZONE: Final = re.compile(
    r"(\.[0-9]{1,6})?(Z|[+-]((0[0-9]|1[0-7]):[0-5][0-9]|18:00))?"
)
"""A zone is at most 18 hours from UTC."""

_MARGIN: Final = timedelta(days=2)
"""More than the clocks of any two zones differ."""

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]{1,300})?")


def check_value(field: str, definition: FieldDefinition, value: Value) -> None:
    """Check a value of a field, or an array of values.

    *field* is the field's name in the error.

    Raises:
        InvalidDataError: The field cannot have this value.

    """
    values = _each(value)
    if len(values) > MAX_VALUES_OF_A_FIELD:
        raise InvalidDataError.of(field, f"must be at most {MAX_VALUES_OF_A_FIELD} values")
    check = _CHECKS[definition.type]
    for each in values:
        check(field, each)
    if definition.values and not all(
        isinstance(each, str) and each in definition.allowed for each in values
    ):
        raise InvalidDataError.of(field, "must be one of the field's values")


def texts_of_value(value: Value) -> Iterator[str]:
    """Yield the text to compare of a value, or of each value of an array; of None, nothing."""
    if value is None:
        return
    for each in _each(value):
        yield each if isinstance(each, str) else json_text(each)


def read_date_time(text: str) -> datetime | None:
    """Read ``YYYY-MM-DD HH:MM:SS``, or the same with a ``T``; None if *text* is not like this."""
    if _DATE_TIME.fullmatch(text):
        with suppress(ValueError):
            return datetime.fromisoformat(text)
    return None


def in_zone(moment: datetime, zone_offset: timedelta) -> datetime:
    """Return a moment as clocks at an offset from UTC show it, in seconds and without a zone."""
    return moment.replace(tzinfo=None, microsecond=0) + zone_offset


def shifted(kind: FieldType, value: Value, shift: timedelta) -> Value:
    """Return a value, moved by *shift* if it is a date and time without a zone."""
    if value is None or kind is not FieldType.DATE_TIME or not shift:
        return value
    if isinstance(value, list):
        return [shifted(kind, each, shift) for each in value]
    written, rest = _parted(value)
    if not _FRACTION.fullmatch(rest):
        return value
    moment = datetime.fromisoformat(written) + shift
    return moment.isoformat(sep=written[_SEPARATOR_AT]) + rest


def _each(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def _parted(text: str) -> tuple[str, str]:
    """Split a date and time: up to the second, and the fraction and zone after it."""
    return text[:_DATE_TIME_CHARACTERS], text[_DATE_TIME_CHARACTERS:]


def _check_text(field: str, value: object) -> None:
    checked_text(field, value, longest=MAX_FIELD_CHARACTERS)


def _check_boolean(field: str, value: object) -> None:
    is_written = isinstance(value, str) and value.lower() in {"true", "false"}
    if not isinstance(value, bool) and not is_written:
        raise InvalidDataError.of(field, "must be true or false")


def _check_number(field: str, value: object) -> None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    is_finite = isinstance(value, float) and math.isfinite(value)
    is_written = isinstance(value, str) and _NUMBER.fullmatch(value)
    if not (is_whole or is_finite or is_written):
        raise InvalidDataError.of(field, "must be a number")


def _check_date_time(field: str, value: object) -> None:
    if not isinstance(value, str) or not _is_date_time(value):
        raise InvalidDataError.of(field, "must be a date and time, YYYY-MM-DD HH:MM:SS")


def _is_date_time(text: str) -> bool:
    """Say whether a text is a date and time that clocks in every zone can show."""
    written, rest = _parted(text)
    moment = read_date_time(written)
    if moment and _FRACTION_AND_ZONE.fullmatch(rest):
        with suppress(OverflowError):
            _ = moment - _MARGIN, moment + _MARGIN
            return True
    return False


def _check_date(field: str, value: object) -> None:
    if isinstance(value, str) and _DATE.fullmatch(value):
        with suppress(ValueError):
            date.fromisoformat(value)
            return
    raise InvalidDataError.of(field, "must be a date, YYYY-MM-DD")


def _check_object(field: str, value: object) -> None:
    if not isinstance(value, dict):
        raise InvalidDataError.of(field, "must be an object")
    if not _is_shallow(value):
        raise InvalidDataError.of(field, f"must be at most {MAX_LEVELS_OF_A_VALUE} objects deep")


def _is_shallow(value: dict[str, Any]) -> bool:
    """Say whether no value is too deep. There may be a million levels, too many for recursion."""
    level: list[Value] = [value]
    for _ in range(MAX_LEVELS_OF_A_VALUE):
        level = [
            each
            for outer in level
            for each in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(each, (dict, list))
        ]
        if not level:
            return True
    return False


_CHECKS: Final[Mapping[FieldType, Callable[[str, object], None]]] = {
    FieldType.DATE_TIME: _check_date_time,
    FieldType.BOOLEAN: _check_boolean,
    FieldType.NUMBER: _check_number,
    FieldType.TEXT: _check_text,
    FieldType.OBJECT: _check_object,
    FieldType.DATE: _check_date,
}
