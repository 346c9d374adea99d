"""Sending a message to a webhook: one POST, to an address that was checked, within one deadline."""

import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, RemoteDisconnected
from io import BufferedReader, RawIOBase
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import SplitResult, urlsplit

from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.limits import MAX_ANSWER_BYTES, MAX_ANSWER_CHARACTERS
from chalicelib.domain.webhooks import SUCCESSES, Answer, check_url
from chalicelib.webhooks.addresses import Address, AddressRefusedError, Resolve, reachable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SECONDS: Final = 15
"""How long an attempt may take, from the question for the address to the end of the answer."""

_ADDRESSES_TRIED: Final = 4
"""Of one host. Each gets its share of the time to connect."""

_PORTS: Final[Mapping[str, int]] = {"https": 443, "http": 80}
_REDIRECTS: Final = range(300, 400)
_WHOLE_SECONDS: Final = re.compile(r"[0-9]{1,12}")

_SAID: Final[tuple[tuple[type[Exception], str], ...]] = (
    (socket.gaierror, "its name has no address"),
    (ssl.SSLEOFError, "it broke off the connection"),
    (ssl.SSLError, "it does not speak TLS as we do"),
    (RemoteDisconnected, "it closed the connection without an answer"),
    (ConnectionRefusedError, "it refused the connection"),
    (ConnectionError, "it broke off the connection"),
    (HTTPException, "its answer is not HTTP"),
)
"""What is said of each kind of failure. The first that fits is said."""

_SAID_OF_OTHERS: Final = "it cannot be reached"


class _Deadline:
    """The end of an attempt: of all its waits together."""

    def __init__(self, seconds: float) -> None:
        self._began = time.monotonic()
        self._ends = self._began + seconds

    @property
    def passed(self) -> float:
        """The seconds since the beginning."""
        return time.monotonic() - self._began

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            TimeoutError: None are.

        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Line(RawIOBase):
    """What ``http.client`` asks of a socket. No read and no write waits beyond the deadline."""

    def __init__(self, connection: socket.socket, deadline: _Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._connection.settimeout(self._deadline.left())
            rest = rest[self._connection.send(rest) :]

    def makefile(self, _mode: str) -> BufferedReader:
        return BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._connection.settimeout(self._deadline.left())
        return self._connection.recv_into(buffer)

    def close(self) -> None:
        """Do nothing: who opened the connection closes it."""


def send(  # noqa: PLR0913 - what is sent, where, and within which bounds
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    allows_loopback: bool,
    seconds: float = SECONDS,
    resolve: Resolve = socket.getaddrinfo,
) -> Answer:
    """Send a message, and return what came of it. Nothing that a receiver does raises an error.

    The status decides, once it is there: whatever breaks off after it is only missing in the text.
    Redirects are not followed, and no proxy is used.
    """
    deadline = _Deadline(seconds)
    try:
        check_url(url, allows_loopback=allows_loopback)
        parts = urlsplit(url)
        addresses = reachable(
            parts.hostname or "",
            _port(parts),
            allows_loopback=allows_loopback,
            seconds=deadline.left(),
            resolve=resolve,
        )
        with closing(_connected(parts, addresses, deadline)) as connection:
            line = _Line(connection, deadline)
            with _answered(parts, headers, body, line) as response:
                return _answer(response, deadline)
    except (InvalidDataError, AddressRefusedError, OSError, HTTPException) as error:
        return Answer(status=None, problem=_problem(error, seconds), seconds=deadline.passed)


def _connected(
    parts: SplitResult, addresses: tuple[Address, ...], deadline: _Deadline
) -> socket.socket:
    """Connect to the first address that accepts, and by TLS if the URL says so."""
    connection = _opened(addresses, _port(parts), deadline)
    if parts.scheme == "http":
        return connection
    try:
        connection.settimeout(deadline.left())
        # The certificate has to be for the host that the webhook's owner named. It does not matter
        # at which address it is.
        return _trusted().wrap_socket(connection, server_hostname=parts.hostname)
    except BaseException:
        connection.close()
        raise


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]


def _opened(addresses: tuple[Address, ...], port: int, deadline: _Deadline) -> socket.socket:
    tried = addresses[:_ADDRESSES_TRIED]
    failure: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
    for index, address in enumerate(tried):
        family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
        try:
            connection = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            failure = error
            continue
        try:
            connection.settimeout(deadline.left() / (len(tried) - index))
            connection.connect((str(address), port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


@cache
def _trusted() -> ssl.SSLContext:
    """Return who may certify a host: all whom this machine trusts. Reading them is slow."""
    return ssl.create_default_context()


@contextmanager
def _answered(
    parts: SplitResult, headers: Mapping[str, str], body: bytes, line: _Line
) -> Iterator[HTTPResponse]:
    """Send the request, and yield the answer when its head is there."""
    connection = HTTPConnection(parts.hostname or "", _port(parts))
    # It connects to nothing by itself if it has a socket, of which it asks no more than this.
    connection.sock = cast("socket.socket", line)
    target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    connection.request(
        "POST",
        target,
        body,
        {
            **headers,
            "Host": parts.netloc,
            "Content-Type": "application/json",
            "User-Agent": "phonebook-webhooks",
            "Connection": "close",
        },
    )
    with connection.getresponse() as response:
        yield response


def _answer(response: HTTPResponse, deadline: _Deadline) -> Answer:
    status = response.status
    problem = None
    if status in _REDIRECTS:
        problem = f"it answered {status}, and redirects are not followed"
    elif status not in SUCCESSES:
        problem = f"it answered {status}"
    text = _read(response).decode(errors="replace")[:MAX_ANSWER_CHARACTERS]
    return Answer(
        status=status,
        problem=problem,
        retry_after=_retry_after(response.headers["Retry-After"]),
        seconds=deadline.passed,
        text=text,
    )


def _read(response: HTTPResponse) -> bytes:
    """Read what comes of the body, until its end, its limit, the deadline, or a mistake in it."""
    most = MAX_ANSWER_BYTES
    if response.length is not None:
        # A connection that stays open has nothing more to wait for.
        most = min(most, response.length)
    read = bytearray()
    with suppress(OSError, HTTPException, ValueError):
        # Only read1 is within bounds whatever the receiver says: read believes a chunk's length.
        while len(read) < most and (some := response.read1(most - len(read))):
            read += some
    return bytes(read[:most])


def _retry_after(value: str | None) -> timedelta | None:
    """Read the header: whole seconds, or a moment in HTTP's form. What is neither is ignored."""
    if value is None:
        return None
    if _WHOLE_SECONDS.fullmatch(value.strip()):
        return timedelta(seconds=int(value))
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(at - datetime.now(UTC), timedelta())


def _problem(error: Exception, seconds: float) -> str:
    """Say in plain words why there was no answer, beginning with the subject."""
    if isinstance(error, InvalidDataError):
        return f"the URL {error.found[0].message}"
    if isinstance(error, AddressRefusedError):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"it did not answer within {seconds:g} seconds"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    return next((said for kind, said in _SAID if isinstance(error, kind)), _SAID_OF_OTHERS)
