"""Writing what rows make of contacts, each row with an outcome of its own."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeAlias

from chalicelib.domain.caller import Stamp
from chalicelib.domain.contact import ContactKey
from chalicelib.domain.errors import ErrorCode, PhonebookError, UnavailableError
from chalicelib.domain.phone import PhoneNumber
from chalicelib.domain.rows import Outcome, Rejected, RowT, Rule, take_all
from chalicelib.observability import logger
from chalicelib.services.threads import in_threads
from chalicelib.storage import blacklist, rewrites
from chalicelib.storage.dynamodb.batches import in_batches
from chalicelib.storage.dynamodb.tries import DECISION_TRIES, tries

RowsByKey: TypeAlias = Mapping[ContactKey, Mapping[int, RowT]]
"""The rows of each contact, by their positions."""

Outcomes: TypeAlias = dict[int, Outcome]
"""The outcomes of rows, by their positions."""


@dataclass(frozen=True, slots=True)
class RowWriter(Generic[RowT]):
    """Writes what rows make of contacts by a rule.

    With ``tells_suppressed``, it reads the blacklist and tells who is on it; ``also_blacklisted``
    are numbers that count as if they were. ``may_allow`` is as for :func:`.rewrites.rewrite`. If it
    ``is_rehearsal``, it tells what it would do, and writes nothing.
    """

    account_id: str
    rule: Rule[RowT]
    stamp: Stamp
    tells_suppressed: bool = False
    also_blacklisted: frozenset[PhoneNumber] = frozenset()
    may_allow: bool = False
    is_rehearsal: bool = False

    def write(self, rows: Mapping[int, RowT | Rejected]) -> list[Outcome]:
        """Write the contacts of some rows, and return what became of each, in their order.

        No row fails for another. Those that were not begun by the end of the request's time are
        rejected as unavailable.
        """
        outcomes: Outcomes = {}
        rows_of: dict[ContactKey, dict[int, RowT]] = defaultdict(dict)
        for position, row in rows.items():
            if isinstance(row, Rejected):
                outcomes[position] = row
            else:
                rows_of[self.rule.key_of(row)][position] = row
        for written in in_threads(self._write_some, map(dict, in_batches(rows_of.items()))):
            outcomes |= written
        return [outcomes[position] for position in rows]

    def _write_some(self, rows_of: RowsByKey[RowT]) -> Outcomes:
        """Write up to 100 contacts, and return what became of the rows of each.

        As many as fit are written together. Where that fails, for whichever of them, each is
        written alone.
        """
        try:
            found = rewrites.read_each(self.account_id, rows_of)
            blacklisted = self._blacklisted(found, rows_of)
        except PhonebookError as error:
            return _rejected(rows_of.values(), error)
        # Each outcome is what it is once its contact is written; if it is not, another one follows.
        outcomes: Outcomes = {}
        changes: dict[ContactKey, rewrites.Change] = {}
        alone: list[ContactKey] = []
        for key, rows in rows_of.items():
            try:
                kept = found.kept(key)
                contact = kept.contact if kept else None
                taken = take_all(self.rule, rows, contact, is_blacklisted=key in blacklisted)
            except rewrites.DAMAGED:
                alone.append(key)
            else:
                outcomes |= taken.outcomes
                if taken.contact and not self.is_rehearsal:
                    changes[key] = kept, taken.contact
        for together in rewrites.fitting_together(changes):
            try:
                if not self._write_together([changes[key] for key in together]):
                    alone += together
            except UnavailableError as error:
                outcomes |= _rejected((rows_of[key] for key in together), error)
        for key in alone:
            outcomes |= self._write_alone(key, rows_of[key], is_blacklisted=key in blacklisted)
        return outcomes

    def _write_together(self, changes: Collection[rewrites.Change]) -> bool:
        return rewrites.rewrite_together(
            self.account_id, changes, self.stamp, may_allow=self.may_allow
        )

    def _write_alone(
        self, key: ContactKey, rows: Mapping[int, RowT], *, is_blacklisted: bool
    ) -> Outcomes:
        """Write one contact, and return what became of its rows."""
        try:
            for _ in tries(DECISION_TRIES):
                kept = rewrites.find(self.account_id, key)
                contact = kept.contact if kept else None
                taken = take_all(self.rule, rows, contact, is_blacklisted=is_blacklisted)
                if (
                    self.is_rehearsal
                    or not taken.contact
                    or rewrites.rewrite(
                        self.account_id, kept, taken.contact, self.stamp, may_allow=self.may_allow
                    )
                ):
                    return {**taken.outcomes}
            return _rejected([rows], UnavailableError(ErrorCode.BUSY))
        except PhonebookError as error:
            return _rejected([rows], error)
        except rewrites.DAMAGED:
            logger().exception("A contact could not be written")
            return _rejected([rows], PhonebookError(ErrorCode.BUG))

    def _blacklisted(self, found: rewrites.Found, keys: Iterable[ContactKey]) -> set[ContactKey]:
        """Return the keys of those contacts that are on the blacklist; none if nobody asked."""
        if not self.tells_suppressed:
            return set()
        number_of = {key: number for key in keys if (number := found.place_of(key))}
        since = blacklist.blacklisted_since(self.account_id, number_of.values())
        return {
            key
            for key, number in number_of.items()
            if number in since or number in self.also_blacklisted
        }


def _rejected(all_rows: Iterable[Mapping[int, RowT]], error: PhonebookError) -> Outcomes:
    return {position: Rejected(error) for rows in all_rows for position in rows}
