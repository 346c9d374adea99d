"""Batches in our own API: the rows that a client sends, and the outcome of each row."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from chalicelib.dialects.bodies import BODY, read_object, refuse_unknown, required
from chalicelib.dialects.messages import Request
from chalicelib.dialects.v2.contacts import read_contact_row
from chalicelib.dialects.v2.errors import render_reason
from chalicelib.dialects.v2.parse import read_array, read_contact_key, read_stop, under
from chalicelib.domain.account import Account
from chalicelib.domain.errors import InvalidDataError, Problem, ProblemCollector
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.limits import MAX_BATCH_ROWS
from chalicelib.domain.rows import (
    Accepted,
    KeyRow,
    Outcome,
    Rejected,
    Row,
    StopOutcome,
    StopRow,
)
from chalicelib.services.uploading import read_rows

CONTACTS: Final = "contacts"
ENTRIES: Final = "entries"
ADD: Final = "add"
REMOVE: Final = "remove"

ReadT = TypeVar("ReadT")


class MemberRows(NamedTuple):
    """The contacts to put into a group, and those to take out of it."""

    add: list[KeyRow]
    remove: list[KeyRow]


def parse_contact_rows(request: Request, account: Account) -> list[Row]:
    """Read the contacts of a batch. One that is not acceptable is only rejected itself.

    Raises:
        InvalidDataError: The body is not acceptable.

    """
    return _parse_rows(request, CONTACTS, lambda row: read_contact_row(row, account))


def parse_stop_rows(request: Request, account: Account) -> list[StopRow]:
    """Read the numbers to stop in a batch. One that is not acceptable is only rejected itself.

    Raises:
        InvalidDataError: The body is not acceptable.

    """
    return _parse_rows(request, ENTRIES, lambda row: read_stop(row, account))


def parse_member_rows(request: Request, account: Account) -> MemberRows:
    """Read the keys of contacts. One that is not acceptable is only rejected itself.

    Raises:
        InvalidDataError: The body is not acceptable, or a contact is to be added and removed.

    """
    sent: dict[str, list[Any]] = {ADD: [], REMOVE: []}
    with under(""):
        body = read_object(request)
        problems = ProblemCollector()
        for field in sent.keys() & body.keys():
            with problems:
                sent[field] = read_array(body, field, most=MAX_BATCH_ROWS)
        with problems:
            refuse_unknown(body, known=sent.keys())
        with problems:
            if not body:
                raise InvalidDataError.of(BODY, f"must have {ADD} or {REMOVE}")
        problems.raise_if_any()
        if sum(map(len, sent.values())) > MAX_BATCH_ROWS:
            raise InvalidDataError.of(BODY, f"must have at most {MAX_BATCH_ROWS} keys in all")
    read = partial(read_contact_key, account=account)
    rows = MemberRows(list(read_rows(sent[ADD], read)), list(read_rows(sent[REMOVE], read)))
    _refuse_both(rows)
    return rows


def render_outcomes(rows: str, outcomes: Iterable[Outcome | StopOutcome]) -> list[dict[str, Any]]:
    """Render the outcomes of *rows*, which is their field in the body, in their order."""
    return [_render_outcome(f"/{rows}/{place}", each) for place, each in enumerate(outcomes)]


def _render_outcome(pointer: str, outcome: Outcome | StopOutcome) -> dict[str, Any]:
    """Render an outcome. A rejected row has a code for programs, and problems with their places."""
    if isinstance(outcome, Rejected):
        code, problems = render_reason(outcome.reason, pointer)
        return {"outcome": "rejected", "code": code, "errors": problems}
    about = (
        {"contact": uuid_of(outcome.contact.id)}
        if isinstance(outcome, Accepted)
        else {"phoneNumber": outcome.phone_number.e164}
    )
    return {"outcome": outcome.effect.value, **about, "duplicateOf": outcome.repeats}


def _parse_rows(
    request: Request, field: str, read: Callable[[Any], ReadT]
) -> list[ReadT | Rejected]:
    """Read the rows in the only field of a body."""
    with under(""):
        body = read_object(request)
        problems = ProblemCollector()
        with problems:
            required(body, field)
            sent = read_array(body, field, most=MAX_BATCH_ROWS)
        with problems:
            refuse_unknown(body, known={field})
        problems.raise_if_any()
    return list(read_rows(sent, read))


def _refuse_both(rows: MemberRows) -> None:
    added = {key for key in rows.add if not isinstance(key, Rejected)}
    both = [place for place, key in enumerate(rows.remove) if key in added]
    if both:
        raise InvalidDataError(
            [Problem(f"/{REMOVE}/{place}", f"is in {ADD} too") for place in both]
        )
