"""The least that finds nothing to purge: it asks for tombstones and for what is due."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session

TABLE = os.environ["PHONEBOOK_TABLE"]
SHARDS = 16

client: Any = botocore.session.get_session().create_client("dynamodb")


def handler(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Look into the index."""
    tomorrow = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
    found = _query("GSI1PK = :pk", {":pk": {"S": "SWEEP"}})
    for shard in range(SHARDS):
        values = {":pk": {"S": f"DUE#{shard:02d}"}, ":tomorrow": {"S": tomorrow}}
        found += _query("GSI1PK = :pk AND GSI1SK < :tomorrow", values)
    return {"found": len(found)}


def _query(condition: str, values: dict[str, Any]) -> list[Any]:
    page = client.query(
        TableName=TABLE,
        IndexName="GSI1",
        KeyConditionExpression=condition,
        ExpressionAttributeValues=values,
        Limit=100,
    )
    items: list[Any] = page["Items"]
    return items
