"""Rows: what a client says of contacts, one after another, and what becomes of each."""

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple, TypeAlias

from chalicelib.domain.contact import (
    Contact,
    ContactChanges,
    ContactData,
    new_contact,
)
from chalicelib.domain.errors import ConflictError, ErrorCode, PhonebookError
from chalicelib.domain.group import Group


class Written(NamedTuple):
    """A row that was written: its contact, as the last row of that number left it."""

    contact: Contact


class Rejected(NamedTuple):
    """A row that changed nothing, and why."""

    reason: PhonebookError


Row: TypeAlias = ContactData | Rejected
"""What a client says of a contact. A row that cannot be read has its outcome already."""

Outcome: TypeAlias = Written | Rejected
"""What became of a row."""


class Taken(NamedTuple):
    """What the rows of one number make of its contact, and the outcome of each if that is written.

    ``contact`` is None if nothing is to be written, since every row is rejected.
    """

    contact: Contact | None
    outcomes: list[Outcome]


class Upsert(NamedTuple):
    """How rows create contacts, and change those that are there.

    Each contact joins ``group`` if there is one. One that is in it already is refused if
    ``refuse_members``, and changed otherwise. One that is created outside groups gets the
    ``scheduled_deletion_date``.
    """

    group: Group | None
    now: datetime
    scheduled_deletion_date: date
    refuse_members: bool = False

    def take(self, row: ContactData, contact: Contact | None) -> Contact:
        """Return what a row makes of the contact of its number, which is None if there is none.

        Raises:
            ConflictError: The contact is in the group already.
            InvalidDataError: All its extra fields would be larger than is kept.

        """
        if contact is None:
            taken = new_contact(row, self.now, self.scheduled_deletion_date)
        elif self.refuse_members and self.group and self.group.id in contact.group_ids:
            raise ConflictError(ErrorCode.MEMBERSHIP_EXISTS, contact_id=contact.id)
        else:
            changes = ContactChanges(details=row.details, extra=row.extra)
            taken = contact.changed(changes, self.now)
        return taken.joined(self.group) if self.group else taken

    def take_all(self, rows: Collection[ContactData], contact: Contact | None) -> Taken:
        """Return what rows of one number make of its contact, each of what the one before left.

        A row that is rejected leaves the contact to the next as it was.
        """
        taken: Contact | None = None
        rejected: dict[int, Rejected] = {}
        for position, row in enumerate(rows):
            try:
                contact = taken = self.take(row, contact)
            except PhonebookError as error:
                rejected[position] = Rejected(error)
        if taken is None:
            return Taken(None, [*rejected.values()])
        written = Written(taken)
        return Taken(taken, [rejected.get(position, written) for position in range(len(rows))])
