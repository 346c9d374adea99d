"""Messente's words for every error (``ErrorPhonebook`` in the official document)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from chalicelib.dialects.messages import JSON, Response, json_response
from chalicelib.domain.errors import (
    ErrorCode,
    InvalidDataError,
    PhonebookError,
    RefusedError,
    UnavailableError,
)
from chalicelib.domain.limits import MAX_GROUPS_TO_RENUMBER, MAX_PAGE_ITEMS, MAX_REQUEST_BYTES

TITLES: Final[Mapping[str, str]] = MappingProxyType({
    "201": "Invalid data",
    "202": "Unauthorized",
    "203": "Missing resource",
    "204": "Conflict",
    "244": "Client error",
    "205": "General error",
})  # fmt: skip
"""The exact title of each code: SDK 2.x drops an error body with any other title."""

_ASK_FOR_PAGES: Final = (
    "The list is too large for one response: ask for it in pages, with a limit of"
    f" 1 to {MAX_PAGE_ITEMS}, and follow the Link header of each page to the next"
)

ERRORS: Final[Mapping[ErrorCode, tuple[int, str, str]]] = MappingProxyType({
    ErrorCode.INVALID_DATA: (400, "201", "The request holds invalid data"),
    ErrorCode.UNAUTHORIZED: (401, "202", "The username or the password is wrong"),
    ErrorCode.READ_ONLY: (403, "244", "This credential can only read"),
    ErrorCode.CONTACT_NOT_FOUND: (404, "203", "There is no contact with this phone number"),
    ErrorCode.GROUP_NOT_FOUND: (404, "203", "There is no group with this id"),
    ErrorCode.MEMBERSHIP_NOT_FOUND: (
        404, "203", "There is no such group, or the contact is not in it",
    ),
    ErrorCode.NUMBER_NOT_BLACKLISTED: (404, "203", "The phone number is not in the blacklist"),
    ErrorCode.PATH_NOT_FOUND: (404, "203", "There is nothing at this path"),
    ErrorCode.CONTACT_EXISTS: (409, "204", "A contact with this phone number already exists"),
    ErrorCode.MEMBERSHIP_EXISTS: (409, "204", "The contact is already in this group"),
    ErrorCode.NUMBER_BLACKLISTED: (409, "204", "The phone number is already in the blacklist"),
    ErrorCode.METHOD_NOT_ALLOWED: (405, "244", "This path does not take this method"),
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: (
        415, "244", f"The body must be sent as {JSON}, not compressed",
    ),
    ErrorCode.REQUEST_TOO_LARGE: (
        413, "244", f"The body is larger than {MAX_REQUEST_BYTES // 1024} KB",
    ),
    ErrorCode.LIST_TOO_LARGE: (413, "244", _ASK_FOR_PAGES),
    ErrorCode.ITEM_TOO_LARGE: (413, "244", "The contact would be too large to store"),
    ErrorCode.TOO_MANY_GROUPS: (
        413, "244",
        f"A contact in more than {MAX_GROUPS_TO_RENUMBER} groups cannot change its number",
    ),
    ErrorCode.BUSY: (503, "205", "The phonebook is busy; try again in a moment"),
    ErrorCode.UNREACHABLE: (503, "205", "The phonebook is out of reach; try again in a moment"),
    ErrorCode.BUG: (500, "205", "The phonebook failed; quote the request id when you report it"),
})  # fmt: skip
"""The status, the code and the detail of each error."""


def render_error(error: PhonebookError) -> Response:
    """Render an error as one item that names every problem."""
    status, code, detail = ERRORS[error.code]
    if isinstance(error, InvalidDataError):
        detail = "; ".join(map(str, error.problems))
    item = {"title": TITLES[code], "detail": detail, "code": code}
    return json_response(status, {"errors": [item]}, _headers_of(error))


def _headers_of(error: PhonebookError) -> dict[str, str]:
    if error.code is ErrorCode.UNAUTHORIZED:
        return {"WWW-Authenticate": 'Basic realm="phonebook", charset="UTF-8"'}
    if isinstance(error, RefusedError) and error.allowed_methods:
        return {"Allow": ", ".join(error.allowed_methods)}
    if isinstance(error, UnavailableError):
        return {"Retry-After": str(error.RETRY_AFTER_SECONDS)}
    return {}
