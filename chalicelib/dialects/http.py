"""Requests and responses as the dialects see them, whatever carried them here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

REQUEST_ID_HEADER: Final = "X-Request-Id"
JSON: Final = "application/json"

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request.

    ``route`` is the path's pattern (``/v1/phonebook/contacts/{phone}``) and ``url`` what
    the client called, without the query; ``path_parameters`` and ``query`` are decoded,
    header names are in lower case, and ``body`` is as it came.
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

    @property
    def media_type(self) -> str:
        """What the body claims to be, without parameters; empty if it claims nothing."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A response, its body as text."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def is_request_id(text: str) -> bool:
    """Say whether a client's own request id is one that we repeat, to it and in the log."""
    return _REQUEST_ID.fullmatch(text) is not None
