"""Where our local server differs from the one of `chalice local`."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from http.client import HTTPConnection

import pytest

from app import app
from infra.local import server as local_server
from infra.local.engine import HOST, free_port
from tests.paths import PROJECT
from tests.patience import await_true

SAID: list[str] = []
"""The line of each request, as on a terminal."""


@pytest.fixture(scope="module")
def server():
    """One for all tests here: Chalice makes an app local only once in a process."""
    server = local_server.create_server(app, 0, SAID.append)
    thread = threading.Thread(target=server.server.serve_forever)
    thread.start()
    yield server.server
    server.shutdown()
    thread.join()
    server.server.server_close()


def test_answers_do_not_wait_for_the_clients_acknowledgement(server, monkeypatch):
    """With Nagle's algorithm on, a keep-alive client waits 44 ms for each answer."""
    seen = []
    handle = local_server._RequestHandler.handle

    def look_and_handle(handler):
        seen.append(handler.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        handle(handler)

    monkeypatch.setattr(local_server._RequestHandler, "handle", look_and_handle)
    connection = HTTPConnection(HOST, server.server_port)
    for _ in range(2):
        connection.request("GET", "/v1/phonebook/contacts")
        assert connection.getresponse().read()
    connection.close()

    assert seen == [1]


DIALECTS = {
    "/v1/phonebook/contacts": lambda body: body["errors"][0]["title"],
    "/contacts": lambda body: body["errors"][0]["description"],
    "/api/contact/new": lambda body: body["error"]["message"],
    "/address-book-api/contacts/batch": lambda body: body["reasons"][0]["defaultMessage"],
}
"""A path of each dialect, and what only an error of it has."""

CHUNKED = "Transfer-Encoding: chunked\r\n\r\n"
BROKEN = {
    "length that is no number": ("POST {} HTTP/1.1\r\nContent-Length: abc\r\n\r\n", 400),
    "length below zero": ("POST {} HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    "length with a sign": ("POST {} HTTP/1.1\r\nContent-Length: +2\r\n\r\n{{}}", 400),
    "length as Python has it": ("POST {} HTTP/1.1\r\nContent-Length: 1_0\r\n\r\n", 400),
    "two lengths": (
        "POST {} HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}", 400,
    ),
    "length above the limit": ("POST {} HTTP/1.1\r\nContent-Length: 10485761\r\n\r\n", 413),
    "length of many digits": (
        "POST {} HTTP/1.1\r\nContent-Length: " + "9" * 5_000 + "\r\n\r\n", 413,
    ),
    "length, and chunks": ("POST {} HTTP/1.1\r\nContent-Length: 2\r\n" + CHUNKED, 400),
    "chunks of something else": (
        "POST {} HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400,
    ),
    "chunk below zero": ("POST {} HTTP/1.1\r\n" + CHUNKED + "-1\r\n", 400),
    "chunk that is no number": ("POST {} HTTP/1.1\r\n" + CHUNKED + "zz\r\n{{}}\r\n0\r\n\r\n", 400),
    "chunk with a prefix": ("POST {} HTTP/1.1\r\n" + CHUNKED + "0x2\r\n{{}}\r\n0\r\n\r\n", 400),
    "chunk above the limit": ("POST {} HTTP/1.1\r\n" + CHUNKED + "a00001\r\n", 413),
    "chunk of many digits": ("POST {} HTTP/1.1\r\n" + CHUNKED + "f" * 5_000 + "\r\n", 400),
    "chunk that is longer than it says": (
        "POST {} HTTP/1.1\r\n" + CHUNKED + "1\r\n{{}}\r\n0\r\n\r\n", 400,
    ),
    "request line without a version": ("GET {}\r\n", 400),
    "request line of too many words": ("GET {} HTTP/1.1 x\r\n\r\n", 400),
    "version that is none": ("GET {} HTTP/x\r\n\r\n", 400),
    "version to come": ("GET {} HTTP/2.0\r\n\r\n", 505),
    "long request line": ("GET {}?" + "a" * 10_240 + " HTTP/1.1\r\n\r\n", 414),
    "longest request line": ("GET {}?" + "a" * 70_000 + " HTTP/1.1\r\n\r\n", 414),
    "long header": ("GET {} HTTP/1.1\r\nA: " + "a" * 10_240 + "\r\n\r\n", 431),
    "longest header": ("GET {} HTTP/1.1\r\nA: " + "a" * 70_000 + "\r\n\r\n", 431),
    "many headers": ("GET {} HTTP/1.1\r\n" + "A: a\r\n" * 200 + "\r\n", 431),
    "unknown method": ("TRACE {} HTTP/1.1\r\n\r\n", 405),
    "method that is none": ("G\xd6T {} HTTP/1.1\r\n\r\n", 405),
    "large body that waits to be asked for": (
        "POST {} HTTP/1.1\r\nContent-Length: 10485761\r\nExpect: 100-continue\r\n\r\n", 413,
    ),
}  # fmt: skip


def answer_of(server, *parts, is_whole=False):
    """Send the parts of a request, and return all that comes back until the server hangs up."""
    with socket.create_connection((HOST, server.server_port), timeout=20) as connection:
        for part in parts:
            connection.sendall(part if isinstance(part, bytes) else part.encode("latin-1"))
        if is_whole:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while some := connection.recv(65_536):
            received += some
    return received


def read_answer(received):
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    return int(status.split()[1]), {line.partition(": ")[0].lower(): line for line in lines}, body


@pytest.mark.parametrize("path", DIALECTS)
@pytest.mark.parametrize("broken", BROKEN)
def test_broken_request_is_answered_in_the_shape_of_the_dialect_and_ended(server, path, broken):
    request, expected = BROKEN[broken]

    status, headers, body = read_answer(answer_of(server, request.format(path)))

    assert status == expected
    assert DIALECTS[path](json.loads(body))
    for name in ("x-request-id", "cache-control", "x-content-type-options"):
        assert name in headers
    assert headers["connection"] == "Connection: close"
    assert headers["content-type"] == "Content-Type: application/json"
    assert headers["content-length"] == f"Content-Length: {len(body)}"


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("GET /health HTTP/1.1", r"GET    /health  200  [0-9.]+ ms"),
        (
            "GET /v1/phonebook/contacts/%2B37251000000?access_key=secret HTTP/1.1",
            r"GET    /v1/phonebook/contacts/\+37251\*\*\*\*00  401  [0-9.]+ ms  The username .+",
        ),
        (
            "DELETE /contacts/37251000000 HTTP/1.1",
            r"DELETE /contacts/37251\*\*\*\*00  401  [0-9.]+ ms  .+",
        ),
        ("TRACE /contacts HTTP/1.1", r"TRACE  /contacts  405  [0-9.]+ ms  .+"),
        ("GET /contacts/%1b[2J%0a HTTP/1.1", r"GET    /contacts/\?\[2J\?  401  [0-9.]+ ms  .+"),
    ],
)
def test_each_request_is_one_line_that_hides_what_nobody_should_see(server, request_, said):
    SAID.clear()

    answer_of(server, f"{request_}\r\nConnection: close\r\n\r\n")

    (line,) = SAID
    assert re.fullmatch(r"[0-9:]{8} " + said, line), line


WORDS = {
    "/v1/phonebook/contacts": lambda body: body["errors"][0]["detail"],
    **{path: words for path, words in DIALECTS.items() if path != "/v1/phonebook/contacts"},
}
"""Where each dialect says in words what is wrong."""


@pytest.mark.parametrize("path", WORDS)
def test_line_says_why_in_the_words_of_the_dialect(server, path):
    SAID.clear()

    received = answer_of(server, f"GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n")

    (line,) = SAID
    assert line.endswith(f" ms  {WORDS[path](json.loads(read_answer(received)[2]))}")


def test_line_that_is_garbage_is_refused(server):
    for garbage in (b"\x16\x03\x01\x02\r\n", b"hello\r\n", b"\xff \xff \xff\r\n\r\n"):
        status, _, body = read_answer(answer_of(server, garbage))
        assert status in {400, 405}
        assert json.loads(body)["errors"]


@pytest.mark.parametrize(
    "request_",
    [
        "POST /contacts HTTP/1.1\r\nContent-Length: 10\r\n\r\n{}",
        "POST /contacts HTTP/1.1\r\n" + CHUNKED + "2\r\n{}\r\n",
        "POST /contacts HTTP/1.1\r\n" + CHUNKED + "2\r\n{",
        "POST /contacts HTTP/1.1\r\n" + CHUNKED + "2\r\n{}\r\n0\r\n",
        "POST /contacts HTTP/1.1\r\n" + CHUNKED,
    ],
)
def test_body_that_is_cut_short_is_refused(server, request_):
    status, _, body = read_answer(answer_of(server, request_, is_whole=True))

    assert status == 400
    assert "cut short" in json.loads(body)["errors"][0]["description"]


@pytest.mark.parametrize(
    "request_",
    [
        "POST /contacts HTTP/1.1\r\nContent-Length: 10\r\n\r\n{}",
        "POST /contacts HTTP/1.1\r\n" + CHUNKED + "2\r\n{}\r\n",
    ],
)
def test_body_that_does_not_come_is_not_waited_for_for_ever(server, monkeypatch, request_):
    monkeypatch.setattr(local_server._RequestHandler, "timeout", 0.2)

    status, _, body = read_answer(answer_of(server, request_))

    assert status == 408
    assert "did not come in time" in json.loads(body)["errors"][0]["description"]


def test_body_that_comes_for_ever_ends(server, monkeypatch):
    monkeypatch.setattr(local_server, "SECONDS_TO_SEND", -1.0)

    for request in ("Content-Length: 2\r\n\r\n{}", CHUNKED + "2\r\n{}\r\n0\r\n\r\n"):
        received = answer_of(server, f"POST /contacts HTTP/1.1\r\n{request}")
        assert read_answer(received)[0] == 408


def test_whole_answer_arrives_though_more_than_is_read_was_sent(server):
    """Closed before it is read, the connection would be reset, and the answer lost."""
    head = f"POST /contacts HTTP/1.1\r\nContent-Length: {11 * 1024 * 1024}\r\n\r\n"

    received = answer_of(server, head, b"x" * (11 * 1024 * 1024))

    assert read_answer(received)[0] == 413


def test_chunks_are_read_with_what_may_stand_beside_them(server):
    connection = HTTPConnection(HOST, server.server_port)
    connection.putrequest("POST", "/contacts")
    connection.putheader("Transfer-Encoding", "Chunked")
    connection.endheaders(
        b"1;a=b\r\n{\r\nA\r\n" + b" " * 10 + b"\r\n01\r\n}\r\n0\r\nTrailer: a\r\n\r\n"
    )
    assert connection.getresponse().read()
    connection.request("GET", "/contacts")
    assert connection.getresponse().status == 401
    connection.close()


def test_body_that_waits_to_be_asked_for_is_asked_for(server):
    request = "POST /contacts HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
    received = answer_of(server, f"{request}Connection: close\r\n\r\n", "{}")

    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 ")


def test_head_has_the_length_of_get_and_no_body(server):
    connection = HTTPConnection(HOST, server.server_port)
    connection.request("GET", "/v1/phonebook/contacts")
    body = connection.getresponse().read()
    connection.request("HEAD", "/v1/phonebook/contacts")
    response = connection.getresponse()
    assert response.headers.get_all("Content-Length") == [str(len(body))]
    assert response.read() == b""
    connection.request("GET", "/v1/phonebook/contacts")
    assert connection.getresponse().read() == body
    connection.close()


def test_length_of_the_largest_body_is_taken(server):
    head = "POST /contacts HTTP/1.1\r\nContent-Length: 00010485760\r\nConnection: close\r\n\r\n"

    assert read_answer(answer_of(server, head, b"x" * 10_485_760))[0] == 401


def test_path_that_is_no_url_reaches_our_own_code(server):
    connection = HTTPConnection(HOST, server.server_port)
    connection.request("GET", "//[")
    assert connection.getresponse().headers["X-Request-Id"]
    connection.close()


@pytest.mark.parametrize(
    ("error", "is_reported"), [(ConnectionResetError(), False), (RuntimeError("a bug"), True)]
)
def test_client_that_goes_away_is_not_reported_but_a_bug_is(error, is_reported, capsys):
    try:
        raise error
    except type(error):
        local_server._ignore_lost_connection()

    assert ("Traceback" in capsys.readouterr().err) is is_reported


def test_server_that_is_ended_answers_what_has_begun_and_nothing_more():
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "infra.local.server", str(port)],
        cwd=PROJECT,
        env=os.environ | {"PHONEBOOK_TABLE": "none"},
    )
    try:
        await_true(lambda: is_listening(port))
        with socket.create_connection((HOST, port)) as client:
            client.sendall(b"POST /contacts HTTP/1.1\r\nContent-Length: 2\r\n\r\n{")
            # An answer to a second request shows that the first one has begun.
            idle = HTTPConnection(HOST, port)
            idle.request("GET", "/health")
            assert idle.getresponse().read()

            server.send_signal(signal.SIGTERM)
            await_true(lambda: not is_listening(port))
            client.sendall(b"}")

            status, headers, body = read_answer(client.makefile("rb").read())
        idle.close()
        assert (status, headers["content-length"]) == (401, f"Content-Length: {len(body)}")
        assert server.wait(local_server.SECONDS_TO_FINISH) == 0
    finally:
        server.kill()
        server.wait()


def is_listening(port):
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0
