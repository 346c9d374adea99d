"""Receivers of webhooks that behave as a test tells them, on the loopback interface."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID


@dataclass
class Receiver:
    """A receiver: where it is, and what came. ``names`` are those that TLS asked for."""

    url: str
    port: int
    requests: list[bytes] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    sent: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    @property
    def head(self) -> list[str]:
        """The lines of the head of the only request."""
        (request,) = self.requests
        return request.partition(b"\r\n\r\n")[0].decode().split("\r\n")

    @property
    def body(self) -> bytes:
        """The body of the only request."""
        (request,) = self.requests
        return request.partition(b"\r\n\r\n")[2]


Behaviour = Callable[[Receiver, socket.socket], None]
"""What a receiver does when it has read a request."""


def answering(*parts: bytes) -> Behaviour:
    """Send these bytes, and close the connection."""

    def behave(_receiver: Receiver, connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    return behave


def status(line: str, *headers: str, body: bytes = b"") -> Behaviour:
    """Answer in the usual form."""
    lines = [f"HTTP/1.1 {line}", *headers, f"Content-Length: {len(body)}"]
    return answering("".join(f"{each}\r\n" for each in lines).encode() + b"\r\n" + body)


def hanging(receiver: Receiver, _connection: socket.socket) -> None:
    """Say nothing until the test is over."""
    receiver.is_over.wait()


def dripping(head: bytes, drop: bytes) -> Behaviour:
    """Send some bytes, and then a drop for ever, sooner than any read would time out."""

    def behave(receiver: Receiver, connection: socket.socket) -> None:
        connection.sendall(head)
        while not receiver.is_over.wait(0.05):
            connection.sendall(drop)

    return behave


def flooding(head: bytes, block: bytes, times: int) -> Behaviour:
    """Send a block many times, as fast as it is read."""

    def behave(receiver: Receiver, connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(times):
            connection.sendall(block)
            receiver.sent += len(block)

    return behave


@contextmanager
def receiving(
    behave: Behaviour,
    *,
    host: str = "127.0.0.1",
    certificate: Path | None = None,
    reads: bool = True,
) -> Iterator[Receiver]:
    """Run a receiver. With a certificate it speaks TLS; one that does not read behaves at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, 0), family=family)
    port = listening.getsockname()[1]
    scheme = "http" if certificate is None else "https"
    receiver = Receiver(f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}", port)

    def serve(connection: socket.socket) -> None:
        # A sender that leaves early is no failure of the receiver.
        with connection, suppress(OSError):
            served = (
                connection if certificate is None else _secured(connection, certificate, receiver)
            )
            with served:
                if reads:
                    receiver.requests.append(_read(served))
                behave(receiver, served)

    def accept() -> None:
        while True:
            connection, _ = listening.accept()
            if receiver.is_over.is_set():
                connection.close()
                return
            threads.append(threading.Thread(target=serve, args=[connection]))
            threads[-1].start()

    threads: list[threading.Thread] = []
    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield receiver
    finally:
        receiver.is_over.set()
        socket.create_connection((host, port)).close()
        accepting.join()
        for thread in threads:
            thread.join()
        listening.close()


def _secured(connection: socket.socket, certificate: Path, receiver: Receiver) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: receiver.names.append(name)
    return context.wrap_socket(connection, server_side=True)


def _read(connection: socket.socket) -> bytes:
    read = b""
    while b"\r\n\r\n" not in read:
        some = connection.recv(65536)
        if not some:
            return read
        read += some
    head, _, body = read.partition(b"\r\n\r\n")
    (length,) = (
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def write_certificate(path: Path, *hosts: str, ended: bool = False) -> Path:
    """Write a certificate for hosts, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a receiver")])
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "crl_sign", "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=-1 if ended else 1))
        .add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=True, **usage), critical=True
        )
        .sign(key, SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
