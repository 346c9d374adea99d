"""A real engine behind a proxy that can be told to fail as DynamoDB and networks do.

Its ``date`` says what time it is above each answer, or, by None, says nothing.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from infra.local.engine import HOST

Answer: TypeAlias = tuple[int, bytes]
Fault: TypeAlias = Callable[["FaultyEngine", dict[str, str], bytes], Answer | None]
"""Answers a call to the engine, or, by None, hangs up without an answer."""


class FaultyEngine:
    """Passes calls on to an engine; a fault in ``faults`` takes the next call of its operation."""

    def __init__(self, engine: str) -> None:
        self._engine = urlsplit(engine).netloc
        self.faults: list[tuple[str, Fault]] = []
        self.lasting: list[tuple[str, bytes, Fault]] = []
        self.date: Callable[[], str | None] = lambda: formatdate(usegmt=True)
        self.calls: list[str] = []

    def fail(self, operation: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next *times* calls of *operation* fail in this way."""
        self.faults += [(operation, fault)] * times

    def fail_always(self, operation: str, about: str, fault: Fault) -> None:
        """Let each call of *operation* fail in this way that has *about* in its body."""
        self.lasting.append((operation, about.encode(), fault))

    def answer(self, headers: dict[str, str], body: bytes) -> Answer | None:
        """Answer one call."""
        operation = headers["X-Amz-Target"].partition(".")[2]
        self.calls.append(operation)
        for index, (failing, fault) in enumerate(self.faults):
            if failing == operation:
                del self.faults[index]
                return fault(self, headers, body)
        for failing, about, fault in self.lasting:
            if failing == operation and about in body:
                return fault(self, headers, body)
        return self.pass_on(headers, body)

    def pass_on(self, headers: dict[str, str], body: bytes) -> Answer:
        """Let the engine answer."""
        connection = HTTPConnection(self._engine)
        kept = {name: value for name, value in headers.items() if name != "Content-Length"}
        connection.request("POST", "/", body, kept)
        response = connection.getresponse()
        answer = response.status, response.read()
        connection.close()
        return answer


def throttle(_engine: FaultyEngine, _headers: dict[str, str], _body: bytes) -> Answer:
    """Be over the table's throughput."""
    return _error("ProvisionedThroughputExceededException", "Too fast")


def lose_race(_engine: FaultyEngine, _headers: dict[str, str], _body: bytes) -> Answer:
    """Cancel a transaction because of another one on the same item."""
    return _error(
        "TransactionCanceledException",
        "Transaction cancelled",
        CancellationReasons=[{"Code": "TransactionConflict", "Message": ""}, {"Code": "None"}],
    )


def refuse_as_invalid(_engine: FaultyEngine, _headers: dict[str, str], _body: bytes) -> Answer:
    """Find the request itself to be wrong."""
    return _error("ValidationException", "The document path provided is invalid")


def deny(_engine: FaultyEngine, _headers: dict[str, str], _body: bytes) -> Answer:
    """Let us in no longer."""
    return _error("AccessDeniedException", "Not authorized")


def break_down(_engine: FaultyEngine, _headers: dict[str, str], _body: bytes) -> Answer:
    """Fail with an error that nobody has heard of, and with things nobody should read."""
    return _error("SurprisingException", "internal-detail +37251234567")


def lose_answer(engine: FaultyEngine, headers: dict[str, str], body: bytes) -> None:
    """Do what was asked for, and hang up before saying so."""
    engine.pass_on(headers, body)


def leave_unprocessed(engine: FaultyEngine, headers: dict[str, str], body: bytes) -> Answer:
    """Read the first key of a batch only."""
    asked: dict[str, Any] = json.loads(body)
    ((table, request),) = asked["RequestItems"].items()
    keys = request["Keys"]
    request["Keys"] = keys[:1]
    status, answer = engine.pass_on(headers, json.dumps(asked).encode())
    unprocessed = {table: {**request, "Keys": keys[1:]}}
    return status, json.dumps({**json.loads(answer), "UnprocessedKeys": unprocessed}).encode()


def leave_everything_unprocessed(
    _engine: FaultyEngine, _headers: dict[str, str], body: bytes
) -> Answer:
    """Read no key of a batch."""
    unprocessed = json.loads(body)["RequestItems"]
    return 200, json.dumps({"Responses": {}, "UnprocessedKeys": unprocessed}).encode()


@contextmanager
def faulty_engine(engine: str) -> Iterator[tuple[FaultyEngine, str]]:
    """Run the proxy before *engine*, and yield it with its endpoint."""
    faulty = FaultyEngine(engine)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = faulty.answer(dict(self.headers), body)
            if answer is None:
                self.close_connection = True
                return
            status, content = answer
            self.send_response_only(status)
            if date := faulty.date():
                self.send_header("Date", date)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield faulty, f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _error(code: str, message: str, **more: object) -> Answer:
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message, **more}
    return 400, json.dumps(body).encode()
