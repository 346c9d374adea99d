"""Creating, reading, changing and deleting contacts."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from chalicelib.domain.account import Account
from chalicelib.domain.caller import Caller
from chalicelib.domain.contact import (
    Contact,
    ContactChanges,
    ContactData,
    ContactKey,
    Details,
    deletion_date,
    new_contact,
)
from chalicelib.domain.errors import ErrorCode, NotFoundError, UnavailableError
from chalicelib.domain.extra import NOTHING_EXTRA, Extra
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.precondition import NOTHING_DEMANDED, Precondition
from chalicelib.domain.text import composed
from chalicelib.services.members import list_members
from chalicelib.storage import blacklist, contacts, groups, rewrites
from chalicelib.storage.counters import Counter, read_counter
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries


def create_contact(
    caller: Caller,
    phone_number: PhoneNumber,
    details: Details,
    now: datetime,
    *,
    extra: Extra = NOTHING_EXTRA,
) -> Contact:
    """Create a contact in no group, with a deletion date.

    Raises:
        ConflictError: There is a contact with this number.
        InvalidDataError: The extra fields are too large.

    """
    data = ContactData(phone_number=phone_number, details=details, extra=extra)
    day = deletion_date(now, caller.account.retention_days)
    contact = new_contact(data, now, day)
    contacts.put_contact(caller.account.id, contact, caller.stamp(now))
    return contact


def retrieve_contact(account: Account, key: ContactKey) -> Contact:
    """Return a contact.

    Raises:
        NotFoundError: There is no such contact.

    """
    return contacts.get_contact(account.id, key)


def update_contact(
    caller: Caller,
    key: ContactKey,
    changes: Details,
    now: datetime,
    *,
    check: Callable[[Contact], None] | None = None,
) -> Contact:
    """Set details of a contact, or clear those that are None, and return the contact.

    *check* gets the contact right before the change. If it raises, nothing changes.

    Raises:
        NotFoundError: There is no such contact.

    """
    return change_contact(caller, key, ContactChanges(details=changes), now, check=check)


def change_contact(
    caller: Caller,
    key: ContactKey,
    changes: ContactChanges,
    now: datetime,
    *,
    check: Callable[[Contact], None] | None = None,
) -> Contact:
    """Change details, extra fields and the number of a contact together, and return the contact.

    Its id, groups, creation date and deletion date do not change. Its old number is free at once.
    *check* gets the contact right before the change. If it raises, nothing changes.

    Raises:
        NotFoundError: There is no such contact.
        ConflictError: Another contact has the new number.
        RefusedError: It is in too many groups to change its number.
        InvalidDataError: Its extra fields would be too large.
        UnavailableError: Others changed it at every try.

    """
    if not changes.extra and changes.phone_number is None and check is None:
        return contacts.update_contact(caller.account.id, key, changes.details, caller.stamp(now))
    for _ in tries(DECISION_TRIES):
        kept = rewrites.get(caller.account.id, key)
        if check is not None:
            check(kept.contact)
        after = kept.contact.changed(changes, now)
        if written := rewrites.rewrite(caller.account.id, kept, after, caller.stamp(now)):
            return written
    raise UnavailableError(ErrorCode.BUSY)


def delete_contact(
    caller: Caller,
    key: ContactKey,
    now: datetime,
    *,
    precondition: Precondition = NOTHING_DEMANDED,
) -> None:
    """Delete a contact and its memberships. If its number is on the blacklist, it stays there.

    Raises:
        NotFoundError: There is no such contact.
        PreconditionError: It is not as it must be.

    """
    contacts.delete_contact(caller.account.id, key, caller.stamp(now), precondition)


def count_contacts(account: Account) -> int:
    """Return the number of contacts, which lags by about a second."""
    return read_counter(Counter(account.id, None)) or 0


def list_contacts(
    account: Account, *, after: str | None = None, expected: int | None = None
) -> Iterator[Contact]:
    """Yield every contact in the order of numbers, beginning after the number *after*.

    *expected* is how many the caller expects to use; it sets how many are read at a time.
    """
    return contacts.list_contacts(account.id, after=after, expected=expected)


def list_contacts_of_groups(
    account: Account,
    group_ids: Iterable[int],
    *,
    after: str | None = None,
    expected: int | None = None,
) -> Iterator[Contact]:
    """Yield the contacts of some groups, each once, in the order of numbers, after *after*.

    Groups that do not exist are ignored. *expected* is as for :func:`list_contacts`.
    """
    existing = {group.id for group in groups.list_groups_by_id(account.id, group_ids)}
    return list_members(account, existing, after=after, expected=expected)


def list_blacklisted_contacts(
    account: Account, *, after: str | None = None, expected: int | None = None
) -> Iterator[Contact]:
    """Yield the contacts whose numbers are blacklisted, in the order of numbers, after *after*.

    This reads the blacklist, and only those contacts. *expected* is as for :func:`list_contacts`.
    """
    entries = blacklist.list_entries(account.id, after=after, expected=expected)
    numbers = (entry.phone_number.e164 for entry in entries)
    return contacts.list_contacts_by_number(account.id, numbers, expected=expected)


def list_contacts_by_name(account: Account, name: str) -> Iterator[Contact]:
    """Yield the contacts whose first name, last name, or first and last name equal *name*.

    This reads every contact.
    """
    wanted = composed(name)
    for contact in list_contacts(account):
        known = (contact.details.get(each) for each in ("first_name", "last_name"))
        first, last = (None if text is None else composed(text) for text in known)
        has_both = first is not None and last is not None
        if wanted in {first, last} or (has_both and wanted == f"{first} {last}"):
            yield contact


def list_matching_contacts(account: Account, wanted: PhoneNumber | str) -> list[Contact]:
    """Return the contact with a number, or the contacts with a name; the list may be empty.

    For a name, this reads every contact (:func:`list_contacts_by_name`).
    """
    if isinstance(wanted, str):
        return list(list_contacts_by_name(account, wanted))
    try:
        return [retrieve_contact(account, wanted)]
    except NotFoundError:
        return []
