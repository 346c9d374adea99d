"""What became of a migration."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from chalicelib.domain.rows import Effect, Outcome, Rejected, StopOutcome

REJECTED: Final = "rejected"
CREATED: Final = Effect.CREATED.value
FOUND: Final = "found"
KEPT: Final = "kept"

_OF_CONTACTS: Final = (*(effect.value for effect in Effect), REJECTED)
_OF_OPT_OUTS: Final = (
    *(
        effect.value
        for effect in (Effect.CREATED, Effect.UPDATED, Effect.UNCHANGED, Effect.DUPLICATE)
    ),
    REJECTED,
)


@dataclass(slots=True)
class Tally:
    """How many of something were read, and how many have which outcome."""

    words: Sequence[str]
    read: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: str, count: int = 1) -> None:
        """Count some with their outcome."""
        self.read += count
        self.outcomes[outcome] += count

    def counted(self) -> dict[str, int]:
        """Return the outcomes that there are, each with its count."""
        return {word: self.outcomes[word] for word in self.words if self.outcomes[word]}

    def as_json(self) -> dict[str, int]:
        """Return all counts by their names."""
        return {"read": self.read, **{word: self.outcomes[word] for word in self.words}}


@dataclass(slots=True)
class Report:
    """What was read and written so far.

    A membership is ``kept`` if its contact was not rejected. ``lost`` and ``not_told`` are as in
    a :class:`~chalicelib.migrating.source.Source`.
    """

    lost: Counter[str]
    not_told: Sequence[str]
    groups: Tally = field(default_factory=lambda: Tally((CREATED, FOUND)))
    contacts: Tally = field(default_factory=lambda: Tally(_OF_CONTACTS))
    memberships: Tally = field(default_factory=lambda: Tally((KEPT, REJECTED)))
    opt_outs: Tally = field(default_factory=lambda: Tally(_OF_OPT_OUTS))
    is_finished: bool = False

    @property
    def is_begun(self) -> bool:
        """Whether anything was read that is to be written."""
        return bool(
            self.is_finished or self.groups.read or self.contacts.read or self.opt_outs.read
        )

    @property
    def rejected(self) -> int:
        """How many contacts and opt-outs were rejected."""
        return self.contacts.outcomes[REJECTED] + self.opt_outs.outcomes[REJECTED]

    def add_groups(self, *, created: int, found: int) -> None:
        """Count the groups that were created, and those that were there."""
        self.groups.add(CREATED, created)
        self.groups.add(FOUND, found)

    def add_contact(self, outcome: Outcome, memberships: int) -> None:
        """Count a contact and its memberships."""
        self.contacts.add(word_of(outcome))
        self.memberships.add(REJECTED if isinstance(outcome, Rejected) else KEPT, memberships)

    def as_json(self) -> Mapping[str, object]:
        """Return all of it by names."""
        return {
            "isFinished": self.is_finished,
            "groups": self.groups.as_json(),
            "contacts": self.contacts.as_json(),
            "memberships": self.memberships.as_json(),
            "optOuts": self.opt_outs.as_json(),
            "notKept": dict(self.lost),
            "notTold": list(self.not_told),
        }


def word_of(outcome: Outcome | StopOutcome) -> str:
    """Return the name of an outcome."""
    return REJECTED if isinstance(outcome, Rejected) else outcome.effect.value
