"""Putting contacts into groups and taking them out."""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from typing import Final

from chalicelib.domain.caller import Caller
from chalicelib.domain.contact import (
    Contact,
    ContactChanges,
    ContactData,
    ContactKey,
    deletion_date,
)
from chalicelib.domain.errors import ConflictError, ErrorCode, NotFoundError, UnavailableError
from chalicelib.domain.group import Group
from chalicelib.domain.rows import Upsert
from chalicelib.storage import contacts, groups, memberships, rewrites
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries

_LEFT_AT_ONCE: Final = rewrites.MAX_MEMBERSHIPS - 1
"""What a transaction holds beside the group that is joined."""


def add_to_group(caller: Caller, group_id: int, key: ContactKey, now: datetime) -> None:
    """Put a contact into a group, which ends its schedule.

    If the group is a stoplist, its number is on the blacklist from then on.

    Raises:
        NotFoundError: There is no such group or no such contact.
        ConflictError: The contact is in that group already.

    """
    group = groups.get_group(caller.account.id, group_id)
    memberships.join(caller.account.id, group, key, caller.stamp(now))


def add_all_to_group(
    caller: Caller, group_id: int, contact_ids: Collection[int], now: datetime
) -> None:
    """Put contacts into a group; those that are in it already stay, so that it can be repeated.

    None of them joins unless every one is there. One that is deleted while the others join is
    told only then.

    Raises:
        NotFoundError: There is no such group, or one of the contacts is not there.

    """
    group = groups.get_group(caller.account.id, group_id)
    for contact_id in contact_ids:
        contacts.check_contact(caller.account.id, contact_id)
    for contact_id in contact_ids:
        # Fails where it is in the group already, which is what was asked for.
        with suppress(ConflictError):
            memberships.join(caller.account.id, group, contact_id, caller.stamp(now))


def remove_from_group(caller: Caller, group_id: int, key: ContactKey, now: datetime) -> None:
    """Take a contact out of a group, and schedule its deletion if it was the last.

    Deleted groups do not count. With its last stoplist, its number leaves the blacklist, unless
    somebody asked for it to be there.

    Raises:
        NotFoundError: There is no such contact, or it is not in such a group.
        UnavailableError: It was changed by others at every try.

    """
    account = caller.account
    for _ in tries(DECISION_TRIES):
        kept = rewrites.get(account.id, key)
        if group_id not in kept.contact.group_ids:
            raise NotFoundError(ErrorCode.MEMBERSHIP_NOT_FOUND)
        after = kept.contact.without_groups({group_id}, deletion_date(now, account.retention_days))
        if rewrites.rewrite(account.id, kept, after, caller.stamp(now)):
            return
    raise UnavailableError(ErrorCode.BUSY)


def create_or_join(
    caller: Caller, group_id: int, data: ContactData, now: datetime, *, refuse_member: bool
) -> Contact:
    """Create a contact in a group, or let the one of that number join it and change its fields.

    One that is in the group already is refused if *refuse_member*, and changed otherwise.

    Raises:
        NotFoundError: There is no such group.
        ConflictError: The contact is in that group already.
        InvalidDataError: All its extra fields would be larger than is kept.
        UnavailableError: It was changed by others at every try.

    """
    group = groups.get_group(caller.account.id, group_id)
    day = deletion_date(now, caller.account.retention_days)
    upsert = Upsert(group, now, day, refuse_member)
    for _ in tries(DECISION_TRIES):
        kept = rewrites.find(caller.account.id, data.phone_number)
        after = upsert.take(data, kept.contact if kept else None)
        if written := rewrites.rewrite(caller.account.id, kept, after, caller.stamp(now)):
            return written
    raise UnavailableError(ErrorCode.BUSY)


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
        UnavailableError: It was changed by others at every try.

    """
    group = groups.get_group(caller.account.id, group_id)
    moved = _moved(caller, group, key, changes, now)
    while moved.group_ids != {group.id}:
        moved = _moved(caller, group, moved.id, None, now)
    return moved


def _moved(
    caller: Caller, group: Group, key: ContactKey, changes: ContactChanges | None, now: datetime
) -> Contact:
    """Let a contact join a group and leave as many others as fit, with its changes if any."""
    for _ in tries(DECISION_TRIES):
        kept = rewrites.get(caller.account.id, key)
        contact = kept.contact.changed(changes, now) if changes is not None else kept.contact
        others = sorted(contact.group_ids - {group.id})
        day = deletion_date(now, caller.account.retention_days)
        after = contact.joined(group).without_groups(frozenset(others[:_LEFT_AT_ONCE]), day)
        if written := rewrites.rewrite(caller.account.id, kept, after, caller.stamp(now)):
            return written
    raise UnavailableError(ErrorCode.BUSY)
