"""Putting contacts into groups and taking them out."""

from datetime import datetime

from chalicelib.domain.account import Account
from chalicelib.domain.contact import deletion_date
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import groups, memberships


def add_to_group(account: Account, group_id: int, phone_number: PhoneNumber, now: datetime) -> None:
    """Put a contact into a group, which ends its schedule.

    Raises:
        NotFoundError: There is no such group or no such contact.
        ConflictError: The contact is in that group already.

    """
    groups.get_group(account.id, group_id)
    memberships.join(account.id, group_id, phone_number, now)


def remove_from_group(
    account: Account, group_id: int, phone_number: PhoneNumber, now: datetime
) -> None:
    """Take a contact out of a group, and schedule its deletion if it was the last.

    Raises:
        NotFoundError: There is no such contact, or it is not in such a group.

    """
    day = deletion_date(now, account.retention_days)
    memberships.leave(account.id, group_id, phone_number, day)
