"""Atom's words for every error.

The vendor publishes the statuses 200, 403, 429 and 500 and the code ``rate_limited``, but not
the shape of an error. Here it has the shape of a success, and the other statuses are those
that HTTP defines for each case.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from chalicelib.dialects.messages import JSON, Response, json_response
from chalicelib.domain.errors import (
    ConflictError,
    ErrorCode,
    InvalidDataError,
    PhonebookError,
    RefusedError,
    UnavailableError,
)
from chalicelib.domain.limits import MAX_GROUPS_TO_RENUMBER, MAX_REQUEST_BYTES

MISSING_PARAMETER: Final = "missing_parameter"
"""The code of invalid data whose first problem is a missing parameter."""

ERRORS: Final[Mapping[ErrorCode, tuple[int, str, str]]] = MappingProxyType({
    ErrorCode.INVALID_DATA: (400, "invalid_parameter", "A parameter is invalid"),
    ErrorCode.UNAUTHORIZED: (403, "authentication_failed", "The access token is wrong"),
    ErrorCode.READ_ONLY: (403, "read_only", "This access token can only read"),
    ErrorCode.CONTACT_NOT_FOUND: (404, "not_found", "There is no contact with this id"),
    ErrorCode.GROUP_NOT_FOUND: (404, "not_found", "There is no address book with this id"),
    ErrorCode.MEMBERSHIP_NOT_FOUND: (404, "not_found", "The contact is not in this address book"),
    ErrorCode.NUMBER_NOT_BLACKLISTED: (404, "not_found", "The phone number is not blacklisted"),
    ErrorCode.PATH_NOT_FOUND: (404, "not_found", "There is nothing at this path"),
    ErrorCode.CONTACT_EXISTS: (409, "duplicate", "Another contact has this phone number"),
    ErrorCode.MEMBERSHIP_EXISTS: (
        409, "duplicate", "A contact with this phone number is already in this address book",
    ),
    ErrorCode.NUMBER_BLACKLISTED: (409, "duplicate", "The phone number is already blacklisted"),
    ErrorCode.METHOD_NOT_ALLOWED: (405, "method_not_allowed", "This path takes POST only"),
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: (
        415, "unsupported_media_type", f"The body must be sent as {JSON}, not compressed",
    ),
    ErrorCode.REQUEST_TOO_LARGE: (
        413, "too_large", f"The body is larger than {MAX_REQUEST_BYTES // 1024} KB",
    ),
    ErrorCode.LIST_TOO_LARGE: (413, "too_large", "The list is too large for one response"),
    ErrorCode.ITEM_TOO_LARGE: (413, "too_large", "The contact would be too large to store"),
    ErrorCode.TOO_MANY_GROUPS: (
        413, "too_large",
        f"A contact in more than {MAX_GROUPS_TO_RENUMBER} address books cannot change its number",
    ),
    # The only retryable error that the vendor's clients know: they wait, then retry.
    ErrorCode.BUSY: (429, "rate_limited", "The phonebook is busy; try again in a moment"),
    ErrorCode.UNREACHABLE: (
        503, "unavailable", "The phonebook is out of reach; try again in a moment",
    ),
    ErrorCode.BUG: (
        500, "internal_error", "The phonebook failed; quote the request id when you report it",
    ),
})  # fmt: skip
"""The status, the code and the message of each error."""


def render_error(error: PhonebookError) -> Response:
    """Render an error: its message names every problem, its field is that of the first."""
    status, code, message = ERRORS[error.code]
    field = None
    if isinstance(error, InvalidDataError):
        first = error.problems[0]
        code = MISSING_PARAMETER if first.is_missing else code
        message = "; ".join(map(str, error.problems))
        field = first.field
    if isinstance(error, ConflictError) and error.contact_id is not None:
        message = f"{message}: {error.contact_id}"
        field = "phone_number"
    body = {"status": "error", "error": {"code": code, "message": message, "field": field}}
    return json_response(status, body, _headers_of(error))


def _headers_of(error: PhonebookError) -> dict[str, str]:
    if isinstance(error, RefusedError) and error.allowed_methods:
        return {"Allow": ", ".join(error.allowed_methods)}
    if isinstance(error, UnavailableError):
        return {"Retry-After": str(error.RETRY_AFTER_SECONDS)}
    return {}
