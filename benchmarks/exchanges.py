"""What is asked of every contender, and what DynamoDB would answer to each of its calls."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from chalicelib.domain.account import Account
from chalicelib.domain.caller import Stamp
from chalicelib.domain.contact import Contact, ContactData, deletion_date, new_contact
from chalicelib.domain.credential import Credential, Scope, hash_secret
from chalicelib.domain.group import Group, GroupKind
from chalicelib.domain.ids import uuid_of
from chalicelib.domain.phone import PhoneNumber
from chalicelib.storage import contact_items, keys
from chalicelib.storage.dynamodb.model import Item
from chalicelib.storage.items import CredentialItem, GroupItem
from chalicelib.storage.stamps import stamp_values

ACCOUNT: Final = "00112233445566aa"
USERNAME: Final = "aa66554433221100"
SECRET: Final = "measured"  # noqa: S105 - guards nothing
NUMBER: Final = "+37251000000"
OTHER_NUMBER: Final = "+37252000000"
GROUP_ID: Final = 1_234_567_890_123_456
LISTED: Final = 100
DETAILS: Final[Mapping[str, str]] = {
    "email": "anyone@example.com",
    "firstName": "Any",
    "lastName": "One",
    "company": "Example",
    "title": "Sir",
    "custom": "Any custom field",
}

_NAMES: Final = {"firstName": "first_name", "lastName": "last_name"}
_ROOT: Final = "/v1/phonebook"
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
_USED_EVERY_DAY: Final = "9999-12-31"
"""So no measured request is the first of its day, which writes."""

_STAMP: Final = Stamp(_NOW, by=USERNAME, via="messente.create_contact")


def events(username: str = USERNAME, secret: str = SECRET) -> dict[str, dict[str, Any]]:
    """Return API Gateway's event for each of the five operations."""
    phone = quote(NUMBER, safe="")
    group = uuid_of(GROUP_ID)
    sender = (username, secret)
    return {
        "retrieve": event(sender, "GET", "/contacts/{phone}", {"phone": phone}),
        "create": event(sender, "POST", "/contacts", body={"phoneNumber": NUMBER, **DETAILS}),
        "update": event(
            sender, "PATCH", "/contacts/{phone}", {"phone": phone}, {"title": "Dame", "custom": "x"}
        ),
        f"list {LISTED}": event(sender, "GET", "/contacts"),
        "add to a group": event(
            sender,
            "POST",
            "/groups/{groupId}/contacts/{phone}",
            {"groupId": group, "phone": phone},
        ),
    }


def answers() -> dict[str, list[list[str]]]:
    """Return what DynamoDB answers to each operation, by a text that the request holds."""
    listed = [
        _item(contact_items.item_of(ACCOUNT, _contact(place), _STAMP)) for place in range(LISTED)
    ]
    contact = listed[0]
    return {
        "GetItem": [
            ["CREDENTIAL#", json.dumps({"Item": _item(_credential())})],
            ["GROUPS#", json.dumps({"Item": _item(_group())})],
            ["CONTACTS#", json.dumps({"Item": contact})],
            ["CLOCK", "{}"],
        ],
        "PutItem": [["", "{}"]],
        "UpdateItem": [["", json.dumps({"Attributes": contact})]],
        "TransactWriteItems": [["", "{}"]],
        "Query": [
            ["CONTACTS#", _found(listed)],
            ["", _found([])],
        ],
    }


def read_body(reply: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Return the body of what a Lambda returned."""
    return json.loads(reply["body"])


def stream_event(records: int) -> dict[str, Any]:
    """Return a batch of the stream: members who joined one group."""
    return {
        "Records": [
            {
                "eventID": f"{place:032x}",
                "eventName": "INSERT",
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": "eu-west-1",
                "eventSourceARN": "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/s",
                "dynamodb": {
                    "SequenceNumber": f"{place:021d}",
                    "Keys": {
                        "PK": {"S": keys.members(ACCOUNT, GROUP_ID)},
                        "SK": {"S": f"+3725{place:07d}"},
                    },
                    "StreamViewType": "NEW_AND_OLD_IMAGES",
                },
            }
            for place in range(records)
        ]
    }


def schedule_event() -> dict[str, Any]:
    """Return EventBridge's event of a schedule."""
    return {
        "version": "0",
        "id": "11111111-2222-3333-4444-555555555555",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2026-01-01T00:00:00Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:events:eu-west-1:123456789012:rule/purge"],
        "detail": {},
    }


def basic(username: str, secret: str) -> str:
    """Return the header by which someone with a credential is known."""
    return "Basic " + base64.b64encode(f"{username}:{secret}".encode()).decode()


def event(
    sender: tuple[str, str],
    method: str,
    resource: str,
    parameters: Mapping[str, str] | None = None,
    body: object = None,
) -> dict[str, Any]:
    """Return API Gateway's event for a request of someone with a credential."""
    path = _ROOT + resource
    for name, value in (parameters or {}).items():
        path = path.replace(f"{{{name}}}", value)
    headers = {
        "Accept": "application/json",
        "Authorization": basic(*sender),
        "Host": "abcdef1234.execute-api.eu-west-1.amazonaws.com",
        "User-Agent": "OpenAPI-Generator/2.7.0/python",
        "X-Amzn-Trace-Id": "Root=1-65000000-000000000000000000000000",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    if body is not None:
        headers["Content-Type"] = "application/json"
    return {
        "resource": _ROOT + resource,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": dict(parameters) if parameters else None,
        "stageVariables": None,
        "requestContext": {
            "resourceId": "abc123",
            "resourcePath": _ROOT + resource,
            "httpMethod": method,
            "extendedRequestId": "AAAAAAAAAAAAAAA=",
            "requestTime": "01/Jan/2026:00:00:00 +0000",
            "path": f"/api{path}",
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "api",
            "domainPrefix": "abcdef1234",
            "requestTimeEpoch": 1767225600000,
            "requestId": "11111111-2222-3333-4444-555555555555",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "OpenAPI-Generator/2.7.0/python"},
            "domainName": "abcdef1234.execute-api.eu-west-1.amazonaws.com",
            "apiId": "abcdef1234",
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def _contact(place: int) -> Contact:
    number = PhoneNumber(f"+3725{1_000_000 + place}")
    details = {_NAMES.get(name, name): value for name, value in DETAILS.items()}
    day = deletion_date(_NOW, 30)
    return new_contact(ContactData(phone_number=number, details=details), _NOW, day)


def _credential() -> CredentialItem:
    account = Account(
        id=ACCOUNT,
        name="Measured",
        default_region="EE",
        retention_days=30,
        cursor_key="0" * 64,
        created_on=_NOW,
    )
    credential = Credential(
        username=USERNAME,
        secret_hash=hash_secret(SECRET),
        account=account,
        scope=Scope.FULL,
        revoked_on=None,
        created_on=_NOW,
    )
    return CredentialItem(
        keys.credential(credential.username),
        keys.CREDENTIAL,
        account_id=account.id,
        account_name=account.name,
        account_created_on=account.created_on,
        default_region=account.default_region,
        retention_days=account.retention_days,
        cursor_key=account.cursor_key,
        secret_hash=credential.secret_hash,
        created_on=credential.created_on,
        last_used_on=_USED_EVERY_DAY,
        **stamp_values(_STAMP),
    )


def _group() -> GroupItem:
    group = Group(
        id=GROUP_ID,
        name="Measured",
        kind=GroupKind.STANDARD,
        extra={},
        created_on=_NOW,
        updated_on=_NOW,
        contacts_count=0,
    )
    return GroupItem(
        keys.groups(ACCOUNT),
        keys.of_id(group.id),
        name=group.name,
        kind=group.kind.value,
        contacts_count=group.contacts_count,
        created_on=group.created_on,
        updated_on=group.updated_on,
        **stamp_values(_STAMP),
    )


def _item(item: Item) -> dict[str, Any]:
    return item.serialize()


def _found(items: Sequence[dict[str, Any]]) -> str:
    return json.dumps({"Items": items, "Count": len(items), "ScannedCount": len(items)})
