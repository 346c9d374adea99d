"""What a failure says to an operator, and to the script that called us.

====  ==========================================================
Code  Meaning
====  ==========================================================
0     done
1     a bug, with its traceback
2     the command line, a value in it or a setting is wrong
3     what was asked for is not there
4     the table is out of reach or busy; trying again may help
====  ==========================================================
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from chalicelib.domain.errors import (
    ErrorCode,
    InvalidDataError,
    NotFoundError,
    UnavailableError,
)
from chalicelib.settings import SettingsError

FAILURES: Final = (SettingsError, InvalidDataError, NotFoundError, UnavailableError)
Failure: TypeAlias = SettingsError | InvalidDataError | NotFoundError | UnavailableError

_EXIT_CODES: Final[Mapping[type, int]] = {
    SettingsError: 2,
    InvalidDataError: 2,
    NotFoundError: 3,
    UnavailableError: 4,
}

_WORDS: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.ACCOUNT_NOT_FOUND: "There is no such account.",
    ErrorCode.CREDENTIAL_NOT_FOUND: "There is no such credential.",
    ErrorCode.BUSY: "The table is busy; try again.",
    ErrorCode.UNREACHABLE: "The table is out of reach",
}


def exit_code_of(failure: Failure) -> int:
    """Return the exit code of a failure."""
    return _EXIT_CODES[type(failure)]


def message_of(failure: Failure) -> str:
    """Return the line that says what went wrong, and, if AWS said so, why."""
    if isinstance(failure, SettingsError):
        return str(failure)
    if isinstance(failure, InvalidDataError):
        return "; ".join(map(str, failure.problems))
    words = _WORDS[failure.code]
    return f"{words}: {failure.__cause__}" if failure.code is ErrorCode.UNREACHABLE else words
