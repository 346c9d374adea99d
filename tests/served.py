"""The app as it is served, and a client that sends it anything."""

import base64
import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from threading import Thread
from types import MappingProxyType
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from chalice.app import Chalice
from moto import mock_aws

from app import app
from chalicelib.domain.credential import token_of
from chalicelib.settings import LOOPBACK_VARIABLE, TABLE_VARIABLE
from infra.local import child, engine
from infra.local.connected import Connected
from infra.local.server import create_server
from tests.openapi import assert_documented
from tests.patience import SECONDS


@contextmanager
def served_app(
    endpoint: str, table: str, log: Path, job_places: Mapping[str, str] = MappingProxyType({})
) -> Iterator[str]:
    """Serve the app by the server of ``make dev``, on the engine at *endpoint*."""
    port = engine.free_port()
    environment = {**engine.environment(endpoint), TABLE_VARIABLE: table, **job_places}
    with log.open("wb") as output:
        process = child.start_module(
            "infra.local.server", str(port), environment=environment, output=output
        )
    try:
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                socket.create_connection((engine.HOST, port)).close()
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.02)
        yield f"http://{engine.HOST}:{port}"
    finally:
        child.end(process)


@contextmanager
def engine_here() -> Iterator[Connected]:
    """Connect this process to an engine within it, and let an app that it serves find it."""
    with (
        mock_aws(),
        Connected(None) as connected,
        connected.environment(),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv(TABLE_VARIABLE, connected.table)
        patch.setenv(LOOPBACK_VARIABLE, "yes")
        yield connected


@contextmanager
def app_served_here() -> Iterator[str]:
    """Serve the app in this process, on the engine within it."""
    # Chalice's local server makes the app one of its own, and takes none that is one already.
    app.__class__ = Chalice
    server = create_server(app, 0).server
    serving = Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://{engine.HOST}:{server.server_port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@dataclass(frozen=True)
class Answer:
    """What came back, as it came, and to which path and query."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    path: str = ""

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def next_path(self) -> str | None:
        """The path of the next page, if there is one."""
        link = self.headers.get("link")
        if link is None:
            return None
        url, _, relation = link.partition("; ")
        assert relation == 'rel="next"'
        parts = urlsplit(urljoin(self.path, url.strip("<>")))
        assert parts.netloc.startswith("127.0.0.1:") or not parts.netloc
        return f"{parts.path}?{parts.query}"


@dataclass(frozen=True)
class Client:
    """Someone with a credential for the app at ``url``."""

    url: str
    account: str = ""
    username: str = ""
    secret: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The header that a Messente client sends."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.secret}".encode()).decode()

    @property
    def token(self) -> str:
        """What the clients present that send a single word."""
        return token_of(self.username, self.secret)

    def authorization(self, scheme: str) -> str:
        """Return the header by which the credential is presented under this scheme."""
        return self.basic if scheme.lower() == "basic" else f"{scheme} {self.token}"

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """Send a request; bytes as they are, anything else as JSON; None unsets a header.

        Whatever comes back has to be what the dialect's document says of this request.
        """
        sent: dict[str, str | None] = {"Authorization": self.basic}
        if body is not None:
            sent["Content-Type"] = "application/json"
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent |= headers or {}
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        try:
            kept = {name: value for name, value in sent.items() if value is not None}
            connection.request(method, urlsplit(self.url).path + path, body, kept)
            response = connection.getresponse()
            answered = {name.lower(): value for name, value in response.getheaders()}
            answer = Answer(response.status, answered, response.read(), path)
            assert_documented(method, path, answer.status, answer.body)
            return answer
        finally:
            connection.close()


def send_anonymously(
    url: str, method: str, path: str, headers: Mapping[str, str] = MappingProxyType({})
) -> tuple[int, HTTPMessage, bytes]:
    """Send a request without a credential, and return the status, the headers and the body."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request(method, urlsplit(url).path + path, headers=dict(headers))
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()
