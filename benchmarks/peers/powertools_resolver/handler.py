"""Powertools' resolver of API Gateway's events, and boto3's resource."""

import os
import re
import secrets
import zlib
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import boto3
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import (
    BadRequestError,
    NotFoundError,
    ServiceError,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.conditions import Attr, Key

ACCOUNT = os.environ["PEER_ACCOUNT"]
CONTACTS = f"CONTACTS#{ACCOUNT}"
TIME = "%Y-%m-%dT%H:%M:%S.%f+0000"
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
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
ERRORS = {
    400: ("201", "Invalid data"),
    404: ("203", "Missing resource"),
    409: ("204", "Conflict"),
}

table = boto3.resource("dynamodb").Table(os.environ["PHONEBOOK_TABLE"])
exceptions = table.meta.client.exceptions
app = APIGatewayRestResolver()


@app.get("/v1/phonebook/contacts/<phone>")
def retrieve(phone: str) -> dict[str, Any]:
    """Retrieve a contact."""
    key = {"PK": CONTACTS, "SK": _number(unquote(phone))}
    item = table.get_item(Key=key, ConsistentRead=True).get("Item")
    if item is None:
        raise NotFoundError("contact")
    return {"contact": _contact(item, _deleted_groups() if "groupIds" in item else {})}


@app.post("/v1/phonebook/contacts")
def create() -> tuple[dict[str, Any], int]:
    """Create a contact: its id first, so that it needs no transaction."""
    body = app.current_event.json_body
    number = _number(body.get("phoneNumber", ""))
    if not body.keys() <= {"phoneNumber", *FIELDS}:
        raise BadRequestError("fields")
    now = datetime.now(UTC)
    day = (now.date() + timedelta(days=30)).isoformat()
    contact_id = secrets.randbelow(2**53 - 1) + 1
    shard = zlib.crc32(f"{ACCOUNT}#{number}".encode()) % 16
    item = {
        "PK": CONTACTS,
        "SK": number,
        "GSI1PK": f"DUE#{shard:02d}",
        "GSI1SK": f"{day}#{ACCOUNT}#{number}",
        "id": contact_id,
        "scheduledDeletionDate": day,
        "createdOn": now.strftime(TIME),
        "updatedOn": now.strftime(TIME),
        **{name: body[name] for name in FIELDS if body.get(name) is not None},
    }
    table.put_item(
        Item={
            "PK": f"CONTACT_IDS#{ACCOUNT}",
            "SK": f"{contact_id:016d}",
            "phoneNumber": number,
        },
        ConditionExpression=Attr("PK").not_exists(),
    )
    try:
        table.put_item(Item=item, ConditionExpression=Attr("PK").not_exists())
    except exceptions.ConditionalCheckFailedException as error:
        raise ServiceError(HTTPStatus.CONFLICT, "contact") from error
    return {"contact": _contact(item, {})}, HTTPStatus.CREATED


@app.patch("/v1/phonebook/contacts/<phone>")
def update(phone: str) -> dict[str, Any]:
    """Change some fields of a contact."""
    number = _number(unquote(phone))
    body = app.current_event.json_body
    if not body or not body.keys() <= set(FIELDS):
        raise BadRequestError("fields")
    changes = {**body, "updatedOn": datetime.now(UTC).strftime(TIME)}
    kept = [name for name, value in changes.items() if value is not None]
    gone = [name for name, value in changes.items() if value is None]
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
    if gone:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in gone)
    try:
        item = table.update_item(
            Key={"PK": CONTACTS, "SK": number},
            UpdateExpression=f"{expression} ADD revision :one",
            ConditionExpression="attribute_exists(PK)",
            ExpressionAttributeNames={f"#{name}": name for name in changes},
            ExpressionAttributeValues={":one": 1, **{f":{name}": changes[name] for name in kept}},
            ReturnValues="ALL_NEW",
        )["Attributes"]
    except exceptions.ConditionalCheckFailedException as error:
        raise NotFoundError("contact") from error
    return {"contact": _contact(item, _deleted_groups() if "groupIds" in item else {})}


@app.get("/v1/phonebook/contacts")
def list_all() -> dict[str, Any]:
    """List all contacts."""
    deleted = _deleted_groups()
    items = _query(Key("PK").eq(CONTACTS) & Key("SK").gt("+"))
    return {"contacts": [_contact(item, deleted) for item in items]}


@app.post("/v1/phonebook/groups/<group_id>/contacts/<phone>")
def join(group_id: str, phone: str) -> tuple[dict[str, Any], int]:
    """Put a contact into a group."""
    contact_number = _number(unquote(phone))
    number = (int(group_id[19:23], 16) & 0x7FFF) << 48 | int(group_id[24:], 16)
    key = {"PK": f"GROUPS#{ACCOUNT}", "SK": f"{number:016d}"}
    if "Item" not in table.get_item(Key=key, ConsistentRead=True):
        raise NotFoundError("group")
    membership = {
        "PK": f"MEMBERS#{ACCOUNT}#{number:016d}",
        "SK": contact_number,
        "joinedOn": datetime.now(UTC).strftime(TIME),
    }
    joining = {
        "TableName": table.name,
        "Key": {"PK": CONTACTS, "SK": contact_number},
        "UpdateExpression": (
            "ADD groupIds :ids, revision :one REMOVE scheduledDeletionDate, GSI1PK, GSI1SK"
        ),
        "ConditionExpression": "attribute_exists(PK) AND NOT contains(groupIds, :id)",
        "ExpressionAttributeValues": {":ids": {number}, ":id": number, ":one": 1},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    try:
        table.meta.client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": table.name, "Item": membership}},
                {"Update": joining},
            ]
        )
    except exceptions.TransactionCanceledException as error:
        if any("Item" in reason for reason in error.response["CancellationReasons"]):
            raise ServiceError(HTTPStatus.CONFLICT, "membership") from error
        raise NotFoundError("contact") from error
    return {}, HTTPStatus.CREATED


@app.exception_handler(ServiceError)
def answer_error(error: ServiceError) -> Response[dict[str, Any]]:
    """Answer an error in Messente's shape."""
    code, title = ERRORS[error.status_code]
    item = {"title": title, "detail": "", "code": code}
    return Response(
        status_code=error.status_code, content_type="application/json", body={"errors": [item]}
    )


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer API Gateway."""
    return app.resolve(event, context)


def _number(text: str) -> str:
    if not NUMBER.fullmatch(text):
        raise BadRequestError("phone")
    return text


def _deleted_groups() -> dict[int, str]:
    items = _query(Key("PK").eq(f"TOMBSTONES#{ACCOUNT}") & Key("SK").begins_with("GROUP#"))
    return {int(item["SK"].removeprefix("GROUP#")): item["scheduledDeletionDate"] for item in items}


def _query(condition: Any) -> list[dict[str, Any]]:
    page = table.query(KeyConditionExpression=condition, ConsistentRead=True)
    items: list[dict[str, Any]] = page["Items"]
    while "LastEvaluatedKey" in page:
        page = table.query(
            KeyConditionExpression=condition,
            ConsistentRead=True,
            ExclusiveStartKey=page["LastEvaluatedKey"],
        )
        items += page["Items"]
    return items


def _contact(item: dict[str, Any], deleted: dict[int, str]) -> dict[str, Any]:
    group_ids = item.get("groupIds", ())
    day = item.get("scheduledDeletionDate")
    if group_ids and deleted and all(group_id in deleted for group_id in group_ids):
        day = max(deleted[group_id] for group_id in group_ids)
    return {
        "phoneNumber": item["SK"],
        **{name: item.get(name) for name in FIELDS},
        "scheduledDeletionDate": day,
    }
