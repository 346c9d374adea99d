"""Which web pages of other hosts may call ``/v2`` from a browser (CORS).

No other dialect is called from browsers. A page needs a credential all the same: without cookies
there is nothing that a browser would add by itself.
"""

import os
import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from chalicelib.dialects.messages import METHODS, REQUEST_ID_HEADER, Response
from chalicelib.dialects.v2 import V2
from chalicelib.settings import SettingsError

ORIGINS_VARIABLE: Final = "PHONEBOOK_ALLOWED_ORIGINS"
"""The origins, such as ``https://crm.example.com``, with commas between them."""

_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")
_PREFLIGHT: Final = "OPTIONS"
_SENT: Final = (
    "Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key",
    REQUEST_ID_HEADER,
)  # fmt: skip
_SHOWN: Final = ("Allow", "ETag", "Link", "Location", "Retry-After", REQUEST_ID_HEADER)
_SECONDS_KEPT: Final = 3_600
"""How long a browser may keep the answer to a preflight request."""


def preflight_answer(method: str, path: str, headers: Mapping[str, str]) -> Response | None:
    """Return the answer to a browser that asks whether a page may send a request.

    It needs no credential. It is None if the request is another one, or its page may not call.
    *headers* must ignore the case of names.
    """
    asks = method == _PREFLIGHT and "Access-Control-Request-Method" in headers
    if not asks or not _is_allowed(path, headers):
        return None
    return Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": ", ".join(METHODS),
            "Access-Control-Allow-Headers": ", ".join(_SENT),
            "Access-Control-Max-Age": str(_SECONDS_KEPT),
        },
    )


def cors_headers(path: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers by which a browser shows an answer to the page that asked for it."""
    if not allowed_origins() or not V2.owns(path):
        return {}
    vary = {"Vary": "Origin"}
    if not _is_allowed(path, headers):
        return vary
    return {
        **vary,
        "Access-Control-Allow-Origin": headers["Origin"],
        "Access-Control-Expose-Headers": ", ".join(_SHOWN),
    }


@cache
def allowed_origins() -> frozenset[str]:
    """Return the origins whose pages may call; the first request reads them.

    Raises:
        SettingsError: One is not an origin.

    """
    origins = frozenset(filter(None, os.environ.get(ORIGINS_VARIABLE, "").split(",")))
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SettingsError(f"{ORIGINS_VARIABLE} has {origin!r}, which is not an origin.")
    return origins


def _is_allowed(path: str, headers: Mapping[str, str]) -> bool:
    return V2.owns(path) and headers.get("Origin") in allowed_origins()
