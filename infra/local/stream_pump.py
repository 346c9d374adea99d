"""Deliver a table's stream to a Lambda as AWS does, for engines that do not do it.

Records are delivered in order and in batches. The handler reports the first record that failed
(``batchItemFailures``); that record and all after it are delivered again. If the handler raises,
the batch is delivered again, half of it at a time. A record that fails too often is put aside as
a dead letter, and delivery goes on after it.
"""

from collections.abc import Callable, Container, Iterator
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import boto3

from chalicelib.observability import logger

if TYPE_CHECKING:
    from types_boto3_dynamodbstreams.type_defs import RecordTypeDef

Record: TypeAlias = dict[str, Any]
Handler: TypeAlias = Callable[[dict[str, Any], Any], dict[str, Any]]

MAX_ATTEMPTS: Final = 10
"""How often a record is delivered before it becomes a dead letter."""


class StreamPump:
    """Reads a table's stream, and delivers to a handler the records *since* a time.

    *since* is in epoch seconds; by default it delivers all that the stream still holds.
    """

    def __init__(
        self,
        table: str,
        handler: Handler,
        put_aside: Callable[[Record], None],
        batch_size: int,
        since: float = 0,
    ) -> None:
        self._handler = handler
        self._put_aside = put_aside
        self._batch_size = self._size = batch_size
        self._since = since
        self._streams = boto3.client("dynamodbstreams")
        (stream,) = self._streams.list_streams(TableName=table)["Streams"]
        self._stream_arn: str = stream["StreamArn"]
        self._iterators = dict(self._iterators_of_new_shards(known=()))
        self._waiting: list[Record] = []
        self._attempts = 0

    def drain(self) -> None:
        """Deliver until no record is waiting."""
        while self.pump():
            pass

    def pump(self) -> bool:
        """Deliver one batch, and say whether there was one."""
        self._read()
        batch = self._waiting[: self._size]
        if not batch:
            return False
        delivered = self._deliver(batch)
        if delivered is None and len(batch) > 1:
            self._size = len(batch) // 2
            return True
        self._size = self._batch_size
        if delivered:
            self._attempts = 0
            del self._waiting[:delivered]
        if delivered != len(batch):
            self._attempts += 1
            if self._attempts == MAX_ATTEMPTS:
                self._put_aside(self._waiting.pop(0))
                self._attempts = 0
        return True

    def _deliver(self, batch: list[Record]) -> int | None:
        """Call the handler; return how many records of the batch are done, or None if it raised."""
        try:
            failures = self._handler({"Records": batch}, None)["batchItemFailures"]
        except Exception:  # noqa: BLE001 - as on AWS, whatever it was, the batch comes again
            logger().exception("The handler failed")
            return None
        failed = {failure["itemIdentifier"] for failure in failures}
        return next(
            (n for n, record in enumerate(batch) if _sequence_number(record) in failed), len(batch)
        )

    def _read(self) -> None:
        self._iterators |= self._iterators_of_new_shards(known=self._iterators)
        for shard, iterator in self._iterators.items():
            if iterator:
                answer = self._streams.get_records(ShardIterator=iterator)
                self._waiting += [
                    self._as_delivered(record)
                    for record in answer["Records"]
                    if record["dynamodb"]["ApproximateCreationDateTime"].timestamp() >= self._since
                ]
                self._iterators[shard] = answer.get("NextShardIterator")

    def _iterators_of_new_shards(self, known: Container[str]) -> Iterator[tuple[str, str]]:
        description = self._streams.describe_stream(StreamArn=self._stream_arn)
        for shard in description["StreamDescription"]["Shards"]:
            if shard["ShardId"] not in known:
                iterator = self._streams.get_shard_iterator(
                    StreamArn=self._stream_arn,
                    ShardId=shard["ShardId"],
                    ShardIteratorType="TRIM_HORIZON",
                )
                yield shard["ShardId"], iterator["ShardIterator"]

    def _as_delivered(self, record: "RecordTypeDef") -> Record:
        """Return a record in the shape that a Lambda receives."""
        change = record["dynamodb"]
        created = int(change["ApproximateCreationDateTime"].timestamp())
        return {
            **record,
            "dynamodb": {**change, "ApproximateCreationDateTime": created},
            "eventSourceARN": self._stream_arn,
        }


def _sequence_number(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])
