"""What a client can do in any dialect, in the words of the domain.

A speaker says each step over the wire, as a client of its vendor would. Where the vendor has no
words for a step, it sends what comes closest, so that it is noticed when that is understood one
day; ``known_gaps.py`` names those steps.
"""

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Any, Final, Protocol, TypeAlias

from tests.served import Answer, Client

DETAILS: Final = (
    "email", "first_name", "last_name", "company", "title",
    "custom", "custom2", "custom3", "custom4",
)  # fmt: skip
"""What is known of a contact beside its number."""

Handle: TypeAlias = Any
"""By what a dialect names a contact or a group."""


class Refusal(Enum):
    """Why a step was not done."""

    MISSING = auto()
    INVALID = auto()
    DUPLICATE = auto()
    NOT_UNDERSTOOD = auto()


class RefusedError(Exception):
    """A step was not done."""

    def __init__(self, refusal: Refusal, said: object) -> None:
        super().__init__(refusal, said)
        self.refusal = refusal


class Speaker(Protocol):
    """Someone who speaks one dialect. A step that is not done raises :class:`RefusedError`.

    A contact is read as a mapping of ``phone_number`` and of every detail that the dialect
    shows; None is nothing known. A detail that is changed to None is cleared.
    """

    dialect: str

    def __init__(self, client: Client) -> None: ...

    def create_contact(
        self, number: str, details: Mapping[str, str | None], group: Handle = None
    ) -> Handle: ...

    def find_contact(self, number: str, group: Handle) -> Handle: ...

    def read_contact(self, contact: Handle) -> Mapping[str, Any]: ...

    def change_contact(self, contact: Handle, details: Mapping[str, str | None]) -> None: ...

    def change_number(self, contact: Handle, number: str) -> Handle: ...

    def delete_contact(self, contact: Handle) -> None: ...

    def count_contacts(self) -> int: ...

    def create_group(self, name: str) -> Handle: ...

    def find_group(self, name: str) -> Handle: ...

    def read_group(self, group: Handle) -> str: ...

    def rename_group(self, group: Handle, name: str) -> None: ...

    def delete_group(self, group: Handle) -> None: ...

    def put_into_group(self, contact: Handle, group: Handle) -> None: ...

    def take_out_of_group(self, contact: Handle, group: Handle) -> None: ...

    def list_members(self, group: Handle) -> Sequence[str]: ...

    def list_groups_of_contact(self, contact: Handle) -> Sequence[Handle]: ...

    def count_members(self, group: Handle) -> int: ...


NOT_DONE: Final = {
    404: Refusal.MISSING,
    400: Refusal.INVALID,
    409: Refusal.DUPLICATE,
    405: Refusal.NOT_UNDERSTOOD,
}
"""What a status says, in the dialects that have one for each."""


def done(answer: Answer) -> Answer:
    """Return an answer that says that a step was done.

    Raises:
        RefusedError: It says why it was not.

    """
    if answer.status in NOT_DONE:
        raise RefusedError(NOT_DONE[answer.status], answer.body)
    assert answer.status < 300, answer
    return answer


def the_one(found: Sequence[Handle]) -> Handle:
    """Return the only one of what was found.

    Raises:
        RefusedError: Nothing was.

    """
    if not found:
        raise RefusedError(Refusal.MISSING, found)
    (one,) = found
    return one


def renamed(fields: Mapping[str, str], details: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return details under a dialect's own names, or else under ours, which it may ignore."""
    return {fields.get(name, name): value for name, value in details.items()}
