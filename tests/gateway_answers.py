"""What API Gateway answers by itself: one body, in which each dialect's clients find their own."""

import json
from http import HTTPStatus
from typing import Any

from chalicelib.dialects.dialect import Dialect
from chalicelib.dialects.messagebird import MESSAGEBIRD
from chalicelib.dialects.messagebird.errors import INTERNAL_ERROR
from chalicelib.dialects.registry import DIALECTS
from chalicelib.dialects.v2 import V2
from tests.openapi import DOCUMENTS, Document, assert_is


def known_to(dialect: Dialect, body: bytes) -> dict[str, Any]:
    """Return the part of a body that *dialect* documents: what its clients look for in an error."""
    document = DOCUMENTS[dialect.name]
    known: dict[str, Any] = _known(document, document.content["components"]["schemas"]["Error"],
                                   json.loads(body))  # fmt: skip
    if dialect is MESSAGEBIRD:
        for item in known["errors"]:
            # The one key that two vendors have, as a text and as an integer: it is Messente's.
            assert isinstance(item["code"], str)
            item["code"] = INTERNAL_ERROR
    if dialect is V2:
        # `errors` is Messente's, and `status` is Atom's: a client ignores a member of another type
        # (RFC 9457, section 3.1).
        del known["errors"]
        (known["status"],) = [each.value for each in HTTPStatus if each.phrase == known["title"]]
    return known


def assert_is_an_error_in_every_dialect(body: bytes) -> None:
    """Fail unless each dialect's clients find in it the error that their document promises."""
    for dialect in DIALECTS:
        assert_is(dialect, "Error", json.dumps(known_to(dialect, body)).encode())
    assert json.loads(body).keys() == {
        key for dialect in DIALECTS for key in known_to(dialect, body)
    }


def _known(document: Document, schema: dict[str, Any], value: Any) -> Any:
    schema = document.resolve(schema)
    if isinstance(value, dict):
        properties = schema["properties"]
        return {
            name: _known(document, properties[name], each)
            for name, each in value.items()
            if name in properties
        }
    if isinstance(value, list):
        return [_known(document, schema["items"], each) for each in value]
    return value
