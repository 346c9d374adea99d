"""Sending to receivers that do as they like, on real sockets."""

import socket
import sys
import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from chalicelib.domain.limits import MAX_ANSWER_CHARACTERS
from chalicelib.webhooks import sending
from chalicelib.webhooks.sending import send
from tests.webhooks.receivers import (
    answering,
    dripping,
    flooding,
    hanging,
    receiving,
    status,
    write_certificate,
)
from tests.webhooks.test_addresses import answers

SOON = 0.3
"""The deadline of what never ends. What ends has the usual one."""

HEADERS = {"webhook-id": "msg_1", "webhook-timestamp": "1614265330", "webhook-signature": "v1,x"}
BODY = b'{"type":"contact.created"}'
TOO_LATE = "it did not answer within 0.3 seconds"
HOST = "receiver.example"


def sent(url, **options):
    return send(url, HEADERS, BODY, **{"allows_loopback": True, **options})


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """Trust a certificate for some hosts, and return its file."""

    def trust(*hosts, **options):
        certificate = write_certificate(tmp_path / "certificate.pem", *hosts, **options)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        sending._trusted.cache_clear()
        return certificate

    yield trust
    sending._trusted.cache_clear()


def test_message_comes_as_it_was_given():
    with receiving(status("200 OK", body="Grüße".encode())) as receiver:
        answer = sent(f"{receiver.url}/hook?for=me")

    assert (answer.status, answer.problem, answer.text) == (200, None, "Grüße")
    assert answer.retry_after is None
    assert receiver.body == BODY
    request_line, *headers = receiver.head
    assert request_line == "POST /hook?for=me HTTP/1.1"
    assert sorted(headers) == sorted(
        [
            f"Host: 127.0.0.1:{receiver.port}",
            "Accept-Encoding: identity",
            "Connection: close",
            f"Content-Length: {len(BODY)}",
            "Content-Type: application/json",
            "User-Agent: phonebook-webhooks",
            *(f"{name}: {value}" for name, value in HEADERS.items()),
        ]
    )


def test_url_without_a_path_means_the_root():
    with receiving(status("204 No Content")) as receiver:
        assert sent(f"{receiver.url}?a=b").status == 204

    assert receiver.head[0] == "POST /?a=b HTTP/1.1"


def test_large_message_comes_whole():
    body = b"x" * 3_000_000
    with receiving(status("200 OK")) as receiver:
        answer = send(receiver.url, HEADERS, body, allows_loopback=True)

    assert answer.status == 200
    assert receiver.body == body


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6 here")
def test_ipv6_host():
    with receiving(status("200 OK"), host="::1") as receiver:
        assert sent(receiver.url).problem is None

    assert f"Host: [::1]:{receiver.port}" in receiver.head


def test_next_address_is_tried_if_one_refuses_the_connection():
    with receiving(status("200 OK")) as receiver:
        url = f"http://localhost:{receiver.port}"
        assert sent(url, resolve=answers("127.0.0.2", "127.0.0.3", "127.0.0.1")).status == 200


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has one loopback address alone")
def test_address_that_does_not_answer_leaves_time_for_the_next():
    with receiving(status("200 OK")) as receiver, ExitStack() as open_until_the_end:
        full = socket.create_server(("127.0.0.2", receiver.port), backlog=0)
        open_until_the_end.enter_context(full)
        for _ in range(4):
            # Nobody accepts them. When the queue is full, the kernel is silent to whoever comes.
            waiting = open_until_the_end.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(full.getsockname())
        url = f"http://localhost:{receiver.port}"
        answer = sent(url, resolve=answers("127.0.0.2", "127.0.0.1"), seconds=2)

    assert answer.status == 200


def test_usual_port_is_not_named_in_the_request(monkeypatch):
    with receiving(status("200 OK")) as receiver:
        monkeypatch.setitem(sending._PORTS, "http", receiver.port)
        assert sent("http://127.0.0.1/").status == 200

    assert "Host: 127.0.0.1" in receiver.head


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("200 OK", None),
        ("299 Fine", None),
        ("304 Not Modified", "it answered 304, and redirects are not followed"),
        ("404 Not Found", "it answered 404"),
        ("410 Gone", "it answered 410"),
        ("429 Too Many Requests", "it answered 429"),
        ("500 Internal Server Error", "it answered 500"),
        ("999 Whatever", "it answered 999"),
    ],
)
def test_status_is_told(line, problem):
    with receiving(status(line)) as receiver:
        answer = sent(receiver.url)

    assert (answer.status, answer.problem) == (int(line.partition(" ")[0]), problem)


@pytest.mark.parametrize("line", ["301 Moved", "302 Found", "303 See Other", "307 T", "308 P"])
def test_redirect_is_not_followed(line):
    with receiving(status("200 OK")) as other:
        with receiving(status(line, f"Location: {other.url}/")) as receiver:
            answer = sent(receiver.url)
        assert not other.requests

    number = line.partition(" ")[0]
    assert answer.status == int(number)
    assert answer.problem == f"it answered {number}, and redirects are not followed"


@pytest.mark.parametrize(
    ("value", "waits"),
    [
        ("120", timedelta(seconds=120)),
        (" 0 ", timedelta()),
        ("999999999999", timedelta(seconds=999999999999)),
        ("Wed, 21 Oct 2015 07:28:00 GMT", timedelta()),
        ("1" * 5000, None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("Wed, 99 Oct 2015 99:28:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +9999", None),
        ("", None),
    ],
)
def test_retry_after_is_read(value, waits):
    with receiving(status("429 Too Many Requests", f"Retry-After: {value}")) as receiver:
        answer = sent(receiver.url)

    assert (answer.status, answer.retry_after) == (429, waits)


@pytest.mark.parametrize(
    ("moment", "hours"),
    [
        (format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True), 2),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 24 * 365 * 9000),
    ],
    ids=["soon", "at the end of all dates"],
)
def test_retry_after_may_be_a_moment(moment, hours):
    with receiving(status("503 Service Unavailable", f"Retry-After: {moment}")) as receiver:
        answer = sent(receiver.url)

    assert answer.retry_after > timedelta(hours=1)
    assert answer.retry_after <= timedelta(hours=hours)


@pytest.mark.parametrize(
    "behave",
    [
        hanging,
        dripping(b"", b"H"),
        dripping(b"HTTP/1.1 200 OK\r\n", b"A"),
        dripping(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["hangs", "drips its status", "drips a header", "drips headers", "continues for ever"],
)
def test_receiver_cannot_hold_us_before_its_answer(behave):
    with receiving(behave) as receiver:
        answer = sent(receiver.url, seconds=SOON)

    assert (answer.status, answer.problem) == (None, TOO_LATE)
    assert answer.seconds >= SOON


def test_receiver_that_does_not_read_cannot_hold_us():
    with receiving(hanging, reads=False) as receiver:
        body = b"x" * 50_000_000
        answer = send(receiver.url, HEADERS, body, allows_loopback=True, seconds=SOON)

    assert (answer.status, answer.problem) == (None, TOO_LATE)


def test_receiver_that_reads_slowly_cannot_hold_us():
    """Each write gets on, but all of them together are too late."""
    body = b"x" * 50_000_000
    read = 0

    def behave(receiver, connection):
        nonlocal read
        while not receiver.is_over.wait(0.02):
            read += len(connection.recv(1 << 20))

    with receiving(behave, reads=False) as receiver:
        answer = send(receiver.url, HEADERS, body, allows_loopback=True, seconds=SOON)
        assert read < len(body) / 2

    assert (answer.status, answer.problem) == (None, TOO_LATE)


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n"),
    ],
    ids=["until the end", "of a length", "in chunks", "after the chunks"],
)
def test_receiver_that_drips_its_body_has_answered_and_cannot_hold_us(head, drop):
    with receiving(dripping(head, drop)) as receiver:
        answer = sent(receiver.url, seconds=SOON)

    assert (answer.status, answer.problem) == (200, None)
    assert set(answer.text) <= {"x"}


def test_connection_that_stays_open_after_the_answer_does_not_hold_us():
    """The answer is whole: we do not wait for the end of the connection."""
    with receiving(dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine", b"")) as receiver:
        answer = sent(receiver.url, seconds=60)

    assert (answer.status, answer.text) == (200, "fine")


BLOCK = b"x" * (1 << 20)


@pytest.mark.parametrize(
    ("head", "block"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", BLOCK),
        (b"HTTP/1.1 200 OK\r\n\r\n", BLOCK),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + BLOCK + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", BLOCK),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40000000\r\n", BLOCK),
    ],
    ids=["of a length", "until the end", "in chunks", "in a chunk below zero", "in one chunk"],
)
def test_body_of_a_gigabyte_is_not_read(head, block):
    with receiving(flooding(head, block, 1024)) as receiver:
        answer = sent(receiver.url)

    assert (answer.status, answer.problem) == (200, None)
    assert answer.text == "x" * MAX_ANSWER_CHARACTERS
    assert receiver.sent < 100 * len(BLOCK)


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ([], "it closed the connection without an answer"),
        ([b"SSH-2.0-OpenSSH_9.2\r\n"], "its answer is not HTTP"),
        ([b"\0\xff" * 1000], "its answer is not HTTP"),
        ([b"HTTP/1.1\r\n\r\n"], "its answer is not HTTP"),
        ([b"HTTP/1.1 two OK\r\n\r\n"], "its answer is not HTTP"),
        ([b"HTTP/1.1 -200 OK\r\n\r\n"], "its answer is not HTTP"),
        ([b"HTTP/3.0 200 OK\r\n\r\n"], "its answer is not HTTP"),
        ([b"HTTP/1.1 200 OK\r\n", b"A: " + b"b" * 100_000], "its answer is not HTTP"),
        ([b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 200, b"\r\n"], "its answer is not HTTP"),
    ],
)
def test_what_is_no_answer_is_a_failure(parts, problem):
    with receiving(answering(*parts)) as receiver:
        answer = sent(receiver.url)

    assert (answer.status, answer.problem) == (None, problem)


@pytest.mark.parametrize(
    ("rest", "text"),
    [
        (b"", ""),
        (b"\r\n", ""),
        (b"Content-Length: 9\r\n\r\nfine", "fine"),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nfine", "fine"),
        (b"Content-Length: -9\r\n\r\nfine", "fine"),
        (b"Content-Length: nine\r\n\r\nfine", "fine"),
        (b"no header at all\r\n\r\nfine", "fine"),
        (b"\xff\xfe: \0\r\n\r\nfine", "fine"),
        (b"Transfer-Encoding: chunked\r\n\r\n4\r\nfine\r\nnine\r\n", "fine"),
        (b"Transfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n9\r\n", "fine"),
        (b"Transfer-Encoding: chunked\r\n\r\n" + b"4" * 100_000, ""),
        (b"Content-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_what_is_wrong_after_the_status_is_only_missing_in_the_text(rest, text):
    with receiving(answering(b"HTTP/1.1 200 OK\r\n" + rest)) as receiver:
        answer = sent(receiver.url)

    assert (answer.status, answer.problem, answer.text) == (200, None, text)


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    assert sent(f"http://127.0.0.1:{port}").problem == "it refused the connection"


def test_host_without_an_address():
    def resolve(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "no")

    assert sent(f"https://{HOST}", resolve=resolve).problem == "its name has no address"
    assert sent(f"https://{HOST}", resolve=answers()).problem == "its name has no address"


def test_resolver_that_hangs():
    is_over = threading.Event()

    def resolve(*_, **__):
        is_over.wait()
        return []

    answer = sent(f"https://{HOST}", resolve=resolve, seconds=SOON)
    is_over.set()

    assert (answer.status, answer.problem) == (None, TOO_LATE)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://example.com/", "the URL must begin with https://, except on localhost"),
        ("https://2130706433/", "the URL must name a host, or an address in its usual form"),
        ("nonsense", "the URL must begin with https://"),
    ],
)
def test_url_that_may_not_be_is_asked_nothing(url, problem):
    def resolve(*_, **__):
        raise AssertionError

    assert sent(url, resolve=resolve).problem == problem


def test_loopback_gets_nothing_if_it_is_not_allowed(trusted):
    certificate = trusted(HOST)
    with receiving(status("200 OK"), certificate=certificate) as receiver:
        answer = sent(
            f"https://{HOST}:{receiver.port}", allows_loopback=False, resolve=answers("127.0.0.1")
        )

    assert answer.status is None
    assert answer.problem == "the address is this machine's own (loopback)"
    assert not receiver.names


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "::ffff:192.168.0.1"])
def test_loopback_that_is_allowed_allows_nothing_else(address):
    answer = sent(f"https://{HOST}", resolve=answers("127.0.0.1", address))

    assert answer.problem.startswith("the address is ")


def test_name_that_is_rebound_is_asked_for_once(trusted, monkeypatch):
    """The second answer would be another address. Nobody else asks, behind our back."""
    asked = []

    def resolve(host, port, **options):
        asked.append(host)
        return answers("127.0.0.1" if len(asked) == 1 else "127.0.0.2")(host, port, **options)

    def refuse(*_, **__):
        raise AssertionError

    certificate = trusted(HOST)
    with receiving(status("200 OK"), certificate=certificate) as receiver:
        with monkeypatch.context() as patched:
            patched.setattr(socket, "getaddrinfo", refuse)
            answer = sent(f"https://{HOST}:{receiver.port}", resolve=resolve)
        assert receiver.body == BODY

    assert (answer.status, asked) == (200, [HOST])


def test_certificate_is_verified_for_the_name_and_not_for_the_address(trusted):
    certificate = trusted(HOST)
    with receiving(status("200 OK", body=b"fine"), certificate=certificate) as receiver:
        answer = sent(f"https://{HOST}:{receiver.port}/", resolve=answers("127.0.0.1"))

    assert (answer.status, answer.problem, answer.text) == (200, None, "fine")
    assert receiver.names == [HOST]
    assert f"Host: {HOST}:{receiver.port}" in receiver.head


def test_certificate_may_be_for_an_address(trusted):
    with receiving(status("200 OK"), certificate=trusted("127.0.0.1")) as receiver:
        assert sent(receiver.url).status == 200


def test_certificate_may_be_for_an_ipv6_address(trusted):
    address = "2606:4700::abcd"
    with receiving(status("200 OK"), certificate=trusted(address)) as receiver:
        url = f"https://[{address}]:{receiver.port}"
        assert sent(url, resolve=answers("127.0.0.1")).status == 200


def test_certificate_of_nobody_whom_we_trust(tmp_path):
    certificate = write_certificate(tmp_path / "own.pem", HOST)
    with receiving(status("200 OK"), certificate=certificate) as receiver:
        answer = sent(f"https://{HOST}:{receiver.port}/", resolve=answers("127.0.0.1"))

    assert answer.status is None
    assert answer.problem.startswith("its certificate is not valid: self")
    assert not receiver.requests


def test_certificate_of_another_name(trusted):
    certificate = trusted("another.example")
    with receiving(status("200 OK"), certificate=certificate) as receiver:
        answer = sent(f"https://{HOST}:{receiver.port}/", resolve=answers("127.0.0.1"))

    assert answer.status is None
    assert answer.problem.startswith("its certificate is not valid: Hostname mismatch")
    assert not receiver.requests


def test_certificate_that_has_ended(trusted):
    certificate = trusted(HOST, ended=True)
    with receiving(status("200 OK"), certificate=certificate) as receiver:
        answer = sent(f"https://{HOST}:{receiver.port}/", resolve=answers("127.0.0.1"))

    assert answer.problem == "its certificate is not valid: certificate has expired"
    assert not receiver.requests


@pytest.mark.parametrize(
    ("behave", "problem"),
    [
        (hanging, TOO_LATE),
        # The head of a record of TLS that is longer than what will come.
        (dripping(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", b"\0"), TOO_LATE),
        (answering(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "it does not speak TLS as we do"),
    ],
    ids=["hangs", "drips", "speaks HTTP"],
)
def test_receiver_that_does_not_speak_tls(behave, problem):
    with receiving(behave, reads=False) as receiver:
        answer = sent(f"https://127.0.0.1:{receiver.port}/", seconds=SOON)

    assert (answer.status, answer.problem) == (None, problem)


def test_receiver_that_hangs_up_on_tls():
    with receiving(answering(), reads=False) as receiver:
        answer = sent(f"https://127.0.0.1:{receiver.port}/")

    assert (answer.status, answer.problem) == (None, "it broke off the connection")


def test_drips_over_tls_cannot_hold_us(trusted):
    with receiving(dripping(b"", b"H"), certificate=trusted("127.0.0.1")) as receiver:
        answer = sent(receiver.url, seconds=SOON)

    assert (answer.status, answer.problem) == (None, TOO_LATE)


def test_proxy_of_the_environment_is_not_used(monkeypatch):
    with receiving(status("502 Bad Gateway")) as proxy, receiving(status("200 OK")) as receiver:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert sent(receiver.url).status == 200
        assert not proxy.requests
