"""Creating, reading, renaming and deleting groups."""

from datetime import datetime
from operator import attrgetter

from chalicelib.domain.account import Account
from chalicelib.domain.contact import deletion_date
from chalicelib.domain.group import Group
from chalicelib.domain.ids import new_id
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import contacts, groups


def create_group(account: Account, name: str, now: datetime) -> Group:
    """Create an empty group; others may have the same name."""
    group = Group(id=new_id(), name=name, created_on=now, contacts_count=0)
    groups.put_group(account.id, group)
    return group


def retrieve_group(account: Account, group_id: int) -> Group:
    """Return a group.

    Raises:
        NotFoundError: There is none of that id.

    """
    return groups.get_group(account.id, group_id)


def rename_group(account: Account, group_id: int, name: str) -> Group:
    """Give a group another name, and return it.

    Raises:
        NotFoundError: There is none of that id.

    """
    return groups.rename_group(account.id, group_id, name)


def delete_group(account: Account, group_id: int, now: datetime) -> None:
    """Delete a group at once; its contacts stay.

    Raises:
        NotFoundError: There is none of that id.

    """
    groups.delete_group(account.id, group_id, deletion_date(now, account.retention_days), now)


def list_groups(account: Account) -> list[Group]:
    """Return every group, oldest first."""
    return sorted(groups.list_groups(account.id), key=attrgetter("list_key"))


def list_groups_of_contact(account: Account, phone_number: PhoneNumber) -> list[Group]:
    """Return the groups that a contact is in, oldest first.

    Raises:
        NotFoundError: There is no contact of that number.

    """
    contact = contacts.get_contact(account.id, phone_number)
    return sorted(groups.get_groups(account.id, contact.group_ids), key=attrgetter("list_key"))
