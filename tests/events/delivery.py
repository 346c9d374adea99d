"""Delivering a table's stream, as well and as badly as AWS may."""

from chalicelib.entrypoints.counter_stream import count_changes
from chalicelib.storage import keys
from chalicelib.storage.stream_records import sequence_number_of
from infra.local.stream_pump import Record, StreamPump


def tokens_in_index(table, account_id):
    """Return each token and number that the index of the search has of an account."""
    pages = (
        table.client()
        .get_paginator("scan")
        .paginate(
            TableName=table.table,
            ConsistentRead=True,
            FilterExpression="begins_with(PK, :entries)",
            ExpressionAttributeValues={":entries": {"S": f"SEARCH#{account_id}#"}},
        )
    )
    return {keys.token_and_number(item["SK"]["S"]) for page in pages for item in page["Items"]}


class Delivery:
    """Collects what the stream says of one account, and delivers it at a test's word."""

    def __init__(self, table, account_id, handler=count_changes):
        self.account_id = account_id
        self._handler = handler
        self.records: list[Record] = []
        self.delivered: list[Record] = []
        self._collected: list[Record] = []
        self._pump = _connected_pump(table, self._collect)

    def collect(self):
        """Take what came since, behind what is waiting."""
        self._pump.drain()
        self.records += self._collected
        self._collected.clear()
        return self.records

    def deliver(self, records):
        """Deliver *records* as one batch, and return the place of the first that failed.

        If the handler raises, all of them did.
        """
        try:
            failures = self._handler({"Records": records}, None)["batchItemFailures"]
        except Exception:  # noqa: BLE001 - as on AWS, whatever it was, the batch comes again
            return 0
        failed = {failure["itemIdentifier"] for failure in failures}
        numbers = [sequence_number_of(record) for record in records]
        return next((n for n, number in enumerate(numbers) if number in failed), len(records))

    def deliver_and_go_on(self, size):
        """Deliver the next records, and go on behind those that did not fail."""
        done = self.deliver(self.collect()[:size])
        self.delivered += self.records[:done]
        del self.records[:done]

    def deliver_all(self):
        """Deliver whatever is waiting."""
        assert self.deliver(self.collect()) == len(self.records)
        self.records = []

    def _collect(self, event, _context):
        self._collected += [
            record
            for record in event["Records"]
            if f"#{self.account_id}" in record["dynamodb"]["Keys"]["PK"]["S"]
        ]
        return {"batchItemFailures": []}


def _connected_pump(table, handler):
    with table.environment():
        return StreamPump(table.table, handler, put_aside=lambda _record: None, batch_size=1_000)
