"""Rows: what a client sends about several contacts, and the outcome of each row."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from chalicelib.domain.contact import (
    Contact,
    ContactChanges,
    ContactData,
    new_contact,
)
from chalicelib.domain.errors import ConflictError, ErrorCode, PhonebookError
from chalicelib.domain.group import Group


@dataclass(frozen=True, slots=True)
class Written:
    """A row that was written, with the contact after the last row of its number."""

    contact: Contact


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that changed nothing, with the reason."""

    reason: PhonebookError


Row: TypeAlias = ContactData | Rejected
"""What a client sends about one contact; or its rejection, if it is invalid."""

Outcome: TypeAlias = Written | Rejected
"""The outcome of a row."""


Taken: TypeAlias = tuple[Contact | None, list[Outcome]]
"""The new contact after all rows of one number, and the outcome of each row once it is written.

There is no contact if all rows are rejected, so that there is nothing to write.
"""


@dataclass(frozen=True, slots=True)
class Upsert:
    """The rules by which rows create and change contacts.

    Each contact joins ``group``, if there is one. With ``refuse_members``, a contact that is
    already in it is refused; otherwise it is changed. A contact that is created outside groups
    gets the ``scheduled_deletion_date``.
    """

    group: Group | None
    now: datetime
    scheduled_deletion_date: date
    refuse_members: bool = False

    def take(self, row: ContactData, contact: Contact | None) -> Contact:
        """Return the contact after a row. *contact* is the one before it, or None.

        Raises:
            ConflictError: The contact is already in the group, and ``refuse_members`` is True.
            InvalidDataError: Its extra fields would be too large.

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
        """Return the contact after several rows of its number, applied one after another.

        A rejected row does not change the contact.
        """
        taken: Contact | None = None
        rejected: dict[int, Rejected] = {}
        for position, row in enumerate(rows):
            try:
                contact = taken = self.take(row, contact)
            except PhonebookError as error:
                rejected[position] = Rejected(error)
        if taken is None:
            return None, [*rejected.values()]
        written = Written(taken)
        return taken, [rejected.get(position, written) for position in range(len(rows))]
