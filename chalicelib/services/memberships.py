"""Putting contacts into groups and taking them out."""

from collections.abc import Collection, Iterable
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
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.rows import Joining, KeyRow, Leaving, Mode, Outcome, Upsert
from chalicelib.services.rows import RowWriter
from chalicelib.storage import contacts, groups, memberships, rewrites
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries

_LEFT_AT_ONCE: Final = rewrites.MAX_MEMBERSHIPS - 1
"""Groups that a contact can leave in the transaction in which it joins one."""


def add_to_group(caller: Caller, group_id: int, key: ContactKey, now: datetime) -> None:
    """Put a contact into a group, and remove its deletion date.

    If the group is a stoplist, this also puts the contact's number on the blacklist.

    Raises:
        NotFoundError: There is no such group or no such contact.
        ConflictError: The contact is already in this group.

    """
    group = groups.get_group(caller.account.id, group_id)
    _join(caller, group, key, now)


def add_all_to_group(
    caller: Caller, group_id: int, contact_ids: Collection[int], now: datetime
) -> None:
    """Put contacts into a group. This is idempotent: it skips contacts that are already in it.

    If one of them does not exist, none joins. But if one is deleted while the others join, the
    others before it have joined.

    Raises:
        NotFoundError: There is no such group, or no such contact.

    """
    group = groups.get_group(caller.account.id, group_id)
    for contact_id in contact_ids:
        contacts.check_contact(caller.account.id, contact_id)
    for contact_id in contact_ids:
        # Fails if it is already in the group, which is what the caller wants.
        with suppress(ConflictError):
            _join(caller, group, contact_id, now)


def remove_from_group(caller: Caller, group_id: int, key: ContactKey, now: datetime) -> None:
    """Take a contact out of a group. If it is now in no group, it gets a deletion date.

    Deleted groups do not count. If the contact's number was on the blacklist only because of this
    stoplist, this takes it off.

    Raises:
        NotFoundError: There is no such contact, or it is not in such a group.
        UnavailableError: Others changed it at every try.

    """
    account = caller.account
    for _ in tries(DECISION_TRIES):
        kept = rewrites.get(account.id, key)
        if group_id not in kept.contact.group_ids:
            raise NotFoundError(ErrorCode.MEMBERSHIP_NOT_FOUND)
        after = kept.contact.without_groups({group_id}, deletion_date(now, account.retention_days))
        if rewrites.rewrite(account.id, kept, after, caller.stamp(now), may_allow=True):
            return
    raise UnavailableError(ErrorCode.BUSY)


def change_members(
    caller: Caller,
    group_id: int,
    *,
    add: Iterable[KeyRow],
    remove: Iterable[KeyRow],
    now: datetime,
) -> tuple[list[Outcome], list[Outcome]]:
    """Put contacts into a group, then take others out; return what became of each, in their order.

    This is idempotent, and each contact is as by :func:`add_to_group` or :func:`remove_from_group`.
    No row fails for another; those that were not begun by the end of the request's time are
    rejected as unavailable.

    Raises:
        NotFoundError: There is no such group.

    """
    account = caller.account
    group = groups.get_group(account.id, group_id)
    day = deletion_date(now, account.retention_days)
    joining = RowWriter(account.id, Joining(group), caller.stamp(now), tells_suppressed=True)
    leaving = RowWriter(account.id, Leaving(group.id, day), caller.stamp(now), may_allow=True)
    return joining.write(dict(enumerate(add))), leaving.write(dict(enumerate(remove)))


def create_or_join(
    caller: Caller, group_id: int, data: ContactData, now: datetime, *, refuse_member: bool
) -> Contact:
    """Create a contact in a group; if the number has a contact, change it and add it to the group.

    With *refuse_member*, a contact that is already in the group is refused; otherwise it is
    changed.

    Raises:
        NotFoundError: There is no such group.
        ConflictError: The contact is already in this group, and *refuse_member* is True.
        InvalidDataError: Its extra fields would be too large.
        UnavailableError: Others changed it at every try.

    """
    group = groups.get_group(caller.account.id, group_id)
    day = deletion_date(now, caller.account.retention_days)
    mode = Mode.REFUSE_MEMBERS if refuse_member else Mode.TOUCH
    upsert = Upsert(group, now, day, mode)
    for _ in tries(DECISION_TRIES):
        kept = rewrites.find(caller.account.id, data.phone_number)
        after = upsert.take(data, kept.contact if kept else None)
        if written := rewrites.rewrite(caller.account.id, kept, after, caller.stamp(now)):
            return written
    raise UnavailableError(ErrorCode.BUSY)


def move_to_group(
    caller: Caller, group_id: int, key: ContactKey, changes: ContactChanges, now: datetime
) -> Contact:
    """Move a contact to a group, out of all others, change its fields, and return it.

    This is one transaction. If the contact is in 94 other groups or more, it leaves the rest in
    further transactions, after it has joined the group. If it leaves a stoplist, its number stays
    on the blacklist.

    Raises:
        NotFoundError: There is no such group or no such contact.
        ConflictError: Another contact has the new number.
        RefusedError: It is in too many groups to change its number too.
        InvalidDataError: Its extra fields would be too large.
        UnavailableError: Others changed it at every try.

    """
    group = groups.get_group(caller.account.id, group_id)
    moved = _moved(caller, group, key, changes, now)
    while moved.group_ids != {group.id}:
        moved = _moved(caller, group, moved.id, None, now)
    return moved


def _join(caller: Caller, group: Group, key: ContactKey, now: datetime) -> None:
    """Put a contact into a group.

    Raises:
        NotFoundError: There is no such contact.
        ConflictError: It is already in this group.
        UnavailableError: The group is a stoplist, and others changed the contact at every try.

    """
    if group.kind is not GroupKind.STOPLIST:
        memberships.join(caller.account.id, group, key, caller.stamp(now))
        return
    for _ in tries(DECISION_TRIES):
        kept = rewrites.get(caller.account.id, key)
        if group.id in kept.contact.group_ids:
            raise ConflictError(ErrorCode.MEMBERSHIP_EXISTS, contact_id=kept.contact.id)
        after = kept.contact.joined(group)
        if rewrites.rewrite(caller.account.id, kept, after, caller.stamp(now)):
            return
    raise UnavailableError(ErrorCode.BUSY)


def _moved(
    caller: Caller, group: Group, key: ContactKey, changes: ContactChanges | None, now: datetime
) -> Contact:
    """Let a contact join a group and leave as many others as fit, and make its changes, if any."""
    for _ in tries(DECISION_TRIES):
        kept = rewrites.get(caller.account.id, key)
        contact = kept.contact.changed(changes, now) if changes is not None else kept.contact
        others = sorted(contact.group_ids - {group.id})
        day = deletion_date(now, caller.account.retention_days)
        after = contact.joined(group).without_groups(frozenset(others[:_LEFT_AT_ONCE]), day)
        if written := rewrites.rewrite(caller.account.id, kept, after, caller.stamp(now)):
            return written
    raise UnavailableError(ErrorCode.BUSY)
