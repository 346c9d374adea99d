"""Reading the contacts of groups, in the order of numbers."""

from collections.abc import Collection, Iterable, Iterator

from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact
from chalicelib.domain.group import Group
from chalicelib.storage import contacts, groups, memberships


def retrieve_group_with_members(account: Account, group_id: int) -> tuple[Group, Iterator[Contact]]:
    """Return a group, and an iterator over all its contacts, which reads them.

    Raises:
        NotFoundError: There is no such group.

    """
    group = groups.get_group(account.id, group_id)
    return group, list_members(account, [group.id])


def list_members(
    account: Account,
    group_ids: Collection[int],
    *,
    after: str | None = None,
    expected: int | None = None,
) -> Iterator[Contact]:
    """Yield the contacts in any of some groups, each once, from after the number *after*.

    The groups must exist: whoever calls this has just read them.
    """
    numbers = memberships.list_members(account.id, group_ids, after=after, expected=expected)
    return members_among(account, group_ids, numbers, expected=expected)


def members_among(
    account: Account,
    group_ids: Collection[int],
    phone_numbers: Iterable[str],
    *,
    expected: int | None = None,
) -> Iterator[Contact]:
    """Yield the contacts of some memberships' numbers, if they are still in any of the groups."""
    wanted = frozenset(group_ids)
    found = contacts.list_contacts_by_number(account.id, phone_numbers, expected=expected)
    # The contact's own word decides: it may have left since the membership was read.
    return (contact for contact in found if contact.group_ids & wanted)
