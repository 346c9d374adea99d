"""Listing contacts by their groups and by the blacklist, in the order of numbers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact
from chalicelib.domain.errors import ErrorCode, NotFoundError
from chalicelib.services import contacts
from chalicelib.services.blacklist import blacklisted_since
from chalicelib.services.members import list_members
from chalicelib.storage import groups, suppression
from chalicelib.storage.dynamodb.batches import in_batches, size_of_batches

if TYPE_CHECKING:
    from chalicelib.domain.search import Search


class ContactListing(NamedTuple):
    """Which contacts to list: of any of these groups, blacklisted or not, and found by a search.

    None does not narrow the list.
    """

    group_ids: frozenset[int] | None
    is_blacklisted: bool | None
    search: "Search | None" = None


def list_contacts(
    account: Account, wanted: ContactListing, *, after: str | None, expected: int | None
) -> Iterator[Contact]:
    """Yield the wanted contacts in the order of numbers, beginning after the number *after*.

    *expected* is how many the caller expects to use; it sets how many are read at a time.

    Raises:
        NotFoundError: One of the groups does not exist.

    """
    if wanted.group_ids is not None:
        found = {group.id for group in groups.list_groups_by_id(account.id, wanted.group_ids)}
        if found != wanted.group_ids:
            raise NotFoundError(ErrorCode.GROUP_NOT_FOUND)
    if wanted.is_blacklisted and wanted.search is None and not suppression.has_any(account.id):
        # There are fewer opt-outs than contacts. Suppressed numbers are listed nowhere.
        for contact in contacts.list_blacklisted_contacts(account, after=after, expected=expected):
            if wanted.group_ids is None or contact.group_ids & wanted.group_ids:
                yield contact
        return
    every = _list_every(account, wanted, after=after, expected=expected)
    if wanted.is_blacklisted is None:
        yield from every
        return
    for some in in_batches(every, size_of_batches(expected)):
        stopped = blacklisted_since(account, [contact.phone_number for contact in some])
        yield from (
            contact
            for contact in some
            if (contact.phone_number in stopped) is wanted.is_blacklisted
        )


def _list_every(
    account: Account, wanted: ContactListing, *, after: str | None, expected: int | None
) -> Iterator[Contact]:
    """Yield the contacts that are wanted, be they blacklisted or not."""
    if wanted.search is not None:
        from chalicelib.services.searching import search  # noqa: PLC0415 - few processes need it

        group_ids = wanted.group_ids
        for contact in search(account, wanted.search, after=after, expected=expected):
            if group_ids is None or contact.group_ids & group_ids:
                yield contact
    elif wanted.group_ids is None:
        yield from contacts.list_contacts(account, after=after, expected=expected)
    else:
        yield from list_members(account, wanted.group_ids, after=after, expected=expected)
