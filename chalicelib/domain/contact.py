"""A contact: one person per phone number in an account, and the day on which it goes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias

from chalicelib.domain.limits import EMAIL_CHARACTERS, FIELD_CHARACTERS
from chalicelib.domain.phone import PhoneNumber

DETAIL_CHARACTERS: Final[Mapping[str, int]] = {
    "email": EMAIL_CHARACTERS,
    "first_name": FIELD_CHARACTERS,
    "last_name": FIELD_CHARACTERS,
    "company": FIELD_CHARACTERS,
    "title": FIELD_CHARACTERS,
    "custom": FIELD_CHARACTERS,
    "custom2": FIELD_CHARACTERS,
    "custom3": FIELD_CHARACTERS,
    "custom4": FIELD_CHARACTERS,
}
"""What can be known of a contact besides its number, and how long each may be."""

Details: TypeAlias = Mapping[str, str | None]
"""Some of :data:`DETAIL_CHARACTERS`, by name; None means not known, or to be cleared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A contact as it is kept: ``details`` holds only what is known."""

    id: int
    phone_number: PhoneNumber
    details: Mapping[str, str]
    group_ids: frozenset[int]
    scheduled_deletion_date: date | None
    created_on: datetime
    updated_on: datetime

    def without_deleted_groups(self, deleted: Mapping[int, date]) -> "Contact":
        """Return the contact as readers see it while memberships wait to be swept.

        *deleted* maps each deleted group that is not swept yet to the date which its
        members get when it was their last group.
        """
        left = self.group_ids.difference(deleted)
        if left == self.group_ids:
            return self
        if left:
            return replace(self, group_ids=left)
        last = max(deleted[group_id] for group_id in self.group_ids)
        return replace(self, group_ids=left, scheduled_deletion_date=last)


def deletion_date(now: datetime, retention_days: int) -> date:
    """Return the day (UTC) on which a contact goes that is in no group from *now* on."""
    return now.date() + timedelta(days=retention_days)
