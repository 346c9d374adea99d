"""Reading the contacts of groups, in the order of numbers."""

from collections.abc import Collection, Iterable, Iterator

from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact
from chalicelib.domain.group import Group
from chalicelib.storage import contacts, groups, memberships


def retrieve_group_with_members(account: Account, group_id: int) -> tuple[Group, Iterator[Contact]]:
    """Return a group, and an iterator that reads all its contacts.

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
    """Yield the contacts of some groups, each once, beginning after the number *after*.

    The groups must exist: the caller has just read them. *expected* is how many the caller expects
    to use; it sets how many are read at a time.
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
    """Yield the contacts with some numbers that are in any of the groups."""
    wanted = frozenset(group_ids)
    found = contacts.list_contacts_by_number(account.id, phone_numbers, expected=expected)
    # The contact itself decides: it may have left after its membership was read.
    return (contact for contact in found if contact.group_ids & wanted)
