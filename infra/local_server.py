"""Chalice's local server, mended where it is slow or differs from API Gateway.

It is a process of its own, which the runner starts anew when the code changes::

    python -m infra.local_server PORT
"""

import functools
import signal
import sys
import uuid
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, Final
from urllib.parse import parse_qs

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import (
    ChaliceRequestHandler,
    LambdaEventConverter,
    LocalDevServer,
    LocalGateway,
    MatchResult,
    RouteMatcher,
    create_local_server,
)

from chalicelib.entrypoints.http import SCHEME_VARIABLE
from infra.engine import HOST

CATCH_ALL: Final = "/{proxy+}"
CONNECTIONS_WAITING: Final = 128


class _RouteMatcher(RouteMatcher):
    """Matches the catch-all route to a path of any length, as API Gateway does."""

    def match_route(self, url: str) -> MatchResult:
        try:
            return super().match_route(url)
        except ValueError:
            path, _, query = url.partition("?")
            parameters = parse_qs(query, keep_blank_values=True)
            return MatchResult(CATCH_ALL, {"proxy": path.removeprefix("/")}, parameters)


class _Gateway(LocalGateway):
    """Makes events with a request id and the host that is called, as API Gateway does."""

    def __init__(self, app: Chalice, config: Config, port: int) -> None:
        super().__init__(app, config)
        self._host = f"{HOST}:{port}"
        self.event_converter = LambdaEventConverter(
            _RouteMatcher(list(app.routes)), app.api.binary_types
        )

    def _generate_lambda_event(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        event = super()._generate_lambda_event(*args, **kwargs)
        event["requestContext"] |= {"requestId": str(uuid.uuid4()), "domainName": self._host}
        event["stageVariables"] = {SCHEME_VARIABLE: "http"}
        return event


class _RequestHandler(ChaliceRequestHandler):
    """Handles the requests of one connection."""

    disable_nagle_algorithm = True
    """Headers and body are two writes. With Nagle's algorithm the second one waits for the
    client's delayed acknowledgement of the first: 44 ms on every keep-alive request."""

    def __init__(
        self, request: Any, client_address: Any, server: Any, app: Chalice, config: Config
    ) -> None:
        self.local_gateway = _Gateway(app, config, server.server_port)
        BaseHTTPRequestHandler.__init__(self, request, client_address, server)

    def handle_one_request(self) -> None:
        """Refuse a request whose length is no number, at which Chalice would break off."""
        try:
            super().handle_one_request()
        except ValueError:
            self.send_error(HTTPStatus.BAD_REQUEST)
            self.close_connection = True

    def _parse_payload(self) -> tuple[dict[str, Any], bytes | None]:
        """Read a chunked body too, which Chalice would drop and API Gateway passes on."""
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            return dict(self.headers), self._read_chunks()
        return super()._parse_payload()

    def _read_chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def _send_http_response_with_body(self, code: int, headers: Any, body: Any) -> None:
        """Send no body with a 204, nor the headers of one; and with HEAD the headers alone."""
        if code == HTTPStatus.NO_CONTENT:
            self.send_response(code)
            self._send_headers(headers)
        elif self.command == "HEAD":
            self.send_response(code)
            self._send_headers({"Content-Length": str(len(body.encode())), **headers})
        else:
            super()._send_http_response_with_body(code, headers, body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the app logs each request, and without whole phone numbers."""


def create_server(app: Chalice, port: int) -> LocalDevServer:
    """Return a server for *app* on the loopback interface; port 0 takes a free one."""
    config = Config.create()
    local = create_local_server(app, config, HOST, port)
    local.server.RequestHandlerClass = functools.partial(_RequestHandler, app=app, config=config)
    local.server.handle_error = _ignore_lost_connection
    local.server.socket.listen(CONNECTIONS_WAITING)
    return local


def _ignore_lost_connection(*_: Any) -> None:
    """A client that goes away in the middle is its own affair."""
    if not isinstance(sys.exc_info()[1], ConnectionError):
        sys.excepthook(*sys.exc_info())


def main() -> None:
    """Serve the app on the port in the first argument until SIGTERM."""
    from app import app  # noqa: PLC0415 - reads the code as it is when the server starts

    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    create_server(app, int(sys.argv[1])).server.serve_forever()


if __name__ == "__main__":
    main()
