"""Our schema of Messente's bodies, with no key beyond the documented ones."""

import json
import re
from pathlib import Path

from jsonschema import Draft202012Validator

NO_CONTENT = 204
FIRST_ERROR = 400
SCHEMAS = json.loads((Path(__file__).parent / "schemas" / "messente.json").read_text())


def assert_is(name, body):
    """Fail unless *body* is what *name* says; None stands for no body at all."""
    if name is None:
        assert body == b""
        return
    schema = {"$ref": f"#/$defs/{name}", "$defs": SCHEMAS["$defs"]}
    Draft202012Validator(schema).validate(json.loads(body))


SUCCESSES = [
    ("POST|GET|PATCH", r"/contacts/[^/]+", "contactEnvelope"),
    ("POST", r"/contacts", "contactEnvelope"),
    ("GET", r"/contacts", "contactListEnvelope"),
    ("GET", r"(/contacts/[^/]+)?/groups", "groupListEnvelope"),
    ("POST", r"/groups", "groupEnvelope"),
    ("GET|PUT", r"/groups/[^/]+", "groupEnvelope"),
    ("POST", r"/groups/[^/]+/contacts/[^/]+", "empty"),
    ("GET", r"/blacklist", "blacklist"),
]


def assert_is_answer(method, path, status, body):
    """Fail unless *body* is what this request is answered with, or an error."""
    if method == "HEAD" or status == NO_CONTENT:
        assert body == b""
        return
    if status >= FIRST_ERROR:
        assert_is("error", body)
        return
    bare = path.partition("?")[0].removeprefix("/v1/phonebook").rstrip("/")
    (schema,) = (
        schema
        for methods, pattern, schema in SUCCESSES
        if re.fullmatch(methods, method) and re.fullmatch(pattern, bare)
    )
    assert_is(schema, body)
