"""The console's way in: Chalice's request becomes a visit, and its answer a response.

The console itself is loaded at the first request for one of its pages.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from chalicelib.dialects.messages import Request, Response
from chalicelib.services.authentication import Authenticator

ROOT: Final = "/console"


class Origin(NamedTuple):
    """Where a request came by: what lies before our paths, and whether it is ``https``.

    ``source`` is the address of the client, as API Gateway knows it.
    """

    base: str
    source: str
    is_secure: bool


def is_of_console(path: str) -> bool:
    """Say whether the console answers *path*."""
    return path == ROOT or path.startswith(f"{ROOT}/")


def answer(
    request: Request, path: str, origin: Origin, connect: Callable[[], Authenticator]
) -> Response:
    """Return the page at a path, or the error in its place."""
    from chalicelib.console.routing import console_answer  # noqa: PLC0415 - no API request needs it
    from chalicelib.console.visits import Visit  # noqa: PLC0415 - as above

    visit = Visit(
        id=request.id,
        method=request.method,
        base=origin.base,
        path=path.rstrip("/"),
        query=request.query,
        content_type=request.headers.get("content-type", ""),
        body=request.body,
        cookie=request.headers.get("cookie", ""),
        source=origin.source,
        is_secure=origin.is_secure,
        is_partial="hx-request" in request.headers,
        received_on=datetime.now(UTC),
    )
    answered = console_answer(visit, connect)
    return Response(answered.status, answered.body, answered.headers)
