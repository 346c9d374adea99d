"""The OpenAPI documents, compared with the dialects that they describe."""

import base64
import json

import pytest
from jsonschema import Draft202012Validator, ValidationError

from chalicelib.dialects.registry import DIALECTS
from chalicelib.domain.credential import PresentedCredential
from chalicelib.domain.errors import UnauthorizedError
from tests.openapi import DOCUMENTS, REQUEST, assert_documented

PAIR = base64.b64encode(b"user:secret").decode()
PRESENTED = {
    ("http", "basic"): REQUEST._replace(headers={"authorization": f"Basic {PAIR}"}),
    ("http", "bearer"): REQUEST._replace(headers={"authorization": "Bearer user.secret"}),
    ("http", "accesskey"): REQUEST._replace(headers={"authorization": "AccessKey user.secret"}),
    ("http", "key"): REQUEST._replace(headers={"authorization": "Key user.secret"}),
    ("query", "access_key"): REQUEST._replace(query={"access_key": ["user.secret"]}),
}
"""A credential, as each security scheme that any document may name presents it."""

each_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)


@each_dialect
def test_document_has_each_operation_of_its_dialect_and_no_other(dialect):
    documented = {(path, method) for path, method, _ in DOCUMENTS[dialect.name].operations}

    assert documented == {
        (path, method) for path, methods in dialect.endpoints.items() for method in methods
    }


@each_dialect
def test_document_names_each_way_to_present_a_credential_and_no_other(dialect):
    content = DOCUMENTS[dialect.name].content
    schemes = content["components"]["securitySchemes"]

    assert {kind_of(scheme) for scheme in schemes.values()} == {
        kind for kind, request in PRESENTED.items() if is_read(dialect, request)
    }
    assert content["security"] == [{name: []} for name in schemes]


def kind_of(scheme):
    if scheme["type"] == "http":
        return "http", scheme["scheme"].lower()
    return scheme["in"], scheme["name"]


def is_read(dialect, request):
    try:
        return dialect.read_credential(request) == PresentedCredential("user", "secret")
    except UnauthorizedError:
        return False


@each_dialect
def test_each_operation_has_a_name_of_its_own_and_the_parameters_of_its_path(dialect):
    document = DOCUMENTS[dialect.name]
    names = [operation["operationId"] for *_, operation in document.operations]

    assert len(set(names)) == len(names)
    for path, _, operation in document.operations:
        listed = document.content["paths"][path].get("parameters", [])
        listed = [document.resolve(each) for each in listed + operation.get("parameters", [])]
        in_path = {each["name"] for each in listed if each["in"] == "path"}
        assert in_path == {step.strip("{}") for step in path.split("/") if step.startswith("{")}


@each_dialect
def test_every_reference_leads_to_a_component_that_is_used_no_less(dialect):
    document = DOCUMENTS[dialect.name]
    referred = set(references_in(document.content))

    components = {
        f"#/components/{kind}/{name}"
        for kind, named in document.content["components"].items()
        for name in named
        if kind != "securitySchemes"
    }
    assert referred <= components
    # No operation can refer to the answer to methods that are none.
    assert components - referred <= {"#/components/responses/MethodNotAllowed"}


def references_in(value):
    if isinstance(value, list):
        for each in value:
            yield from references_in(each)
    elif isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references_in(each)


@each_dialect
def test_schemas_are_schemas_and_objects_hold_nothing_undocumented(dialect):
    content = DOCUMENTS[dialect.name].content
    for schema in content["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)

    assert [each for each in answered_objects(content) if "additionalProperties" not in each] == []


def answered_objects(content):
    """Yield each object of a component, at any depth, that says which properties it has."""
    waiting = [content["components"]["schemas"]]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if value.get("type") == "object":
                yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


CONTACTS = "/v1/phonebook/contacts"
ERROR = {"errors": [{"title": "Invalid data", "detail": "phone: is too short", "code": "201"}]}


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", f"{CONTACTS}?limit=1", 200, {"contacts": []}),
        ("GET", f"{CONTACTS}/123", 400, ERROR),
        ("GET", f"{CONTACTS}/%2B37251000000/groups", 200, {"groups": []}),
        ("DELETE", f"{CONTACTS}/%2B37251000000", 204, None),
        ("HEAD", CONTACTS, 200, None),
        ("HEAD", f"{CONTACTS}/%2B37251000000", 404, None),
        ("PUT", CONTACTS, 405, ERROR),
        ("PUT", CONTACTS, 503, ERROR),
        ("GET", "/nothing", 404, ERROR),
        ("GET", "/nothing", 401, ERROR),
        ("GET", "/v1/phonebook/nothing", 404, ERROR),
    ],
)
def test_answer_as_documented_is_accepted(method, path, status, body):
    assert_documented(method, path, status, text_of(body))


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", CONTACTS, 201, {"contacts": []}),
        ("GET", CONTACTS, 200, {"contacts": [], "total": 0}),
        ("GET", CONTACTS, 200, {"contacts": [{}]}),
        ("GET", CONTACTS, 200, None),
        ("DELETE", f"{CONTACTS}/%2B37251000000", 204, {}),
        ("HEAD", CONTACTS, 200, {"contacts": []}),
        ("HEAD", CONTACTS, 405, None),
        ("PUT", CONTACTS, 404, ERROR),
        ("GET", "/nothing", 405, ERROR),
        ("GET", "/nothing", 404, {"message": "Missing Authentication Token"}),
        ("GET", f"{CONTACTS}/123", 400, {"errors": []}),
        ("GET", f"{CONTACTS}/123", 400, {"errors": [ERROR["errors"][0] | {"code": "205"}]}),
    ],
)
def test_any_other_answer_is_not(method, path, status, body):
    with pytest.raises((AssertionError, ValidationError, json.JSONDecodeError)):
        assert_documented(method, path, status, text_of(body))


def text_of(body):
    return b"" if body is None else json.dumps(body).encode()
