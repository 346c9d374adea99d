"""Phone numbers. Inside the phonebook, all are in E.164."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number in E.164: ``+`` and 7 to 15 digits."""

    e164: str

    def __str__(self) -> str:
        """Return the E.164 form."""
        return self.e164


class Notation(Enum):
    """What digits without a ``+`` mean."""

    INTERNATIONAL = "international"
    """With their country code, as in ``37251000000``."""

    NATIONAL = "national"
    """As they are dialled in a region, as in ``51000000``."""
