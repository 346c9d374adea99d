"""Writing fields and groups of a contact together, if it is as the client expects it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller
from chalicelib.domain.contact import Contact, ContactKey, deletion_date
from chalicelib.domain.contact_write import ContactWrite
from chalicelib.domain.errors import (
    ConflictError,
    ErrorCode,
    NamedGroupsNotFoundError,
    NotFoundError,
    PreconditionError,
    UnavailableError,
)
from chalicelib.domain.group import Group
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.precondition import Precondition
from chalicelib.storage import groups, rewrites
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries


def create_contact(
    caller: Caller, phone_number: PhoneNumber, write: ContactWrite, now: datetime
) -> Contact:
    """Create a contact in some groups.

    Raises:
        ConflictError: There is already a contact with this number.
        NamedGroupsNotFoundError: There are no such groups.
        InvalidDataError: Its extra fields are too large.
        UnavailableError: Others changed it at every try.

    """
    creation = replace(write, precondition=Precondition(exists=False), may_create=True)
    try:
        contact, _ = write_contact(caller, phone_number, creation, now)
    except PreconditionError:
        there = rewrites.find(caller.account.id, phone_number)
        contact_id = there.contact.id if there else None
        raise ConflictError(ErrorCode.CONTACT_EXISTS, contact_id=contact_id) from None
    return contact


def write_contact(
    caller: Caller,
    key: ContactKey,
    write: ContactWrite,
    now: datetime,
    *,
    check: Callable[[Contact | None], None] | None = None,
) -> tuple[Contact, bool]:
    """Write fields and groups of a contact together; return it, and whether it was created.

    This is one transaction. If the contact joins and leaves more groups than that holds, it joins
    and leaves the rest in further ones. *check* gets the contact right before the change, or None
    if it is to be created. If it raises, nothing changes.

    Raises:
        NotFoundError: There is no such contact.
        NamedGroupsNotFoundError: There are no such groups.
        PreconditionError: The contact is not as it must be.
        ConflictError: Another contact has the new number.
        RefusedError: It is in too many groups to change its number.
        InvalidDataError: Its extra fields would be too large.
        UnavailableError: Others changed it at every try.

    """
    wanted = _groups_named(caller.account, write.group_ids or ())
    day = deletion_date(now, caller.account.retention_days)
    for _ in tries(DECISION_TRIES):
        kept = rewrites.find(caller.account.id, key)
        write.precondition.check(kept.contact if kept else None)
        if kept:
            after = write.changed(kept.contact, now)
        elif write.may_create and isinstance(key, PhoneNumber):
            after = write.created(key, now, day)
        else:
            raise NotFoundError(ErrorCode.CONTACT_NOT_FOUND)
        if check is not None:
            check(kept.contact if kept else None)
        after = write.moved(after, wanted, day, rewrites.MAX_MEMBERSHIPS)
        written = rewrites.rewrite(
            caller.account.id, kept, after, caller.stamp(now), may_allow=True
        )
        if written and (write.group_ids is None or written.group_ids == wanted.keys()):
            return written, kept is None
        if written:
            rest = ContactWrite(group_ids=write.group_ids)
            return write_contact(caller, written.id, rest, now)[0], kept is None
    raise UnavailableError(ErrorCode.BUSY)


def _groups_named(account: Account, group_ids: Sequence[int]) -> dict[int, Group]:
    """Return the groups with some ids.

    Raises:
        NamedGroupsNotFoundError: There are no such groups.

    """
    found = {group.id: group for group in groups.list_groups_by_id(account.id, group_ids)}
    missing = [place for place, group_id in enumerate(group_ids) if group_id not in found]
    if missing:
        raise NamedGroupsNotFoundError(missing)
    return found
