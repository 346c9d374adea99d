"""Phone numbers: E.164 everywhere inside."""

from typing import NamedTuple


class PhoneNumber(NamedTuple):
    """A number in E.164: ``+`` and 7 to 15 digits."""

    e164: str

    def __str__(self) -> str:
        """Return the E.164 form."""
        return self.e164
