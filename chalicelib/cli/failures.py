"""What a failure says to an operator, and to the script that called us.

====  ==========================================================
Code  Meaning
====  ==========================================================
0     done
1     a bug, with its traceback
2     the command line, a value in it or a setting is wrong
3     what was asked for is not there
4     the table is out of reach or busy, or the stream stands still
5     something is not as it should be, and was not mended
6     what was to be removed is still in use
====  ==========================================================
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from chalicelib.domain.errors import (
    ConflictError,
    ErrorCode,
    InvalidDataError,
    NotFoundError,
    PhonebookError,
    UnavailableError,
)
from chalicelib.services.recounting import StreamStuckError
from chalicelib.services.redriving import NothingAsideError
from chalicelib.settings import SettingsError
from chalicelib.storage.clock import NoClockError

NOT_MENDED: Final = 5


class PurgeNotConfirmedError(Exception):
    """More than a tenth of an account is due, and nobody said yes to that."""


FAILURES: Final = (
    SettingsError,
    InvalidDataError,
    NotFoundError,
    ConflictError,
    UnavailableError,
    StreamStuckError,
    NothingAsideError,
    NoClockError,
    PurgeNotConfirmedError,
)
Failure: TypeAlias = (
    SettingsError
    | InvalidDataError
    | NotFoundError
    | ConflictError
    | UnavailableError
    | StreamStuckError
    | NothingAsideError
    | NoClockError
    | PurgeNotConfirmedError
)

_EXIT_CODES: Final[Mapping[type, int]] = {
    SettingsError: 2,
    InvalidDataError: 2,
    NotFoundError: 3,
    ConflictError: 6,
    UnavailableError: 4,
    StreamStuckError: 4,
    NothingAsideError: 3,
    NoClockError: 4,
    PurgeNotConfirmedError: 2,
}

_WORDS: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.ACCOUNT_NOT_FOUND: "There is no such account.",
    ErrorCode.GROUP_NOT_FOUND: "There is no such group in that account.",
    ErrorCode.CREDENTIAL_NOT_FOUND: "There is no such credential.",
    ErrorCode.ACCOUNT_IN_USE: (
        "The account is in use: revoke its credentials, delete what it holds, and wait two minutes."
    ),
    ErrorCode.BUSY: "The table is busy; try again.",
    ErrorCode.UNREACHABLE: "The table, or the queue, is out of reach",
}


_SENTENCES: Final[Mapping[type, str]] = {
    SettingsError: "{}",
    StreamStuckError: "The stream is not being counted; see docs/counting.md.",
    NothingAsideError: "Nothing lies aside as {}.",
    NoClockError: (
        "The table's engine does not say what time it is (the Date of its answers), and no other"
        " clock decides what is purged. Nothing was done."
    ),
    PurgeNotConfirmedError: (
        "Nothing was purged: more than a tenth of an account needs a yes, or --yes."
    ),
}
"""What is said of a failure that is of no code; ``{}`` is what it says of itself."""


def exit_code_of(failure: Failure) -> int:
    """Return the exit code of a failure."""
    return _EXIT_CODES[type(failure)]


def message_of(failure: Failure) -> str:
    """Return the line that says what went wrong, and, if AWS said so, why."""
    if isinstance(failure, InvalidDataError):
        return "; ".join(map(str, failure.problems))
    if isinstance(failure, PhonebookError):
        words = _WORDS[failure.code]
        return f"{words}: {failure.__cause__}" if failure.code is ErrorCode.UNREACHABLE else words
    return _SENTENCES[type(failure)].format(failure)
