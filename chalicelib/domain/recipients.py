"""Recipients: the numbers that a message may go to now, and why others are left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from chalicelib.domain.contact import Contact
from chalicelib.domain.phone import PhoneNumber


class Exclusion(Enum):
    """Why a number is not a recipient."""

    BLACKLISTED = "blacklisted"
    SUPPRESSED = "suppressed"
    """It belongs to a person who was erased, and was blacklisted before."""
    EXCLUDED_GROUP = "excludedGroup"
    INVALID = "invalid"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Recipient:
    """A number that a message may go to, with its contact if there is one."""

    phone_number: PhoneNumber
    contact: Contact | None


@dataclass(frozen=True, slots=True)
class Excluded:
    """A number that is left out."""

    phone_number: PhoneNumber
    reason: Exclusion


@dataclass(frozen=True, slots=True)
class Unread:
    """A given number that was not read: what was sent, and what is wrong with it."""

    sent: Any
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Who a message is meant for: the contacts of groups, and given numbers, without other groups.

    ``numbers`` are in order, each once.
    """

    group_ids: frozenset[int]
    numbers: Sequence[PhoneNumber]
    excluded_group_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class RecipientPage:
    """Some recipients and excluded numbers, in the order of numbers.

    ``last`` is the last number that was decided; None if there are no more.
    """

    recipients: Sequence[Recipient]
    excluded: Sequence[Excluded]
    last: str | None
