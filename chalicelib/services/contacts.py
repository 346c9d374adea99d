"""Creating, reading, changing and deleting contacts."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact, Details, deletion_date
from chalicelib.domain.ids import new_id
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import contacts, groups, memberships, tombstones


def create_contact(
    account: Account, phone_number: PhoneNumber, details: Details, now: datetime
) -> Contact:
    """Create a contact outside every group, and so with a date on which it goes.

    Raises:
        ConflictError: There is one of that number.

    """
    contact = Contact(
        id=new_id(),
        phone_number=phone_number,
        details={name: value for name, value in details.items() if value is not None},
        group_ids=frozenset(),
        scheduled_deletion_date=deletion_date(now, account.retention_days),
        created_on=now,
        updated_on=now,
    )
    contacts.put_contact(account.id, contact)
    return contact


def retrieve_contact(account: Account, phone_number: PhoneNumber) -> Contact:
    """Return a contact.

    Raises:
        NotFoundError: There is none of that number.

    """
    return _as_readers_see_it(account, contacts.get_contact(account.id, phone_number))


def update_contact(
    account: Account, phone_number: PhoneNumber, changes: Details, now: datetime
) -> Contact:
    """Set or, where the value is None, clear details of a contact, and return it.

    Raises:
        NotFoundError: There is none of that number.

    """
    contact = contacts.update_contact(account.id, phone_number, changes, now)
    return _as_readers_see_it(account, contact)


def delete_contact(account: Account, phone_number: PhoneNumber, now: datetime) -> None:
    """Delete a contact and its memberships; the number stays on the blacklist if it is there.

    Raises:
        NotFoundError: There is none of that number.

    """
    contacts.delete_contact(account.id, phone_number, now)


def list_contacts(
    account: Account, *, after: str | None = None, page_size: int | None = None
) -> Iterator[Contact]:
    """Yield every contact in the order of numbers, from behind the number *after*."""
    deleted = tombstones.deleted_groups(account.id)
    for contact in contacts.list_contacts(account.id, after=after, page_size=page_size):
        yield contact.without_deleted_groups(deleted)


def list_contacts_of_groups(
    account: Account,
    group_ids: Iterable[int],
    *,
    after: str | None = None,
    page_size: int | None = None,
) -> Iterator[Contact]:
    """Yield the contacts in any of some groups, each once and in the order of numbers.

    A group that does not exist contributes nothing.
    """
    wanted = {group.id for group in groups.get_groups(account.id, group_ids)}
    deleted = tombstones.deleted_groups(account.id)
    numbers = memberships.list_members(account.id, wanted, after=after, page_size=page_size)
    for contact in contacts.get_contacts(account.id, numbers):
        # The contact's own word decides: it may have left since the membership was read.
        if contact.group_ids & wanted:
            yield contact.without_deleted_groups(deleted)


def _as_readers_see_it(account: Account, contact: Contact) -> Contact:
    if not contact.group_ids:
        return contact
    return contact.without_deleted_groups(tombstones.deleted_groups(account.id))
