"""Cold starts: from a fresh process to the first answer, and the memory at that point."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks import exchanges, packages
from benchmarks.contenders import FLOOR, PEERS, PHONEBOOK, compared, ratio
from benchmarks.lambdas import running
from benchmarks.packages import Packaged
from benchmarks.report import Row, Subject

ROUNDS: Final = 9
RECORDS: Final = 10
API_MARK: Final = 1.25
EVENT_MARK: Final = 1.15

EVENT_LAMBDAS: Final = {
    "counting": (
        {
            PHONEBOOK: ("chalicelib.entrypoints.counter_stream", "count_changes"),
            FLOOR: ("counting", "handler"),
        },
        exchanges.stream_event(RECORDS),
    ),
    "purging": (
        {
            PHONEBOOK: ("chalicelib.entrypoints.cleanup_schedule", "clean_up_on_schedule"),
            FLOOR: ("purging", "handler"),
        },
        exchanges.schedule_event(),
    ),
}
"""The module and the name of each one's handler, and the event that both get."""

NOT_COMPILED: Final = "phonebook, not compiled"

MODULES_MARK: Final = 1.75
"""Modules that are loaded at the first answer beside the floor's: a count, the same everywhere."""

Started = dict[str, list[dict[str, Any]]]


def measure(quick: bool) -> Subject:  # noqa: FBT001 - what every subject takes
    """Measure, or only count what is loaded."""
    with TemporaryDirectory() as folder, _answering() as endpoint:
        names = [PHONEBOOK, FLOOR, *([] if quick else PEERS)]
        packaged = {name: packages.package(name) for name in names}
        if not quick:
            slow = packages.package_phonebook(Path(folder), is_compiled=False)
            packaged[NOT_COMPILED] = slow
            names.append(NOT_COMPILED)
        runtime = packages.runtime(Path(folder))

        def start(each: Packaged, module: str, name: str, event: object) -> dict[str, Any]:
            variables = {"AWS_ENDPOINT_URL_DYNAMODB": endpoint}
            with running(each, runtime, variables) as process:
                started: dict[str, Any] = process.ask("start", module, name, event)
                return started

        rounds = 1 if quick else ROUNDS
        api: Started = defaultdict(list)
        events: dict[str, Started] = {name: defaultdict(list) for name in EVENT_LAMBDAS}
        request = exchanges.events()["retrieve"]
        for turn in range(rounds):
            for name in names if turn % 2 else reversed(names):
                each = packaged[name]
                api[name].append(start(each, each.module, each.handler, request))
            for name, (handlers, event) in EVENT_LAMBDAS.items():
                for whose in handlers if turn % 2 else reversed(handlers):
                    events[name][whose].append(start(packaged[whose], *handlers[whose], event))
    rows = _counts({"API": api, **events})
    if quick:
        return _subject(rows, [])
    rows += compared("API", _figures(api, "seconds"), floor_mark=API_MARK)
    rows.append(
        ratio(
            "API, not compiled ÷ as it is deployed",
            _figures(api, "seconds")[NOT_COMPILED],
            _figures(api, "seconds")[PHONEBOOK],
        )
    )
    rows += compared("API's memory", _figures(api, "bytes"), floor_mark=API_MARK)
    for name, started in events.items():
        for what, figure in ((name, "seconds"), (f"{name}'s memory", "bytes")):
            figures = _figures(started, figure)
            rows.append(
                ratio(
                    f"{what}, phonebook ÷ floor",
                    figures[PHONEBOOK],
                    figures[FLOOR],
                    mark=EVENT_MARK,
                )
            )
    notes = [
        f"{what} here: "
        + ", ".join(
            f"{name} {median(one['seconds'] for one in all_) * 1e3:,.0f} ms and"
            f" {median(one['bytes'] for one in all_) / 2**20:,.0f} MB"
            for name, all_ in started.items()
        )
        + "."
        for what, started in {"API": api, **events}.items()
    ]
    return _subject(rows, notes)


def _subject(rows: list[Row], notes: list[str]) -> Subject:
    return Subject(
        name="cold",
        title="Cold starts",
        engine="none, prepared answers from an HTTP server on the loopback interface",
        method=(
            "Time of the processor from before the import of the packaged Lambda to its first"
            " answer, without the start of Python itself, each in a fresh process, by turns; the"
            f" median of {ROUNDS} rounds, and its quartiles. All of them are compiled when they are"
            " packaged, the peers too, although their tools do not do that."
        ),
        rows=rows,
        footnotes=notes,
    )


def _counts(started: dict[str, Started]) -> list[Row]:
    return [
        Row(
            name=f"{what}, modules loaded ÷ floor",
            unit="×",
            measured=round(by_name[PHONEBOOK][0]["modules"] / by_name[FLOOR][0]["modules"], 2),
            against="floor",
            mark=MODULES_MARK,
        )
        for what, by_name in started.items()
    ]


def _figures(started: Started, figure: str) -> dict[str, list[float]]:
    return {name: [one[figure] for one in all_] for name, all_ in started.items()}


@contextmanager
def _answering() -> Iterator[str]:
    """Serve the prepared answers on a free port, and yield its address."""
    answers = exchanges.answers()

    class Handler(BaseHTTPRequestHandler):
        """DynamoDB, as far as it is asked."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Answer a call."""
            request = self.rfile.read(int(self.headers["Content-Length"])).decode()
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            body = next(text for needle, text in answers[operation] if needle in request).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
