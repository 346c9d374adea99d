"""Parameters that almost are those of an operation: each is refused by its name, and none ignored.

The operations and their parameters are those of the OpenAPI documents.
"""

import re
from urllib.parse import quote

import pytest

from chalicelib.dialects.registry import DIALECTS
from chalicelib.domain.ids import hex_of, uuid_of
from tests.openapi import DOCUMENTS

IN_PATH = {
    "phone": "+37251000000",
    "contactId": hex_of(7),
    "contact": uuid_of(7),
    "group": uuid_of(7),
    "webhook": uuid_of(7),
}
GROUP_IDS = {"messente": uuid_of(7), "messagebird": hex_of(7)}
OPERATIONS = [
    pytest.param(dialect, path, method, operation, id=f"{dialect.name} {method} {path}")
    for dialect in DIALECTS
    for path, method, operation in DOCUMENTS[dialect.name].operations
]
each_operation = pytest.mark.parametrize(("dialect", "path", "method", "operation"), OPERATIONS)


@each_operation
def test_operation_knows_the_parameters_that_are_documented(dialect, path, method, operation):
    known = dialect.endpoints[path][method]
    in_query = {name.removesuffix("[]") for name in query_parameters(dialect, operation)}

    if dialect.name == "messagebird" and known.reads_body:
        # They may be in the query too, but for what is only shown.
        assert in_query <= known.one | known.many
        assert known.one | known.many <= in_query | fields(dialect, operation)
    else:
        assert known.one | known.many == in_query


@each_operation
def test_parameter_in_the_query_that_almost_is_one_is_refused(
    client, dialect, path, method, operation
):
    known = dialect.endpoints[path][method]
    names = known.one | known.many | fields(dialect, operation) | {"groupIds", "ids", "msisdn"}

    for name in near(names, known.one | known.many | dialect.sent_beside.keys()):
        answer = send(client, dialect, method, f"{path}?{quote(name)}=1", None)
        assert_refused_by_name(answer, name)


@each_operation
def test_field_of_a_body_that_almost_is_one_is_refused(client, dialect, path, method, operation):
    known = fields(dialect, operation)
    names = known | {"groupIds", "ids", "msisdn"}

    if dialect.endpoints[path][method].ignores_body:
        names, known = set(), {"unknown", "filter"}
    for name in near(names, known):
        # What others have to be there is told too.
        answer = send(client, dialect, method, path, {name: "1"})
        assert_refused_by_name(answer, name)


@each_operation
def test_parameter_that_has_two_values_where_one_counts_is_refused(
    client, dialect, path, method, operation
):
    for name in dialect.endpoints[path][method].one:
        answer = send(client, dialect, method, f"{path}?{name}=1&{name}=2", None)
        assert_refused_by_name(answer, name)


def near(names, known):
    """Return what people and programs write in place of *names*, but nothing that is known."""
    found = {"unknown", "filter"}
    for name in names:
        snake = re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()
        camel = re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)
        other_number = name.removesuffix("s") if name.endswith("s") else f"{name}s"
        found |= {
            name.upper(), name.lower(), name.capitalize(), snake, snake.replace("_", "-"), camel,
            other_number, f"{name}_in", f"filter[{name}]", f"{name}[in]", f" {name}", f"{name}=",
        }  # fmt: skip
    return sorted(found - set(known))


def assert_refused_by_name(answer, name):
    assert answer.status in {400, 422}, (name, answer)
    assert name in str(answer.json), (name, answer)


def send(client, dialect, method, path, body):
    for step, text in {**IN_PATH, "groupId": GROUP_IDS.get(dialect.name, "")}.items():
        path = path.replace(f"{{{step}}}", quote(text))
    scheme = DOCUMENTS[dialect.name].first_scheme
    return client.send(method, path, body, headers={"Authorization": client.authorization(scheme)})


def query_parameters(dialect, operation):
    document = DOCUMENTS[dialect.name]
    listed = map(document.resolve, operation.get("parameters", []))
    return {each["name"] for each in listed if each["in"] == "query"}


def fields(dialect, operation):
    document = DOCUMENTS[dialect.name]
    content = operation.get("requestBody", {}).get("content", {})
    schemas = (document.resolve(each["schema"]) for each in content.values())
    return {name.removesuffix("[]") for schema in schemas for name in schema["properties"]}
