"""The Lambda of webhooks, called with batches as SQS hands them over."""

import io
import json
import threading
from uuid import uuid4

import pytest

from chalicelib.entrypoints import webhook_sender
from chalicelib.entrypoints.webhook_sender import BATCH_SIZE, tell_webhooks
from chalicelib.observability import logger
from chalicelib.services.threads import THREADS
from chalicelib.settings import (
    LOOPBACK_VARIABLE,
    TABLE_VARIABLE,
    WEBHOOK_QUEUE_VARIABLE,
    Settings,
    SettingsError,
    WebhookSettings,
)
from chalicelib.storage import webhook_places, webhook_queue
from chalicelib.storage.webhook_queue import message_in
from tests.patience import await_true
from tests.webhooks.conftest import NOW, change_of, event_of
from tests.webhooks.receivers import hanging, receiving, status

OK = status("200 OK")


@pytest.fixture(autouse=True)
def connected_already(monkeypatch):
    monkeypatch.setattr(webhook_sender, "_connect", lambda: None)


def handed_over(*bodies):
    """Call the Lambda, and return the positions of the messages that failed."""
    names = [str(uuid4()) for _ in bodies]
    records = [
        {
            "messageId": name,
            "receiptHandle": "any",
            "body": body,
            "attributes": {},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
        }
        for name, body in zip(names, bodies, strict=True)
    ]
    said = tell_webhooks({"Records": records}, None)
    return [names.index(each["itemIdentifier"]) for each in said["batchItemFailures"]]


def event(hooks, change):
    return json.dumps(event_of(hooks.account.id, change))


def test_change_is_told_by_two_batches(hooks):
    with receiving(OK) as receiver:
        hooks.add(receiver.url)
        assert handed_over(event(hooks, change_of())) == []
        assert handed_over(*hooks.take()) == []

    assert len(receiver.requests) == 1
    assert hooks.take() == []


DUE_NOWHERE = json.dumps({
    "account": "a",
    "webhook": 7,
    "change": {"id": "x", "type": "t", "at": "n"},
    "due": "2026-01-31T12:00:00",
    "attempt": 1,
    "turns": 0,
})  # fmt: skip
"""Its moment has no zone."""

BAD = [
    "",
    "no JSON",
    "[]",
    "7",
    "{}",
    '{"detail": {}}',
    '{"detail": {"account": "a", "id": "x.y", "type": "t", "at": "n"}}',
    '{"detail": {"account": "a", "id": 7, "type": "t", "at": "n"}}',
    '{"detail": {"account": "a", "id": "x\\r\\nx: y", "type": "t", "at": "n"}}',
    '{"detail": {"account": "a", "id": "x", "type": "t"}}',
    DUE_NOWHERE,
]


@pytest.mark.parametrize("bad", BAD)
def test_message_that_is_none_of_ours_fails_alone(hooks, bad):
    with receiving(OK) as receiver:
        hooks.add(receiver.url)
        hooks.tell(change_of())
        hooks.work()
        (body,) = hooks.take()
        assert handed_over(bad, body, bad) == [0, 2]

    assert len(receiver.requests) == 1


def test_message_is_delivered_again_if_the_queue_cannot_be_reached(hooks):
    hooks.add("https://a.example")
    webhook_places.use(WebhookSettings())

    assert handed_over(event(hooks, change_of())) == [0]


def test_receiver_that_hangs_holds_up_no_other_message_of_its_batch(hooks):
    with receiving(hanging) as slow, receiving(OK) as fast:
        hooks.add(slow.url)
        hooks.add(fast.url)
        hooks.tell(change_of())
        hooks.work()
        bodies = hooks.take()
        working = threading.Thread(target=handed_over, args=bodies)
        working.start()
        await_true(lambda: fast.requests and slow.requests)
        assert working.is_alive()
        slow.is_over.set()
        working.join()

    assert [each.attempt for each in hooks.waiting()] == [2]


def test_batch_is_worked_on_all_at_once():
    assert BATCH_SIZE == THREADS


def test_log_and_metrics_tell_of_attempts_but_of_no_secret(hooks, capsys, monkeypatch):
    log = io.StringIO()
    for handler in logger().handlers:
        monkeypatch.setattr(handler, "stream", log)
    change = change_of()
    with receiving(OK) as up, receiving(status("410 Gone")) as down:
        webhooks = [hooks.add(f"{each.url}/?key=hush") for each in (up, down)]
        hooks.tell(change)
        hooks.work()
        bodies = hooks.take()
        handed_over(*bodies, '{"detail": {"key": "hush"}}')

    printed = log.getvalue() + capsys.readouterr().out
    assert "hush" not in printed
    for webhook in webhooks:
        assert webhook.secrets[0].text.removeprefix("whsec_") not in printed
    lines = [json.loads(line) for line in printed.splitlines()]
    told = {each["outcome"]: each for each in lines if each.get("message") == "webhook"}
    assert {name: each["level"] for name, each in told.items()} == {
        "delivered": "INFO", "turns off": "WARNING",
    }  # fmt: skip
    assert told["turns off"]["account"] == hooks.account.id
    assert told["turns off"]["message_id"] == change["id"]
    assert [each["error"] for each in lines if "error" in each] == ["ValueError"]
    (metrics,) = [each for each in lines if "_aws" in each]
    assert (metrics["WebhooksDelivered"], metrics["WebhooksFailed"]) == ([1.0], [1.0])


def test_delivery_is_read_as_it_was_written(hooks):
    webhook = hooks.add("https://a.example")
    hooks.tell(change_of())
    hooks.work()
    (delivery,) = hooks.waiting()

    assert message_in(webhook_queue.text_of(delivery)) == delivery
    assert (delivery.account_id, delivery.webhook_id) == (hooks.account.id, webhook.id)
    assert (delivery.due, delivery.attempt, delivery.turns) == (NOW, 1, 0)


def test_settings_say_where_the_queue_is_and_whether_a_receiver_may_be_here():
    def settings(**more):
        return Settings.of({TABLE_VARIABLE: "any", **more}).webhooks

    assert settings() == WebhookSettings(queue=None, allows_loopback=False)
    assert settings(**{WEBHOOK_QUEUE_VARIABLE: ""}).queue is None
    said = settings(**{WEBHOOK_QUEUE_VARIABLE: "https://q", LOOPBACK_VARIABLE: "yes"})
    assert said == WebhookSettings(queue="https://q", allows_loopback=True)
    with pytest.raises(SettingsError, match="neither yes nor no"):
        settings(**{LOOPBACK_VARIABLE: "true"})


def test_lambda_finds_its_table_and_its_queue_by_its_settings(hooks, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv(TABLE_VARIABLE, "phonebook-tests")
    monkeypatch.setenv(WEBHOOK_QUEUE_VARIABLE, hooks.queue)
    webhook_places.use(WebhookSettings())
    webhook_sender._connect.cache_clear()
    hooks.add("https://a.example")

    assert handed_over(event(hooks, change_of())) == []
    webhook_sender._connect.cache_clear()
    assert len(hooks.waiting()) == 1
