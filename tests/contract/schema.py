"""Our schema of Messente's bodies, with no key beyond the documented ones."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator

SCHEMAS = json.loads((Path(__file__).parent / "schemas" / "messente.json").read_text())


def assert_is(name, body):
    """Fail unless *body* is what *name* says; None stands for no body at all."""
    if name is None:
        assert body == b""
        return
    schema = {"$ref": f"#/$defs/{name}", "$defs": SCHEMAS["$defs"]}
    Draft202012Validator(schema).validate(json.loads(body))
