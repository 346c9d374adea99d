"""The way of a record, as AWS has it, where we do it ourselves."""

import pytest

from infra.local.stream_pump import MAX_ATTEMPTS, Record, StreamPump
from tests.storage.steps import create


class Handler:
    """Takes batches, and fails at one record for some time."""

    def __init__(self, account, failing=None, times=0):
        self.account = account
        self.failing = failing
        self.times = times
        self.batches = []

    def __call__(self, event, _context):
        names = [str(record["dynamodb"]["Keys"]["SK"]["S"]) for record in event["Records"]]
        self.batches.append(names)
        if self.failing in names and self.times:
            self.times -= 1
            failed = event["Records"][names.index(self.failing)]
            number = failed["dynamodb"]["SequenceNumber"]
            return {"batchItemFailures": [{"itemIdentifier": number}]}
        return {"batchItemFailures": []}


@pytest.fixture
def pumped(table, account):
    """Pump the stream through a handler, and return what became of it."""

    def pumped(**failing):
        handler = Handler(account, **failing)
        dead_letters: list[Record] = []
        with table.environment():
            pump = StreamPump(table.table, handler, dead_letters.append, batch_size=1_000)
        pump.drain()
        return handler, dead_letters

    return pumped


def test_records_have_the_shape_in_which_a_lambda_gets_them(table, account):
    create(account)
    seen: list[Record] = []

    def handler(event, _context):
        seen.extend(event["Records"])
        return {"batchItemFailures": []}

    with table.environment():
        pump = StreamPump(table.table, handler, seen.append, batch_size=10)
    pump.drain()

    record = seen[-1]
    assert record["eventSourceARN"].startswith("arn:aws:dynamodb:")
    assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], int)
    assert record["eventName"] == "INSERT"
    assert record["dynamodb"]["NewImage"]["PK"] == record["dynamodb"]["Keys"]["PK"]


def test_failed_record_comes_again_with_all_behind_it(account, pumped):
    for index in range(3):
        create(account, 500_000 + index)

    handler, dead_letters = pumped(failing="+37250500001", times=2)

    assert dead_letters == []
    last = [name for name in handler.batches[-1] if name.startswith("+372505")]
    assert last == ["+37250500001", "+37250500002"]


def test_record_that_always_fails_is_put_aside_and_the_rest_goes_on(account, pumped):
    for index in range(3):
        create(account, 600_000 + index)

    handler, dead_letters = pumped(failing="+37250600001", times=MAX_ATTEMPTS)

    (letter,) = dead_letters
    assert letter["dynamodb"]["Keys"]["SK"]["S"] == "+37250600001"
    assert "+37250600002" in handler.batches[-1]
    assert len([batch for batch in handler.batches if "+37250600001" in batch]) == MAX_ATTEMPTS


def test_batch_whose_handler_breaks_down_comes_again_in_halves(table, account):
    """One record breaks it; the others are delivered, and only that one is put aside."""
    for index in range(5):
        create(account, 700_000 + index)
    delivered: list[str] = []
    dead_letters: list[Record] = []

    def handler(event, _context):
        names = [record["dynamodb"]["Keys"]["SK"]["S"] for record in event["Records"]]
        if "+37250700002" in names:
            raise ValueError
        delivered.extend(names)
        return {"batchItemFailures": []}

    with table.environment():
        pump = StreamPump(table.table, handler, dead_letters.append, batch_size=1_000)
    pump.drain()

    (letter,) = [each for each in dead_letters if "+3725070000" in str(each)]
    assert letter["dynamodb"]["Keys"]["SK"]["S"] == "+37250700002"
    assert {"+37250700000", "+37250700001", "+37250700003", "+37250700004"} <= set(delivered)
