"""Every error that a caller can get.

An :class:`ErrorCode` says what happened. Each dialect has one table that maps each code
to a status, a vendor code and a message::

    PhonebookError
    ├── InvalidDataError    the data is invalid; carries every problem found
    ├── UnauthorizedError   the credential is missing, wrong or revoked
    ├── NotFoundError       the contact, group, membership, number or path does not exist
    ├── ConflictError       it already exists, or there are too many already
    ├── PreconditionError   it is not as the request expects it
    ├── RefusedError        the path or the credential does not allow this request, or it is
    │                       too large
    └── UnavailableError    the table cannot serve us now; the caller should try again

Any other exception is a bug, and is answered as ``ErrorCode.BUG``. An :class:`OperatorError`
can only happen to an operator, so no dialect has a message for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from types import TracebackType
from typing import Final

MAX_PROBLEMS_TOLD: Final = 50
"""Problems of one request that are told. A client can repeat a mistake thousands of times."""


class ErrorCode(Enum):
    """What happened. The dialects map each code to a message."""

    INVALID_DATA = auto()
    UNAUTHORIZED = auto()
    READ_ONLY = auto()

    CONTACT_NOT_FOUND = auto()
    GROUP_NOT_FOUND = auto()
    MEMBERSHIP_NOT_FOUND = auto()
    NUMBER_NOT_BLACKLISTED = auto()
    PATH_NOT_FOUND = auto()
    JOB_NOT_FOUND = auto()
    CHANGES_OFF = auto()
    CHANGES_GONE = auto()
    WEBHOOK_NOT_FOUND = auto()

    CONTACT_EXISTS = auto()
    MEMBERSHIP_EXISTS = auto()
    NUMBER_BLACKLISTED = auto()
    IMPORT_RUNS = auto()
    TOO_MANY_WEBHOOKS = auto()

    PRECONDITION_FAILED = auto()
    KEY_REUSED = auto()

    METHOD_NOT_ALLOWED = auto()
    UNSUPPORTED_MEDIA_TYPE = auto()
    REQUEST_TOO_LARGE = auto()
    LIST_TOO_LARGE = auto()
    ITEM_TOO_LARGE = auto()
    TOO_MANY_GROUPS = auto()

    BUSY = auto()
    UNREACHABLE = auto()
    BUG = auto()


OF_OUR_OWN_API: Final = frozenset({
    ErrorCode.PRECONDITION_FAILED,
    ErrorCode.KEY_REUSED,
    ErrorCode.JOB_NOT_FOUND,
    ErrorCode.IMPORT_RUNS,
    ErrorCode.CHANGES_OFF,
    ErrorCode.CHANGES_GONE,
    ErrorCode.WEBHOOK_NOT_FOUND,
    ErrorCode.TOO_MANY_WEBHOOKS,
})  # fmt: skip
"""What can only happen to a request of a kind that no vendor's dialect has."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of the data: the field, and what is wrong with it.

    ``is_missing`` says that the field is absent; some vendors have a code of their own for this.
    """

    field: str
    message: str
    is_missing: bool = False

    def __str__(self) -> str:
        """Return field and message as one phrase, for the client's developer."""
        return f"{self.field}: {self.message}"


class PhonebookError(Exception):
    """The base of every error that a caller may see."""

    def __init__(self, code: ErrorCode) -> None:
        super().__init__(code.name)
        self.code = code


class InvalidDataError(PhonebookError):
    """The data is invalid. ``found`` holds every problem."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(ErrorCode.INVALID_DATA)
        self.found = tuple(problems)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems to tell the client: the first ones, and how many more there are."""
        told, more = self.found[:MAX_PROBLEMS_TOLD], len(self.found) - MAX_PROBLEMS_TOLD
        if more > 0:
            told += (Problem("body", f"has {more} more problems"),)
        return told

    @classmethod
    def of(cls, field: str, message: str) -> "InvalidDataError":
        """Refuse one field for one reason."""
        return cls([Problem(field, message)])


class ProblemCollector:
    """Collects the problems of several fields, to tell all of them at once.

    Each ``with`` block may fail with :class:`InvalidDataError`. Use what a block sets only
    after :meth:`raise_if_any`.
    """

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def add(self, error: InvalidDataError) -> None:
        """Collect the problems of a field that failed outside of such a block."""
        self._problems += error.found

    def __len__(self) -> int:
        """Return how many problems were found so far."""
        return len(self._problems)

    def __enter__(self) -> None:
        """Begin the next field."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """Collect the problems of this field, and suppress their exception."""
        if isinstance(error, InvalidDataError):
            self.add(error)
            return True
        return False

    def raise_if_any(self) -> None:
        """Raise one error for all problems that were found.

        Raises:
            InvalidDataError: There was at least one.

        """
        if self._problems:
            raise InvalidDataError(self._problems)


class UnauthorizedError(PhonebookError):
    """The credential is missing, wrong or revoked. The client is never told which."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.UNAUTHORIZED)


class NotFoundError(PhonebookError):
    """It does not exist in this account."""


class NamedGroupsNotFoundError(NotFoundError):
    """Groups that a row names do not exist. ``positions`` are theirs among all that it names."""

    def __init__(self, positions: Sequence[int]) -> None:
        super().__init__(ErrorCode.GROUP_NOT_FOUND)
        self.positions = tuple(positions)


class ConflictError(PhonebookError):
    """It already exists. ``contact_id`` says which contact it is, if it is one."""

    def __init__(self, code: ErrorCode, *, contact_id: int | None = None) -> None:
        super().__init__(code)
        self.contact_id = contact_id


class EmailExistsError(ConflictError):
    """A contact with this email is already in the group."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.MEMBERSHIP_EXISTS)


class PreconditionError(PhonebookError):
    """It is not as the request expects it, so nothing was changed."""

    def __init__(self, code: ErrorCode = ErrorCode.PRECONDITION_FAILED) -> None:
        super().__init__(code)


class RefusedError(PhonebookError):
    """The path or the credential does not allow this request, or it is too large."""

    def __init__(self, code: ErrorCode, *, allowed_methods: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.allowed_methods = tuple(allowed_methods)


class UnavailableError(PhonebookError):
    """The table throttles us or is out of reach, after all retries."""

    RETRY_AFTER_SECONDS = 1


class OperatorErrorCode(Enum):
    """What happened to an operator."""

    ACCOUNT_NOT_FOUND = auto()
    CREDENTIAL_NOT_FOUND = auto()
    ACCOUNT_IN_USE = auto()


class OperatorError(Exception):
    """An operator's command cannot be done. No request of a client leads to this."""

    def __init__(self, code: OperatorErrorCode) -> None:
        super().__init__(code.name)
        self.code = code
