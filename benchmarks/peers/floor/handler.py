"""The least that answers: a function, botocore's client and ``json``."""

import json
import os
import re
import secrets
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import unquote

import botocore.session
from botocore.exceptions import ClientError

Event: TypeAlias = dict[str, Any]
Reply: TypeAlias = dict[str, Any]

TABLE = os.environ["PHONEBOOK_TABLE"]
ACCOUNT = os.environ["PEER_ACCOUNT"]
FIELDS = (
    "email",
    "firstName",
    "lastName",
    "company",
    "title",
    "custom",
    "custom2",
    "custom3",
    "custom4",
)
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
TIME = "%Y-%m-%dT%H:%M:%S.%f+0000"

client: Any = botocore.session.get_session().create_client("dynamodb")


def retrieve(event: Event) -> Reply:
    """Retrieve a contact."""
    key = {"PK": {"S": f"CONTACTS#{ACCOUNT}"}, "SK": {"S": _number(event)}}
    item = client.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item")
    if item is None:
        return _error(404, "203")
    deleted = _deleted_groups() if "groupIds" in item else {}
    return _reply(200, {"contact": _contact(item, deleted)})


def create(event: Event) -> Reply:
    """Create a contact: its id first, so that it needs no transaction."""
    body = json.loads(event["body"])
    number = body.get("phoneNumber", "")
    if not NUMBER.fullmatch(number) or not body.keys() <= {"phoneNumber", *FIELDS}:
        return _error(400, "201")
    now = datetime.now(UTC)
    day = (now.date() + timedelta(days=30)).isoformat()
    shard = zlib.crc32(f"{ACCOUNT}#{number}".encode()) % 16
    contact_id = secrets.randbelow(2**53 - 1) + 1
    item = {
        "PK": {"S": f"CONTACTS#{ACCOUNT}"},
        "SK": {"S": number},
        "GSI1PK": {"S": f"DUE#{shard:02d}"},
        "GSI1SK": {"S": f"{day}#{ACCOUNT}#{number}"},
        "id": {"N": str(contact_id)},
        "scheduledDeletionDate": {"S": day},
        "createdOn": {"S": now.strftime(TIME)},
        "updatedOn": {"S": now.strftime(TIME)},
        **{name: {"S": body[name]} for name in FIELDS if body.get(name) is not None},
    }
    client.put_item(
        TableName=TABLE,
        Item={
            "PK": {"S": f"CONTACT_IDS#{ACCOUNT}"},
            "SK": {"S": f"{contact_id:016d}"},
            "phoneNumber": {"S": number},
        },
        ConditionExpression="attribute_not_exists(PK)",
    )
    try:
        client.put_item(TableName=TABLE, Item=item, ConditionExpression="attribute_not_exists(PK)")
    except client.exceptions.ConditionalCheckFailedException:
        return _error(409, "204")
    return _reply(201, {"contact": _contact(item, {})})


def update(event: Event) -> Reply:
    """Change some fields of a contact."""
    body = json.loads(event["body"])
    if not body or not body.keys() <= set(FIELDS):
        return _error(400, "201")
    changes = {**body, "updatedOn": datetime.now(UTC).strftime(TIME)}
    kept = [name for name, value in changes.items() if value is not None]
    gone = [name for name, value in changes.items() if value is None]
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
    if gone:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in gone)
    try:
        item = client.update_item(
            TableName=TABLE,
            Key={"PK": {"S": f"CONTACTS#{ACCOUNT}"}, "SK": {"S": _number(event)}},
            UpdateExpression=f"{expression} ADD revision :one",
            ConditionExpression="attribute_exists(PK)",
            ExpressionAttributeNames={f"#{name}": name for name in changes},
            ExpressionAttributeValues={
                ":one": {"N": "1"},
                **{f":{name}": {"S": changes[name]} for name in kept},
            },
            ReturnValues="ALL_NEW",
        )["Attributes"]
    except client.exceptions.ConditionalCheckFailedException:
        return _error(404, "203")
    deleted = _deleted_groups() if "groupIds" in item else {}
    return _reply(200, {"contact": _contact(item, deleted)})


def list_all(_event: Event) -> Reply:
    """List all contacts."""
    deleted = _deleted_groups()
    values = {":pk": {"S": f"CONTACTS#{ACCOUNT}"}, ":after": {"S": "+"}}
    items = _query("PK = :pk AND SK > :after", values)
    return _reply(200, {"contacts": [_contact(item, deleted) for item in items]})


def join(event: Event) -> Reply:
    """Put a contact into a group."""
    number = _number(event)
    group_id = _id_of_uuid(event["pathParameters"]["groupId"])
    key = {"PK": {"S": f"GROUPS#{ACCOUNT}"}, "SK": {"S": f"{group_id:016d}"}}
    if "Item" not in client.get_item(TableName=TABLE, Key=key, ConsistentRead=True):
        return _error(404, "203")
    membership = {
        "PK": {"S": f"MEMBERS#{ACCOUNT}#{group_id:016d}"},
        "SK": {"S": number},
        "joinedOn": {"S": datetime.now(UTC).strftime(TIME)},
    }
    joining = {
        "TableName": TABLE,
        "Key": {"PK": {"S": f"CONTACTS#{ACCOUNT}"}, "SK": {"S": number}},
        "UpdateExpression": (
            "ADD groupIds :ids, revision :one REMOVE scheduledDeletionDate, GSI1PK, GSI1SK"
        ),
        "ConditionExpression": "attribute_exists(PK) AND NOT contains(groupIds, :id)",
        "ExpressionAttributeValues": {
            ":ids": {"NS": [str(group_id)]},
            ":id": {"N": str(group_id)},
            ":one": {"N": "1"},
        },
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    try:
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": TABLE, "Item": membership}},
                {"Update": joining},
            ]
        )
    except client.exceptions.TransactionCanceledException as error:
        is_there = any("Item" in reason for reason in error.response["CancellationReasons"])
        return _error(409, "204") if is_there else _error(404, "203")
    return _reply(201, {})


OPERATIONS: dict[tuple[str, str], Callable[[Event], Reply]] = {
    ("GET", "/v1/phonebook/contacts/{phone}"): retrieve,
    ("POST", "/v1/phonebook/contacts"): create,
    ("PATCH", "/v1/phonebook/contacts/{phone}"): update,
    ("GET", "/v1/phonebook/contacts"): list_all,
    ("POST", "/v1/phonebook/groups/{groupId}/contacts/{phone}"): join,
}


def handler(event: Event, _context: object) -> Reply:
    """Answer API Gateway."""
    try:
        return OPERATIONS[event["httpMethod"], event["resource"]](event)
    except (ClientError, ValueError):
        return _error(400, "201")


def _number(event: Event) -> str:
    number = unquote(event["pathParameters"]["phone"])
    if not NUMBER.fullmatch(number):
        raise ValueError("not a number")
    return number


def _id_of_uuid(text: str) -> int:
    return (int(text[19:23], 16) & 0x7FFF) << 48 | int(text[24:], 16)


def _deleted_groups() -> dict[str, str]:
    values = {":pk": {"S": f"TOMBSTONES#{ACCOUNT}"}, ":group": {"S": "GROUP#"}}
    items = _query("PK = :pk AND begins_with(SK, :group)", values)
    return {
        str(int(item["SK"]["S"].removeprefix("GROUP#"))): item["scheduledDeletionDate"]["S"]
        for item in items
    }


def _query(condition: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    asked = {
        "TableName": TABLE,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": values,
        "ConsistentRead": True,
    }
    page = client.query(**asked)
    items: list[dict[str, Any]] = page["Items"]
    while "LastEvaluatedKey" in page:
        page = client.query(**asked, ExclusiveStartKey=page["LastEvaluatedKey"])
        items += page["Items"]
    return items


def _contact(item: dict[str, Any], deleted: dict[str, str]) -> dict[str, Any]:
    group_ids = item["groupIds"]["NS"] if "groupIds" in item else ()
    day = item["scheduledDeletionDate"]["S"] if "scheduledDeletionDate" in item else None
    if group_ids and deleted and all(group_id in deleted for group_id in group_ids):
        day = max(deleted[group_id] for group_id in group_ids)
    return {
        "phoneNumber": item["SK"]["S"],
        **{name: item[name]["S"] if name in item else None for name in FIELDS},
        "scheduledDeletionDate": day,
    }


def _reply(status: int, body: object) -> Reply:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(body),
    }


def _error(status: int, code: str) -> Reply:
    return _reply(status, {"errors": [{"title": TITLES[code], "detail": "", "code": code}]})


TITLES = {"201": "Invalid data", "203": "Missing resource", "204": "Conflict"}
