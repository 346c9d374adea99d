"""Changes as events, on a real bus and through the rule of webhooks into its queue."""

import json

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.entrypoints import change_stream
from chalicelib.entrypoints.change_stream import follow_changes
from chalicelib.services import contacts, webhooks
from chalicelib.settings import BUS_VARIABLE, WEBHOOK_QUEUE_VARIABLE, Settings, WebhookSettings
from chalicelib.storage import event_bus, webhook_places
from tests.account import caller_of
from tests.events.conftest import NOW
from tests.events.delivery import Delivery
from tests.storage.steps import change, create, number

URL = "https://crm.example.com/hook"


class Bus:
    """A bus of this test's own, with the rule and the queue of webhooks."""

    def __init__(self, table, account, name):
        places = table.create_places(name)
        self.name, self._queue = places[BUS_VARIABLE], places[WEBHOOK_QUEUE_VARIABLE]
        self._sqs = boto3.client("sqs")
        self.following = Delivery(table, account.id, follow_changes)

    def events(self):
        """Let what happened be followed, and return the events that came into the queue."""
        self.following.deliver_all()
        found = []
        while messages := self._sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10
        ).get("Messages"):
            for each in messages:
                found.append(json.loads(each["Body"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=each["ReceiptHandle"])
        return found


@pytest.fixture
def bus(table, account, monkeypatch, request):
    with table.environment():
        event_bus._client.cache_clear()
        found = Bus(table, account, f"bus-{account.id}")
        settings = Settings(
            table.table, bus=found.name, tells_contacts=getattr(request, "param", False)
        )
        monkeypatch.setattr(change_stream, "_settings", lambda: settings)
        webhook_places.use(WebhookSettings())
        yield found
        event_bus._client.cache_clear()


def add_webhook(account):
    return webhooks.add_webhook(caller_of(account), URL, NOW)


def test_events_of_an_account_with_webhooks_reach_the_queue_and_no_others(account, bus):
    create(account)
    assert bus.events() == []

    webhook = add_webhook(account)
    change(account, number(), details={"first_name": "Mari"})
    (event,) = bus.events()
    assert (event["source"], event["detail-type"]) == ("phonebook", "contact.changed")
    assert event["detail"]["account"] == account.id
    assert event["detail"]["fields"] == ["firstName"]
    assert "Mari" not in json.dumps(event)
    assert number().e164[4:] not in json.dumps(event)

    webhooks.remove_webhook(caller_of(account), webhook.id, NOW)
    contacts.delete_contact(caller_of(account), number(), NOW)
    assert bus.events() == []


@pytest.mark.parametrize("bus", [True], indirect=True)
def test_whole_contacts_are_told_where_that_is_asked_for(account, bus):
    add_webhook(account)
    create(account, 0, first_name="Mari")
    create(account, 1, first_name="x" * 1_000, **{f"custom{n}": "y" * 1_000 for n in (2, 3, 4)})
    contacts.delete_contact(caller_of(account), number(1), NOW)

    told = {
        (event["detail-type"], event["detail"].get("contact", {}).get("firstName"))
        for event in bus.events()
    }

    assert told == {
        ("contact.created", "Mari"), ("contact.created", None), ("contact.deleted", None),
    }  # fmt: skip


def test_more_changes_than_fit_into_one_call_are_all_told(account, bus):
    add_webhook(account)
    for index in range(23):
        create(account, index)

    assert len({event["detail"]["id"] for event in bus.events()}) == 23


def test_bus_that_refuses_is_tried_again_with_what_it_refused(account, bus):
    add_webhook(account)
    for index in range(3):
        create(account, index)
    refused: list[dict[str, str]] = []

    def refuse_the_first(parsed, **_):
        if not refused:
            refused.append(parsed["Entries"][0])
            parsed["FailedEntryCount"] = 1
            parsed["Entries"][0] = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}

    event_bus._client().meta.events.register("after-call.events.PutEvents", refuse_the_first)

    ids = [event["detail"]["id"] for event in bus.events()]

    assert refused
    # The engine took it, though it was said to be refused: so it is told twice.
    assert (len(ids), len(set(ids))) == (4, 3)


def test_batch_is_delivered_again_until_the_bus_is_in_reach(account, bus):
    add_webhook(account)
    create(account)
    client_events = event_bus._client().meta.events

    def be_out_of_reach(**_):
        raise EndpointConnectionError(endpoint_url="the bus")

    client_events.register("before-call.events.PutEvents", be_out_of_reach)
    assert bus.following.deliver(bus.following.collect()) == 0
    client_events.unregister("before-call.events.PutEvents", be_out_of_reach)

    assert [event["detail-type"] for event in bus.events()] == ["contact.created"]
