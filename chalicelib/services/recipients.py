"""Who may be messaged now: a merge of groups, given numbers and the blacklist.

All of them are sorted by number, so each is read once, page by page, and side by side.
"""

import heapq
from collections.abc import Iterator, Sequence
from itertools import groupby, islice

from chalicelib.domain.account import Account
from chalicelib.domain.errors import ErrorCode, NotFoundError
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.recipients import (
    Campaign,
    Excluded,
    Exclusion,
    Recipient,
    RecipientPage,
)
from chalicelib.services.sorted_numbers import SortedNumbers
from chalicelib.storage import blacklist, contacts, groups, memberships, suppression


def page_of_recipients(
    account: Account, campaign: Campaign, *, after: str | None, limit: int
) -> RecipientPage:
    """Decide the next *limit* numbers of a campaign after the number *after*.

    A number that was blacklisted before this call is no recipient. A contact that is left out is
    not read. The page is shorter if contacts have just left the groups.

    Raises:
        NotFoundError: One of the groups does not exist.

    """
    _check_groups(account, campaign.group_ids | campaign.excluded_group_ids)
    wanted = _wanted(account, campaign, after, limit + 1)
    decided = list(islice(wanted, limit))
    is_more = next(wanted, None) is not None
    stopped = SortedNumbers(blacklist.list_numbers(account.id, after=after, expected=limit))
    outside = SortedNumbers(
        memberships.list_members(
            account.id, campaign.excluded_group_ids, after=after, expected=limit
        )
    )
    excluded: list[Excluded] = []
    remaining: list[str] = []
    for number in decided:
        if stopped.has(number):
            excluded.append(Excluded(PhoneNumber(number), Exclusion.BLACKLISTED))
        elif outside.has(number):
            excluded.append(Excluded(PhoneNumber(number), Exclusion.EXCLUDED_GROUP))
        else:
            remaining.append(number)
    # Read after the blacklist: an erasure suppresses a number before it takes its entry off.
    suppressed = {
        number.e164
        for number in suppression.suppressed_since(account.id, map(PhoneNumber, remaining))
    }
    excluded += [Excluded(PhoneNumber(each), Exclusion.SUPPRESSED) for each in sorted(suppressed)]
    excluded.sort(key=lambda each: each.phone_number.e164)
    recipients = _recipients(
        account, campaign, [number for number in remaining if number not in suppressed]
    )
    return RecipientPage(list(recipients), excluded, decided[-1] if is_more else None)


def _check_groups(account: Account, group_ids: frozenset[int]) -> None:
    found = {group.id for group in groups.list_groups_by_id(account.id, group_ids)}
    if found != group_ids:
        raise NotFoundError(ErrorCode.GROUP_NOT_FOUND)


def _wanted(
    account: Account, campaign: Campaign, after: str | None, expected: int
) -> Iterator[str]:
    """Yield the numbers of a campaign, each once and in order."""
    members = memberships.list_members(
        account.id, campaign.group_ids, after=after, expected=expected
    )
    given = (number.e164 for number in campaign.numbers if after is None or number.e164 > after)
    return (number for number, _ in groupby(heapq.merge(members, given)))


def _recipients(
    account: Account, campaign: Campaign, numbers: Sequence[str]
) -> Iterator[Recipient]:
    """Yield the recipients with some numbers, each with its contact if there is one."""
    given = {number.e164 for number in campaign.numbers}
    found = {
        contact.phone_number.e164: contact
        for contact in contacts.list_contacts_by_number(account.id, numbers)
    }
    for number in numbers:
        contact = found.get(number)
        # The contact itself decides: it may have left after its membership was read.
        if number in given or (contact and contact.group_ids & campaign.group_ids):
            yield Recipient(PhoneNumber(number), contact)
