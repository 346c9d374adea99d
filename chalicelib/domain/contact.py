"""Contacts: at most one for each number of an account. Outside every group, it is purged later."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from chalicelib.domain.extra import Extra, changed_extra
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.ids import new_id
from chalicelib.domain.limits import MAX_EMAIL_CHARACTERS, MAX_FIELD_CHARACTERS
from chalicelib.domain.phone import PhoneNumber

MAX_DETAIL_CHARACTERS: Final[Mapping[str, int]] = {
    "email": MAX_EMAIL_CHARACTERS,
    "first_name": MAX_FIELD_CHARACTERS,
    "last_name": MAX_FIELD_CHARACTERS,
    "company": MAX_FIELD_CHARACTERS,
    "title": MAX_FIELD_CHARACTERS,
    "custom": MAX_FIELD_CHARACTERS,
    "custom2": MAX_FIELD_CHARACTERS,
    "custom3": MAX_FIELD_CHARACTERS,
    "custom4": MAX_FIELD_CHARACTERS,
}
"""The details of a contact, and the maximum length of each in characters."""

Details: TypeAlias = Mapping[str, str | None]
"""Some of the details, by name. None means unknown, or in a change: clear it."""

ContactKey: TypeAlias = PhoneNumber | int
"""Identifies a contact: its number, or its id, which does not change when its number does."""


class Ending(StrEnum):
    """How a contact ended."""

    DELETED = "deleted"
    PURGED = "purged"
    """It was in no group for the days that its account sets."""
    ERASED = "erased"
    """With all that was known of the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A contact. ``details`` and ``extra`` hold only what is known.

    ``stoplist_ids`` are those of its groups that are stoplists. ``stopped_anew_by`` are the
    stoplists that it was just put into, even if it was in them before; this is not stored.
    ``revision`` counts its writes.
    """

    id: int
    phone_number: PhoneNumber
    details: Mapping[str, str]
    extra: Extra = field(default_factory=dict)
    group_ids: frozenset[int]
    stoplist_ids: frozenset[int] = frozenset()
    scheduled_deletion_date: date | None
    created_on: datetime
    updated_on: datetime
    revision: int = field(default=0, compare=False)
    stopped_anew_by: frozenset[int] = field(default=frozenset(), compare=False)

    def without_deleted_groups(self, deleted: Mapping[int, date]) -> "Contact":
        """Return the contact without its deleted groups, as readers see it before the sweep.

        *deleted* maps each deleted group that is not swept yet to a date. A member gets this
        date if the group was its last one.
        """
        gone = self.group_ids & deleted.keys()
        return (
            self.without_groups(gone, max(deleted[group_id] for group_id in gone)) if gone else self
        )

    def changed(self, changes: "ContactChanges", now: datetime) -> "Contact":
        """Return the contact with some of its fields set or cleared.

        Raises:
            InvalidDataError: Its extra fields would be too large.

        """
        return replace(
            self,
            phone_number=changes.phone_number or self.phone_number,
            details=_known({**self.details, **changes.details}),
            extra=changed_extra(self.extra, {**self._replaced(changes), **changes.extra}),
            updated_on=now,
        )

    def joined(self, group: Group) -> "Contact":
        """Return the contact with *group* added and without a deletion date."""
        stoplist = {group.id} if group.kind is GroupKind.STOPLIST else frozenset()
        return replace(
            self,
            group_ids=self.group_ids | {group.id},
            stoplist_ids=self.stoplist_ids | stoplist,
            stopped_anew_by=self.stopped_anew_by | stoplist,
            scheduled_deletion_date=None,
        )

    def without_groups(
        self, group_ids: AbstractSet[int], scheduled_deletion_date: date
    ) -> "Contact":
        """Return the contact without some of its groups; with the date if none remains."""
        remaining = self.group_ids - group_ids
        return replace(
            self,
            group_ids=remaining,
            stoplist_ids=self.stoplist_ids - group_ids,
            scheduled_deletion_date=None if remaining else scheduled_deletion_date,
        )

    def _replaced(self, changes: "ContactChanges") -> dict[str, None]:
        """Return the changes that clear the extra fields which are to be replaced."""
        prefix = changes.replaced_extra
        if prefix is None:
            return {}
        return {name: None for name in self.extra if name.startswith(prefix)}


@dataclass(frozen=True, slots=True)
class ContactChanges:
    """The fields of a contact to change. None clears a field, but does not change the number.

    All extra fields whose names begin with ``replaced_extra`` are cleared first, if it is not None.
    """

    phone_number: PhoneNumber | None = None
    details: Details = field(default_factory=dict)
    extra: Extra = field(default_factory=dict)
    replaced_extra: str | None = None


@dataclass(frozen=True, slots=True)
class ContactData:
    """What a client sends about a contact, which may or may not exist.

    ``replaced_extra`` is as in :class:`ContactChanges`. ``group_ids`` are those that the client
    names for it to join. ``check`` gets the contact before the change, or None, and whether its
    number is on the blacklist. If it raises, the data is refused.
    """

    phone_number: PhoneNumber
    details: Details = field(default_factory=dict)
    extra: Extra = field(default_factory=dict)
    replaced_extra: str | None = None
    group_ids: Sequence[int] = ()
    check: Callable[[Contact | None, bool], None] | None = field(default=None, compare=False)


def new_contact(data: ContactData, now: datetime, scheduled_deletion_date: date) -> Contact:
    """Return a contact that is not stored yet, in no group and so with a deletion date.

    Raises:
        InvalidDataError: Its extra fields are too large.

    """
    return Contact(
        id=new_id(),
        phone_number=data.phone_number,
        details=_known(data.details),
        extra=changed_extra({}, data.extra),
        group_ids=frozenset(),
        scheduled_deletion_date=scheduled_deletion_date,
        created_on=now,
        updated_on=now,
    )


def deletion_date(now: datetime, retention_days: int) -> date:
    """Return the day (UTC) on which to purge a contact that leaves its last group at *now*."""
    return now.date() + timedelta(days=retention_days)


def _known(details: Details) -> dict[str, str]:
    return {name: value for name, value in details.items() if value is not None}
