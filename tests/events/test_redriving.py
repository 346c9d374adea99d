"""What was not counted is sent again: once, and what cannot be counted stays."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import boto3
import pytest
from pynamodb.exceptions import TransactWriteError

from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.ids import new_id
from chalicelib.services import groups, redriving
from chalicelib.services.redriving import Fate, NothingAsideError, send_again, send_letters_again
from chalicelib.storage import aside, keys
from chalicelib.storage.aside import list_aside, put_aside
from chalicelib.storage.counters import Counter, read_counter
from chalicelib.storage.dead_letters import DeadLetter, DeadLetters
from chalicelib.storage.items import AppliedItem, AsideItem
from infra.local.connected import Connected
from tests.account import caller_of
from tests.events.delivery import Delivery
from tests.faulty_engine import break_down, faulty_engine, lose_answer
from tests.storage.steps import create, create_group, join, number

NOW = datetime.now(UTC)
STREAM = "arn:aws:dynamodb:eu-west-1:000000000000:table/{table}/stream/2026-01-01"


@pytest.fixture
def group(account):
    group = create_group(account)
    for index in range(3):
        create(account, index)
        join(account, group, index)
    return group


@pytest.fixture
def joins(account, group, delivery):
    """Three records of joins; what else came is counted."""
    records = delivery.collect()
    joins = [record for record in records if "MEMBERS#" in str(record)]
    delivery.deliver([record for record in records if record not in joins])
    return joins


def of(account, outcomes):
    return [each.fate for each in outcomes if account.id in str(each.what)]


def lying_of(account):
    return [each for each in list_aside() if account.id in str(each.record)]


def count_of(account, group):
    return groups.retrieve_group(account, group.id).contacts_count


def test_what_can_be_counted_by_now_counts_once_and_leaves(account, group, joins, delivery):
    """As after a version of the code that took none of them."""
    for record in joins:
        put_aside(record, "any", NOW)

    assert of(account, redriving.look()) == [Fate.WAITS] * 3
    assert of(account, send_again(NOW)) == [Fate.COUNTED] * 3

    assert count_of(account, group) == 3
    assert lying_of(account) == []
    assert of(account, send_again(NOW)) == []
    # The stream delivers it once more, and the old code would put it aside once more.
    delivery.deliver(joins)
    assert not put_aside(joins[0], "any", NOW)
    assert count_of(account, group) == 3
    assert lying_of(account) == []


def test_what_was_counted_before_leaves_and_counts_no_more(account, group, joins, delivery):
    for record in joins:
        put_aside(record, "any", NOW)
    delivery.deliver(joins)

    assert of(account, send_again(NOW)) == [Fate.NOTHING] * 3
    assert count_of(account, group) == 3
    assert lying_of(account) == []


def test_what_cannot_be_counted_stays_and_holds_up_none(account, group, joins):
    bad = {**joins[0], "eventName": "UPSERT"}
    for record in (bad, *joins):
        put_aside(record, "any", NOW)

    assert sorted(fate.name for fate in of(account, send_again(NOW))) == [
        "COUNTED", "COUNTED", "COUNTED", "STAYS",
    ]  # fmt: skip

    (lying,) = lying_of(account)
    assert lying.record == json.loads(json.dumps(bad))
    assert count_of(account, group) == 3


def test_change_of_a_group_that_is_gone_leaves(account, group, joins):
    put_aside(joins[0], "any", NOW)
    groups.delete_group(caller_of(account), group.id, NOW)

    assert of(account, send_again(NOW)) == [Fate.NOTHING]
    assert lying_of(account) == []


def test_fence_is_nothing_to_count(account, group):
    fence = {
        "eventID": f"fence of {account.id}",
        "eventName": "INSERT",
        "dynamodb": {
            "Keys": {"PK": {"S": keys.members(account.id, group.id)}, "SK": {"S": keys.fence("a")}}
        },
    }
    put_aside(fence, "any", NOW)

    assert of(account, send_again(NOW)) == [Fate.NOTHING]


def test_two_at_once_count_each_once(account, group, joins):
    for record in joins:
        put_aside(record, "any", NOW)

    with ThreadPoolExecutor(2) as pool:
        fates = list(pool.map(lambda _: of(account, send_again(NOW)), range(2)))

    assert sum(each.count(Fate.COUNTED) for each in fates) == 3
    assert count_of(account, group) == 3
    assert lying_of(account) == []


@pytest.mark.parametrize("fault", [break_down, lose_answer])
def test_what_is_broken_off_counts_once_all_the_same(table, account, group, joins, fault):
    for record in joins:
        put_aside(record, "any", NOW)
    with faulty_engine(table.endpoint) as (engine, endpoint), Connected(endpoint, table.table):
        engine.fail("TransactWriteItems", fault, times=10)
        with pytest.raises((TransactWriteError, UnavailableError)):
            list(send_again(NOW))

    list(send_again(NOW))

    assert count_of(account, group) == 3
    assert lying_of(account) == []


def test_one_is_let_go_of_when_told(account):
    put_aside({"of": account.id}, "any", NOW)
    (lying,) = lying_of(account)

    assert redriving.record_of(lying.id) == {"of": account.id}
    redriving.forget([lying.id], None)

    assert lying_of(account) == []
    with pytest.raises(NothingAsideError):
        redriving.forget([lying.id], None)


def test_record_that_lost_a_part_holds_up_no_other(account, group, joins):
    put_aside({"large": "x" * 200_000, "of": account.id}, "any", NOW)
    (lying,) = lying_of(account)
    AsideItem(keys.ASIDE, lying.sort_keys[0]).delete()
    for record in joins:
        put_aside(record, "any", NOW)

    outcomes = of(account, send_again(NOW))
    assert sorted(each.name for each in outcomes) == ["COUNTED"] * 3 + ["STAYS"]
    redriving.forget([lying.id], None)

    assert lying_of(account) == []


def test_failure_to_let_go_leaves_a_record_whole(table, account):
    record = {"of": account.id, "large": "x" * 200_000}
    put_aside(record, "any", NOW)
    (lying,) = lying_of(account)
    with faulty_engine(table.endpoint) as (engine, endpoint), Connected(endpoint, table.table):
        engine.fail("DeleteItem", lambda engine, *call: engine.pass_on(*call))
        for operation in ("DeleteItem", "TransactWriteItems"):
            engine.fail(operation, break_down, times=10)
        with pytest.raises((UnavailableError, TransactWriteError)):
            aside.forget(lying)

    assert lying_of(account) == [lying]
    aside.forget(lying)


def test_failure_to_put_aside_leaves_nothing_half(table, account):
    record = {"of": account.id, "large": "x" * 500_000}
    with faulty_engine(table.endpoint) as (engine, endpoint), Connected(endpoint, table.table):
        engine.fail("TransactWriteItems", lose_answer, times=10)
        with pytest.raises(UnavailableError):
            put_aside(record, "any", NOW)

    put_aside(record, "any", NOW)
    (lying,) = lying_of(account)
    assert lying.record == record


# Dead letters, as AWS sends them


@pytest.fixture
def queue(table, monkeypatch):
    """A queue of the engine's, as the stack has one, and what AWS puts into it."""
    with table.environment():
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", table.endpoint)
        yield Queue()


class Queue:
    def __init__(self):
        self.client = boto3.client("sqs")
        self.url = self.client.create_queue(QueueName=f"letters-{new_id()}")["QueueUrl"]

    def send(self, first, last, **other):
        (arn, shard) = first["eventSourceARN"], other.get("shard") or self.shard_of(first)
        info = {
            "shardId": shard,
            "startSequenceNumber": first["dynamodb"]["SequenceNumber"],
            "endSequenceNumber": last["dynamodb"]["SequenceNumber"],
            "approximateArrivalOfFirstRecord": "2026-11-22T10:00:00Z",
            "approximateArrivalOfLastRecord": "2026-11-22T10:00:00Z",
            "batchSize": 3,
            "streamArn": other.get("stream", arn),
        }
        letter = {
            "requestContext": {"condition": "RetryAttemptsExhausted"},
            "responseContext": {"statusCode": 200},
            "version": "1.0",
            "timestamp": "2026-11-22T10:00:00.000Z",
            "DDBStreamBatchInfo": info,
        }
        self.client.send_message(QueueUrl=self.url, MessageBody=json.dumps(letter))

    def shard_of(self, record):
        streams = boto3.client("dynamodbstreams")
        description = streams.describe_stream(StreamArn=record["eventSourceARN"])
        (shard,) = description["StreamDescription"]["Shards"]
        return shard["ShardId"]

    def count(self):
        answer = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])
        attributes = answer["Attributes"]
        return (
            int(attributes["ApproximateNumberOfMessages"]),
            int(attributes["ApproximateNumberOfMessagesNotVisible"]),
        )


def test_what_a_dead_letter_names_is_read_from_the_stream_and_counted_once(
    account, group, joins, queue, delivery
):
    delivery.deliver(joins[1:2])  # one of them was counted all the same
    queue.send(joins[0], joins[-1])
    letters = DeadLetters(queue.url)

    (looked,) = redriving.look_into(letters)
    assert looked.fate is Fate.WAITS
    assert isinstance(looked.what, DeadLetter)
    assert looked.what.records == 3
    assert queue.count() == (1, 0)

    assert [each.fate for each in send_letters_again(letters, NOW)] == [Fate.COUNTED]
    assert queue.count() == (0, 0)
    assert count_of(account, group) == 3
    assert read_counter(Counter(account.id, None)) == 3


@pytest.mark.parametrize(
    "gone",
    [
        {"stream": STREAM},
        {"shard": "shardId-00000000000000000001-none"},
    ],
)
def test_letter_about_what_the_stream_forgot_stays_until_it_is_let_go_of(
    account, group, joins, queue, table, gone
):
    gone = {name: text.format(table=table.table) for name, text in gone.items()}
    queue.send(joins[0], joins[-1], **gone)
    letters = DeadLetters(queue.url)

    (sent,) = send_letters_again(letters, NOW)

    assert sent.fate is Fate.GONE
    assert queue.count() == (1, 0)
    assert count_of(account, group) == 0
    redriving.forget([sent.what.id], letters)
    assert queue.count() == (0, 0)


def test_letter_about_another_table_stays_as_it_is(account, group, joins, queue):
    """Its keys are of the same kind, and would move nothing here, or what is not meant."""
    queue.send(joins[0], joins[-1], stream=STREAM.format(table="another"))

    (sent,) = send_letters_again(DeadLetters(queue.url), NOW)

    assert sent.fate is Fate.ELSEWHERE
    assert queue.count() == (1, 0)
    assert count_of(account, group) == 0


def test_message_that_is_no_letter_is_left_where_it_is(account, queue):
    queue.client.send_message(QueueUrl=queue.url, MessageBody="hello")

    assert list(send_letters_again(DeadLetters(queue.url), NOW)) == []
    assert sum(queue.count()) == 1


def test_what_a_letter_names_and_nobody_can_count_goes_aside(account, joins, queue, table):
    client = table.client()
    bad = {"PK": {"S": f"MEMBERS#{account.id}#x"}, "SK": {"S": number().e164}}
    client.put_item(TableName=table.table, Item=bad)
    collected = Delivery(table, account.id).collect()
    (record,) = [each for each in collected if each["dynamodb"]["Keys"] == bad]
    queue.send(record, record)

    assert [each.fate for each in send_letters_again(DeadLetters(queue.url), NOW)] == [Fate.COUNTED]

    (lying,) = lying_of(account)
    assert lying.record["eventID"] == record["eventID"]
    assert not list(AppliedItem.query(keys.applied(record["eventID"]), consistent_read=True))
    aside.forget(lying)
