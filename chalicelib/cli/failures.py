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
from typing import Final

from chalicelib.domain.errors import ErrorCode, InvalidDataError, PhonebookError
from chalicelib.settings import SettingsError

WRONG_USE: Final = 2
NOT_FOUND: Final = 3
UNAVAILABLE: Final = 4

_FAILURES: Final[Mapping[ErrorCode, tuple[int, str]]] = {
    ErrorCode.ACCOUNT_NOT_FOUND: (NOT_FOUND, "There is no such account."),
    ErrorCode.CREDENTIAL_NOT_FOUND: (NOT_FOUND, "There is no such credential."),
    ErrorCode.BUSY: (UNAVAILABLE, "The table is busy; try again."),
    ErrorCode.UNREACHABLE: (UNAVAILABLE, "The table is out of reach"),
}


def exit_code_of(error: PhonebookError | SettingsError) -> int:
    """Return the exit code of a failure."""
    if isinstance(error, SettingsError | InvalidDataError):
        return WRONG_USE
    return _FAILURES[error.code][0]


def message_of(error: PhonebookError | SettingsError) -> str:
    """Return the line that says what went wrong, and, if AWS said so, why."""
    if isinstance(error, SettingsError):
        return str(error)
    if isinstance(error, InvalidDataError):
        return "; ".join(map(str, error.problems))
    message = _FAILURES[error.code][1]
    if error.code is ErrorCode.UNREACHABLE:
        return f"{message}: {error.__cause__}"
    return message
