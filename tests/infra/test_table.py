"""The one definition of the table."""

import boto3
import pytest

from infra.resources import table_properties
from infra.table import (
    ONLY_ON_AWS,
    TableError,
    keys_and_indexes,
    refuse_unless_a_phonebooks,
)


def test_data_are_protected_on_aws():
    properties = table_properties()

    assert properties["DeletionProtectionEnabled"]
    assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]


def test_every_property_is_created_here_or_named_as_one_of_aws_only():
    created = {*keys_and_indexes(), "StreamSpecification", "TimeToLiveSpecification"}

    assert set(table_properties()) == created | set(ONLY_ON_AWS)


@pytest.fixture
def created(ministack):
    with ministack.environment():
        return boto3.client("dynamodb")


def test_table_is_created_as_it_is_defined(created, ministack):
    table = created.describe_table(TableName=ministack.table)["Table"]
    expiry = created.describe_time_to_live(TableName=ministack.table)["TimeToLiveDescription"]
    defined = table_properties()

    assert table["KeySchema"] == defined["KeySchema"]
    assert table["BillingModeSummary"]["BillingMode"] == defined["BillingMode"]
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert expiry["AttributeName"] == "expiresAt"
    assert expiry["TimeToLiveStatus"] in {"ENABLED", "ENABLING"}


def test_table_whose_stream_lacks_the_images_is_not_taken_over(ministack):
    name = "keys-only"
    with ministack.environment():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName=name,
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
            **keys_and_indexes(),
        )
        try:
            with pytest.raises(TableError, match="the stream of keys-only holds KEYS_ONLY"):
                refuse_unless_a_phonebooks(name)
        finally:
            client.delete_table(TableName=name)
