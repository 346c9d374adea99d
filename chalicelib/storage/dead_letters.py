"""The dead letters of the stream: records that AWS failed to deliver to counting.

A letter does not contain the records. It names their shard and sequence numbers. The stream keeps
the records themselves for a day.
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import boto3
from botocore.exceptions import ClientError, ParamValidationError

from chalicelib.domain.errors import UnavailableError
from chalicelib.storage.aws_calls import refusals_told
from chalicelib.storage.dynamodb.connection import table

if TYPE_CHECKING:
    from types_boto3_dynamodbstreams import DynamoDBStreamsClient
    from types_boto3_dynamodbstreams.type_defs import RecordTypeDef
    from types_boto3_sqs.type_defs import MessageTypeDef

_SECONDS_HIDDEN: Final = 600
"""How long a received letter is hidden from other receivers."""

_MAX_MESSAGES_AT_ONCE: Final = 10
_EMPTY_PAGES: Final = 100
"""After so many empty pages in a row, we stop looking for the records: an open shard has no end."""

_GONE: Final = frozenset({
    "ExpiredIteratorException",
    "ResourceNotFoundException",
    "TrimmedDataAccessException",
    "ValidationException",
})  # fmt: skip


class DeadLetter(NamedTuple):
    """A letter. It names the records ``first`` to ``last`` in a shard of a stream."""

    id: str
    receipt: str
    stream: str
    shard: str
    first: str
    last: str
    records: int
    arrived: str


class NoLongerInStreamError(Exception):
    """The stream no longer has the records."""


class DeadLetters:
    """A queue of dead letters, by its URL."""

    def __init__(self, url: str) -> None:
        self._url = url
        with refusals_told():
            self._queue = boto3.client("sqs")

    def receive(self) -> Iterator[DeadLetter]:
        """Yield each letter once, and hide it from others for ten minutes.

        Messages that are not letters of a stream stay in the queue.

        Raises:
            UnavailableError: AWS refused, or is out of reach.

        """
        seen: set[str] = set()
        while True:
            with refusals_told():
                answer = self._queue.receive_message(
                    QueueUrl=self._url,
                    MaxNumberOfMessages=_MAX_MESSAGES_AT_ONCE,
                    VisibilityTimeout=_SECONDS_HIDDEN,
                    WaitTimeSeconds=1,
                )
            messages = [
                each for each in answer.get("Messages", ()) if each["MessageId"] not in seen
            ]
            if not messages:
                return
            seen.update(message["MessageId"] for message in messages)
            yield from filter(None, map(_letter_of, messages))

    def show_again(self, letter: DeadLetter) -> None:
        """Make a hidden letter visible again.

        Raises:
            UnavailableError: AWS refused, or is out of reach.

        """
        with refusals_told():
            self._queue.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=letter.receipt, VisibilityTimeout=0
            )

    def remove(self, letter: DeadLetter) -> None:
        """Remove a letter from the queue.

        Raises:
            UnavailableError: AWS refused, or is out of reach.

        """
        with refusals_told():
            self._queue.delete_message(QueueUrl=self._url, ReceiptHandle=letter.receipt)


def is_of_this_table(letter: DeadLetter) -> bool:
    """Say whether a letter is about the connected table."""
    return f":table/{table().table_name}/stream/" in letter.stream


def records_of(letter: DeadLetter) -> "list[RecordTypeDef]":
    """Return the records that a letter names, read from the stream.

    Raises:
        NoLongerInStreamError: The stream deletes its records after a day.
        UnavailableError: AWS refused, or is out of reach.

    """
    try:
        with refusals_told():
            return list(_read(boto3.client("dynamodbstreams"), letter))
    except UnavailableError as error:
        if _says_gone(error.__cause__):
            raise NoLongerInStreamError from error
        raise


def _says_gone(cause: BaseException | None) -> bool:
    """Say whether the stream has no such records, or the letter's names are invalid."""
    if isinstance(cause, ClientError):
        return cause.response["Error"]["Code"] in _GONE
    return isinstance(cause, ParamValidationError)


def _read(streams: "DynamoDBStreamsClient", letter: DeadLetter) -> "Iterator[RecordTypeDef]":
    iterator: str | None = streams.get_shard_iterator(
        StreamArn=letter.stream,
        ShardId=letter.shard,
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=letter.first,
    )["ShardIterator"]
    empty_pages = 0
    while iterator and empty_pages < _EMPTY_PAGES:
        answer = streams.get_records(ShardIterator=iterator)
        empty_pages = 0 if answer["Records"] else empty_pages + 1
        for record in answer["Records"]:
            number = record["dynamodb"]["SequenceNumber"]
            if int(number) <= int(letter.last):
                yield record
            if int(number) >= int(letter.last):
                return
        iterator = answer.get("NextShardIterator")
    raise NoLongerInStreamError


def _letter_of(message: "MessageTypeDef") -> DeadLetter | None:
    try:
        batch = json.loads(message["Body"])["DDBStreamBatchInfo"]
        return DeadLetter(
            id=message["MessageId"],
            receipt=message["ReceiptHandle"],
            stream=batch["streamArn"],
            shard=batch["shardId"],
            first=batch["startSequenceNumber"],
            last=batch["endSequenceNumber"],
            records=int(batch["batchSize"]),
            arrived=batch["approximateArrivalOfFirstRecord"],
        )
    except (KeyError, TypeError, ValueError):
        return None
