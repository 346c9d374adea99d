"""The table of ``infra/resources.yaml`` in places where CloudFormation does not manage it."""

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import boto3

from infra.resources import Properties, table_properties

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import StreamSpecificationTypeDef

_CREATED_AS_WRITTEN: Final = (
    "BillingMode",
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
)
ONLY_ON_AWS: Final = (
    "PointInTimeRecoverySpecification",
    "DeletionProtectionEnabled",
)
"""The properties that protect data; embedded engines do not need them."""


RECOVERY_TRIES: Final = 30
SECONDS_BETWEEN_TRIES: Final = 10


def create_table(name: str) -> None:
    """Create the table *name* unless it exists; boto3 finds the endpoint in the environment."""
    client = boto3.client("dynamodb")
    with suppress(client.exceptions.ResourceInUseException):
        client.create_table(TableName=name, StreamSpecification=_stream(), **keys_and_indexes())
    client.get_waiter("table_exists").wait(TableName=name)
    _let_items_expire(client, name)


def keys_and_indexes() -> Properties:
    """Return the properties that every engine needs to create the table."""
    properties = table_properties()
    return {name: properties[name] for name in _CREATED_AS_WRITTEN}


class TableError(Exception):
    """A table cannot be used; the message says why."""


def refuse_unless_a_phonebooks(name: str) -> None:
    """Refuse a table unless it is active and has the keys, index and images of a phonebook's.

    Raises:
        TableError: It does not exist, is not ready, or is not a phonebook's.

    """
    client = boto3.client("dynamodb")
    try:
        described = client.describe_table(TableName=name)["Table"]
    except client.exceptions.ResourceNotFoundException as error:
        raise TableError(f"there is no table {name}.") from error
    if described["TableStatus"] != "ACTIVE":
        raise TableError(f"{name} is {described['TableStatus']}: wait until it is ACTIVE.")
    properties = table_properties()
    indexes = [
        {key: index[key] for key in ("IndexName", "KeySchema")}
        for index in described.get("GlobalSecondaryIndexes", ())
    ]
    wanted = [
        {key: index[key] for key in ("IndexName", "KeySchema")}
        for index in properties["GlobalSecondaryIndexes"]
    ]
    if described["KeySchema"] != properties["KeySchema"] or indexes != wanted:
        raise TableError(f"{name} is not the table of a phonebook: it has other keys.")
    stream = described.get("StreamSpecification", {})
    if stream.get("StreamEnabled") and stream != _stream():
        view = stream.get("StreamViewType")
        raise TableError(f"the stream of {name} holds {view}: switch it off, then try again.")


def take_over(name: str) -> str:
    """Set what a restore omits on a restored table, and return its stream's ARN.

    A restored table has no stream, no expiry, no recovery and no deletion protection
    (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery.html).
    It is idempotent.
    """
    client = boto3.client("dynamodb")
    described = client.describe_table(TableName=name)["Table"]
    if not described.get("StreamSpecification", {}).get("StreamEnabled"):
        client.update_table(TableName=name, StreamSpecification=_stream())
        client.get_waiter("table_exists").wait(TableName=name)
    if not described.get("DeletionProtectionEnabled"):
        client.update_table(TableName=name, DeletionProtectionEnabled=True)
        client.get_waiter("table_exists").wait(TableName=name)
    _let_items_expire(client, name)
    _let_it_be_recovered(client, name)
    return str(client.describe_table(TableName=name)["Table"]["LatestStreamArn"])


def delete(name: str) -> None:
    """Delete a table and all its data, protected or not."""
    client = boto3.client("dynamodb")
    client.update_table(TableName=name, DeletionProtectionEnabled=False)
    client.get_waiter("table_exists").wait(TableName=name)
    client.delete_table(TableName=name)


def _stream() -> "StreamSpecificationTypeDef":
    """Return the setting that switches the stream on."""
    view = table_properties()["StreamSpecification"]["StreamViewType"]
    return {"StreamEnabled": True, "StreamViewType": view}


def _let_items_expire(client: "DynamoDBClient", name: str) -> None:
    expiry = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if expiry["TimeToLiveStatus"] == "DISABLED":
        client.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification=table_properties()["TimeToLiveSpecification"],
        )


def _let_it_be_recovered(client: "DynamoDBClient", name: str) -> None:
    for left in reversed(range(RECOVERY_TRIES)):
        try:
            client.update_continuous_backups(
                TableName=name,
                PointInTimeRecoverySpecification=table_properties()[
                    "PointInTimeRecoverySpecification"
                ],
            )
        except client.exceptions.ContinuousBackupsUnavailableException:
            # For a while after a restore, the table refuses this call.
            if not left:
                raise
            time.sleep(SECONDS_BETWEEN_TRIES)
        else:
            return
