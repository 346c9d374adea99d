"""Devino's words for every error: of a whole request, of one row, or of one deleted list."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from chalicelib.dialects.messages import JSON, Response, json_response
from chalicelib.domain.errors import (
    EmailExistsError,
    ErrorCode,
    InvalidDataError,
    PhonebookError,
    Problem,
    RefusedError,
    UnavailableError,
)
from chalicelib.domain.extra import EXTRA_FIELDS
from chalicelib.domain.limits import (
    MAX_GROUPS_TO_RENUMBER,
    MAX_PAGE_ITEMS,
    MAX_REQUEST_BYTES,
    MAX_UPLOAD_BYTES,
)

MUST_NOT_BE_NULL: Final = "must not be null"
"""The text for a missing field in the vendor's only sample of an error."""

_TOO_LARGE: Final = (
    f"the body is larger than {MAX_REQUEST_BYTES // 1024} KB,"
    f" or {MAX_UPLOAD_BYTES // 1_000_000} MB in an upload"
)

_ASK_FOR_PARTS: Final = (
    "the result is too large for one response: ask for it in parts, with offset and a"
    f" limit of 1 to {MAX_PAGE_ITEMS}"
)

ERRORS: Final[Mapping[ErrorCode, tuple[int, str, str, str]]] = MappingProxyType({
    ErrorCode.INVALID_DATA: (400, "invalid.value", "body", "the request holds invalid data"),
    ErrorCode.UNAUTHORIZED: (
        401, "unauthorized", "Authorization", "the key, or the login or password, is wrong",
    ),
    ErrorCode.READ_ONLY: (
        403, "read.only", "Authorization", "this key, or login, can only read",
    ),
    ErrorCode.CONTACT_NOT_FOUND: (
        404, "contact.not.found", "contactId", "there is no such contact",
    ),
    ErrorCode.GROUP_NOT_FOUND: (
        404, "contact.group.not.found", "contactGroupId", "there is no contact list with this id",
    ),
    ErrorCode.MEMBERSHIP_NOT_FOUND: (
        404, "contact.not.found", "contactId", "there is no such contact in this list",
    ),
    ErrorCode.NUMBER_NOT_BLACKLISTED: (
        404, "phone.not.unsubscribed", "phone", "the phone number is not unsubscribed",
    ),
    ErrorCode.PATH_NOT_FOUND: (404, "path.not.found", "path", "there is nothing at this path"),
    ErrorCode.CONTACT_EXISTS: (409, "duplicate.value", "phone", "Duplicate"),
    ErrorCode.MEMBERSHIP_EXISTS: (409, "duplicate.value", "phone", "Duplicate"),
    ErrorCode.NUMBER_BLACKLISTED: (
        409, "phone.unsubscribed", "phone", "the phone number is already unsubscribed",
    ),
    ErrorCode.METHOD_NOT_ALLOWED: (
        405, "method.not.allowed", "method", "this path does not take this method",
    ),
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: (
        415, "media.type.not.supported", "Content-Type",
        f"the body must be sent as {JSON}, not compressed",
    ),
    ErrorCode.REQUEST_TOO_LARGE: (413, "request.too.large", "body", _TOO_LARGE),
    ErrorCode.LIST_TOO_LARGE: (
        413, "result.too.large", "limit",
        _ASK_FOR_PARTS,
    ),
    ErrorCode.ITEM_TOO_LARGE: (
        413, "contact.too.large", "contacts", "the contact would be too large to store",
    ),
    ErrorCode.TOO_MANY_GROUPS: (
        413, "too.many.contact.groups", "phone",
        f"a contact in more than {MAX_GROUPS_TO_RENUMBER} lists cannot change its number",
    ),
    ErrorCode.BUSY: (
        503, "service.unavailable", "service", "the service is busy; try again in a moment",
    ),
    ErrorCode.UNREACHABLE: (
        503, "service.unavailable", "service", "the table is out of reach; try again in a moment",
    ),
    ErrorCode.BUG: (
        500, "internal.error", "service",
        "the service failed; quote the request id when you report it",
    ),
})  # fmt: skip
"""The status of each error, and the ``key``, ``ref`` and ``defaultMessage`` of its reason.

Only the keys ``…must.be.not.null`` and ``DUPLICATE_VALUE`` are the vendor's: it publishes no
others, and no statuses.
"""

_WHAT_EXTRA_FIELDS_ARE: Final = {EXTRA_FIELDS: "fields"}
"""The phonebook's names in errors, each with the vendor's name for it."""


def render_error(error: PhonebookError) -> Response:
    """Render an error of a whole request, with a reason for every problem."""
    status, key, ref, message = ERRORS[error.code]
    reasons = [{"key": key, "ref": ref, "defaultMessage": message}]
    description = message
    if isinstance(error, InvalidDataError):
        reasons = [_reason_of(problem) for problem in error.problems]
        description = "Key error: " + ", ".join(
            f"(parameter: {reason['ref']} -> {reason['defaultMessage']})" for reason in reasons
        )
    body = {"result": None, "reasons": reasons, "description": description}
    return json_response(status, body, _headers_of(error))


def reason_in_row(error: PhonebookError) -> tuple[str, str, str]:
    """Return the ``localizationKey``, the field and the ``description`` of one row's error."""
    _, key, ref, message = ERRORS[error.code]
    if isinstance(error, EmailExistsError):
        ref = "email"
    if isinstance(error, InvalidDataError):
        first, *more = error.found
        key = "required.value" if first.is_missing else key
        ref = _ref_of(first)
        message = f"{ref}: {first.message}" + (f", and {len(more)} more problems" if more else "")
    return key.upper().replace(".", "_"), ref, message


def reason_in_deletion(error: PhonebookError, parameter: str) -> dict[str, Any]:
    """Return the reason why one of several lists was not deleted."""
    _, key, _, _ = ERRORS[error.code]
    return {"key": key, "ref": parameter}


def _reason_of(problem: Problem) -> dict[str, str]:
    ref = _ref_of(problem)
    what = "must.be.not.null" if problem.is_missing else "is.invalid"
    return {"key": f"{ref}.{what}", "ref": ref, "defaultMessage": problem.message}


def _ref_of(problem: Problem) -> str:
    return _WHAT_EXTRA_FIELDS_ARE.get(problem.field, problem.field)


def _headers_of(error: PhonebookError) -> dict[str, str]:
    if error.code is ErrorCode.UNAUTHORIZED:
        basic = 'Basic realm="phonebook", charset="UTF-8"'
        return {"WWW-Authenticate": f'Key realm="phonebook", {basic}'}
    if isinstance(error, RefusedError) and error.allowed_methods:
        return {"Allow": ", ".join(error.allowed_methods)}
    if isinstance(error, UnavailableError):
        return {"Retry-After": str(error.RETRY_AFTER_SECONDS)}
    return {}
