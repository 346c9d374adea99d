"""Creating the table of ``infra/resources.yaml`` where there is no CloudFormation."""

from pathlib import Path
from typing import Final

import botocore.session
import yaml

RESOURCES: Final = Path(__file__).parent / "resources.yaml"
_CREATED_AS_WRITTEN: Final = (
    "BillingMode",
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
)


def create_table(name: str) -> None:
    """Create the table under *name* unless it is there; botocore finds out where."""
    client = botocore.session.get_session().create_client("dynamodb")
    properties = yaml.safe_load(RESOURCES.read_text())["Resources"]["PhonebookTable"]["Properties"]
    try:
        client.create_table(
            TableName=name,
            **{key: properties[key] for key in _CREATED_AS_WRITTEN},
            StreamSpecification={"StreamEnabled": True, **properties["StreamSpecification"]},
        )
    except client.exceptions.ResourceInUseException:
        return
    client.get_waiter("table_exists").wait(TableName=name)
    client.update_time_to_live(
        TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"]
    )
