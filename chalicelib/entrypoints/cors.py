"""Which web pages of other hosts may call ``/v2`` from a browser (CORS).

No other dialect is called from browsers. A page needs a credential all the same: without cookies
there is nothing that a browser would add by itself.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from chalicelib.dialects.messages import METHODS, REQUEST_ID_HEADER, Response
from chalicelib.dialects.v2 import V2

_PREFLIGHT: Final = "OPTIONS"
_SENT: Final = (
    "Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key",
    REQUEST_ID_HEADER,
)  # fmt: skip
_SHOWN: Final = ("Allow", "ETag", "Link", "Location", "Retry-After", REQUEST_ID_HEADER)
_SECONDS_KEPT: Final = 3_600
"""How long a browser may keep the answer to a preflight request."""


def preflight_answer(
    origins: AbstractSet[str], method: str, path: str, headers: Mapping[str, str]
) -> Response | None:
    """Return the answer to a browser that asks whether a page may send a request.

    It needs no credential. It is None if the request is another one, or its page is of none of the
    *origins*. *headers* must ignore the case of names.
    """
    asks = method == _PREFLIGHT and "Access-Control-Request-Method" in headers
    if not asks or not _is_allowed(origins, path, headers):
        return None
    return Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": ", ".join(METHODS),
            "Access-Control-Allow-Headers": ", ".join(_SENT),
            "Access-Control-Max-Age": str(_SECONDS_KEPT),
        },
    )


def cors_headers(
    origins: AbstractSet[str], path: str, headers: Mapping[str, str]
) -> dict[str, str]:
    """Return the headers by which a browser shows an answer to the page that asked for it."""
    if not origins or not V2.owns(path):
        return {}
    vary = {"Vary": "Origin"}
    if not _is_allowed(origins, path, headers):
        return vary
    return {
        **vary,
        "Access-Control-Allow-Origin": headers["Origin"],
        "Access-Control-Expose-Headers": ", ".join(_SHOWN),
    }


def _is_allowed(origins: AbstractSet[str], path: str, headers: Mapping[str, str]) -> bool:
    return V2.owns(path) and headers.get("Origin") in origins
