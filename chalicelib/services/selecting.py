"""Selecting groups, and contacts of a group, by filters, with an order and a slice."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact
from chalicelib.domain.group import Group
from chalicelib.domain.limits import MAX_PAGE_ITEMS
from chalicelib.domain.selection import ContactFilter, GroupFilter, Order, Slice
from chalicelib.services import blacklist, groups
from chalicelib.services.members import list_members
from chalicelib.services.paging import part_of_group


def select_groups(account: Account, wanted: GroupFilter, part: Slice) -> Iterator[Group]:
    """Yield a slice of the groups that match a filter, oldest first."""
    return part.of(filter(wanted.takes, groups.list_groups(account)))


def select_members(
    account: Account, group: Group, wanted: ContactFilter, order: Order, part: Slice
) -> Iterator[tuple[Contact, datetime | None]]:
    """Yield a slice of the contacts of a group that match a filter, each with its opt-out.

    The opt-out is the time when its number was put on the blacklist, or None if it is not there.
    Without a filter and in the order of numbers, this reads only the slice, and the memberships
    before it. Otherwise it reads the whole group.
    """
    if wanted.takes_all and order.is_as_read and part.limit is not None:
        found: Iterable[Contact] = part_of_group(
            account, group, offset=part.offset, limit=part.limit
        )
    else:
        found = part.of(order.first(_taken_members(account, group, wanted), part.end))
    return _with_opt_outs(account, found)


def _taken_members(account: Account, group: Group, wanted: ContactFilter) -> Iterable[Contact]:
    taken = filter(wanted.takes, list_members(account, [group.id]))
    if wanted.is_blacklisted is None:
        return taken
    return (
        contact
        for contact, opted_out_on in _with_opt_outs(account, taken)
        if wanted.is_blacklisted is (opted_out_on is not None)
    )


def _with_opt_outs(
    account: Account, found: Iterable[Contact]
) -> Iterator[tuple[Contact, datetime | None]]:
    remaining = iter(found)
    while some := list(islice(remaining, MAX_PAGE_ITEMS)):
        since = blacklist.blacklisted_since(account, [contact.phone_number for contact in some])
        for contact in some:
            yield contact, since.get(contact.phone_number)
