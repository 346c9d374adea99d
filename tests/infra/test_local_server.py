"""Where our local server differs from the one of `chalice local`."""

import socket
import threading
from http.client import HTTPConnection

import pytest

from app import app
from infra import local_server
from infra.engine import HOST


@pytest.fixture(scope="module")
def server():
    """One for all tests here: Chalice makes an app local only once in a process."""
    server = local_server.create_server(app, 0)
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


def test_request_whose_length_is_no_number_is_refused(server):
    with socket.create_connection((HOST, server.server_port)) as connection:
        connection.sendall(b"GET /v1/phonebook/contacts HTTP/1.1\r\nContent-Length: abc\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


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
