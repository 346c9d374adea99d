"""The least that counts a batch of the stream: one transaction of markers and one counter."""

import os
import time
from typing import Any

import botocore.session

TABLE = os.environ["PHONEBOOK_TABLE"]

client: Any = botocore.session.get_session().create_client("dynamodb")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Count the members who joined one group."""
    records = event["Records"]
    expires_at = str(int(time.time()) + 86_400)
    markers = [
        {
            "Put": {
                "TableName": TABLE,
                "Item": {
                    "PK": {"S": f"APPLIED#{record['eventID']}"},
                    "SK": {"S": "APPLIED"},
                    "expiresAt": {"N": expires_at},
                },
                "ConditionExpression": "attribute_not_exists(PK)",
            }
        }
        for record in records
    ]
    account, group = records[0]["dynamodb"]["Keys"]["PK"]["S"].split("#")[1:]
    counting = {
        "TableName": TABLE,
        "Key": {"PK": {"S": f"GROUPS#{account}"}, "SK": {"S": group}},
        "UpdateExpression": "ADD contactsCount :joined, changes :joined",
        "ConditionExpression": "attribute_exists(PK)",
        "ExpressionAttributeValues": {":joined": {"N": str(len(records))}},
    }
    client.transact_write_items(TransactItems=[*markers, {"Update": counting}])
    return {"batchItemFailures": []}
