"""Every way in which the phonebook refuses or fails.

The core names what happened by an :class:`ErrorCode`; each dialect has one table
that gives the code its status, its vendor code and its words::

    PhonebookError
    ├── InvalidDataError    what was sent cannot be accepted; carries every problem found
    ├── UnauthorizedError   no credential, a wrong one or a revoked one
    ├── NotFoundError       what was asked for is not there
    ├── ConflictError       what was asked for is already there
    ├── RefusedError        the request itself is not one we take
    └── UnavailableError    the table cannot serve us now; the caller should try again

Anything else that is raised is a bug, and answered as ``ErrorCode.BUG``. What only an operator
can ask for, only an operator can be refused: that is an :class:`OperatorError`, and no dialect
has words for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from types import TracebackType
from typing import Final

MAX_PROBLEMS_TOLD: Final = 50
"""Of what is wrong with one request; a client can repeat one mistake many thousands of times."""


class ErrorCode(Enum):
    """What happened, in the words of the domain."""

    INVALID_DATA = auto()
    UNAUTHORIZED = auto()

    CONTACT_NOT_FOUND = auto()
    GROUP_NOT_FOUND = auto()
    MEMBERSHIP_NOT_FOUND = auto()
    NUMBER_NOT_BLACKLISTED = auto()
    PATH_NOT_FOUND = auto()

    CONTACT_EXISTS = auto()
    MEMBERSHIP_EXISTS = auto()
    NUMBER_BLACKLISTED = auto()

    METHOD_NOT_ALLOWED = auto()
    UNSUPPORTED_MEDIA_TYPE = auto()
    REQUEST_TOO_LARGE = auto()
    LIST_TOO_LARGE = auto()
    ITEM_TOO_LARGE = auto()
    TOO_MANY_GROUPS = auto()

    BUSY = auto()
    UNREACHABLE = auto()
    BUG = auto()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with what was sent: which field, and what about it.

    ``is_missing`` says that the field is not there at all, which some vendors tell apart.
    """

    field: str
    message: str
    is_missing: bool = False

    def __str__(self) -> str:
        """Say it in one phrase, as a client's developer reads it."""
        return f"{self.field}: {self.message}"


class PhonebookError(Exception):
    """The base of every error that a caller may see."""

    def __init__(self, code: ErrorCode) -> None:
        super().__init__(code.name)
        self.code = code


class InvalidDataError(PhonebookError):
    """What was sent cannot be accepted, for every problem that was ``found``."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(ErrorCode.INVALID_DATA)
        self.found = tuple(problems)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What the client is told: the first problems, and how many more there are."""
        told, more = self.found[:MAX_PROBLEMS_TOLD], len(self.found) - MAX_PROBLEMS_TOLD
        if more > 0:
            told += (Problem("body", f"has {more} more problems"),)
        return told

    @classmethod
    def of(cls, field: str, message: str) -> "InvalidDataError":
        """Refuse one field for one reason."""
        return cls([Problem(field, message)])


class ProblemCollector:
    """Collects the problems of several fields, so that all are told at once.

    Each ``with`` block on it may fail with :class:`InvalidDataError`; what the block would
    have set is to be used only behind :meth:`raise_if_any`.
    """

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def __len__(self) -> int:
        """Say how many problems were found so far."""
        return len(self._problems)

    def __enter__(self) -> None:
        """Begin with a further field."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """Keep the problems of this field, and let the next have its turn."""
        if isinstance(error, InvalidDataError):
            self._problems += error.found
            return True
        return False

    def raise_if_any(self) -> None:
        """Refuse everything for all that was found.

        Raises:
            InvalidDataError: Something was.

        """
        if self._problems:
            raise InvalidDataError(self._problems)


class UnauthorizedError(PhonebookError):
    """No credential, a wrong one or a revoked one; which of them is never said."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.UNAUTHORIZED)


class NotFoundError(PhonebookError):
    """What was asked for is not in this account."""


class ConflictError(PhonebookError):
    """What was asked for is there already; if it is a contact, ``contact_id`` says which."""

    def __init__(self, code: ErrorCode, *, contact_id: int | None = None) -> None:
        super().__init__(code)
        self.contact_id = contact_id


class EmailExistsError(ConflictError):
    """A contact of this email is in the group already."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.MEMBERSHIP_EXISTS)


class RefusedError(PhonebookError):
    """The request is not one that this path takes, or is more than fits."""

    def __init__(self, code: ErrorCode, *, allowed_methods: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.allowed_methods = tuple(allowed_methods)


class UnavailableError(PhonebookError):
    """The table is throttling or out of reach, after every retry."""

    RETRY_AFTER_SECONDS = 1


class OperatorErrorCode(Enum):
    """What happened to an operator, in the words of the domain."""

    ACCOUNT_NOT_FOUND = auto()
    CREDENTIAL_NOT_FOUND = auto()
    ACCOUNT_IN_USE = auto()


class OperatorError(Exception):
    """What an operator asked for cannot be done; no request of a client leads to it."""

    def __init__(self, code: OperatorErrorCode) -> None:
        super().__init__(code.name)
        self.code = code
