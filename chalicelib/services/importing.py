"""Importing rows that a file has: stopping their numbers, and writing their contacts.

Each row is written in a way that may be repeated, so an import that was broken off goes on when it
is run again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Final, TypeAlias

from chalicelib.domain.caller import Caller
from chalicelib.domain.contact import ContactData, deletion_date
from chalicelib.domain.errors import (
    InvalidDataError,
    PhonebookError,
    PreconditionError,
    UnavailableError,
)
from chalicelib.domain.extra import OWN
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.ids import new_id, uuid_of
from chalicelib.domain.imports import ImportMode, ImportRow
from chalicelib.domain.ledger import Stop
from chalicelib.domain.rows import (
    Accepted,
    Mode,
    Outcome,
    Rejected,
    StopOutcome,
    Upsert,
)
from chalicelib.domain.text import composed
from chalicelib.importing.plan import PlannedRow, RowOutcome
from chalicelib.services import blacklist
from chalicelib.services.groups import create_group_once
from chalicelib.services.rows import RowWriter
from chalicelib.storage import groups
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries

GroupsByName: TypeAlias = Mapping[str, Group | InvalidDataError]
"""The groups that rows name, or why a name is none."""

_MODES: Final = {ImportMode.UPSERT: Mode.UPSERT, ImportMode.CREATE: Mode.CREATE}
_SAME_NAME: Final = "is the name of several groups: name the group by its id"


@dataclass(frozen=True, slots=True)
class Import:
    """An import into an account: how, and into which groups.

    Every contact joins ``group``, if there is one. A *rehearsal* tells the same outcomes, and
    writes nothing.
    """

    caller: Caller
    mode: ImportMode
    group: Group | None = None
    is_rehearsal: bool = False

    def make_groups(self, names: Sequence[str], now: datetime) -> GroupsByName:
        """Return the groups of some names; those that are missing are created.

        Names are compared in Unicode's NFC. It may be repeated, also by several at once: one group
        is created for a name. They are listed by the time of their creation: in the order of names.
        """
        there: dict[str, list[Group]] = {}
        for group in groups.list_groups(self.caller.account.id):
            there.setdefault(composed(group.name), []).append(group)
        found: dict[str, Group | InvalidDataError] = {}
        for name in map(composed, names):
            if name not in found:
                moment = now + timedelta(microseconds=len(found))
                found[name] = self._group_of(name, there.get(name, ()), moment)
        return {name: found[composed(name)] for name in names}

    def write(
        self, rows: Sequence[ImportRow], named: GroupsByName, now: datetime
    ) -> list[Outcome | StopOutcome]:
        """Write some rows, and return what became of each, in their order.

        Numbers are stopped before their contacts are written, so that nobody is a recipient in
        between. A row of which the table was too busy is tried again.

        Raises:
            UnavailableError: The table was out of reach, or busy at every try. What was written
                stays, and the same call goes on.

        """
        done: dict[int, Outcome | StopOutcome] = {}
        left = dict(enumerate(rows))
        for _ in tries(DECISION_TRIES):
            done |= self._write(left, named, now)
            left = {position: row for position, row in left.items() if _was_busy(done[position])}
            if not left:
                return [done[position] for position in range(len(rows))]
        raise _reason_of(done[min(left)])

    def _group_of(
        self, name: str, there: Sequence[Group], now: datetime
    ) -> Group | InvalidDataError:
        if len(there) > 1:
            return InvalidDataError.of("group", f'"{name}" {_SAME_NAME}')
        if there:
            return there[0]
        return self.make_group(name, now)

    def make_group(self, name: str, now: datetime) -> Group:
        """Create the group of a name. Whoever creates it too for an import gets the same group."""
        if self.is_rehearsal:
            return Group(id=new_id(), name=name, created_on=now, updated_on=now, contacts_count=0)
        for number in count(1):
            key = f"import {name}" if number == 1 else f"import {number} {name}"
            try:
                return create_group_once(
                    self.caller, name, now, kind=GroupKind.STANDARD, idempotency_key=key
                )
            except PreconditionError:
                # The group of this key was renamed or deleted since.
                continue
        raise AssertionError

    def _write(
        self, rows: Mapping[int, ImportRow], named: GroupsByName, now: datetime
    ) -> dict[int, Outcome | StopOutcome]:
        stopped = self._stop(rows, now)
        refused = {place: each for place, each in stopped.items() if isinstance(each, Rejected)}
        contacts: dict[int, ContactData | Rejected] = {
            place: self._contact_of(row, named)
            for place, row in rows.items()
            if row.is_contact and place not in refused
        }
        written = self._writer(rows, named, now).write(contacts) if contacts else []
        return {**stopped, **dict(zip(contacts, written, strict=True)), **refused}

    def _stop(self, rows: Mapping[int, ImportRow], now: datetime) -> dict[int, StopOutcome]:
        # An entry of the ledger goes before its contact, which knows neither reason nor note.
        places = sorted(
            (place for place, row in rows.items() if row.stop is not None),
            key=lambda place: rows[place].is_contact,
        )
        stops = [
            Stop(row.phone_number, row.stop, row.note)
            for row in map(rows.__getitem__, places)
            if row.stop is not None
        ]
        outcomes = blacklist.stop_numbers(self.caller, stops, now, is_rehearsal=self.is_rehearsal)
        return {
            place: _repeating(outcome, places)
            for place, outcome in zip(places, outcomes, strict=True)
        }

    def _writer(
        self, rows: Mapping[int, ImportRow], named: GroupsByName, now: datetime
    ) -> RowWriter[ContactData]:
        account = self.caller.account
        known = {group.id: group for group in named.values() if isinstance(group, Group)}
        wanted = {
            group.id
            for row in rows.values()
            for name in row.groups
            if isinstance(group := named.get(name), Group)
        }
        # Read anew for each part, since a group may be deleted while an import goes on.
        there = (
            {each: known[each] for each in wanted}
            if self.is_rehearsal
            else {each.id: each for each in groups.list_groups_by_id(account.id, wanted)}
        )
        rule = Upsert(
            group=self.group
            if self.group is None or self.is_rehearsal
            else groups.get_group(account.id, self.group.id),
            now=now,
            scheduled_deletion_date=deletion_date(now, account.retention_days),
            mode=_MODES[self.mode],
            groups=there,
            rejoins=False,
        )
        return RowWriter(
            account.id,
            rule,
            self.caller.stamp(now),
            tells_suppressed=True,
            also_blacklisted=frozenset(
                row.phone_number for row in rows.values() if row.stop is not None
            ),
            is_rehearsal=self.is_rehearsal,
        )

    @staticmethod
    def _contact_of(row: ImportRow, named: GroupsByName) -> ContactData | Rejected:
        joined: list[int] = []
        for name in row.groups:
            group = named[name]
            if isinstance(group, InvalidDataError):
                return Rejected(group)
            joined.append(group.id)
        return ContactData(
            phone_number=row.phone_number,
            details=row.details,
            extra={f"{OWN}{name}": text for name, text in row.attributes.items()},
            group_ids=joined,
        )


def outcomes_of(
    part: Sequence[PlannedRow], written: Sequence[Outcome | StopOutcome]
) -> Iterator[RowOutcome]:
    """Yield what became of the rows of a part, by their lines."""
    for (line, _), outcome in zip(part, written, strict=True):
        if isinstance(outcome, Rejected):
            yield RowOutcome.rejected(line, outcome.reason)
            continue
        repeats = None if outcome.repeats is None else part[outcome.repeats].line
        about = (
            uuid_of(outcome.contact.id)
            if isinstance(outcome, Accepted)
            else outcome.phone_number.e164
        )
        yield RowOutcome(line, outcome.effect.value, about, repeats)


def _repeating(outcome: StopOutcome, places: Sequence[int]) -> StopOutcome:
    """Return an outcome with the place, among all rows, of the row that it repeats."""
    if isinstance(outcome, Rejected) or outcome.repeats is None:
        return outcome
    return replace(outcome, repeats=places[outcome.repeats])


def _reason_of(outcome: Outcome | StopOutcome) -> PhonebookError:
    if not isinstance(outcome, Rejected):
        raise TypeError(outcome)
    return outcome.reason


def _was_busy(outcome: Outcome | StopOutcome) -> bool:
    return isinstance(outcome, Rejected) and isinstance(outcome.reason, UnavailableError)
