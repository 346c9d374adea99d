"""Profiles: contacts with their groups, and whether their numbers are blacklisted."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact
from chalicelib.domain.group import Group
from chalicelib.services import blacklist
from chalicelib.storage import groups
from chalicelib.storage.dynamodb.batches import in_batches


class Profile(NamedTuple):
    """A contact, its groups, oldest first, and whether its number is blacklisted."""

    contact: Contact
    groups: list[Group]
    is_blacklisted: bool


def profile_of(account: Account, contact: Contact) -> Profile:
    """Return the profile of a contact."""
    return next(list_profiles(account, [contact]))


def list_profiles(
    account: Account,
    contacts: Iterable[Contact],
    *,
    most: int | None = None,
    are_blacklisted: bool | None = None,
) -> Iterator[Profile]:
    """Yield the profiles of contacts, in their order, and of no more than *most*.

    For each 100 contacts, this reads their groups and their blacklist entries in batches; the
    latter not if the caller knows already whether all of them *are blacklisted*, or none is.
    """
    for batch in in_batches(islice(contacts, most)):
        named = {group_id for contact in batch for group_id in contact.group_ids}
        known = {group.id: group for group in groups.list_groups_by_id(account.id, named)}
        numbers = [each.phone_number for each in batch]
        if are_blacklisted is None:
            blacklisted = frozenset(blacklist.blacklisted_since(account, numbers))
        else:
            blacklisted = frozenset(numbers) if are_blacklisted else frozenset()
        for contact in batch:
            of_contact = (known[each] for each in contact.group_ids if each in known)
            yield Profile(
                contact,
                sorted(of_contact, key=lambda group: group.list_key),
                contact.phone_number in blacklisted,
            )
