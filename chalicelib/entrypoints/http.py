"""The API Lambda: Chalice's request in, a dialect's answer out."""

import os
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Final, cast
from urllib.parse import quote, unquote

from chalice.app import Chalice, Response
from chalice.app import Request as ChaliceRequest

from chalicelib.dialects import messages
from chalicelib.dialects.dialect import answer
from chalicelib.dialects.registry import DIALECTS, dialect_of
from chalicelib.domain.credential import Credential, PresentedCredential
from chalicelib.domain.text import has_lone_surrogate
from chalicelib.entrypoints import console
from chalicelib.entrypoints.cors import cors_headers, preflight_answer
from chalicelib.entrypoints.public import PUBLIC_ROUTES, public_answer
from chalicelib.observability import begin_request, logger
from chalicelib.services.authentication import Authenticator
from chalicelib.settings import Settings, SettingsError
from chalicelib.storage import job_places, webhook_places
from chalicelib.storage.dynamodb.connection import connect
from chalicelib.storage.dynamodb.deadline import calls_end_after

SECONDS_FOR_CALLS: Final = 20.0
"""After this time a request starts no more calls to the table. API Gateway waits 29 seconds, and
the last call needs some of them."""

EVERY_OTHER_PATH: Final = ("/", "/{proxy+}")
"""Routes for the paths that API Gateway would otherwise refuse itself, in its own words."""

SCHEME_VARIABLE: Final = "Scheme"
"""The stage variable in which a server other than API Gateway says that it speaks ``http``."""

HEADERS_OF_EVERY_ANSWER: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
"""An answer may have another ``Cache-Control``: a file without data, which never changes."""

STRICT_TRANSPORT_SECURITY: Final = "max-age=31536000"
"""One year, for this host only: we do not know the other hosts in its domain."""

_PUBLIC: Final = "none"
"""The log's name for the dialect of requests that are outside of all dialects."""

_CONSOLE: Final = "console"
"""As above, for the pages of the console."""

_HTTPS: Final = "https"
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?")
_STAGE_OR_BASE_PATH: Final = re.compile(r"(/[A-Za-z0-9$_.+!*'()~-]+)*")
_PARAMETER_IN_ROUTE: Final = re.compile(r"\{(\w+)\}")


def register_routes(app: Chalice) -> None:
    """Route every path and every method to us, so that every error is in a dialect's shape."""

    def respond(**_path_parameters: str) -> Response:
        return _respond(cast("ChaliceRequest", app.current_request))

    ours = (*EVERY_OTHER_PATH, *PUBLIC_ROUTES, console.ROOT)
    for route in {*ours, *_documented_paths_and_those_above()}:
        # With content types, Chalice would refuse others before we authenticate.
        app.route(route, methods=list(messages.METHODS), content_types=[], name="respond")(respond)


def _documented_paths_and_those_above() -> Iterator[str]:
    """Yield each route of each dialect, and the paths above it.

    API Gateway makes a resource of each step of a path. Its documentation does not say whether
    the catch-all route answers for a resource without methods.
    """
    for dialect in DIALECTS:
        for route in dialect.endpoints:
            steps = route.split("/")
            yield from ("/".join(steps[:end]) for end in range(2, len(steps) + 1))


def _respond(sent: ChaliceRequest) -> Response:
    started = time.perf_counter()
    request_id = _request_id(sent)
    begin_request(request_id)
    path = _path(sent)
    origins = _allowed_origins()
    dialect, response = _PUBLIC, public_answer(sent.method, path, sent.headers)
    if response is None:
        response = preflight_answer(origins, sent.method, path, sent.headers)
    if response is None and console.is_of_console(path) and _has_console():
        dialect, response = _CONSOLE, _answer_in_console(sent, path, request_id)
    if response is None:
        dialect, response = _answer_in_dialect(sent, path, request_id)
    logger().info(
        "request",
        dialect=dialect,
        method=sent.method,
        route=sent.path,
        status=response.status,
        gateway_request_id=sent.context.get("requestId"),
        milliseconds=round((time.perf_counter() - started) * 1000, 1),
    )
    headers: dict[str, str | list[str]] = {
        **HEADERS_OF_EVERY_ANSWER,
        **response.headers,
        **cors_headers(origins, path, sent.headers),
        messages.REQUEST_ID_HEADER: request_id,
    }
    if _origin(sent).startswith(_HTTPS):
        headers["Strict-Transport-Security"] = STRICT_TRANSPORT_SECURITY
    body = response.body
    if sent.method == "HEAD" and body:
        headers["Content-Length"] = str(len(body.encode()))
        body = ""
    return Response(body=body, status_code=response.status, headers=headers)


def _answer_in_dialect(
    sent: ChaliceRequest, path: str, request_id: str
) -> tuple[str, messages.Response]:
    dialect = dialect_of(path)
    with calls_end_after(SECONDS_FOR_CALLS):
        return dialect.name, answer(dialect, lambda: _read(sent, request_id), _authenticate)


def _answer_in_console(sent: ChaliceRequest, path: str, request_id: str) -> messages.Response:
    origin = console.Origin(
        base=_base(sent, path),
        source=(sent.context.get("identity") or {}).get("sourceIp") or "",
        is_secure=_origin(sent).startswith(_HTTPS),
    )
    with calls_end_after(SECONDS_FOR_CALLS):
        return console.answer(_read(sent, request_id), unquote(path), origin, _authenticator)


def _authenticate(presented: PresentedCredential) -> Credential:
    return _authenticator().authenticate(presented)


@cache
def _authenticator() -> Authenticator:
    """Connect this Lambda to its table, once, at its first request."""
    settings = Settings.of(os.environ)
    connect(settings.table_name)
    job_places.use(settings.jobs)
    webhook_places.use(settings.webhooks)
    if not settings.has_search:
        from chalicelib.services import searching  # noqa: PLC0415 - few stacks are without it

        searching.turn_off()
    if not settings.has_changes:
        from chalicelib.services import changes  # noqa: PLC0415 - as above

        changes.turn_off()
    return Authenticator()


def _has_console() -> bool:
    """Say whether the console is there; if the settings cannot be read, a dialect says so."""
    try:
        return Settings.of(os.environ).has_console
    except SettingsError:
        return False


def _allowed_origins() -> frozenset[str]:
    """Return the origins whose pages may call; none if the settings cannot be read.

    What is wrong with them, the answer to the request itself says, in its dialect's shape.
    """
    try:
        return Settings.of(os.environ).allowed_origins
    except SettingsError:
        return frozenset()


def _read(request: ChaliceRequest, request_id: str) -> messages.Request:
    # API Gateway and Chalice's local server pass path parameters undecoded. They are decoded
    # only here, and not with `unquote_plus`: some SDKs send a plain "+".
    path_parameters = {name: unquote(value) for name, value in (request.uri_params or {}).items()}
    return messages.Request(
        id=request_id,
        method=request.method,
        route=request.path,
        url=_url(request, path_parameters),
        path_parameters=path_parameters,
        query=_query(request),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=_body(request),
        received_on=datetime.now(UTC),
    )


def _body(request: ChaliceRequest) -> bytes:
    """Return the body unchanged; a lone surrogate makes it invalid UTF-8, to be refused later."""
    body: str | bytes | None = request.to_original_event()["body"]
    if isinstance(body, str) and has_lone_surrogate(body):
        return body.encode(errors="surrogatepass")
    return cast("bytes", request.raw_body)


def _query(request: ChaliceRequest) -> dict[str, list[str]]:
    # API Gateway sends null if there is no query.
    sent = request.query_params
    return {} if sent is None else {name: sent.getlist(name) for name in sent}


def _path(request: ChaliceRequest) -> str:
    """Return the path as it was sent, without stage and base path."""
    sent: Mapping[str, str] = request.uri_params or {}
    route: str = request.path
    if "proxy" in sent:
        return f"/{sent['proxy']}"
    return _PARAMETER_IN_ROUTE.sub(lambda name: sent.get(name[1], name[0]), route)


def _request_id(request: ChaliceRequest) -> str:
    sent = request.headers.get(messages.REQUEST_ID_HEADER, "")
    if messages.is_request_id(sent):
        return str(sent)
    return request.context.get("requestId") or str(uuid.uuid4())


def _base(request: ChaliceRequest, path: str) -> str:
    """Return what lies before *path* in the URL that the client called: a stage or a base path.

    It is empty if that cannot be told for sure; as in :func:`_url`, a client could write anything.
    """
    written: str = request.context.get("path", "").rstrip("/")
    # By its steps, since one of the two may be decoded and the other not.
    base = written.rsplit("/", path.rstrip("/").count("/"))[0]
    is_known = written.startswith(f"{base}{console.ROOT}") and _STAGE_OR_BASE_PATH.fullmatch(base)
    return base if is_known else ""


def _url(request: ChaliceRequest, path_parameters: Mapping[str, str]) -> str:
    """Return the URL that the client called, without the query, from trusted parts only.

    It uses neither ``Host``, nor headers that name another host or scheme, nor the path as it
    was written: a client can put anything there. If no trusted server names the host, the URL
    has none, and links made from it are relative.
    """
    written: str = request.context.get("path", "").rstrip("/")
    before_route = written.rsplit("/", request.path.count("/"))[0]
    path = _PARAMETER_IN_ROUTE.sub(
        lambda name: quote(path_parameters[name[1]], safe="", errors="replace"), request.path
    )
    is_known = _STAGE_OR_BASE_PATH.fullmatch(before_route)
    return f"{_origin(request)}{before_route if is_known else ''}{path}"


def _origin(request: ChaliceRequest) -> str:
    """Return scheme and host as API Gateway knows them; an empty text without API Gateway.

    API Gateway speaks only ``https``, and answers only for hosts that it knows. The deployment
    sets the stage's variables, so they are trusted.
    """
    host: str = request.context.get("domainName") or ""
    if not _HOST.fullmatch(host):
        return ""
    return f"{(request.stage_vars or {}).get(SCHEME_VARIABLE, _HTTPS)}://{host}"
