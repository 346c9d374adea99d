"""Rows: what a client sends about several contacts or numbers, and the outcome of each row."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, auto
from typing import Protocol, TypeAlias, TypeVar

from chalicelib.domain.contact import (
    Contact,
    ContactChanges,
    ContactData,
    ContactKey,
    new_contact,
)
from chalicelib.domain.errors import (
    ConflictError,
    ErrorCode,
    NamedGroupsNotFoundError,
    NotFoundError,
    PhonebookError,
)
from chalicelib.domain.extra import is_same_extra
from chalicelib.domain.group import Group
from chalicelib.domain.ledger import Stop
from chalicelib.domain.phone import PhoneNumber

RowT_contra = TypeVar("RowT_contra", contravariant=True)
RowT = TypeVar("RowT")


class Effect(Enum):
    """What an accepted row did.

    Rows about one contact, or one number of the blacklist, take effect in their order. The effect
    of a row is the difference between the state after the earlier rows and the state after this
    one. So the first row may create a contact, and a second one update it. A rejected row changes
    nothing, and the later rows are read as if it were not there.
    """

    CREATED = "created"
    """There was no such contact; or the number was not stopped."""
    UPDATED = "updated"
    """A field has another value, or the contact left a group; or a stop of greater weight was
    recorded. The contact may have joined groups too."""
    JOINED = "joined"
    """The contact joined a group, and nothing else changed."""
    UNCHANGED = "unchanged"
    """It is the first row of its contact, and everything was already as it says. Nothing was
    written."""
    DUPLICATE = "duplicate"
    """An earlier row had the same contact, and this row changed nothing more, whether it has the
    same words or not. It repeats the last earlier row that is no duplicate itself. A row that has
    the words of an earlier one, but undoes what a row between them did, is no duplicate."""
    SUPPRESSED = "suppressed"
    """The number was on the blacklist before any of its rows, and stays there. The row took effect
    like any other; this goes before all effects but :attr:`DUPLICATE`."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row that took effect, with the contact after its last row.

    ``repeats`` is the position of the row that a duplicate repeats.
    """

    contact: Contact
    effect: Effect
    repeats: int | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """A row of the blacklist that took effect. ``repeats`` is as in :class:`Accepted`."""

    phone_number: PhoneNumber
    effect: Effect
    repeats: int | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that changed nothing, with the reason."""

    reason: PhonebookError


Row: TypeAlias = ContactData | Rejected
"""What a client sends about one contact; or its rejection, if it is invalid."""

KeyRow: TypeAlias = ContactKey | Rejected
"""The key of a contact as a row of its own; or its rejection, if it is none."""

StopRow: TypeAlias = Stop | Rejected
"""What a client sends about a number that is to be stopped; or its rejection."""

Outcome: TypeAlias = Accepted | Rejected
"""The outcome of a row about a contact."""

StopOutcome: TypeAlias = Stopped | Rejected
"""The outcome of a row of the blacklist."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What several rows of one contact make of it, and the outcome of each once that is written.

    ``contact`` is the contact to write, or None if the rows change nothing.
    """

    contact: Contact | None
    outcomes: Mapping[int, Outcome]


class Rule(Protocol[RowT_contra]):
    """How a row changes a contact."""

    def key_of(self, row: RowT_contra) -> ContactKey:
        """Return the key of the contact that a row is about."""

    def take(
        self, row: RowT_contra, contact: Contact | None, *, is_blacklisted: bool = False
    ) -> Contact:
        """Return the contact after a row.

        *contact* is the one before it, or None. *is_blacklisted* says that its number is on the
        blacklist, as far as that was asked.

        Raises:
            PhonebookError: The row is rejected, and changes nothing.

        """


def take_all(
    rule: Rule[RowT],
    rows: Mapping[int, RowT],
    contact: Contact | None,
    *,
    is_blacklisted: bool = False,
) -> Taken:
    """Apply several rows of one contact, by their positions, one after another.

    *contact* is the one before them, or None. *is_blacklisted* says that its number is on the
    blacklist. :class:`Effect` says what becomes of each row.
    """
    after = contact
    rejected: dict[int, Rejected] = {}
    effects: dict[int, Effect] = {}
    for position, row in rows.items():
        try:
            taken = rule.take(row, after, is_blacklisted=is_blacklisted)
        except PhonebookError as error:
            rejected[position] = Rejected(error)
        else:
            effects[position] = _effect(after, taken)
            after = taken
    if after is None:
        return Taken(None, rejected)
    accepted = {
        position: Accepted(
            after, Effect.SUPPRESSED if is_blacklisted and repeats is None else effect, repeats
        )
        for position, effect, repeats in with_duplicates(effects)
    }
    is_written = after != contact or after.stopped_anew_by
    return Taken(after if is_written else None, {**rejected, **accepted})


def with_duplicates(effects: Mapping[int, Effect]) -> Iterator[tuple[int, Effect, int | None]]:
    """Yield each accepted row of one contact or number, its effect, and the row that it repeats.

    *effects* are those of the rows by their positions, before duplicates are told apart.
    """
    last: int | None = None
    for position, effect in effects.items():
        if effect is Effect.UNCHANGED and last is not None:
            yield position, Effect.DUPLICATE, last
        else:
            yield position, effect, None
            last = position


class Mode(Enum):
    """What rows do to contacts that are already there."""

    TOUCH = auto()
    """They change them. A row is a change even if its contact has all its values already."""
    REFUSE_MEMBERS = auto()
    """They change those that are not in the group yet, and refuse the others."""
    UPSERT = auto()
    """They change them. A row writes nothing if its contact has all its values already."""
    CREATE = auto()
    """They leave them as they are."""


@dataclass(frozen=True, slots=True)
class Upsert:
    """The rule by which rows create and change contacts.

    Each contact joins ``group``, if there is one, and those of ``groups`` (by their ids) that its
    row names. A contact that is created outside groups gets the ``scheduled_deletion_date``. With
    ``rejoins``, joining a stoplist stops the contact's number even if the contact is in it already.
    """

    group: Group | None
    now: datetime
    scheduled_deletion_date: date
    mode: Mode = Mode.TOUCH
    groups: Mapping[int, Group] = field(default_factory=dict)
    rejoins: bool = True

    @staticmethod
    def key_of(row: ContactData) -> PhoneNumber:
        """Return the number of a row."""
        return row.phone_number

    def take(
        self, row: ContactData, contact: Contact | None, *, is_blacklisted: bool = False
    ) -> Contact:
        """Return the contact after a row, as in :class:`Rule`.

        Raises:
            ConflictError: The contact is already in the group, and the mode refuses it.
            NamedGroupsNotFoundError: The row names groups that are not in ``groups``.
            InvalidDataError: Its extra fields would be too large, or its own check refuses it.

        """
        if row.check is not None:
            row.check(contact, is_blacklisted)
        if contact is None:
            taken = new_contact(row, self.now, self.scheduled_deletion_date)
        elif self.mode is Mode.CREATE:
            return contact
        else:
            self._refuse_member(contact)
            changes = ContactChanges(
                details=row.details, extra=row.extra, replaced_extra=row.replaced_extra
            )
            changed = contact.changed(changes, self.now)
            is_same = self.mode is Mode.UPSERT and _has_same_fields(contact, changed)
            taken = contact if is_same else changed
        for group in self._groups_of(row):
            if self.rejoins or group.id not in taken.group_ids:
                taken = taken.joined(group)
        return taken

    def _refuse_member(self, contact: Contact) -> None:
        is_member = self.group is not None and self.group.id in contact.group_ids
        if is_member and self.mode is Mode.REFUSE_MEMBERS:
            raise ConflictError(ErrorCode.MEMBERSHIP_EXISTS, contact_id=contact.id)

    def _groups_of(self, row: ContactData) -> Iterator[Group]:
        unknown = [place for place, each in enumerate(row.group_ids) if each not in self.groups]
        if unknown:
            raise NamedGroupsNotFoundError(unknown)
        if self.group:
            yield self.group
        yield from (self.groups[group_id] for group_id in row.group_ids)


class _KeyRule(ABC):
    """A rule whose rows are only the keys of contacts that are there."""

    @staticmethod
    def key_of(row: ContactKey) -> ContactKey:
        """Return the key that a row is."""
        return row

    def take(
        self,
        row: ContactKey,  # noqa: ARG002
        contact: Contact | None,
        *,
        is_blacklisted: bool = False,  # noqa: ARG002
    ) -> Contact:
        """Return the contact after a row, as in :class:`Rule`.

        Raises:
            NotFoundError: There is no such contact.

        """
        if contact is None:
            raise NotFoundError(ErrorCode.CONTACT_NOT_FOUND)
        return self._changed(contact)

    @abstractmethod
    def _changed(self, contact: Contact) -> Contact: ...


@dataclass(frozen=True)
class Joining(_KeyRule):
    """The rule by which contacts join a group."""

    group: Group

    def _changed(self, contact: Contact) -> Contact:
        return contact if self.group.id in contact.group_ids else contact.joined(self.group)


@dataclass(frozen=True)
class Leaving(_KeyRule):
    """The rule by which contacts leave a group.

    One that is then in no group gets the ``scheduled_deletion_date``.
    """

    group_id: int
    scheduled_deletion_date: date

    def _changed(self, contact: Contact) -> Contact:
        if self.group_id not in contact.group_ids:
            return contact
        return contact.without_groups({self.group_id}, self.scheduled_deletion_date)


def _effect(before: Contact | None, after: Contact) -> Effect:
    if before is None:
        return Effect.CREATED
    if not _has_same_fields(before, after) or before.group_ids - after.group_ids:
        return Effect.UPDATED
    if after.group_ids != before.group_ids or after.stopped_anew_by != before.stopped_anew_by:
        return Effect.JOINED
    return Effect.UNCHANGED


def _has_same_fields(one: Contact, other: Contact) -> bool:
    return one.details == other.details and is_same_extra(one.extra, other.extra)
