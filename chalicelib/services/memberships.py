"""Putting contacts into groups and taking them out."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from functools import partial

from chalicelib.domain.caller import Caller
from chalicelib.domain.contact import (
    Contact,
    ContactChanges,
    ContactData,
    ContactKey,
    deletion_date,
    new_contact,
)
from chalicelib.domain.errors import ConflictError, ErrorCode
from chalicelib.domain.group import Group
from chalicelib.services.reaching import reach, rewrite_contact
from chalicelib.storage import contact_items, contacts, groups, memberships
from chalicelib.storage.rewrites import MOST_MEMBERSHIPS, rewrite

_LEFT_AT_ONCE = MOST_MEMBERSHIPS - 1
"""What a transaction holds beside the group that is joined."""


def add_to_group(caller: Caller, group_id: int, key: ContactKey, now: datetime) -> None:
    """Put a contact into a group, which ends its schedule.

    If the group is a stoplist, its number is on the blacklist from then on.

    Raises:
        NotFoundError: There is no such group or no such contact.
        ConflictError: The contact is in that group already.

    """
    group = groups.get_group(caller.account.id, group_id)
    reach(
        caller.account,
        key,
        lambda number, contact_id: memberships.join(
            caller.account.id, group, number, now, contact_id
        ),
    )


def add_all_to_group(
    caller: Caller, group_id: int, contact_ids: Iterable[int], now: datetime
) -> None:
    """Put contacts into a group; those that are in it already stay, so that it can be repeated.

    None of them joins unless every one is there. One that is deleted while the others join is
    told only then.

    Raises:
        NotFoundError: There is no such group, or one of the contacts is not there.

    """
    group = groups.get_group(caller.account.id, group_id)
    get_contact = partial(contacts.get_contact, caller.account.id)
    found = [reach(caller.account, contact_id, get_contact) for contact_id in contact_ids]
    for contact in found:
        # Fails where it is in the group already, which is what was asked for.
        with suppress(ConflictError):
            reach(
                caller.account,
                contact.id,
                lambda number, contact_id: memberships.join(
                    caller.account.id, group, number, now, contact_id
                ),
            )


def remove_from_group(caller: Caller, group_id: int, key: ContactKey, now: datetime) -> None:
    """Take a contact out of a group, and schedule its deletion if it was the last.

    With its last stoplist, its number leaves the blacklist.

    Raises:
        NotFoundError: There is no such contact, or it is not in such a group.

    """
    day = deletion_date(now, caller.account.retention_days)
    reach(
        caller.account,
        key,
        lambda number, contact_id: memberships.leave(
            caller.account.id, group_id, number, day, contact_id
        ),
    )


def create_or_join(
    caller: Caller, group_id: int, data: ContactData, now: datetime, *, refuse_member: bool
) -> Contact:
    """Create a contact in a group, or let the one of that number join it and change its fields.

    One that is in the group already is refused if *refuse_member*, and changed otherwise.

    Raises:
        NotFoundError: There is no such group.
        ConflictError: The contact is in that group already.
        InvalidDataError: All its extra fields would be larger than is kept.

    """
    group = groups.get_group(caller.account.id, group_id)
    e164 = data.phone_number.e164
    change = creating_or_joining(group, data, now, refuse_member=refuse_member)
    return rewrite(
        caller.account.id, lambda: contact_items.find_stored(caller.account.id, e164), change, now
    )


def creating_or_joining(
    group: Group, data: ContactData, now: datetime, *, refuse_member: bool
) -> Callable[[Contact | None], Contact]:
    """Return how :func:`create_or_join` changes a contact, or makes one where there is none."""

    def change(contact: Contact | None) -> Contact:
        if contact is None:
            return new_contact(data, now).joined(group)
        if refuse_member and group.id in contact.group_ids:
            raise ConflictError(ErrorCode.MEMBERSHIP_EXISTS, contact_id=contact.id)
        changes = ContactChanges(details=data.details, extra=data.extra)
        return contact.changed(changes, now).joined(group)

    return change


def move_to_group(
    caller: Caller, group_id: int, key: ContactKey, changes: ContactChanges, now: datetime
) -> Contact:
    """Let a contact join a group, leave all others, and change its fields, and return it.

    All of it is one transaction. Only of a contact in 96 other groups or more the rest is left
    in further ones, while it is in the group already.

    Raises:
        NotFoundError: There is no such group or no such contact.
        ConflictError: There is another contact of its new number.
        RefusedError: It is in too many groups to change its number as well.
        InvalidDataError: All its extra fields would be larger than is kept.

    """
    group = groups.get_group(caller.account.id, group_id)

    def leave_others(contact: Contact) -> Contact:
        others = sorted(contact.group_ids - {group.id})
        return contact.joined(group).left(frozenset(others[:_LEFT_AT_ONCE]))

    moved = rewrite_contact(
        caller, key, lambda contact: leave_others(contact.changed(changes, now)), now
    )
    while moved.group_ids != {group.id}:
        moved = rewrite_contact(caller, moved.id, leave_others, now)
    return moved
