"""The API Lambda: Chalice's request in, a dialect's answer out."""

import os
import time
import uuid
from datetime import UTC, datetime
from functools import cache
from typing import Final, cast
from urllib.parse import unquote

from chalice.app import Chalice, Response
from chalice.app import Request as ChaliceRequest

from chalicelib.auth import Authenticator, PresentedCredential
from chalicelib.dialects import http
from chalicelib.dialects.all import DIALECTS, dialect_of
from chalicelib.dialects.dialect import answer
from chalicelib.domain.account import Account
from chalicelib.observability import logger
from chalicelib.settings import Settings
from chalicelib.storage.connection import connect

METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

EVERY_OTHER_PATH: Final = ("/", "/{proxy+}")
"""Paths that API Gateway would refuse by itself, in words of its own."""


def register_routes(app: Chalice) -> None:
    """Let *app* answer every path and every method, so that every error is a dialect's."""

    def respond(**_path_parameters: str) -> Response:
        return _respond(cast("ChaliceRequest", app.current_request))

    routes = [route for dialect in DIALECTS for route in dialect.endpoints]
    for route in (*routes, *EVERY_OTHER_PATH):
        # No content types: Chalice would otherwise refuse the others before we authenticate.
        app.route(route, methods=list(METHODS), content_types=[], name="respond")(respond)


def _respond(chalice_request: ChaliceRequest) -> Response:
    started = time.perf_counter()
    request = _read(chalice_request)
    dialect = dialect_of(_resource_path(chalice_request))
    logger().thread_safe_append_keys(request_id=request.id)
    response = answer(dialect, request, _authenticate)
    logger().info(
        "request",
        dialect=dialect.name,
        method=request.method,
        route=request.route,
        status=response.status,
        milliseconds=round((time.perf_counter() - started) * 1000, 1),
    )
    return Response(
        body="" if request.method == "HEAD" else response.body,
        status_code=response.status,
        headers={**response.headers, http.REQUEST_ID_HEADER: request.id},
    )


def _authenticate(presented: PresentedCredential) -> Account:
    return _authenticator().authenticate(presented)


@cache
def _authenticator() -> Authenticator:
    """Connect this Lambda to its table, once, at its first request."""
    connect(Settings.of(os.environ).table_name)
    return Authenticator()


def _read(request: ChaliceRequest) -> http.Request:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return http.Request(
        id=_request_id(request, headers),
        method=request.method,
        route=request.path,
        url=_url(request, headers),
        # API Gateway and Chalice's local server pass path parameters as they came. Decoded
        # here and nowhere else, and without `unquote_plus`: some SDKs send a bare "+".
        path_parameters={
            name: unquote(value) for name, value in (request.uri_params or {}).items()
        },
        query=_query(request),
        headers=headers,
        body=cast("bytes", request.raw_body),
        received_on=datetime.now(UTC),
    )


def _query(request: ChaliceRequest) -> dict[str, list[str]]:
    # API Gateway sends null where there is no query.
    sent = request.query_params
    return {} if sent is None else {name: sent.getlist(name) for name in sent}


def _resource_path(request: ChaliceRequest) -> str:
    """Return the path without the stage or base path that the client's URL has before it."""
    proxied: str | None = (request.uri_params or {}).get("proxy")
    return request.path if proxied is None else f"/{proxied}"


def _request_id(request: ChaliceRequest, headers: dict[str, str]) -> str:
    sent = headers.get(http.REQUEST_ID_HEADER.lower(), "")
    if http.is_request_id(sent):
        return sent
    return request.context.get("requestId") or str(uuid.uuid4())


def _url(request: ChaliceRequest, headers: dict[str, str]) -> str:
    scheme = headers.get("x-forwarded-proto", "http")
    return f"{scheme}://{headers.get('host', '')}{request.context.get('path', '')}"
