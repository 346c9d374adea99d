"""Refusing contacts whose email is already known."""

from collections.abc import Iterable

from chalicelib.domain.account import Account
from chalicelib.domain.contact import Contact, ContactData
from chalicelib.domain.errors import EmailExistsError
from chalicelib.domain.group import Group
from chalicelib.domain.rows import Rejected, Row
from chalicelib.domain.text import composed
from chalicelib.services.members import list_members


def refuse_known_emails(account: Account, group: Group, rows: Iterable[Row]) -> list[Row]:
    """Refuse rows whose email a contact of the group or an earlier row has, in any letter case.

    Emails are not keys, so this reads all contacts of the group. Two uploads at the same time may
    both add the same email.
    """
    known = {_email_of(contact) for contact in list_members(account, [group.id])} - {None}
    checked: list[Row] = []
    for row in rows:
        email = None if isinstance(row, Rejected) else _email_of(row)
        checked.append(Rejected(EmailExistsError()) if email in known else row)
        known |= {email} - {None}
    return checked


def _email_of(contact: Contact | ContactData) -> str | None:
    """Return an email in the form to compare."""
    email = contact.details.get("email")
    return composed(email).casefold() if email else None
