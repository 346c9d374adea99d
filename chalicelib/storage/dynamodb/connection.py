"""The one connection to the table, and what its failures mean.

All calls of all items pass :meth:`_PatientConnection.dispatch`, so this is where a lost
race is tried again and where a failure of DynamoDB becomes an error of the phonebook.
A failed *condition* does not stop here: what it means is known where it is written.
"""

from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.session import Session
from pynamodb.connection import Connection, TableConnection
from pynamodb.connection.base import MetaTable
from pynamodb.exceptions import VerboseClientError

from chalicelib.domain.errors import ErrorCode, PhonebookError, RefusedError, UnavailableError
from chalicelib.storage.dynamodb.deadline import refuse_if_too_late
from chalicelib.storage.dynamodb.model import Item
from chalicelib.storage.dynamodb.session import PlainSerializer, lean_session
from chalicelib.storage.dynamodb.tries import SEND_TRIES, tries

CONNECT_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 5.0
REPEATS: Final = 2
"""How often botocore repeats a throttled, failed or unanswered call, with jitter. Even one
that is never answered so ends within the 29 seconds that API Gateway waits."""

_BUSY: Final = frozenset({
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionInProgressException",
})  # fmt: skip
_UNREACHABLE: Final = frozenset({
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "UnrecognizedClientException",
})  # fmt: skip
_MISSING: Final = "ResourceNotFoundException"
_SERVER_ERROR: Final = 500
_LOST_RACE: Final = frozenset({
    "ProvisionedThroughputExceeded",
    "ThrottlingError",
    "TransactionConflict",
})  # fmt: skip
_SERIALIZER: Final = PlainSerializer()
_TOO_LARGE: Final = "Item size"
"""How DynamoDB begins its message for an item above 400 KB, on its own or in a transaction."""


class TableMissingError(UnavailableError):
    """The engine at ``endpoint`` answers, and has no table ``table_name``."""

    def __init__(self, table_name: str, endpoint: str) -> None:
        super().__init__(ErrorCode.UNREACHABLE)
        self.table_name = table_name
        self.endpoint = endpoint


def connect(table_name: str) -> None:
    """Let all items be kept in *table_name*; region, endpoint and keys are botocore's to find.

    PynamoDB would open a connection, and with it a botocore client, for each kind of item.
    They are one table, so they share one. Nothing is sent before the first call.
    """
    schema = Item._get_schema()  # noqa: SLF001 - what PynamoDB itself builds a connection from
    connection = _PatientConnection(
        connect_timeout_seconds=CONNECT_SECONDS,
        read_timeout_seconds=ANSWER_SECONDS,
        max_retry_attempts=REPEATS,
    )
    connection.add_meta_table(
        MetaTable(
            {
                "TableName": table_name,
                "KeySchema": schema["key_schema"],
                "AttributeDefinitions": schema["attribute_definitions"],
                "GlobalSecondaryIndexes": [
                    {"IndexName": index["index_name"], "KeySchema": index["key_schema"]}
                    for index in schema["global_secondary_indexes"]
                ],
            }
        )
    )
    shared = TableConnection(table_name)
    shared.connection = connection
    Item.Meta.table_name = table_name
    Item._connection = shared  # noqa: SLF001 - where PynamoDB keeps a model's connection


def table() -> TableConnection:
    """Return the connection of all items, as PynamoDB keeps it."""
    return Item._get_connection()  # noqa: SLF001 - PynamoDB has no public way to it


class _PatientConnection(Connection):
    """A connection that tries a lost race again and names every other failure."""

    @property
    def session(self) -> Session:
        """The session that the client is made of, one for each thread as in PynamoDB."""
        if not hasattr(self._local, "session"):
            self._local.session = lean_session()
        session: Session = self._local.session
        return session

    @property
    def client(self) -> Any:  # noqa: ANN401 - botocore's
        """The client, which looks for the type of each value of each item neither way."""
        client: Any = super().client
        client._serializer = _SERIALIZER  # noqa: SLF001 - botocore has no public way to it
        return client

    def dispatch(self, operation_name: str, operation_kwargs: dict[str, Any]) -> dict[str, Any]:
        for _ in tries(SEND_TRIES):
            refuse_if_too_late()
            try:
                return self._dispatch_once(operation_name, operation_kwargs)
            except ClientError as error:
                if not _is_lost_race(error):
                    raise
        raise UnavailableError(ErrorCode.BUSY)

    def _dispatch_once(
        self, operation_name: str, operation_kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        try:
            # A copy, since botocore adds a request token to it: each try is a new request.
            return super().dispatch(operation_name, dict(operation_kwargs))
        except (BotoCoreError, ClientError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] == _MISSING:
                endpoint = self.client.meta.endpoint_url
                raise TableMissingError(Item.Meta.table_name, endpoint) from error
            failure = _failure_of(error)
            if failure is None:
                raise
            raise failure from error


def _is_lost_race(error: ClientError) -> bool:
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException" and isinstance(error, VerboseClientError):
        reasons = {reason.code for reason in error.cancellation_reasons if reason}
        return bool(reasons) and reasons <= _LOST_RACE
    return bool(code == "TransactionConflictException")


def _failure_of(error: BotoCoreError | ClientError) -> PhonebookError | None:
    if isinstance(error, ParamValidationError):
        return None
    if isinstance(error, BotoCoreError):
        return UnavailableError(ErrorCode.UNREACHABLE)
    code = error.response["Error"]["Code"]
    if code in _BUSY or _status_of(error) >= _SERVER_ERROR:
        return UnavailableError(ErrorCode.BUSY)
    if code in _UNREACHABLE:
        return UnavailableError(ErrorCode.UNREACHABLE)
    if _is_item_too_large(error):
        return RefusedError(ErrorCode.ITEM_TOO_LARGE)
    return None


def _status_of(error: ClientError) -> int:
    """Return the HTTP status, which PynamoDB keeps on the error that its own one is from."""
    original = error.__cause__ if isinstance(error.__cause__, ClientError) else error
    return int(original.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _is_item_too_large(error: ClientError) -> bool:
    messages = [error.response["Error"].get("Message", "")]
    if isinstance(error, VerboseClientError):
        messages += [reason.message or "" for reason in error.cancellation_reasons if reason]
    return any(str(message).startswith(_TOO_LARGE) for message in messages)
