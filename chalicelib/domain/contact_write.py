"""What a client of our own API wants a contact to be, in one write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce

from chalicelib.domain.contact import (
    Contact,
    ContactChanges,
    ContactData,
    Details,
    new_contact,
)
from chalicelib.domain.extra import Extra
from chalicelib.domain.group import Group
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.precondition import NOTHING_DEMANDED, Precondition


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWrite:
    """What to set in a contact.

    ``details``, ``extra`` and ``replaced_extra`` are as in :class:`ContactChanges`. ``group_ids``
    are exactly the groups that it shall be in; None leaves them as they are. ``phone_number``
    changes the number. With ``may_create``, the contact of a number is created if there is none.
    """

    phone_number: PhoneNumber | None = None
    details: Details = field(default_factory=dict)
    extra: Extra = field(default_factory=dict)
    replaced_extra: str | None = None
    group_ids: tuple[int, ...] | None = None
    precondition: Precondition = NOTHING_DEMANDED
    may_create: bool = False

    def created(self, phone_number: PhoneNumber, now: datetime, day: date) -> Contact:
        """Return a new contact with this number; it is in no group yet.

        Raises:
            InvalidDataError: Its extra fields are too large.

        """
        data = ContactData(phone_number=phone_number, details=self.details, extra=self.extra)
        return new_contact(data, now, day)

    def changed(self, contact: Contact, now: datetime) -> Contact:
        """Return a contact with these fields; its groups do not change.

        Raises:
            InvalidDataError: Its extra fields would be too large.

        """
        changes = ContactChanges(
            phone_number=self.phone_number,
            details=self.details,
            extra=self.extra,
            replaced_extra=self.replaced_extra,
        )
        return contact.changed(changes, now)

    def moved(self, contact: Contact, groups: Mapping[int, Group], day: date, most: int) -> Contact:
        """Return a contact in its groups, or nearer to them by the *most* that one write can do.

        *groups* are the groups named in ``group_ids``. A contact that is in none gets *day*.
        """
        if self.group_ids is None:
            return contact
        joined = [group for id_, group in groups.items() if id_ not in contact.group_ids][:most]
        left = sorted(contact.group_ids - groups.keys())[: most - len(joined)]
        contact = reduce(Contact.joined, joined, contact)
        return contact.without_groups(frozenset(left), day) if left else contact
