"""Recipients in our own API: what a client asks, and what it gets."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from chalicelib.dialects.bodies import read_object, refuse_unknown
from chalicelib.dialects.messages import Request
from chalicelib.dialects.pages import Page, page_after
from chalicelib.dialects.v2.contacts import GROUPS, read_groups, render_own_fields
from chalicelib.dialects.v2.parse import DEFAULT_LIMIT, read_array, under
from chalicelib.domain.account import Account
from chalicelib.domain.errors import InvalidDataError, ProblemCollector
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.limits import (
    MAX_GIVEN_NUMBERS,
    MAX_GROUPS_IN_A_FILTER,
    MAX_PAGE_ITEMS,
)
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.phone_reading import read_phone_number
from chalicelib.domain.recipients import Campaign, Exclusion, RecipientPage, Unread
from chalicelib.domain.text import json_text

NUMBERS: Final = "numbers"
EXCLUDE_GROUPS: Final = "excludeGroups"


class Asked(NamedTuple):
    """A campaign, the part of it that is asked for, and the given numbers that are left out."""

    campaign: Campaign
    page: Page
    unread: Sequence[Unread]
    duplicates: Sequence[PhoneNumber]


def parse_recipients(request: Request, account: Account) -> Asked:
    """Read a question for recipients.

    A given number that cannot be read is not a problem of the question; it is left out.

    Raises:
        InvalidDataError: For every field that is unknown or not acceptable.

    """
    groups: tuple[int, ...] = ()
    excluded: tuple[int, ...] = ()
    sent: list[Any] = []
    limit = DEFAULT_LIMIT
    with under(""):
        body = read_object(request)
        problems = ProblemCollector()
        with problems:
            groups = _read_groups(body, GROUPS)
        with problems:
            excluded = _read_groups(body, EXCLUDE_GROUPS)
        with problems:
            sent = read_array(body, NUMBERS, most=MAX_GIVEN_NUMBERS)
        with problems:
            limit = _read_limit(body.get("limit"))
        with problems:
            refuse_unknown(body, known={GROUPS, EXCLUDE_GROUPS, NUMBERS, "limit", "cursor"})
        list_key = _list_key(groups, excluded, sent)
        page = Page(limit, None, list_key)
        with problems:
            page = page_after(account, page, body.get("cursor"))
        problems.raise_if_any()
    numbers, unread = _read_numbers(sent, account)
    each = dict.fromkeys(numbers)
    campaign = Campaign(
        group_ids=frozenset(groups),
        numbers=sorted(each, key=lambda number: number.e164),
        excluded_group_ids=frozenset(excluded),
    )
    repeated = Counter(numbers) - Counter(each.keys())
    return Asked(campaign, page, unread, list(repeated.elements()))


def render_recipients(asked: Asked, page: RecipientPage, cursor: str | None) -> dict[str, Any]:
    """Render a page. The first one also has the given numbers that are not read or repeated."""
    excluded: list[dict[str, Any]] = []
    if asked.page.after is None:
        excluded += [
            {"input": each.sent, "reason": Exclusion.INVALID.value, "detail": each.message}
            for each in asked.unread
        ]
        excluded += [
            {"phoneNumber": number.e164, "reason": Exclusion.DUPLICATE.value}
            for number in asked.duplicates
        ]
    excluded += [
        {"phoneNumber": each.phone_number.e164, "reason": each.reason.value}
        for each in page.excluded
    ]
    reasons = Counter(each["reason"] for each in excluded)
    return {
        "recipients": [
            {
                "phoneNumber": each.phone_number.e164,
                "contact": render_own_fields(each.contact) if each.contact else None,
            }
            for each in page.recipients
        ],
        "excluded": excluded,
        "counts": {
            "recipients": len(page.recipients),
            **{reason.value: reasons[reason.value] for reason in Exclusion},
        },
        "next": cursor,
    }


def _read_groups(body: Mapping[str, Any], field: str) -> tuple[int, ...]:
    return read_groups(read_array(body, field, most=MAX_GROUPS_IN_A_FILTER), field)


def _read_limit(value: object) -> int:
    if value is None:
        return DEFAULT_LIMIT
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(value, int) and is_number and 1 <= value <= MAX_PAGE_ITEMS:
        return value
    raise InvalidDataError.of("limit", f"must be a number from 1 to {MAX_PAGE_ITEMS}")


def _read_numbers(
    sent: Sequence[object], account: Account
) -> tuple[list[PhoneNumber], list[Unread]]:
    numbers: list[PhoneNumber] = []
    unread: list[Unread] = []
    for each in sent:
        try:
            numbers.append(read_phone_number(each, account, field=NUMBERS, is_strict=True))
        except InvalidDataError as error:
            unread.append(Unread(each, error.found[0].message))
    return numbers, unread


def _list_key(
    groups: Sequence[int], excluded: Sequence[int], sent: Sequence[object]
) -> tuple[str, ...]:
    """Return what a cursor is bound to: the whole question."""
    question = json_text([
        sorted(map(uuid_of, groups)), sorted(map(uuid_of, excluded)), sent,
    ])  # fmt: skip
    return "v2 recipients", hashlib.sha256(question.encode("utf-8", "surrogatepass")).hexdigest()
