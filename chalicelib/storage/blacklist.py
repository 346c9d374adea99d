"""The blacklist in the table. It knows neither contacts nor groups.

An entry is on the blacklist as long as its number must not be messaged. Every change is written
together with an entry in the ledger (:mod:`.ledger`), and only if the number is still as it was
read.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.domain.caller import Stamp
from chalicelib.domain.errors import ErrorCode, NotFoundError, UnavailableError
from chalicelib.domain.ids import new_id
from chalicelib.domain.ledger import LedgerEntry, OptOut, Reason, State, Stopping
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import keys, ledger, suppression
from chalicelib.storage.dynamodb.batches import in_batches, read_batch
from chalicelib.storage.dynamodb.queries import list_sort_keys
from chalicelib.storage.dynamodb.transactions import TransactionRefusedError, write_together
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries
from chalicelib.storage.items import BlacklistItem
from chalicelib.storage.stamps import stamping

MAX_ACTIONS_OF_A_NUMBER: Final = 3
"""The most actions that a change of one number adds to a transaction: the blacklist entry, its
ledger entry, and the ledger entry of a stop by a version without a ledger."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A number as it was read: its blacklist entry, if any, and the count of its ledger entries.

    A blacklist entry of a version without a ledger has no ``entries``. Its own ledger entry is
    written with the next one.
    """

    account_id: str
    phone_number: PhoneNumber
    item: BlacklistItem | None
    entries: int

    @classmethod
    def read(cls, account_id: str, phone_number: PhoneNumber) -> "Standing":
        """Read a number that is to be changed."""
        item = _find(account_id, phone_number)
        entries = item.entries if item else None
        if entries is None:
            entries = ledger.count_entries(account_id, phone_number)
        return cls(account_id, phone_number, item, entries)

    @classmethod
    def new(cls, account_id: str, phone_number: PhoneNumber) -> "Standing":
        """Return a number as nearly all are: never stopped. A write fails if this is wrong."""
        return cls(account_id, phone_number, None, 0)

    @classmethod
    def read_each(
        cls, account_id: str, phone_numbers: Iterable[PhoneNumber]
    ) -> dict[PhoneNumber, "Standing"]:
        """Read up to 100 numbers; one that is not blacklisted is taken for :meth:`new`."""
        found = read_batch(
            BlacklistItem.from_raw_data,
            keys.blacklist(account_id),
            [number.e164 for number in phone_numbers],
        )
        return {
            number: cls(account_id, number, item, item.entries or 0)
            if (item := found.get(number.e164))
            else cls.new(account_id, number)
            for number in phone_numbers
        }

    def stopping(self, reason: Reason) -> Stopping:
        """Return what a stop for this reason would change."""
        if self.item is None:
            return Stopping.NEW
        is_weightier = reason.outweighs(_reason_of(self.item))
        return Stopping.OUTWEIGHED if is_weightier else Stopping.UNCHANGED

    def add_stopping(
        self,
        transaction: TransactWrite,
        stamp: Stamp,
        reason: Reason,
        note: str | None = None,
        stoplist_ids: AbstractSet[int] = frozenset(),
    ) -> None:
        """Add to a transaction that the number is stopped. This must change something."""
        entry = self._entry(State.STOPPED, stamp, reason, note)
        item = self.item or BlacklistItem(keys.blacklist(self.account_id), self.phone_number.e164)
        # Fails if the number was stopped, changed or allowed meanwhile.
        as_read = self._is_unchanged(self.item) if self.item else BlacklistItem.pk.does_not_exist()
        transaction.update(
            item,
            [
                BlacklistItem.id.set(BlacklistItem.id | new_id()),
                BlacklistItem.created_on.set(BlacklistItem.created_on | stamp.at),
                *_setting(entry, self._next_position, stoplist_ids),
                *stamping(stamp),
            ],
            as_read,
        )
        self._add_to_ledger(transaction, entry)

    def add_allowing(
        self,
        transaction: TransactWrite,
        stamp: Stamp,
        reason: Reason,
        note: str | None = None,
        *,
        is_suppressed: bool = False,
    ) -> None:
        """Add to a transaction that the number is allowed. It must be stopped or suppressed."""
        if self.item is not None:
            transaction.delete(self.item, self._is_unchanged(self.item))
        if is_suppressed:
            suppression.add_lifting(transaction, self.account_id, self.phone_number)
        self._add_to_ledger(transaction, self._entry(State.ALLOWED, stamp, reason, note))

    def add_forgetting(self, transaction: TransactWrite) -> None:
        """Add to a transaction that the blacklist entry goes, if nobody changed it meanwhile.

        The ledger gets an entry that it lacks: when it goes, others are told of the erasure.
        """
        if self.item is not None:
            transaction.delete(self.item, self._is_unchanged(self.item))
            self._add_unrecorded(transaction)

    def add_change_of_stoplists(
        self,
        transaction: TransactWrite,
        stamp: Stamp,
        *,
        before: AbstractSet[int],
        joined: AbstractSet[int],
        left: AbstractSet[int],
    ) -> None:
        """Add to a transaction what follows from the stoplists that a contact joined and left.

        *before* are those that it was in. The number is stopped if the contact joined one, and
        allowed if it left all those for which alone it was stopped.
        """
        if self.item is None:
            if joined:
                self.add_stopping(transaction, stamp, Reason.STOPLIST, stoplist_ids=joined)
            return
        if _reason_of(self.item) is not Reason.STOPLIST:
            return
        # Older versions did not record for which stoplists a number was stopped.
        recorded: set[int] | None = self.item.stoplist_ids
        remaining = (set(before if recorded is None else recorded) - left) | joined
        if not remaining:
            self.add_allowing(transaction, stamp, Reason.STOPLIST)
        elif recorded is not None and remaining != recorded:
            transaction.update(
                self.item,
                [BlacklistItem.stoplist_ids.set(remaining), *stamping(stamp)],
                self._is_unchanged(self.item),
            )

    def _add_to_ledger(self, transaction: TransactWrite, entry: LedgerEntry) -> None:
        self._add_unrecorded(transaction)
        ledger.add_entry(transaction, self.account_id, self._next_position, entry)

    def _add_unrecorded(self, transaction: TransactWrite) -> None:
        """Add what a version without a ledger has left unsaid there, if it has."""
        if self._is_unrecorded and self.item:
            ledger.add_entry(transaction, self.account_id, self.entries + 1, _entry_in(self.item))

    @property
    def _next_position(self) -> int:
        return self.entries + (2 if self._is_unrecorded else 1)

    @property
    def _is_unrecorded(self) -> bool:
        return self.item is not None and not self.item.entries

    def _entry(self, state: State, stamp: Stamp, reason: Reason, note: str | None) -> LedgerEntry:
        return LedgerEntry(
            phone_number=self.phone_number,
            state=state,
            reason=reason,
            source=stamp.via,
            actor=stamp.by,
            note=note,
            at=stamp.at,
        )

    def _is_unchanged(self, item: BlacklistItem) -> Condition:
        """Return the condition that nobody has changed the blacklist entry since it was read."""
        same_entries = (
            BlacklistItem.entries == item.entries
            if item.entries
            else BlacklistItem.entries.does_not_exist()
        )
        same_stoplists = (
            BlacklistItem.stoplist_ids == item.stoplist_ids
            if item.stoplist_ids
            else BlacklistItem.stoplist_ids.does_not_exist()
        )
        same_request = (
            BlacklistItem.by_request.exists()
            if item.by_request
            else BlacklistItem.by_request.does_not_exist()
        )
        unchanged: Condition = (
            (BlacklistItem.id == item.id) & same_entries & same_stoplists & same_request
        )
        return unchanged


def stop_number(
    account_id: str, phone_number: PhoneNumber, stamp: Stamp, reason: Reason, note: str | None
) -> Stopping:
    """Put a number on the blacklist, or record a reason of greater weight; return what changed.

    Raises:
        UnavailableError: Others changed it at every try.

    """
    return stop(Standing.new(account_id, phone_number), stamp, reason, note)


def stop(standing: Standing, stamp: Stamp, reason: Reason, note: str | None) -> Stopping:
    """Do what :func:`stop_number` does for a number that was read.

    Raises:
        UnavailableError: Others changed it at every try.

    """
    for _ in tries(DECISION_TRIES):
        stopping = standing.stopping(reason)
        if stopping is Stopping.UNCHANGED:
            return stopping
        add_stop = partial(standing.add_stopping, stamp=stamp, reason=reason, note=note)
        try:
            write_together(add_stop)
        except TransactionRefusedError:
            standing = Standing.read(standing.account_id, standing.phone_number)
        else:
            return stopping
    raise UnavailableError(ErrorCode.BUSY)


def allow_number(
    account_id: str, phone_number: PhoneNumber, stamp: Stamp, reason: Reason, note: str | None
) -> None:
    """Take a number off the blacklist.

    Raises:
        NotFoundError: It is not there.
        UnavailableError: Others changed it at every try.

    """
    for _ in tries(DECISION_TRIES):
        standing = Standing.read(account_id, phone_number)
        is_suppressed = bool(suppression.suppressed_since(account_id, [phone_number]))
        if standing.item is None and not is_suppressed:
            raise NotFoundError(ErrorCode.NUMBER_NOT_BLACKLISTED)
        allow = partial(standing.add_allowing, stamp=stamp, reason=reason, note=note)
        with suppress(TransactionRefusedError):
            write_together(partial(allow, is_suppressed=is_suppressed))
            return
    raise UnavailableError(ErrorCode.BUSY)


def forget_number(account_id: str, phone_number: PhoneNumber, stamp: Stamp) -> None:
    """Remove a number's blacklist entry and its ledger. If it is stopped, it is suppressed first.

    Raises:
        UnavailableError: Others changed it at every try.

    """
    for _ in tries(DECISION_TRIES):
        item = _find(account_id, phone_number)
        if item is not None:
            suppression.suppress(account_id, phone_number, stamp)
            standing = Standing(account_id, phone_number, item, item.entries or 0)
            try:
                write_together(standing.add_forgetting)
            except TransactionRefusedError:
                continue
        ledger.forget_number(account_id, phone_number)
        return
    raise UnavailableError(ErrorCode.BUSY)


def contains_number(account_id: str, phone_number: PhoneNumber) -> bool:
    """Say whether a number is on the blacklist, or suppressed."""
    if _find(account_id, phone_number) is not None:
        return True
    return bool(suppression.suppressed_since(account_id, [phone_number]))


def find_opt_out(account_id: str, phone_number: PhoneNumber) -> OptOut | None:
    """Return a number's current state, or None if it was never stopped."""
    item = _find(account_id, phone_number)
    if item is not None:
        return OptOut(_entry_in(item), item.created_on)
    since = suppression.suppressed_since(account_id, [phone_number]).get(phone_number)
    if since is not None:
        return OptOut(_entry_of_suppression(phone_number, since), since)
    newest = next(iter(list_ledger(account_id, phone_number, before=None, expected=1)), None)
    return OptOut(newest[1], newest[1].at) if newest else None


def list_ledger(
    account_id: str, phone_number: PhoneNumber, *, before: int | None, expected: int | None
) -> Iterator[tuple[int, LedgerEntry]]:
    """Yield the ledger of a number with the position of each entry, the newest first.

    For a stop by a version without a ledger, this makes the entry of what is known. The first
    change of the number stores it. *before* and *expected* are as for
    :func:`.ledger.list_entries`.
    """
    found = ledger.list_entries(account_id, phone_number, before=before, expected=expected)
    newest = next(found, None)
    if before is None and (newest is None or newest[1].state is State.ALLOWED):
        item = _find(account_id, phone_number)
        if item is not None and not item.entries:
            yield (newest[0] if newest else 0) + 1, _entry_in(item)
    if newest:
        yield newest
        yield from found


def blacklisted_since(
    account_id: str, phone_numbers: Iterable[PhoneNumber]
) -> dict[PhoneNumber, datetime]:
    """Return since when numbers have been on the blacklist, or suppressed, for those that are.

    Suppressions are read after the blacklist, since an erasure writes them first.
    """
    numbers = set(phone_numbers)
    since: dict[PhoneNumber, datetime] = {}
    for batch in in_batches(number.e164 for number in numbers):
        found = read_batch(BlacklistItem.from_raw_data, keys.blacklist(account_id), batch)
        since.update((PhoneNumber(e164), item.created_on) for e164, item in found.items())
    return since | suppression.suppressed_since(account_id, numbers - since.keys())


def list_entries(
    account_id: str, *, after: str | None, expected: int | None
) -> Iterator[LedgerEntry]:
    """Yield the newest entry of every number on the blacklist, in order, after the number *after*.

    *expected* is how many the caller expects to use; None means all. It sets only how many are
    read at a time.
    """
    items = BlacklistItem.query(
        keys.blacklist(account_id),
        BlacklistItem.sk > after if after else None,
        consistent_read=True,
        page_size=expected,
    )
    return map(_entry_in, items)


def list_numbers(account_id: str, *, after: str | None, expected: int | None) -> Iterator[str]:
    """Yield every number on the blacklist in order, after the number *after*.

    *expected* is as for :func:`list_entries`.
    """
    is_after = BlacklistItem.sk > after if after else None
    return list_sort_keys(keys.blacklist(account_id), is_after, expected)


def count_numbers(account_id: str) -> int:
    """Count the numbers on the blacklist. This reads all of them."""
    return BlacklistItem.count(keys.blacklist(account_id), consistent_read=True)


def _find(account_id: str, phone_number: PhoneNumber) -> BlacklistItem | None:
    try:
        return BlacklistItem.get(
            keys.blacklist(account_id), phone_number.e164, consistent_read=True
        )
    except DoesNotExist:
        return None


def _reason_of(item: BlacklistItem) -> Reason:
    recorded: str | None = item.reason
    if recorded is not None:
        return Reason(recorded)
    return Reason.REQUEST if item.by_request else Reason.STOPLIST


def _entry_in(item: BlacklistItem) -> LedgerEntry:
    """Return the newest ledger entry of a stopped number, with what older versions recorded."""
    at: datetime | None = item.at
    return LedgerEntry(
        phone_number=PhoneNumber(item.sk),
        state=State.STOPPED,
        reason=_reason_of(item),
        source=item.source if item.entries else item.changed_via,
        actor=item.actor if item.entries else item.changed_by,
        note=item.note,
        at=at or item.created_on,
    )


def _entry_of_suppression(phone_number: PhoneNumber, since: datetime) -> LedgerEntry:
    """Return what is left of an erased opt-out; who asked for it is erased too."""
    return LedgerEntry(
        phone_number=phone_number,
        state=State.STOPPED,
        reason=Reason.REQUEST,
        source=None,
        actor=None,
        note=None,
        at=since,
    )


def _setting(entry: LedgerEntry, position: int, stoplist_ids: AbstractSet[int]) -> Iterator[Action]:
    """Yield the actions that set a blacklist entry to its newest ledger entry."""
    values: dict[str, Any] = {
        "entries": position,
        "reason": entry.reason.value,
        "by_request": entry.reason is not Reason.STOPLIST or None,
        "source": entry.source,
        "actor": entry.actor,
        "note": entry.note,
        "at": entry.at,
        "stoplist_ids": set(stoplist_ids) or None,
    }
    for name, value in values.items():
        attribute = getattr(BlacklistItem, name)
        yield attribute.remove() if value is None else attribute.set(value)
