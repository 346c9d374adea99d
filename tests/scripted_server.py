"""A server that answers what a test tells it, one answer for each request."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from infra.local.engine import HOST


@dataclass(frozen=True)
class Scripted:
    """An answer. One that ``hangs`` never comes; one that ``breaks_off`` lacks its last byte."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False
    breaks_off: bool = False


@dataclass
class ScriptedServer:
    """What is still to be answered, and what was asked for. The last answer is given for ever."""

    url: str = ""
    answers: list[Scripted] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    presented: list[str | None] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def answer(self, *answers: Scripted) -> None:
        """Answer these, one after another."""
        self.answers = list(answers)

    def next_answer(self) -> Scripted:
        """Return what is to be answered now."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def scripted_server() -> Iterator[ScriptedServer]:
    """Run a server that a test tells what to answer."""
    scripted = ScriptedServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            scripted.asked.append(f"{self.command} {self.path}")
            scripted.presented.append(self.headers["Authorization"])
            answer = scripted.next_answer()
            if answer.hangs:
                scripted.is_over.wait()
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body) + answer.breaks_off))
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection = self.close_connection or answer.breaks_off

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    scripted.url = f"http://{HOST}:{server.server_port}"
    try:
        yield scripted
    finally:
        scripted.is_over.set()
        server.shutdown()
        thread.join()
        server.server_close()
