"""FastAPI behind Mangum, Pydantic models, and boto3's resource."""

import os
import secrets
import zlib
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import boto3
from boto3.dynamodb.conditions import Attr, Key
from fastapi import FastAPI, HTTPException, Path, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from mangum import Mangum
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

ACCOUNT = os.environ["PEER_ACCOUNT"]
CONTACTS = f"CONTACTS#{ACCOUNT}"
TIME = "%Y-%m-%dT%H:%M:%S.%f+0000"
PATTERN = r"^\+[1-9][0-9]{6,14}$"

table = boto3.resource("dynamodb").Table(os.environ["PHONEBOOK_TABLE"])
exceptions = table.meta.client.exceptions
app = FastAPI()

Phone = Annotated[str, Path(pattern=PATTERN)]


class ContactUpdateFields(BaseModel):
    """What can be changed of a contact."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    title: str | None = None
    custom: str | None = None
    custom2: str | None = None
    custom3: str | None = None
    custom4: str | None = None


class ContactFields(ContactUpdateFields):
    """A new contact."""

    phone_number: str = Field(pattern=PATTERN)


class Contact(ContactFields):
    """A contact as it is shown."""

    scheduled_deletion_date: str | None = None


class ContactEnvelope(BaseModel):
    """One contact."""

    contact: Contact


class ContactList(BaseModel):
    """All contacts."""

    contacts: list[Contact]


@app.get("/v1/phonebook/contacts/{phone}")
async def retrieve(phone: Phone) -> ContactEnvelope:
    """Retrieve a contact."""
    item = table.get_item(Key={"PK": CONTACTS, "SK": phone}, ConsistentRead=True).get("Item")
    if item is None:
        raise HTTPException(404)
    return ContactEnvelope(contact=_contact(item, _deleted_groups() if "groupIds" in item else {}))


@app.post("/v1/phonebook/contacts", status_code=201)
async def create(fields: ContactFields) -> ContactEnvelope:
    """Create a contact: its id first, so that it needs no transaction."""
    now = datetime.now(UTC)
    day = (now.date() + timedelta(days=30)).isoformat()
    number = fields.phone_number
    contact_id = secrets.randbelow(2**53 - 1) + 1
    shard = zlib.crc32(f"{ACCOUNT}#{number}".encode()) % 16
    details = fields.model_dump(by_alias=True, exclude_none=True, exclude={"phone_number"})
    item = {
        "PK": CONTACTS,
        "SK": number,
        "GSI1PK": f"DUE#{shard:02d}",
        "GSI1SK": f"{day}#{ACCOUNT}#{number}",
        "id": contact_id,
        "scheduledDeletionDate": day,
        "createdOn": now.strftime(TIME),
        "updatedOn": now.strftime(TIME),
        **details,
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
        raise HTTPException(409) from error
    return ContactEnvelope(contact=_contact(item, {}))


@app.patch("/v1/phonebook/contacts/{phone}")
async def update(phone: Phone, fields: ContactUpdateFields) -> ContactEnvelope:
    """Change some fields of a contact."""
    changes = fields.model_dump(by_alias=True, exclude_unset=True)
    if not changes:
        raise HTTPException(400)
    changes["updatedOn"] = datetime.now(UTC).strftime(TIME)
    kept = [name for name, value in changes.items() if value is not None]
    gone = [name for name, value in changes.items() if value is None]
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
    if gone:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in gone)
    try:
        item = table.update_item(
            Key={"PK": CONTACTS, "SK": phone},
            UpdateExpression=f"{expression} ADD revision :one",
            ConditionExpression="attribute_exists(PK)",
            ExpressionAttributeNames={f"#{name}": name for name in changes},
            ExpressionAttributeValues={":one": 1, **{f":{name}": changes[name] for name in kept}},
            ReturnValues="ALL_NEW",
        )["Attributes"]
    except exceptions.ConditionalCheckFailedException as error:
        raise HTTPException(404) from error
    return ContactEnvelope(contact=_contact(item, _deleted_groups() if "groupIds" in item else {}))


@app.get("/v1/phonebook/contacts")
async def list_all() -> ContactList:
    """List all contacts."""
    deleted = _deleted_groups()
    items = _query(Key("PK").eq(CONTACTS) & Key("SK").gt("+"))
    return ContactList(contacts=[_contact(item, deleted) for item in items])


@app.post("/v1/phonebook/groups/{group_id}/contacts/{phone}", status_code=201)
async def join(group_id: str, phone: Phone) -> dict[str, str]:
    """Put a contact into a group."""
    number = _id_of_uuid(group_id)
    key = {"PK": f"GROUPS#{ACCOUNT}", "SK": f"{number:016d}"}
    if "Item" not in table.get_item(Key=key, ConsistentRead=True):
        raise HTTPException(404)
    membership = {
        "PK": f"MEMBERS#{ACCOUNT}#{number:016d}",
        "SK": phone,
        "joinedOn": datetime.now(UTC).strftime(TIME),
    }
    joining = {
        "TableName": table.name,
        "Key": {"PK": CONTACTS, "SK": phone},
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
        is_there = any("Item" in reason for reason in error.response["CancellationReasons"])
        raise HTTPException(409 if is_there else 404) from error
    return {}


@app.exception_handler(HTTPException)
async def answer_error(_request: Request, error: HTTPException) -> JSONResponse:
    """Answer an error in Messente's shape."""
    return _error(error.status_code)


@app.exception_handler(RequestValidationError)
async def answer_invalid(_request: Request, _error_found: RequestValidationError) -> JSONResponse:
    """Answer what Pydantic refused in Messente's shape."""
    return _error(400)


handler = Mangum(app, lifespan="off")


def _id_of_uuid(text: str) -> int:
    return (int(text[19:23], 16) & 0x7FFF) << 48 | int(text[24:], 16)


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


def _contact(item: dict[str, Any], deleted: dict[int, str]) -> Contact:
    group_ids = item.get("groupIds", ())
    day = item.get("scheduledDeletionDate")
    if group_ids and deleted and all(group_id in deleted for group_id in group_ids):
        day = max(deleted[group_id] for group_id in group_ids)
    return Contact(
        phone_number=item["SK"],
        email=item.get("email"),
        first_name=item.get("firstName"),
        last_name=item.get("lastName"),
        company=item.get("company"),
        title=item.get("title"),
        custom=item.get("custom"),
        custom2=item.get("custom2"),
        custom3=item.get("custom3"),
        custom4=item.get("custom4"),
        scheduled_deletion_date=day,
    )


def _error(status: int) -> JSONResponse:
    code, title = ERRORS[status]
    item = {"title": title, "detail": "", "code": code}
    return JSONResponse({"errors": [item]}, status_code=status)


ERRORS = {
    400: ("201", "Invalid data"),
    404: ("203", "Missing resource"),
    405: ("244", "Client error"),
    409: ("204", "Conflict"),
}
