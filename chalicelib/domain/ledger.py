"""The ledger: who stopped messages to a number, or allowed them again, when, and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from chalicelib.domain.phone import PhoneNumber


class State(Enum):
    """Whether a number may be messaged after a ledger entry."""

    STOPPED = "stopped"
    ALLOWED = "allowed"


class Reason(Enum):
    """Why a number was stopped or allowed, from the least to the greatest weight.

    A stop for a reason of greater weight is recorded, even if the number is already stopped. What
    the person said weighs most.
    """

    STOPLIST = "stoplist"
    """Its contact joined a stoplist. Only such a stop ends when the contact leaves it."""
    IMPORT = "import"
    BOUNCE = "bounce"
    CARRIER = "carrier"
    OPERATOR = "operator"
    REQUEST = "request"
    COMPLAINT = "complaint"

    def outweighs(self, other: "Reason") -> bool:
        """Say whether this reason has a greater weight than another."""
        reasons = list(Reason)
        return reasons.index(self) > reasons.index(other)


@dataclass(frozen=True, slots=True)
class Stop:
    """What a client sends about a number that is to be stopped."""

    phone_number: PhoneNumber
    reason: Reason
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One line in the history of a number. It never changes.

    ``source`` is the entry point and its operation, and ``actor`` a username, as in a
    :class:`~chalicelib.domain.caller.Stamp`. Both are None if the number was stopped by a version
    that did not record them.
    """

    phone_number: PhoneNumber
    state: State
    reason: Reason
    source: str | None
    actor: str | None
    note: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class OptOut:
    """The current state of a number that was ever stopped: its newest entry.

    ``since`` is when this state began. A stop for a weightier reason does not begin it anew.
    """

    entry: LedgerEntry
    since: datetime


class Stopping(Enum):
    """What became of a call that stops a number."""

    NEW = "new"
    """It was not stopped before."""
    OUTWEIGHED = "outweighed"
    """It was already stopped; the reason of greater weight was recorded."""
    UNCHANGED = "unchanged"
    """It was already stopped, and nothing changed."""
