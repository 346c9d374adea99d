"""Pages of contacts at an offset, with the total."""

from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact
from chalicelib.domain.group import Group
from chalicelib.services.contacts import count_contacts, list_contacts
from chalicelib.services.members import members_among
from chalicelib.storage import groups, memberships

_MAX_END: Final = 2**31 - 2
"""Beyond the last contact. One more is the largest page size that DynamoDB accepts."""


class CountedPage(NamedTuple):
    """Contacts at an offset, the total, and whether there are more after them."""

    contacts: list[Contact]
    total: int
    is_more: bool


def page_of_contacts(account: Account, *, offset: int, limit: int) -> CountedPage:
    """Return up to *limit* contacts in the order of numbers, after the first *offset* ones.

    This reads the first ones too.
    """
    start, end = _clamped(offset, limit)
    found = list_contacts(account, expected=end + 1)
    page = list(islice(found, start, end))
    is_more = any(True for _ in found)
    total = _total(start, len(page), count_contacts(account), is_more=is_more)
    return CountedPage(page, total, is_more)


def page_of_group(account: Account, group_id: int, *, offset: int, limit: int) -> CountedPage:
    """Return up to *limit* contacts of a group, after the first *offset* of its memberships.

    Successive pages show every contact once. A page may have fewer contacts than *limit* while a
    contact is being deleted.

    Raises:
        NotFoundError: There is no such group.

    """
    group = groups.get_group(account.id, group_id)
    start, end = _clamped(offset, limit)
    numbers = _numbers_in(account, group, end + 1)
    page = list(members_among(account, [group.id], islice(numbers, start, end)))
    # The count may lag, and a page that is not full need not be the last one.
    is_more = group.contacts_count > end or _is_any_in(account, group, numbers)
    total = _total(start, len(page), group.contacts_count, is_more=is_more)
    return CountedPage(page, total, is_more)


def part_of_group(account: Account, group: Group, *, offset: int, limit: int) -> Iterator[Contact]:
    """Yield the contacts of such a page; the caller has read the group."""
    start, end = _clamped(offset, limit)
    numbers = _numbers_in(account, group, end)
    return members_among(account, [group.id], islice(numbers, start, end))


def _clamped(offset: int, limit: int) -> tuple[int, int]:
    """Return the offsets at which a page begins and ends, limited to what DynamoDB accepts."""
    return min(offset, _MAX_END), min(offset + limit, _MAX_END)


def _numbers_in(account: Account, group: Group, expected: int) -> Iterator[str]:
    return memberships.list_members(account.id, [group.id], after=None, expected=expected)


def _is_any_in(account: Account, group: Group, numbers: Iterator[str]) -> bool:
    """Say whether a contact with one of these numbers is in a group; reads none without numbers."""
    number = next(numbers, None)
    if number is None:
        return False
    # The next one nearly always is. Only memberships that wait for their sweep are not.
    parts = ([number], numbers)
    return any(any(True for _ in members_among(account, [group.id], part)) for part in parts)


def _total(offset: int, found: int, counted: int, *, is_more: bool) -> int:
    """Return the total: the counter, corrected if it contradicts what was just read.

    The counter lags by about a second.
    """
    seen = offset + found
    if is_more:
        return max(counted, seen + 1)
    is_end = found or not offset
    return seen if is_end else min(counted, offset)
