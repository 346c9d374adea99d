"""Creating, reading, renaming and deleting groups."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from operator import attrgetter

from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller
from chalicelib.domain.contact import ContactKey, deletion_date
from chalicelib.domain.errors import (
    ErrorCode,
    NotFoundError,
    PhonebookError,
    PreconditionError,
    UnavailableError,
)
from chalicelib.domain.extra import NOTHING_EXTRA, Extra, changed_extra
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.ids import id_of_key, new_id
from chalicelib.storage import groups
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries


def create_group(
    caller: Caller,
    name: str,
    now: datetime,
    *,
    kind: GroupKind = GroupKind.STANDARD,
    extra: Extra = NOTHING_EXTRA,
) -> Group:
    """Create an empty group. Other groups may have the same name.

    Raises:
        InvalidDataError: The extra fields are too large.

    """
    group = Group(
        id=new_id(),
        name=name,
        kind=kind,
        extra=changed_extra({}, extra),
        created_on=now,
        updated_on=now,
        contacts_count=0,
    )
    groups.put_group(caller.account.id, group, caller.stamp(now))
    return group


def create_group_once(  # noqa: PLR0913 - a key, and all that a group begins with
    caller: Caller,
    name: str,
    now: datetime,
    *,
    kind: GroupKind,
    idempotency_key: str,
    extra: Extra = NOTHING_EXTRA,
) -> Group:
    """Create an empty group, or return the one that the same key created.

    The id of the group follows from the key, so nothing else is stored.

    Raises:
        InvalidDataError: The extra fields are too large.
        PreconditionError: The key's group has another name or kind, or was just deleted.

    """
    group = Group(
        id=group_id_of_key(caller.account, idempotency_key),
        name=name,
        kind=kind,
        extra=changed_extra({}, extra),
        created_on=now,
        updated_on=now,
        contacts_count=0,
    )
    there = groups.put_group_once(caller.account.id, group, caller.stamp(now))
    if (there.name, there.kind) != (name, kind):
        raise PreconditionError(ErrorCode.KEY_REUSED)
    return there


def group_id_of_key(account: Account, idempotency_key: str) -> int:
    """Return the id of the group that a key creates, whether it did so or not."""
    return id_of_key(account.cursor_key, f"group {idempotency_key}")


def retrieve_group(account: Account, group_id: int) -> Group:
    """Return a group.

    Raises:
        NotFoundError: There is no group with this id.

    """
    return groups.get_group(account.id, group_id)


def rename_group(
    caller: Caller,
    group_id: int,
    name: str,
    now: datetime,
    *,
    check: Callable[[Group], None] | None = None,
) -> Group:
    """Give a group another name, and return it.

    *check* gets the group right before the change. If it raises, nothing changes.

    Raises:
        NotFoundError: There is no group with this id.
        UnavailableError: There is a *check*, and the group's count changed at every try.

    """
    stamp = caller.stamp(now)
    if check is None:
        return groups.rename_group(caller.account.id, group_id, name, stamp)
    for _ in tries(DECISION_TRIES):
        seen = groups.get_group(caller.account.id, group_id)
        check(seen)
        with suppress(NotFoundError):
            return groups.rename_group(caller.account.id, group_id, name, stamp, seen)
    raise UnavailableError(ErrorCode.BUSY)


def delete_group(caller: Caller, group_id: int, now: datetime) -> None:
    """Delete a group at once, but not its contacts.

    Raises:
        NotFoundError: There is no group with this id.

    """
    day = deletion_date(now, caller.account.retention_days)
    groups.delete_group(caller.account.id, group_id, day, caller.stamp(now))


def delete_groups(
    caller: Caller, group_ids: Iterable[int | None], now: datetime
) -> list[PhonebookError | None]:
    """Delete groups one by one, and return for each its error, or None if it was deleted.

    An id may be None; no group has it.
    """
    return [_refusal_to_delete(caller, group_id, now) for group_id in group_ids]


def list_groups(account: Account, *, after: str | None = None) -> list[Group]:
    """Return every group, oldest first, beginning after the list key *after*."""
    return _in_order(groups.list_groups(account.id), after)


def list_groups_of_contact(
    account: Account, key: ContactKey, *, after: str | None = None
) -> list[Group]:
    """Return the groups of a contact, oldest first, beginning after the list key *after*.

    Raises:
        NotFoundError: There is no such contact.

    """
    return _in_order(groups.list_groups_of(account.id, key), after)


def _refusal_to_delete(
    caller: Caller, group_id: int | None, now: datetime
) -> PhonebookError | None:
    if group_id is None:
        return NotFoundError(ErrorCode.GROUP_NOT_FOUND)
    try:
        delete_group(caller, group_id, now)
    except PhonebookError as error:
        return error
    return None


def _in_order(found: Iterable[Group], after: str | None) -> list[Group]:
    wanted = (group for group in found if after is None or group.list_key > after)
    return sorted(wanted, key=attrgetter("list_key"))
