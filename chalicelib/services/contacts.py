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
from chalicelib.domain.text import composed
from chalicelib.services.members import list_members
from chalicelib.storage import contacts, groups, rewrites
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
    """Create a contact outside every group, and so with a date on which it goes.

    Raises:
        ConflictError: There is one of that number.
        InvalidDataError: The extra fields are larger than is kept.

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
    """Set or, where the value is None, clear details of a contact, and return it.

    *check* sees the contact as it is just before that, and whatever it raises is raised.

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
    """Change details, extra fields and the number of a contact together, and return it.

    Its id, groups and dates stay, and the number that it had is free at once. *check* sees the
    contact as it is just before that, and whatever it raises is raised.

    Raises:
        NotFoundError: There is no such contact.
        ConflictError: There is another contact of the new number.
        RefusedError: It is in too many groups to change its number.
        InvalidDataError: All its extra fields would be larger than is kept.
        UnavailableError: It was changed by others at every try.

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


def delete_contact(caller: Caller, key: ContactKey, now: datetime) -> None:
    """Delete a contact and its memberships; the number stays on the blacklist if it is there.

    Raises:
        NotFoundError: There is no such contact.

    """
    contacts.delete_contact(caller.account.id, key, caller.stamp(now))


def count_contacts(account: Account) -> int:
    """Return how many contacts there are, which follows by about a second."""
    return read_counter(Counter(account.id, None)) or 0


def list_contacts(
    account: Account, *, after: str | None = None, expected: int | None = None
) -> Iterator[Contact]:
    """Yield every contact in the order of numbers, from behind the number *after*."""
    return contacts.list_contacts(account.id, after=after, expected=expected)


def list_contacts_of_groups(
    account: Account,
    group_ids: Iterable[int],
    *,
    after: str | None = None,
    expected: int | None = None,
) -> Iterator[Contact]:
    """Yield the contacts in any of some groups, each once and in the order of numbers.

    A group that does not exist contributes nothing.
    """
    existing = {group.id for group in groups.list_groups_by_id(account.id, group_ids)}
    return list_members(account, existing, after=after, expected=expected)


def list_contacts_by_name(account: Account, name: str) -> Iterator[Contact]:
    """Yield the contacts whose first name, last name or both together are *name*, exactly.

    It reads every contact.
    """
    wanted = composed(name)
    for contact in list_contacts(account):
        known = (contact.details.get(each) for each in ("first_name", "last_name"))
        first, last = (None if text is None else composed(text) for text in known)
        has_both = first is not None and last is not None
        if wanted in {first, last} or (has_both and wanted == f"{first} {last}"):
            yield contact


def list_matching_contacts(account: Account, wanted: PhoneNumber | str) -> list[Contact]:
    """Return the contact of a number, or the contacts of a name, or none.

    A name is looked for as :func:`list_contacts_by_name` does.
    """
    if isinstance(wanted, str):
        return list(list_contacts_by_name(account, wanted))
    try:
        return [retrieve_contact(account, wanted)]
    except NotFoundError:
        return []
