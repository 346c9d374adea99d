"""Requests and responses as the dialects see them, independent of Chalice and API Gateway."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple

from chalicelib.domain.text import json_text

REQUEST_ID_HEADER: Final = "X-Request-Id"
METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"

_REQUEST_ID: Final = re.compile(r"(?![0-9]{7,15}$)[A-Za-z0-9._:-]{1,128}")


class Request(NamedTuple):
    """A request.

    ``route`` is the path's pattern (``/v1/phonebook/contacts/{phone}``). ``url`` is what the
    client called, without the query, and without a host if no trusted server names one.
    ``path_parameters`` and ``query`` are decoded, header names are in lower case, and ``body``
    is unchanged.
    """

    id: str
    method: str
    route: str
    url: str
    path_parameters: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: bytes
    received_on: datetime

    def __repr__(self) -> str:
        """Name the request, without its secrets and phone numbers."""
        return f"<Request {self.id} {self.method} {self.route}>"

    @property
    def is_encoded(self) -> bool:
        """Whether the body is compressed or has another content encoding."""
        return self.headers.get("content-encoding", "").strip().lower() not in {"", "identity"}

    @property
    def media_type(self) -> str:
        """The body's media type, without parameters; empty if the client sent none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def last_in_query(self, name: str) -> str | None:
        """The last value of a parameter; None if it was not sent."""
        values = self.query.get(name)
        return values[-1] if values else None


class Response(NamedTuple):
    """A response, its body as text."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = MappingProxyType({})


def json_response(status: int, value: object, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response whose body is *value* as JSON."""
    return Response(
        status=status, body=json_text(value), headers={"Content-Type": JSON, **(headers or {})}
    )


def is_request_id(text: str) -> bool:
    """Say whether we repeat a client's own request id, to the client and in the log.

    We do not if it could be a phone number.
    """
    return _REQUEST_ID.fullmatch(text) is not None
