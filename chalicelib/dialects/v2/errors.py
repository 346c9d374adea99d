"""Our own words for every error, as problem details (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from chalicelib.dialects.messages import JSON, Response
from chalicelib.domain.errors import (
    MAX_PROBLEMS_TOLD,
    ConflictError,
    ErrorCode,
    InvalidDataError,
    NamedGroupsNotFoundError,
    PhonebookError,
    Problem,
    RefusedError,
    UnavailableError,
)
from chalicelib.domain.extra import EXTRA_FIELDS
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.limits import (
    MAX_CAMPAIGN_BYTES,
    MAX_GROUPS_TO_JOIN,
    MAX_GROUPS_TO_RENUMBER,
    MAX_REQUEST_BYTES,
    MAX_UPLOAD_BYTES,
    MAX_WEBHOOKS,
)
from chalicelib.domain.text import json_text
from chalicelib.observability import told_of_request

PROBLEM_JSON: Final = "application/problem+json"

PROBLEMS_OF_A_ROW: Final = 5
"""So the outcomes of all rows of a batch fit into a response."""

HEADERS: Final = frozenset({"If-Match", "If-None-Match", "Idempotency-Key"})
"""The headers that a problem may name."""

_ATTRIBUTES: Final = "/attributes"
"""The place of what is wrong with all attributes together."""

_MEGABYTE: Final = 1_000_000

ERRORS: Final[Mapping[ErrorCode, tuple[int, str]]] = MappingProxyType(
    {
        ErrorCode.INVALID_DATA: (400, "The request has invalid data"),
        ErrorCode.UNAUTHORIZED: (401, "The credential is missing or wrong"),
        ErrorCode.READ_ONLY: (403, "This credential can only read"),
        ErrorCode.CONTACT_NOT_FOUND: (404, "There is no such contact"),
        ErrorCode.GROUP_NOT_FOUND: (404, "There is no such group"),
        ErrorCode.MEMBERSHIP_NOT_FOUND: (404, "The contact is not in this group"),
        ErrorCode.NUMBER_NOT_BLACKLISTED: (404, "The phone number is not on the blacklist"),
        ErrorCode.PATH_NOT_FOUND: (404, "There is nothing at this path"),
        ErrorCode.JOB_NOT_FOUND: (404, "There is no such import or export"),
        ErrorCode.CHANGES_OFF: (404, "Changes are turned off here"),
        ErrorCode.CHANGES_GONE: (
            410,
            "What changed since then is not kept any more: read everything anew",
        ),
        ErrorCode.WEBHOOK_NOT_FOUND: (404, "There is no such webhook"),
        ErrorCode.TOO_MANY_WEBHOOKS: (
            409,
            f"The account has {MAX_WEBHOOKS} webhooks already: remove one first",
        ),
        ErrorCode.IMPORT_RUNS: (
            409,
            "An import is running, which could bring the contact back: await its end, or cancel it",
        ),
        ErrorCode.CONTACT_EXISTS: (409, "There is already a contact with this phone number"),
        ErrorCode.MEMBERSHIP_EXISTS: (409, "The contact is already in this group"),
        ErrorCode.NUMBER_BLACKLISTED: (409, "The phone number is already on the blacklist"),
        ErrorCode.METHOD_NOT_ALLOWED: (405, "This path does not accept this method"),
        ErrorCode.PRECONDITION_FAILED: (412, "The contact is not as the request expects it"),
        ErrorCode.KEY_REUSED: (
            422,
            "This Idempotency-Key made a group that has another name or kind, or that was deleted",
        ),
        ErrorCode.UNSUPPORTED_MEDIA_TYPE: (415, f"The body must be {JSON}, and not compressed"),
        ErrorCode.REQUEST_TOO_LARGE: (
            413,
            (
                f"The body is larger than {MAX_REQUEST_BYTES // 1024} KB "
                f"({MAX_CAMPAIGN_BYTES // _MEGABYTE} MB for recipients, "
                f"{MAX_UPLOAD_BYTES // _MEGABYTE} MB for a batch)"
            ),
        ),
        ErrorCode.LIST_TOO_LARGE: (413, "The list is too large for one response"),
        ErrorCode.ITEM_TOO_LARGE: (413, "The contact is too large to store"),
        ErrorCode.TOO_MANY_GROUPS: (
            413,
            (
                f"A contact in more than {MAX_GROUPS_TO_RENUMBER} groups cannot change its number, "
                f"and none can join more than {MAX_GROUPS_TO_JOIN} groups in a batch"
            ),
        ),
        ErrorCode.BUSY: (503, "The phonebook is busy; try again in a moment"),
        ErrorCode.UNREACHABLE: (503, "The phonebook cannot reach its table; try again in a moment"),
        ErrorCode.BUG: (500, "The phonebook failed; quote the request id when you report it"),
    }
)
"""The status and the detail of each error."""


def render_error(error: PhonebookError) -> Response:
    """Render an error as a problem, with every problem of the data."""
    status, detail = ERRORS[error.code]
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": error.code.name.lower(),
    }
    if problems := _problems_of(error):
        problem["errors"] = [_render_problem(each) for each in problems[:MAX_PROBLEMS_TOLD]]
    if isinstance(error, ConflictError) and error.contact_id is not None:
        problem["contact"] = uuid_of(error.contact_id)
    problem["requestId"] = told_of_request().get("request_id")
    return Response(
        status, json_text(problem), {"Content-Type": PROBLEM_JSON, **_headers_of(error)}
    )


def render_reason(error: PhonebookError, pointer: str) -> tuple[str, list[dict[str, str]]]:
    """Return why a row of a batch was rejected: a code, and problems with their places.

    *pointer* leads to the row. Of many problems, :data:`PROBLEMS_OF_A_ROW` are told.
    """
    _, detail = ERRORS[error.code]
    found = _problems_of(error) or (Problem("", detail),)
    told, more = found[:PROBLEMS_OF_A_ROW], len(found) - PROBLEMS_OF_A_ROW
    if more > 0:
        told += (Problem("", f"has {more} more problems"),)
    problems = [_render_problem(Problem(pointer + each.field, each.message)) for each in told]
    return error.code.name.lower(), problems


def _problems_of(error: PhonebookError) -> tuple[Problem, ...]:
    if isinstance(error, InvalidDataError):
        return tuple(
            replace(each, field=_ATTRIBUTES) if each.field == EXTRA_FIELDS else each
            for each in error.problems
        )
    if isinstance(error, NamedGroupsNotFoundError):
        return tuple(Problem(f"/groups/{place}", "is not a group") for place in error.positions)
    return ()


def _render_problem(problem: Problem) -> dict[str, str]:
    """Render one problem with its place: a JSON pointer into the body, a header or a parameter."""
    if problem.field in HEADERS:
        place = "header"
    else:
        is_in_body = not problem.field or problem.field.startswith("/")
        place = "pointer" if is_in_body else "parameter"
    return {place: problem.field, "detail": problem.message}


def _headers_of(error: PhonebookError) -> dict[str, str]:
    if error.code is ErrorCode.UNAUTHORIZED:
        return {"WWW-Authenticate": 'Bearer realm="phonebook", Basic realm="phonebook"'}
    if isinstance(error, RefusedError) and error.allowed_methods:
        return {"Allow": ", ".join(error.allowed_methods)}
    if isinstance(error, UnavailableError):
        return {"Retry-After": str(error.RETRY_AFTER_SECONDS)}
    return {}
