import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import boto3
import pytest

from chalicelib.domain.changes import Change, ChangeType, rendered
from chalicelib.domain.deliveries import Delivery
from chalicelib.services import accounts, webhooks
from chalicelib.services.delivering import Sender
from chalicelib.settings import WebhookSettings
from chalicelib.storage import webhook_places
from chalicelib.storage.webhook_queue import message_in
from tests.account import caller_of, stamp_of

NOW = datetime.now(UTC).replace(microsecond=0)
"""The moment of a test. Every later one is told as a value: nobody waits for it."""


class Hooks:
    """The webhooks of one account, with a queue that no other test uses.

    The queue is a real one. It is told to hold nothing back, and ``delays`` has what it was asked.
    """

    def __init__(self):
        self.account = accounts.open_account("Test", "EE", 30, stamp_of(NOW))
        self.caller = caller_of(self.account)
        self.sqs = boto3.client("sqs")
        self.queue = self.sqs.create_queue(QueueName=f"hooks-{uuid4().hex[:12]}")["QueueUrl"]
        self.settings = WebhookSettings(queue=self.queue, allows_loopback=True)
        self.delays = []
        webhook_places.use(self.settings)
        webhook_places.sqs().meta.events.register(
            "provide-client-params.sqs.SendMessage", self._hold_nothing_back
        )

    def _hold_nothing_back(self, params, **_):
        self.delays.append(params.pop("DelaySeconds"))

    def add(self, url, **options):
        return webhooks.add_webhook(self.caller, url, NOW, **options)

    def get(self, webhook):
        return webhooks.retrieve_webhook(self.account, webhook.id)

    def ledger(self, webhook):
        return list(webhooks.list_deliveries(self.account, webhook.id))

    def tell(self, change):
        """Put a change into the queue as EventBridge does."""
        self.put(json.dumps(event_of(self.account.id, change)))

    def put(self, body):
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=body)

    def take(self):
        """Return the bodies of all messages that wait, which are gone then."""
        found = []
        while messages := self._receive():
            for message in messages:
                found.append(message["Body"])
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def _receive(self):
        answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        return answer.get("Messages", [])

    def deliveries(self):
        """Return the deliveries that wait, which are gone then, as a sender gets them."""
        found = [message_in(body) for body in self.take()]
        return [each for each in found if isinstance(each, Delivery)]

    def waiting(self):
        """Return the deliveries that wait, which stay."""
        bodies = self.take()
        for body in bodies:
            self.put(body)
        found = [message_in(body) for body in bodies]
        return [each for each in found if isinstance(each, Delivery)]

    def work(self, now=NOW, **options):
        """Work once on each message that waits, and return the attempts that were made."""
        sender = Sender(**{"chance": lambda: 0, **options})
        done = [sender.work_on(message_in(body), now) for body in self.take()]
        return [attempt for attempt in done if attempt is not None]

    def deliver(self, change, now=NOW, **options):
        """Tell of a change, and make the first attempt at each webhook."""
        self.tell(change)
        assert self.work(now) == []
        return self.work(now, **options)


def event_of(account_id, change):
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": change["type"],
        "source": "phonebook",
        "time": "2026-01-31T12:00:00Z",
        "resources": [],
        "detail": {"account": account_id, "hasWebhooks": True, **change},
    }


def change_of(name="contact.created", **more):
    """A change as all are told of it."""
    change = Change(
        id=uuid4().hex,
        type=ChangeType(name),
        at=NOW,
        subject={"contact": str(uuid4())},
        **{"revision": 1, "fields": ("email",), "actor": "client", "source": "v2.any", **more},
    )
    return rendered(change)


def after(**time):
    return NOW + timedelta(**time)


class _ThatMoment(datetime):
    """The clock of a verifier at the moment of a test, which may be some minutes ago."""

    @classmethod
    def now(cls, tz=None):
        return NOW.astimezone(tz)


@pytest.fixture
def hooks(ministack, monkeypatch):
    """The webhooks of one account, worked for in this process."""
    # It takes no message that is older than five minutes.
    monkeypatch.setattr("standardwebhooks.webhooks.datetime", _ThatMoment)
    with ministack, ministack.environment():
        yield Hooks()
        webhook_places.use(WebhookSettings())
