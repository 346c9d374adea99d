"""The bucket and the queues of jobs on the embedded engine, as the stack has them on AWS."""

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import boto3

from chalicelib.settings import (
    BUCKET_VARIABLE,
    EXPORTS_QUEUE_VARIABLE,
    PARTS_QUEUE_VARIABLE,
    PLANNING_QUEUE_VARIABLE,
)
from infra.local.engine import REGION
from infra.resources import properties_of

if TYPE_CHECKING:
    from types_boto3_sqs.literals import QueueAttributeNameType

DEAD_LETTERS_VARIABLE: Final = "PHONEBOOK_JOB_DEAD_LETTERS"
"""The variable in which the process of jobs finds its dead letters; on AWS, a queue's Lambda does.
"""

_DEAD_LETTERS: Final = "JobDeadLetters"
_BUCKET: Final = "JobFiles"
_QUEUES: Final = {
    PLANNING_QUEUE_VARIABLE: "ImportPlanning",
    PARTS_QUEUE_VARIABLE: "ImportParts",
    EXPORTS_QUEUE_VARIABLE: "Exports",
}


def create_job_places(name: str) -> dict[str, str]:
    """Create what is missing, and return the variables by which a program finds all of it.

    *name* begins the name of each, so that several phonebooks can be on one engine.
    """
    sqs, s3 = boto3.client("sqs"), boto3.client("s3")

    def queue(resource: str, redrive: str = "") -> str:
        properties = properties_of(resource)
        attributes: dict[QueueAttributeNameType, str] = {
            "VisibilityTimeout": str(properties["VisibilityTimeout"]),
            **({"RedrivePolicy": redrive} if redrive else {}),
        }
        made = sqs.create_queue(QueueName=f"{name}-{resource}", Attributes=attributes)
        return str(made["QueueUrl"])

    def arn_of(url: str) -> str:
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(answer["Attributes"]["QueueArn"])

    dead_letters = queue(_DEAD_LETTERS)
    found = {DEAD_LETTERS_VARIABLE: dead_letters}
    for variable, resource in _QUEUES.items():
        policy = properties_of(resource)["RedrivePolicy"]
        redrive = {**policy, "deadLetterTargetArn": arn_of(dead_letters)}
        found[variable] = queue(resource, json.dumps(redrive))
    bucket = f"{name}-jobs"
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration=_notification(arn_of(found[PLANNING_QUEUE_VARIABLE])),
    )
    return {**found, BUCKET_VARIABLE: bucket}


def _notification(queue_arn: str) -> Any:  # noqa: ANN401 - boto3's types have no name for it
    (each,) = properties_of(_BUCKET)["NotificationConfiguration"]["QueueConfigurations"]
    rules = each["Filter"]["S3Key"]["Rules"]
    return {
        "QueueConfigurations": [
            {
                "QueueArn": queue_arn,
                "Events": [each["Event"]],
                "Filter": {"Key": {"FilterRules": rules}},
            }
        ]
    }
