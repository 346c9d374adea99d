"""Reading bodies for all dialects: JSON objects, forms, and their fields."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from chalicelib.dialects.messages import FORM, JSON, Request
from chalicelib.domain.contact import MAX_DETAIL_CHARACTERS, Details
from chalicelib.domain.errors import (
    ErrorCode,
    InvalidDataError,
    Problem,
    ProblemCollector,
    RefusedError,
)
from chalicelib.domain.text import checked_text

KeptT = TypeVar("KeptT")

DETAIL_FIELDS: Final[Mapping[str, str]] = {
    "email": "email",
    "firstName": "first_name",
    "lastName": "last_name",
    "company": "company",
    "title": "title",
    "custom": "custom",
    "custom2": "custom2",
    "custom3": "custom3",
    "custom4": "custom4",
}
"""The fields of a contact, each with its detail, as Messente's API and our own name them."""

BODY: Final = "body"
"""The name that a problem of the whole body has in place of a field's."""

CANNOT_BE_CHANGED: Final = "cannot be changed"
"""The problem of a read-only field that was sent with another value than the stored one."""

_NAME_SHOWN: Final = 50
"""How many characters of an unknown field's name are repeated to the client."""

_LIST_FORM: Final = re.compile(r"(?P<name>.+)\[[0-9]{0,9}\]", re.DOTALL)
"""``name[]``, or ``name[0]`` as PHP's ``http_build_query`` writes it."""


def read_object(request: Request) -> dict[str, Any]:
    """Read a JSON object; a body without a media type counts as one.

    Whole numbers are exact, however large they are.

    Raises:
        RefusedError: The body has another media type, or is compressed.
        InvalidDataError: It is not a JSON object in UTF-8.

    """
    if request.media_type not in {JSON, ""}:
        raise RefusedError(ErrorCode.UNSUPPORTED_MEDIA_TYPE)
    text = _text_of(request)
    try:
        body = _load(text)
    except (ValueError, RecursionError) as error:
        raise InvalidDataError.of(BODY, "must be a JSON object") from error
    if not isinstance(body, dict):
        raise InvalidDataError.of(BODY, "must be a JSON object")
    return body


def read_object_or_form(request: Request) -> dict[str, Any]:
    """Read a JSON object, or a form as if it were one.

    All values of a form are texts. A name that ends in ``[]`` or ``[0]`` is an element of a list;
    the list has the name without the brackets.

    Raises:
        RefusedError: The body has another media type, or is compressed.
        InvalidDataError: It is neither a JSON object nor a form, or not in UTF-8.

    """
    return _read_form(request) if request.media_type == FORM else read_object(request)


def required(body: Mapping[str, Any], field: str) -> object:
    """Return the value of a field.

    Raises:
        InvalidDataError: The field is missing.

    """
    if field not in body:
        raise missing(field)
    return body[field]


def missing(field: str) -> InvalidDataError:
    """Return the error to raise for a missing field."""
    return InvalidDataError([Problem(field, "is required", is_missing=True)])


def read_details(body: Mapping[str, Any], fields: Mapping[str, str]) -> Details:
    """Read the details in a body; null clears one. *fields* maps each field to its detail.

    Raises:
        InvalidDataError: For every field that is not acceptable.

    """
    details: dict[str, str | None] = {}
    problems = ProblemCollector()
    for field, name in fields.items():
        if field in body:
            with problems:
                details[name] = _text_or_none(field, body[field], MAX_DETAIL_CHARACTERS[name])
    problems.raise_if_any()
    return details


def refuse_unknown(body: Mapping[str, Any], *, known: AbstractSet[str]) -> None:
    """Refuse a body that has a field outside *known*.

    Raises:
        InvalidDataError: For every unknown field.

    """
    unknown = [field for field in body if field not in known]
    if unknown:
        raise InvalidDataError(
            [Problem(shown_name(field), "is not a known field") for field in unknown]
        )


def names_in_body(request: Request) -> list[str]:
    """Return the names in a body that no operation reads; an empty body has none.

    Raises:
        RefusedError: It is compressed.
        InvalidDataError: It is neither a JSON object nor a form.

    """
    if not request.body.strip():
        return []
    if request.is_encoded:
        raise RefusedError(ErrorCode.UNSUPPORTED_MEDIA_TYPE)
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        if request.media_type == FORM:
            text = request.body.decode(errors="replace")
            return [name for name, _ in parse_qsl(text, keep_blank_values=True)]
        raise InvalidDataError.of(BODY, "must be empty") from error
    if body and not isinstance(body, dict):
        raise InvalidDataError.of(BODY, "must be empty")
    return list(body or ())


def shown_name(name: str) -> str:
    """Return as much of a client's own name as we repeat: short, and valid in UTF-8."""
    return name[:_NAME_SHOWN].encode(errors="replace").decode() or '""'


def _load(text: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads(text, object_pairs_hook=_object_of)


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; refuse a name that is there twice, as Python would lose one of them."""
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    counts = Counter(name for name, _ in pairs)
    raise InvalidDataError(
        [Problem(shown_name(name), "is there twice") for name, count in counts.items() if count > 1]
    )


def refusing_changes_of(
    read_only: Mapping[str, Any], render: Callable[[KeptT], Mapping[str, Any]]
) -> Callable[[KeptT], None] | None:
    """Return a check that refuses changed read-only fields; None if the client sent none.

    Clients send back what they received, so an unchanged read-only field is accepted.
    """
    if not read_only:
        return None
    return lambda kept: refuse_changed(read_only, render(kept))


def refuse_changed(read_only: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
    """Refuse read-only fields that are not kept, or were sent with another value.

    Raises:
        InvalidDataError: For every such field.

    """
    changed = [
        Problem(field, CANNOT_BE_CHANGED)
        for field, value in read_only.items()
        # In Python, false equals 0.
        if field not in kept
        or value != kept[field]
        or isinstance(value, bool) is not isinstance(kept[field], bool)
    ]
    if changed:
        raise InvalidDataError(changed)


def _read_form(request: Request) -> dict[str, Any]:
    text = _text_of(request)
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise InvalidDataError.of(BODY, "must be a form in UTF-8") from error
    body: dict[str, Any] = {}
    for name, value in pairs:
        element = _LIST_FORM.fullmatch(name)
        values = body.setdefault(element["name"], []) if element else None
        if isinstance(values, list):
            values.append(value)
        elif body.setdefault(name, value) != value:
            raise InvalidDataError.of(shown_name(name), "is there twice")
    return body


def _text_of(request: Request) -> str:
    """Return the body as text, without the byte order mark that Windows puts before UTF-8."""
    if request.is_encoded:
        raise RefusedError(ErrorCode.UNSUPPORTED_MEDIA_TYPE)
    try:
        return request.body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidDataError.of(BODY, "must be UTF-8") from error


def _text_or_none(field: str, value: object, longest: int) -> str | None:
    return None if value is None else checked_text(field, value, longest=longest)
