"""What the phonebook's botocore knows of DynamoDB, compared with what botocore does."""

import json
from itertools import product
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.session import get_session

from chalicelib.storage.dynamodb.session import DATA, DynamoDBSerializer, dynamodb_session
from infra.pins.service_model import OPERATIONS, service_data

REGIONS = ("eu-west-1", "us-gov-west-1", "cn-north-1", "eu-somewhere-9")
FIPS = "AWS_USE_FIPS_ENDPOINT"
SETTINGS = ("", FIPS, "AWS_USE_DUALSTACK_ENDPOINT", "AWS_ENDPOINT_URL")


@pytest.mark.parametrize(("name", "text"), service_data().items())
def test_data_is_what_make_lock_takes_from_the_pinned_botocore(name, text):
    assert (DATA / name).read_text() == text


def clients(region):
    once = Config(retries={"total_max_attempts": 1})
    sessions = (dynamodb_session(), get_session())
    for session in sessions:
        session.set_credentials("a", "b")
    return [session.create_client("dynamodb", region, config=once) for session in sessions]


# In GovCloud, botocore's table names another FIPS endpoint than its rules do.
@pytest.mark.parametrize(
    ("region", "setting"),
    [pair for pair in product(REGIONS, SETTINGS) if pair != ("us-gov-west-1", FIPS)],
)
def test_requests_go_where_botocore_would_send_them(region, setting, monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL_DYNAMODB", raising=False)
    if setting:
        url = setting == "AWS_ENDPOINT_URL"
        monkeypatch.setenv(setting, "http://127.0.0.1:8000" if url else "true")

    lean, full = (sent_by(client) for client in clients(region))

    assert lean.url == full.url
    assert scope_of(lean) == scope_of(full)


class SentError(Exception):
    """Nothing is to be sent."""


def sent_by(client, name="get_item", **arguments):
    """Return the signed request of a call, which is not sent."""
    arguments = arguments or {"TableName": "t", "Key": {"PK": {"S": "a"}}}
    sent = []

    def note(request, **_):
        sent.append(request)
        raise SentError

    client.meta.events.register("before-send", note)
    with pytest.raises(SentError):
        getattr(client, name)(**arguments)
    return sent[0]


def test_requests_say_what_botocore_makes_of_them():
    """Nested as deep as a request of ours is."""
    item = {"PK": {"S": "\xe4 \U0001f600"}, "ids": {"NS": ["1", "2"]}, "b": {"BOOL": True}}
    key = {"PK": {"S": "a"}, "SK": {"S": "b"}}
    actions = [
        {"Put": {"TableName": "t", "Item": item, "ConditionExpression": "c"}},
        {"Update": {
            "TableName": "t", "Key": key, "UpdateExpression": "u",
            "ExpressionAttributeNames": {"#0": "PK"},
            "ExpressionAttributeValues": {":0": {"N": "1"}},
        }},
    ]  # fmt: skip
    calls: list[tuple[str, dict[str, Any]]] = [
        ("transact_write_items", {"TransactItems": actions, "ClientRequestToken": "token"}),
        ("batch_get_item", {"RequestItems": {"t": {"Keys": [key], "ConsistentRead": True}}}),
        ("query", {"TableName": "t", "Limit": 5, "KeyConditionExpression": "k"}),
    ]
    for name, arguments in calls:
        lean, full = clients("eu-west-1")
        lean._serializer = DynamoDBSerializer()
        plain, walked = (sent_by(client, name, **arguments) for client in (lean, full))
        assert json.loads(plain.body) == json.loads(walked.body)
        assert plain.headers["X-Amz-Target"] == walked.headers["X-Amz-Target"]


def scope_of(request):
    """Return for which region and service a request is signed."""
    _, _, credential = request.headers["Authorization"].decode().partition("Credential=a/")
    day_and_scope, _, _ = credential.partition(",")
    return day_and_scope


def test_every_operation_is_there_with_its_errors():
    lean, full = (client.meta.service_model for client in clients("eu-west-1"))

    assert tuple(lean.operation_names) == OPERATIONS
    for name in OPERATIONS:
        assert lean.operation_model(name).name == full.operation_model(name).name
        expected = full.operation_model(name).error_shapes
        assert [e.name for e in lean.operation_model(name).error_shapes] == [
            e.name for e in expected
        ]


CANCELLED = b"""{
    "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
    "Message": "cancelled",
    "CancellationReasons": [
        {"Code": "None"},
        {"Code": "ConditionalCheckFailed", "Message": "m", "Item": {"PK": {"S": "a"}}}
    ]
}"""


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, CANCELLED),
        (400, b'{"__type": "x#ConditionalCheckFailedException", "message": "m"}'),
        (503, b"<html><body>Service Unavailable</body></html>"),
        (200, b'{"Attributes": {"PK": {"S": "a"}, "ids": {"NS": ["1", "2"]}}}'),
    ],
)
def test_answers_mean_what_botocore_makes_of_them(status, body):
    lean, full = (answered(client, status, body) for client in clients("eu-west-1"))

    assert lean.items() >= full.items()


def answered(client, status, body):
    """Return what a call returns or fails with, when this is the answer to it."""

    def answer(**_):
        headers = HTTPHeaders.from_dict({"x-amzn-requestid": "1"})
        return AWSResponse("http://here", status, headers, Raw(body))

    client.meta.events.register("before-send", answer)
    try:
        return client.update_item(TableName="t", Key={"PK": {"S": "a"}})
    except client.exceptions.ClientError as error:
        return error.response


class Raw:
    def __init__(self, body):
        self._body = body

    def stream(self):
        yield self._body


def test_credentials_may_come_from_a_role(ministack, tmp_path, monkeypatch):
    """Whoever operates the phonebook may be someone who assumes a role, at another service."""
    (tmp_path / "config").write_text(
        "[profile operator]\nrole_arn = arn:aws:iam::000000000000:role/operator\n"
        "source_profile = me\n[profile me]\naws_access_key_id = a\naws_secret_access_key = b\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "operator")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", ministack.endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    credentials = dynamodb_session().get_credentials()

    assert credentials
    assert credentials.get_frozen_credentials().token
