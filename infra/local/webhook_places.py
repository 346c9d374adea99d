"""The bus of changes and the queue of webhooks on the embedded engine, as on AWS."""

import json
from typing import Final

import boto3

from chalicelib.settings import BUS_VARIABLE, LOOPBACK_VARIABLE, WEBHOOK_QUEUE_VARIABLE
from infra.resources import properties_of

_QUEUE: Final = "WebhookMessages"
_RULE: Final = "WebhookRule"


def create_webhook_places(name: str) -> dict[str, str]:
    """Create what is missing, and return the variables by which a program finds all of it.

    *name* begins the name of each, so that several phonebooks can be on one engine. A message that
    fails is delivered again for as long as the queue keeps it, since nobody here looks at what was
    given up.
    """
    sqs, events = boto3.client("sqs"), boto3.client("events")
    bus = f"{name}-changes"
    if not any(each["Name"] == bus for each in events.list_event_buses()["EventBuses"]):
        events.create_event_bus(Name=bus)
    visible_after = str(properties_of(_QUEUE)["VisibilityTimeout"])
    queue = sqs.create_queue(
        QueueName=f"{name}-{_QUEUE}", Attributes={"VisibilityTimeout": visible_after}
    )["QueueUrl"]
    known = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    pattern = json.dumps(properties_of(_RULE)["EventPattern"])
    events.put_rule(Name=f"{name}-webhooks", EventBusName=bus, EventPattern=pattern)
    events.put_targets(
        Rule=f"{name}-webhooks",
        EventBusName=bus,
        Targets=[{"Id": "webhooks", "Arn": known["Attributes"]["QueueArn"]}],
    )
    return {BUS_VARIABLE: bus, WEBHOOK_QUEUE_VARIABLE: queue, LOOPBACK_VARIABLE: "yes"}
