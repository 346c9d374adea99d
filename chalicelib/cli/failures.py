"""The message and the exit code of each failure, for operators and their scripts."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import typer

from chalicelib.cli import INTERRUPTED
from chalicelib.cli.output import warn
from chalicelib.domain.errors import (
    ConflictError,
    ErrorCode,
    InvalidDataError,
    NotFoundError,
    OperatorError,
    OperatorErrorCode,
    PhonebookError,
    UnavailableError,
)
from chalicelib.domain.imports import UnreadableFileError
from chalicelib.domain.limits import MAX_WEBHOOKS
from chalicelib.migrating.errors import GroupJustDeletedError, VendorError
from chalicelib.services.recounting import StreamStuckError
from chalicelib.services.redriving import NothingAsideError
from chalicelib.settings import TABLE_VARIABLE, SettingsError
from chalicelib.storage.accounts import UnreadableItemError
from chalicelib.storage.dynamodb.clock import NoClockError
from chalicelib.storage.dynamodb.connection import TableMissingError

BUG: Final = 1
REJECTED_ROWS: Final = 1
WRONG_USE: Final = 2
NOT_THERE: Final = 3
NOT_SERVED: Final = 4
NOT_MENDED: Final = 5
IN_USE: Final = 6
THERE_ALREADY: Final = 7

EXIT_CODES: Final[Mapping[int, str]] = {
    0: "done",
    BUG: "rows were rejected; or a bug, with its traceback; or nobody read the output",
    WRONG_USE: "the command line, a value in it or a setting is wrong, or nobody said yes",
    NOT_THERE: "what was asked for is not there",
    NOT_SERVED: "the table or vendor is out of reach, missing or busy, or the stream stands still",
    NOT_MENDED: "something is not as it should be, and was not mended",
    IN_USE: "what was to be removed is still in use",
    THERE_ALREADY: "what was to be created is there already, and was left as it is",
    INTERRUPTED: "Ctrl-C; what was done until then stays",
}
"""The meaning of each exit code."""


class PurgeNotConfirmedError(Exception):
    """More than a tenth of an account is due, and the operator did not confirm the purge."""


FAILURES: Final = (
    SettingsError,
    InvalidDataError,
    NotFoundError,
    ConflictError,
    OperatorError,
    UnavailableError,
    StreamStuckError,
    NothingAsideError,
    NoClockError,
    PurgeNotConfirmedError,
    UnreadableItemError,
    UnreadableFileError,
    VendorError,
    GroupJustDeletedError,
)
Failure: TypeAlias = (
    SettingsError
    | InvalidDataError
    | NotFoundError
    | ConflictError
    | OperatorError
    | UnavailableError
    | StreamStuckError
    | NothingAsideError
    | NoClockError
    | PurgeNotConfirmedError
    | UnreadableItemError
    | UnreadableFileError
    | VendorError
    | GroupJustDeletedError
)

_EXIT_CODES: Final[Mapping[type | OperatorErrorCode, int]] = {
    SettingsError: WRONG_USE,
    InvalidDataError: WRONG_USE,
    NotFoundError: NOT_THERE,
    ConflictError: THERE_ALREADY,
    OperatorErrorCode.ACCOUNT_NOT_FOUND: NOT_THERE,
    OperatorErrorCode.CREDENTIAL_NOT_FOUND: NOT_THERE,
    OperatorErrorCode.ACCOUNT_IN_USE: IN_USE,
    UnavailableError: NOT_SERVED,
    TableMissingError: NOT_SERVED,
    StreamStuckError: NOT_SERVED,
    NothingAsideError: NOT_THERE,
    NoClockError: NOT_SERVED,
    PurgeNotConfirmedError: WRONG_USE,
    UnreadableItemError: NOT_MENDED,
    UnreadableFileError: WRONG_USE,
    VendorError: NOT_SERVED,
    GroupJustDeletedError: NOT_SERVED,
}

_WORDS: Final[Mapping[ErrorCode | OperatorErrorCode, str]] = {
    OperatorErrorCode.ACCOUNT_NOT_FOUND: "There is no such account.",
    ErrorCode.GROUP_NOT_FOUND: "There is no such group in that account.",
    ErrorCode.CONTACT_NOT_FOUND: "There is no contact with that number in that account.",
    ErrorCode.CONTACT_EXISTS: "There is already a contact with that number in that account.",
    ErrorCode.NUMBER_NOT_BLACKLISTED: "The number is not on the blacklist.",
    ErrorCode.WEBHOOK_NOT_FOUND: "There is no such webhook in that account.",
    ErrorCode.TOO_MANY_WEBHOOKS: (
        f"The account has {MAX_WEBHOOKS} webhooks already: remove one first."
    ),
    ErrorCode.IMPORT_RUNS: (
        "An import is running that could bring the contact back: wait for its end, or cancel it."
    ),
    OperatorErrorCode.CREDENTIAL_NOT_FOUND: "There is no such credential.",
    OperatorErrorCode.ACCOUNT_IN_USE: (
        "The account is in use: revoke its credentials, delete what it holds, and wait two minutes."
    ),
    ErrorCode.ITEM_TOO_LARGE: "It is too large to store.",
    ErrorCode.TOO_MANY_GROUPS: "It is in more groups than can be joined at once.",
    ErrorCode.BUG: "The phonebook failed; its log says why.",
    ErrorCode.BUSY: "The table is busy; try again.",
    ErrorCode.UNREACHABLE: "The table, or the queue, is out of reach",
}


_SENTENCES: Final[Mapping[type, str]] = {
    SettingsError: "{}",
    StreamStuckError: "The stream is not being counted; see docs/counting.md.",
    NothingAsideError: "No record is put aside as {}.",
    NoClockError: (
        "The table's engine does not say what time it is (the Date of its answers), and no other"
        " clock decides this. Nothing was done."
    ),
    PurgeNotConfirmedError: (
        "Nothing was purged: more than a tenth of an account needs a yes, or --yes."
    ),
    UnreadableItemError: "{}",
    UnreadableFileError: "{}",
    VendorError: "{}",
    GroupJustDeletedError: (
        'The group "{}" of an earlier run was deleted a short time ago. Try again in some minutes.'
    ),
}
"""The message of each failure without an error code; ``{}`` stands for its own text."""


def exit_code_of(failure: Failure) -> int:
    """Return the exit code of a failure."""
    return _EXIT_CODES[failure.code if isinstance(failure, OperatorError) else type(failure)]


def message_of(failure: Failure | PhonebookError) -> str:
    """Return the line that says what went wrong, with the reason if AWS gave one."""
    if isinstance(failure, InvalidDataError):
        return "; ".join(map(str, failure.problems))
    if isinstance(failure, TableMissingError):
        return (
            f"The table {failure.table_name} is missing at {failure.endpoint}. {TABLE_VARIABLE}"
            " names it, and the variables of AWS say in which account and region."
        )
    if isinstance(failure, OperatorError | PhonebookError):
        words = _WORDS[failure.code]
        return f"{words}: {failure.__cause__}" if failure.code is ErrorCode.UNREACHABLE else words
    return _SENTENCES[type(failure)].format(failure)


def tell_of_unreadable(items: Sequence[UnreadableItemError]) -> None:
    """Name the items that a list left out because they cannot be read.

    Raises:
        Exit: There is such an item.

    """
    for item in items:
        warn(f"Left out: {item}")
    if items:
        raise typer.Exit(NOT_MENDED)
