"""Creating the table of ``infra/resources.yaml`` where there is no CloudFormation."""

from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import botocore.session
import yaml

RESOURCES: Final = Path(__file__).parent / "resources.yaml"
_CREATED_AS_WRITTEN: Final = (
    "BillingMode",
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
)
ONLY_ON_AWS: Final = (
    "PointInTimeRecoverySpecification",
    "DeletionProtectionEnabled",
    "SSESpecification",
)
"""What protects data that an embedded engine does not have to protect."""


def create_table(name: str) -> None:
    """Create the table under *name* unless it is there; botocore finds out where."""
    client = botocore.session.get_session().create_client("dynamodb")
    properties = table_properties()
    with suppress(client.exceptions.ResourceInUseException):
        client.create_table(
            TableName=name,
            **{key: properties[key] for key in _CREATED_AS_WRITTEN},
            StreamSpecification={"StreamEnabled": True, **properties["StreamSpecification"]},
        )
    client.get_waiter("table_exists").wait(TableName=name)
    expiry = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if expiry["TimeToLiveStatus"] == "DISABLED":
        client.update_time_to_live(
            TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"]
        )


def table_properties() -> dict[str, Any]:
    """Return the properties of the table as CloudFormation reads them."""
    resources = yaml.safe_load(RESOURCES.read_text())["Resources"]
    properties: dict[str, Any] = resources["PhonebookTable"]["Properties"]
    return properties
