"""Preconditions: what a contact must be like, or else a request changes nothing."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from chalicelib.domain.contact import Contact
from chalicelib.domain.errors import PreconditionError

Version: TypeAlias = tuple[int, int]
"""A contact's id and revision. A number that is deleted and created again has another id."""


@dataclass(frozen=True, slots=True)
class Precondition:
    """What a contact must be like before it is written.

    ``versions`` are those of which it must have one. ``exists`` says whether there must be a
    contact at all. None demands nothing.
    """

    versions: frozenset[Version] | None = None
    exists: bool | None = None

    def check(self, contact: Contact | None) -> None:
        """Check a contact right before it is written; None if there is none.

        Raises:
            PreconditionError: It is not as it must be.

        """
        if self.exists is not None and self.exists is not (contact is not None):
            raise PreconditionError
        if self.versions is not None and (
            contact is None or version_of(contact) not in self.versions
        ):
            raise PreconditionError


NOTHING_DEMANDED: Final = Precondition()


def version_of(contact: Contact) -> Version:
    """Return the version of a contact, which changes with each write."""
    return contact.id, contact.revision
