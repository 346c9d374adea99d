"""Writing what was read of a vendor's account into one of ours. Each step may be repeated."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

from chalicelib.domain.caller import Caller
from chalicelib.domain.contact import ContactData, deletion_date
from chalicelib.domain.errors import ErrorCode, PreconditionError, UnavailableError
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.ids import new_id
from chalicelib.domain.phone import Notation
from chalicelib.domain.rows import Mode, Outcome, Rejected, Row, StopOutcome, StopRow, Upsert
from chalicelib.migrating.errors import GroupJustDeletedError
from chalicelib.migrating.reading import checked_name, extra_of_group, read_contact, read_opt_out
from chalicelib.migrating.source import SourceContact, SourceGroup, SourceOptOut
from chalicelib.services import blacklist, groups, members, uploading
from chalicelib.services.rows import RowWriter

ROUNDS: Final = 3
"""How often rows are written for which the table was too busy. Each of them tries for long."""

_RowT = TypeVar("_RowT", Row, StopRow)
_OutcomeT = TypeVar("_OutcomeT", Outcome, StopOutcome)


class Writer:
    """Writes into an account what a vendor has.

    *origin* tells one account at a vendor from all others, since they may have groups with the same
    ids. If it *is* a *rehearsal*, it tells what it would do, and writes nothing. But then a number
    is not on the blacklist yet when its contact is looked at.
    """

    def __init__(
        self, caller: Caller, origin: str, notation: Notation | None, *, is_rehearsal: bool = False
    ) -> None:
        self._caller = caller
        self._origin = origin
        self._notation = notation
        self._is_rehearsal = is_rehearsal
        self._groups: dict[str, Group] = {}

    def make_groups(self, found: Sequence[SourceGroup], now: datetime) -> int:
        """Find or create a group of ours for each of a vendor, and return how many were created.

        A group that an earlier run created is found by its id, which follows from the vendor's. Any
        other is found by its name and kind, unless it stands for another group of the vendor.

        Raises:
            InvalidDataError: A name cannot be kept.
            GroupJustDeletedError: A group of an earlier run was deleted a short time ago.

        """
        there = {group.id: group for group in groups.list_groups(self._caller.account)}
        left = []
        for each in found:
            made = there.pop(groups.group_id_of_key(self._caller.account, self._key_of(each)), None)
            if made:
                self._groups[each.key] = made
            else:
                left.append(each)
        created = 0
        for each in left:
            name = checked_name(each)
            same = (one for one in there.values() if (one.name, one.kind) == (name, each.kind))
            group = next(same, None)
            if group:
                del there[group.id]
            else:
                # Groups are listed by the time of their creation: theirs is the vendor's order.
                group = self._created(each, now + timedelta(microseconds=created))
                created += 1
            self._groups[each.key] = group
        return created

    def stop(self, found: Sequence[SourceOptOut], now: datetime) -> list[StopOutcome]:
        """Stop numbers, and return what became of each.

        Raises:
            UnavailableError: The table did not serve us, at every try.

        """
        account = self._caller.account
        rows = [read_opt_out(each, account, self._notation) for each in found]
        return _until_served(
            rows,
            lambda left: blacklist.stop_numbers(
                self._caller, left, now, is_rehearsal=self._is_rehearsal
            ),
        )

    def write(self, found: Sequence[SourceContact], now: datetime) -> list[Outcome]:
        """Write contacts, let them join their groups, and return what became of each.

        Raises:
            UnavailableError: The table did not serve us, at every try.

        """
        rows = [*self._without_kept_stops([*map(self._row_of, found)])]
        return _until_served(rows, partial(self._write, now=now))

    def _write(self, rows: Sequence[Row], now: datetime) -> list[Outcome]:
        if self._is_rehearsal:
            return self._rehearsed(rows, now)
        return [*uploading.upload_contacts(self._caller, rows, now, mode=Mode.UPSERT)]

    def _rehearsed(self, rows: Sequence[Row], now: datetime) -> list[Outcome]:
        """Return what would become of rows; the groups that they name need not be there."""
        account = self._caller.account
        rule = Upsert(
            group=None,
            now=now,
            scheduled_deletion_date=deletion_date(now, account.retention_days),
            mode=Mode.UPSERT,
            groups={group.id: group for group in self._groups.values()},
        )
        stamp = self._caller.stamp(now)
        writer = RowWriter(account.id, rule, stamp, tells_suppressed=True, is_rehearsal=True)
        return writer.write(dict(enumerate(rows)))

    def _row_of(self, contact: SourceContact) -> Row:
        group_ids = [self._groups[key].id for key in contact.groups]
        return read_contact(contact, self._caller.account, self._notation, group_ids)

    def _without_kept_stops(self, rows: Sequence[Row]) -> Iterator[Row]:
        """Yield rows without those stoplists that have stopped their contacts already.

        To join a stoplist again is to be stopped again, which would be a change in each run.
        """
        stoplists = {
            group.id for group in self._groups.values() if group.kind is GroupKind.STOPLIST
        }
        numbers = {
            row.phone_number
            for row in rows
            if isinstance(row, ContactData) and stoplists.intersection(row.group_ids)
        }
        account = self._caller.account
        stopped = blacklist.blacklisted_since(account, numbers)
        kept = {
            contact.phone_number: contact.stoplist_ids
            for contact in members.members_among(
                account, stoplists, sorted(number.e164 for number in stopped)
            )
        }
        for row in rows:
            if isinstance(row, ContactData) and row.phone_number in kept:
                done = kept[row.phone_number]
                yield replace(row, group_ids=[each for each in row.group_ids if each not in done])
            else:
                yield row

    def _created(self, group: SourceGroup, now: datetime) -> Group:
        if self._is_rehearsal:
            return Group(
                id=new_id(),
                name=group.name,
                kind=group.kind,
                created_on=now,
                updated_on=now,
                contacts_count=0,
            )
        try:
            return groups.create_group_once(
                self._caller,
                group.name,
                now,
                kind=group.kind,
                idempotency_key=self._key_of(group),
                extra=extra_of_group(group),
            )
        except PreconditionError as error:
            raise GroupJustDeletedError(group.name) from error

    def _key_of(self, group: SourceGroup) -> str:
        # A stoplist never takes the place of another group.
        return f"{self._caller.via} {self._origin} {group.kind.value} {group.key}"


def _until_served(
    rows: Sequence[_RowT], write: Callable[[Sequence[_RowT]], Sequence[_OutcomeT]]
) -> list[_OutcomeT]:
    """Write rows, those again for which the table was too busy, and return all outcomes.

    Raises:
        UnavailableError: It was too busy in every round.

    """
    outcomes: dict[int, _OutcomeT] = {}
    left: dict[int, _RowT] = dict(enumerate(rows))
    reason = UnavailableError(ErrorCode.BUSY)
    for _ in range(ROUNDS):
        outcomes |= zip(left, write(list(left.values())), strict=True)
        for place, outcome in outcomes.items():
            if isinstance(outcome, Rejected) and isinstance(outcome.reason, UnavailableError):
                reason = outcome.reason
            else:
                left.pop(place, None)
        if not left:
            return [outcomes[place] for place in range(len(rows))]
    raise reason
