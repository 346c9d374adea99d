"""Chalice's local server, corrected where it is slow or differs from API Gateway.

It is a separate process, which ``make dev`` restarts when the code changes::

    python -m infra.local.server PORT
"""

import functools
import re
import signal
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, Final, TypeAlias
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

from chalicelib.dialects.messages import METHODS, REQUEST_ID_HEADER
from chalicelib.dialects.registry import dialect_of
from chalicelib.domain.errors import ErrorCode, InvalidDataError, PhonebookError, RefusedError
from chalicelib.entrypoints.http import HEADERS_OF_EVERY_ANSWER, SCHEME_VARIABLE
from chalicelib.observability import begin_request, logger
from infra.local.engine import HOST
from infra.local.request_lines import REQUEST, request_line, say_no_json

Say: TypeAlias = Callable[[str], None]

CATCH_ALL: Final = "/{proxy+}"
CONNECTIONS_WAITING: Final = 128

REQUEST_LINE_AND_HEADER_BYTES: Final = 10_240
BODY_BYTES: Final = 10 * 1024 * 1024
"""The largest body that API Gateway accepts."""

SECONDS_OF_SILENCE: Final = 60.0
"""A connection without traffic is closed after this time."""

SECONDS_TO_SEND: Final = 29.0
"""The time that a client has to send a body."""

SECONDS_TO_FINISH: Final = 10.0
"""The time that requests have when the server ends. :mod:`infra.local.child` waits longer."""

SECONDS_BETWEEN_LOOKS: Final = 0.1
"""How often the server looks whether it is to end."""

_LINE_BYTES: Final = 4_096
"""The longest line in a chunked body: a chunk's size, or a trailer."""

_READ_BYTES: Final = 65_536
_SECONDS_TO_DRAIN: Final = 2.0
_WORDS_OF_A_REQUEST_LINE: Final = 3
_LENGTH: Final = re.compile(r"[0-9]+", re.ASCII)
_CHUNK_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(;[^\r\n]*)?\r?\n")
_TOO_LARGE: Final = frozenset({
    HTTPStatus.REQUEST_URI_TOO_LONG, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
})  # fmt: skip


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
    """Makes events with a request id and the called host, as API Gateway does."""

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


class _Unfinished:
    """The requests that have begun and are not answered yet."""

    def __init__(self) -> None:
        self.is_ending = False
        self._requests: set[object] = set()
        self._changed = threading.Condition()

    def add(self, request: object) -> None:
        """Remember a request until it is answered."""
        with self._changed:
            self._requests.add(request)

    def discard(self, request: object) -> None:
        """Forget a request, if it had begun."""
        with self._changed:
            self._requests.discard(request)
            self._changed.notify_all()

    def finish(self) -> None:
        """Wait until all are answered, for :data:`SECONDS_TO_FINISH` at most."""
        with self._changed:
            self.is_ending = True
            self._changed.wait_for(lambda: not self._requests, SECONDS_TO_FINISH)


class _BrokenRequestError(Exception):
    """A request that does not reach our code; the connection is closed after the answer."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class _RequestHandler(ChaliceRequestHandler):
    """Handles the requests of one connection."""

    disable_nagle_algorithm = True
    """Headers and body are two writes. With Nagle's algorithm the second one waits for the
    client's delayed acknowledgement of the first: 44 ms on every keep-alive request."""

    timeout = SECONDS_OF_SILENCE

    def __init__(  # noqa: PLR0913 - as the base class is called, with what it has to say
        self,
        request: Any,
        client_address: Any,
        server: Any,
        *,
        app: Chalice,
        config: Config,
        say: Say | None,
        unfinished: _Unfinished,
    ) -> None:
        self.local_gateway = _Gateway(app, config, server.server_port)
        self._say = say
        self._unfinished = unfinished
        BaseHTTPRequestHandler.__init__(self, request, client_address, server)

    def handle_one_request(self) -> None:
        """Answer a request, even if its body is broken."""
        self._began = time.perf_counter()
        try:
            super().handle_one_request()
        except _BrokenRequestError as error:
            self.send_error(error.status, str(error))
        finally:
            self._unfinished.discard(self)
        if self._unfinished.is_ending:
            self.close_connection = True

    def parse_request(self) -> bool:
        """Read the request line and the headers, and refuse what API Gateway would refuse.

        A request line without a version would mean HTTP/0.9, which has no headers.
        """
        self.command = ""
        # The request begins when its first line has arrived.
        self._began = time.perf_counter()
        self._unfinished.add(self)
        words = self.raw_requestline.split()
        if words and len(words) != _WORDS_OF_A_REQUEST_LINE:
            self.send_error(HTTPStatus.BAD_REQUEST, "the request line is broken")
            return False
        if len(self.raw_requestline) > REQUEST_LINE_AND_HEADER_BYTES:
            self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
            return False
        if not super().parse_request():
            return False
        headers = sum(len(name) + len(value) for name, value in self.headers.items())
        if len(self.raw_requestline) + headers > REQUEST_LINE_AND_HEADER_BYTES:
            self.send_error(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return False
        if self.command not in METHODS:
            self.send_error(HTTPStatus.METHOD_NOT_ALLOWED)
            return False
        return True

    def handle_expect_100(self) -> bool:
        """Tell the client to send its body, if we accept that body."""
        try:
            self._length_of_body()
        except _BrokenRequestError as error:
            self.send_error(error.status, str(error))
            return False
        self.send_response_only(HTTPStatus.CONTINUE)
        self.end_headers()
        return True

    def _parse_payload(self) -> tuple[dict[str, Any], bytes | None]:
        """Read the body, also a chunked one: Chalice would drop it, API Gateway passes it on."""
        self._end = time.monotonic() + SECONDS_TO_SEND
        try:
            length = self._length_of_body()
            body = self._read_chunks() if length is None else self._read(length)
        except TimeoutError as error:
            raise _BrokenRequestError(
                HTTPStatus.REQUEST_TIMEOUT, "the body did not come in time"
            ) from error
        return dict(self.headers), body or None

    def _length_of_body(self) -> int | None:
        """Return the declared length of the body in bytes, or None if it is chunked.

        Raises:
            _BrokenRequestError: The length is not a number, or too large.

        """
        lengths = set(self.headers.get_all("Content-Length", ()))
        encodings = self.headers.get_all("Transfer-Encoding", ())
        if encodings:
            if lengths or [each.strip().lower() for each in encodings] != ["chunked"]:
                raise _BrokenRequestError(HTTPStatus.BAD_REQUEST, "its length cannot be told")
            return None
        length = lengths.pop().strip() if lengths else "0"
        if lengths or not _LENGTH.fullmatch(length):
            raise _BrokenRequestError(HTTPStatus.BAD_REQUEST, "its length is no number")
        # Compared as text: Python refuses to parse a number with thousands of digits.
        length = length.lstrip("0").rjust(len(str(BODY_BYTES)), "0")
        if (len(length), length) > (len(str(BODY_BYTES)), str(BODY_BYTES)):
            raise _BrokenRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "")
        return int(length)

    def _read(self, length: int) -> bytes:
        """Return the next *length* bytes of the body.

        Raises:
            _BrokenRequestError: The body has fewer bytes.
            TimeoutError: They did not arrive in time.

        """
        body = bytearray()
        while missing := length - len(body):
            if time.monotonic() > self._end:
                raise TimeoutError
            some = self.rfile.read1(min(missing, _READ_BYTES))
            if not some:
                raise _BrokenRequestError(HTTPStatus.BAD_REQUEST, "its body is cut short")
            body += some
        return bytes(body)

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while size := self._size_of_chunk():
            if len(body) + size > BODY_BYTES:
                raise _BrokenRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "")
            body += self._read(size)
            if self._line().strip():
                raise _BrokenRequestError(HTTPStatus.BAD_REQUEST, "a chunk is longer than it says")
        while self._line().strip():
            pass
        return bytes(body)

    def _size_of_chunk(self) -> int:
        size = _CHUNK_SIZE.fullmatch(self._line())
        if size is None:
            raise _BrokenRequestError(HTTPStatus.BAD_REQUEST, "the size of a chunk is no number")
        return int(size[1], 16)

    def _line(self) -> bytes:
        if time.monotonic() > self._end:
            raise TimeoutError
        line: bytes = self.rfile.readline(_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise _BrokenRequestError(HTTPStatus.BAD_REQUEST, "its body is cut short")
        return line

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send an error in the dialect's shape instead of HTML, then close the connection.

        The status is the one that API Gateway would send.
        """
        del explain
        status = HTTPStatus(code)
        if status is HTTPStatus.NOT_IMPLEMENTED:
            status = HTTPStatus.METHOD_NOT_ALLOWED
        # The base class treats a request that it could not read as HTTP/0.9.
        self.request_version = self.protocol_version
        self.close_connection = True
        after_method = self.raw_requestline.decode("latin-1").strip().partition(" ")[2]
        self.path = after_method.partition(" ")[0]
        dialect = dialect_of(self.path.partition("?")[0])
        answer = dialect.render_error(_error_of(status, message))
        request_id = str(uuid.uuid4())
        begin_request(request_id)
        logger().info(REQUEST, dialect=dialect.name, method=self.command, status=status.value)
        headers: Mapping[str, str] = {
            **answer.headers,
            **HEADERS_OF_EVERY_ANSWER,
            REQUEST_ID_HEADER: request_id,
            "Connection": "close",
        }
        self._send_http_response_with_body(status, dict(headers), answer.body)
        self._drain()

    def _drain(self) -> None:
        """Read the rest of the request: if we close earlier, the client may lose the answer."""
        end = time.monotonic() + _SECONDS_TO_DRAIN
        self.connection.settimeout(_SECONDS_TO_DRAIN)
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while time.monotonic() < end and self.rfile.read1(_READ_BYTES):
                pass

    def _send_http_response_with_body(self, code: int, headers: Any, body: Any) -> None:
        """Send a response: a 204 without body and its headers, a HEAD with headers only."""
        if self._say:
            seconds = time.perf_counter() - self._began
            self._say(request_line(self.command or "?", self.path, code, seconds, str(body or "")))
        if code == HTTPStatus.NO_CONTENT:
            self.send_response(code)
            self._send_headers(headers)
        elif self.command == "HEAD":
            self.send_response(code)
            self._send_headers({"Content-Length": str(len(body.encode())), **headers})
        else:
            super()._send_http_response_with_body(code, headers, body)

    def log_message(self, *_: Any) -> None:
        """Log nothing: each request already has a line, which masks phone numbers."""

    log_request = log_message


def create_server(
    app: Chalice, port: int, say: Say | None = None, unfinished: _Unfinished | None = None
) -> LocalDevServer:
    """Return a server for *app* on the loopback interface; port 0 means any free port.

    The server calls *say* with a line for each request, and keeps in *unfinished* what it has not
    answered yet.
    """
    config = Config.create()
    local = create_local_server(app, config, HOST, port)
    local.server.RequestHandlerClass = functools.partial(
        _RequestHandler, app=app, config=config, say=say, unfinished=unfinished or _Unfinished()
    )
    local.server.handle_error = _ignore_lost_connection
    local.server.socket.listen(CONNECTIONS_WAITING)
    return local


def _error_of(status: HTTPStatus, message: str | None) -> PhonebookError:
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        return RefusedError(ErrorCode.METHOD_NOT_ALLOWED, allowed_methods=METHODS)
    if status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return RefusedError(ErrorCode.REQUEST_TOO_LARGE)
    if status in _TOO_LARGE:
        message = f"is longer than {REQUEST_LINE_AND_HEADER_BYTES} bytes, headers included"
    return InvalidDataError.of("request", message or status.phrase.lower())


def _ignore_lost_connection(*_: Any) -> None:
    """Ignore that a client closed the connection early."""
    if not isinstance(sys.exc_info()[1], ConnectionError):
        sys.excepthook(*sys.exc_info())


def main() -> None:
    """Serve the app on the port in the first argument until SIGTERM, and finish what has begun.

    On a terminal it prints a line for each request, elsewhere JSON.
    """
    from app import app  # noqa: PLC0415 - reads the code as it is when the server starts

    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    say: Say | None = None
    if sys.stdout.isatty():
        say_no_json()
        say = functools.partial(print, flush=True)
    unfinished = _Unfinished()
    server = create_server(app, int(sys.argv[1]), say, unfinished).server

    def end_when_told() -> None:
        stopping.wait()
        server.shutdown()

    # An exception in the handler of the signal could be lost in the middle of another one's.
    threading.Thread(target=end_when_told, daemon=True).start()
    try:
        server.serve_forever(SECONDS_BETWEEN_LOOKS)
    finally:
        server.server_close()
        unfinished.finish()


if __name__ == "__main__":
    main()
