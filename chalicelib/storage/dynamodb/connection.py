"""The connection to the table, and the meaning of its failures.

All calls for all items pass through :meth:`_PatientConnection.dispatch`. It retries lost races,
and converts failures of DynamoDB into errors of the phonebook. It passes on a failed *condition*,
since only the code that wrote the condition knows its meaning.
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
from chalicelib.storage.dynamodb.session import DynamoDBSerializer, dynamodb_session
from chalicelib.storage.dynamodb.tries import SEND_TRIES, tries

CONNECT_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 5.0
REPEATS: Final = 2
"""How often botocore repeats a throttled, failed or unanswered call, with jitter. So even a call
without any answer ends within the 29 seconds that API Gateway waits."""

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
_SERIALIZER: Final = DynamoDBSerializer()
_TOO_LARGE: Final = "Item size"
"""The beginning of DynamoDB's message for an item above 400 KB, also in a transaction."""


class TableMissingError(UnavailableError):
    """The engine at ``endpoint`` answers, but has no table ``table_name``."""

    def __init__(self, table_name: str, endpoint: str) -> None:
        super().__init__(ErrorCode.UNREACHABLE)
        self.table_name = table_name
        self.endpoint = endpoint


def connect(table_name: str) -> None:
    """Use *table_name* for all items. botocore finds region, endpoint and keys.

    PynamoDB would open a connection with its own botocore client for each kind of item. All are
    in one table, so they share a connection. This sends nothing.
    """
    schema = Item._get_schema()  # noqa: SLF001 - PynamoDB builds a connection from it too
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
    """A connection that retries lost races and converts other failures."""

    @property
    def session(self) -> Session:
        """The session that makes the client; one for each thread, as in PynamoDB."""
        if not hasattr(self._local, "session"):
            self._local.session = dynamodb_session()
        session: Session = self._local.session
        return session

    @property
    def client(self) -> Any:  # noqa: ANN401 - botocore's
        """The client, which neither converts the values of requests nor those of answers."""
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
            # A copy, since botocore adds a request token to it, and each try needs a new one.
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
    """Return the HTTP status. PynamoDB's error does not have it, but its cause does."""
    original = error.__cause__ if isinstance(error.__cause__, ClientError) else error
    return int(original.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _is_item_too_large(error: ClientError) -> bool:
    messages = [error.response["Error"].get("Message", "")]
    if isinstance(error, VerboseClientError):
        messages += [reason.message or "" for reason in error.cancellation_reasons if reason]
    return any(str(message).startswith(_TOO_LARGE) for message in messages)
