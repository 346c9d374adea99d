"""MessageBird's words for every error: a list of items, one for each problem."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from chalicelib.dialects.bodies import BODY
from chalicelib.dialects.messagebird.credentials import ACCESS_KEY
from chalicelib.dialects.messagebird.parse import MSISDN
from chalicelib.dialects.messages import FORM, JSON, Response, json_response
from chalicelib.domain.errors import (
    ConflictError,
    ErrorCode,
    InvalidDataError,
    PhonebookError,
    Problem,
    RefusedError,
    UnavailableError,
)
from chalicelib.domain.ids import hex_of
from chalicelib.domain.limits import MAX_GROUPS_TO_RENUMBER, MAX_REQUEST_BYTES

Words: TypeAlias = tuple[int, int, str, str | None]
"""A status, a code, a description, and the parameter that is wrong, if any."""

NOT_ALLOWED: Final = 2
MISSING_PARAMETER: Final = 9
INVALID_PARAMETER: Final = 10
NOT_FOUND: Final = 20
BAD_REQUEST: Final = 21
API_NOT_FOUND: Final = 98
INTERNAL_ERROR: Final = 99

ERRORS: Final[Mapping[ErrorCode, Words]] = MappingProxyType({
    ErrorCode.INVALID_DATA: (422, INVALID_PARAMETER, "the request holds invalid parameters", None),
    ErrorCode.UNAUTHORIZED: (
        401, NOT_ALLOWED, "Request not allowed (incorrect access_key)", ACCESS_KEY,
    ),
    ErrorCode.READ_ONLY: (
        403, NOT_ALLOWED, "Request not allowed (this access_key can only read)",
        ACCESS_KEY,
    ),
    ErrorCode.CONTACT_NOT_FOUND: (404, NOT_FOUND, "contact not found", None),
    ErrorCode.GROUP_NOT_FOUND: (404, NOT_FOUND, "group not found", None),
    ErrorCode.MEMBERSHIP_NOT_FOUND: (404, NOT_FOUND, "contact not found in this group", None),
    ErrorCode.NUMBER_NOT_BLACKLISTED: (404, NOT_FOUND, "number not found in the blacklist", None),
    ErrorCode.PATH_NOT_FOUND: (404, API_NOT_FOUND, "there is nothing at this path", None),
    ErrorCode.CONTACT_EXISTS: (
        422, INVALID_PARAMETER, "a contact with this msisdn already exists", MSISDN,
    ),
    ErrorCode.MEMBERSHIP_EXISTS: (
        422, INVALID_PARAMETER, "the contact is already in this group", "ids",
    ),
    ErrorCode.NUMBER_BLACKLISTED: (
        422, INVALID_PARAMETER, "the number is already in the blacklist", MSISDN,
    ),
    ErrorCode.METHOD_NOT_ALLOWED: (405, API_NOT_FOUND, "this path does not take this method", None),
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: (
        422, BAD_REQUEST, f"the body must be sent as {JSON} or {FORM}, not compressed", None,
    ),
    ErrorCode.REQUEST_TOO_LARGE: (
        422, BAD_REQUEST, f"the body is larger than {MAX_REQUEST_BYTES // 1024} KB", None,
    ),
    ErrorCode.LIST_TOO_LARGE: (
        422, INVALID_PARAMETER, "the page is too large for one response: lower its limit", "limit",
    ),
    ErrorCode.ITEM_TOO_LARGE: (
        422, BAD_REQUEST, "the contact would be too large to store", None,
    ),
    ErrorCode.TOO_MANY_GROUPS: (
        422, INVALID_PARAMETER,
        f"a contact in more than {MAX_GROUPS_TO_RENUMBER} groups cannot change its msisdn", MSISDN,
    ),
    ErrorCode.BUSY: (503, INTERNAL_ERROR, "the phonebook is busy: try again in a moment", None),
    ErrorCode.UNREACHABLE: (
        503, INTERNAL_ERROR, "the phonebook is out of reach: try again in a moment", None,
    ),
    ErrorCode.BUG: (
        500, INTERNAL_ERROR, "the phonebook failed: quote the request id when you report it", None,
    ),
})  # fmt: skip
"""The words of each error.

What would be 413 or 415 is 422 too: the Python, Ruby and C# clients lose the body of any other
refusal (``http_client.py``, ``http_client.rb`` and ``RestClient.cs`` in their repositories).
"""


def render_error(error: PhonebookError) -> Response:
    """Render an error; each problem of invalid data is an item."""
    status, code, description, parameter = ERRORS[error.code]
    if isinstance(error, InvalidDataError):
        items = [_item_of(problem) for problem in error.problems]
    else:
        if isinstance(error, ConflictError) and error.contact_id is not None:
            description = f"{description}: {hex_of(error.contact_id)}"
        items = [_item(code, description, parameter)]
    return json_response(status, {"errors": items}, _headers_of(error))


def _item_of(problem: Problem) -> dict[str, Any]:
    if problem.field == BODY:
        return _item(BAD_REQUEST, f"the body {problem.message}", None)
    code = MISSING_PARAMETER if problem.is_missing else INVALID_PARAMETER
    return _item(code, f"{problem.field} {problem.message}", problem.field)


def _item(code: int, description: str, parameter: str | None) -> dict[str, Any]:
    return {"code": code, "description": description, "parameter": parameter}


def _headers_of(error: PhonebookError) -> dict[str, str]:
    if error.code is ErrorCode.UNAUTHORIZED:
        return {"WWW-Authenticate": 'AccessKey realm="phonebook"'}
    if isinstance(error, RefusedError) and error.allowed_methods:
        return {"Allow": ", ".join(error.allowed_methods)}
    if isinstance(error, UnavailableError):
        return {"Retry-After": str(error.RETRY_AFTER_SECONDS)}
    return {}
