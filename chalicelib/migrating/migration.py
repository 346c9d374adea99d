"""A migration: reading a vendor's account, and writing it, in batches."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import islice
from typing import Final, TypeVar

from chalicelib.domain.errors import PhonebookError
from chalicelib.domain.rows import Outcome, Rejected, StopOutcome
from chalicelib.migrating.report import Report, word_of
from chalicelib.migrating.source import Source, SourceContact, SourceGroup, SourceOptOut
from chalicelib.migrating.writing import Writer

BATCH: Final = 500
"""Contacts or opt-outs that are written together; no more of them are held."""

_FoundT = TypeVar("_FoundT")


class Phase(Enum):
    """What a migration is doing, as it is shown."""

    MEMBERSHIPS = "Reading who is in which group"
    OPT_OUTS = "Moving opt-outs"
    CONTACTS = "Moving contacts"


@dataclass(frozen=True, slots=True)
class Step:
    """What a migration has just done: how many of what, and what was rejected of them and why.

    ``rejected`` has each number as the vendor writes it.
    """

    phase: Phase
    done: int
    rejected: Sequence[tuple[object, PhonebookError]] = ()


@dataclass(frozen=True, slots=True)
class Migration:
    """A vendor's account that moves into one of ours.

    ``clock`` gives the time of each batch. A batch is written within ``undisturbed``, and whatever
    ends a migration ends it between two batches.
    """

    source: Source
    writer: Writer
    report: Report
    clock: Callable[[], datetime]
    undisturbed: Callable[[], AbstractContextManager[None]]

    def run(self) -> Iterator[Step]:
        """Read all and write it, and yield each step.

        Numbers are stopped before any contact is written, so that nobody is a recipient between.

        Raises:
            VendorError: The vendor's account cannot be read.
            InvalidDataError: The name of a group cannot be kept.
            GroupJustDeletedError: A group of an earlier run was deleted a short time ago.
            UnavailableError: The table did not serve us.

        """
        groups = list(self.source.groups())
        for _ in self.source.gather(groups):
            yield Step(Phase.MEMBERSHIPS, 1)
        for opt_outs in _batches(self.source.opt_outs()):
            yield self._stop(opt_outs)
        self._make_groups(groups)
        for contacts in _batches(self.source.contacts()):
            yield self._write(contacts)
        self.report.is_finished = True

    def _stop(self, opt_outs: Sequence[SourceOptOut]) -> Step:
        with self.undisturbed():
            outcomes = self.writer.stop(opt_outs, self.clock())
            for outcome in outcomes:
                self.report.opt_outs.add(word_of(outcome))
        numbers = [each.number for each in opt_outs]
        return Step(Phase.OPT_OUTS, len(opt_outs), _rejected(numbers, outcomes))

    def _make_groups(self, groups: Sequence[SourceGroup]) -> None:
        with self.undisturbed():
            created = self.writer.make_groups(groups, self.clock())
            self.report.add_groups(created=created, found=len(groups) - created)

    def _write(self, contacts: Sequence[SourceContact]) -> Step:
        with self.undisturbed():
            outcomes = self.writer.write(contacts, self.clock())
            for contact, outcome in zip(contacts, outcomes, strict=True):
                self.report.add_contact(outcome, len(contact.groups))
        numbers = [each.number for each in contacts]
        return Step(Phase.CONTACTS, len(contacts), _rejected(numbers, outcomes))


def _batches(found: Iterable[_FoundT]) -> Iterator[list[_FoundT]]:
    remaining = iter(found)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def _rejected(
    numbers: Sequence[object], outcomes: Sequence[Outcome | StopOutcome]
) -> list[tuple[object, PhonebookError]]:
    return [
        (number, outcome.reason)
        for number, outcome in zip(numbers, outcomes, strict=True)
        if isinstance(outcome, Rejected)
    ]
