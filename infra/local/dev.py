"""``make dev``: the embedded engine, a demo account and the app, until Ctrl-C."""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

from chalicelib.domain.caller import Caller, Stamp
from chalicelib.domain.credential import PresentedCredential, token_of
from chalicelib.domain.errors import UnauthorizedError
from chalicelib.domain.limits import DEFAULT_RETENTION_DAYS
from chalicelib.services import accounts, contacts
from chalicelib.services.authentication import Authenticator
from chalicelib.services.signing_in import make_link
from chalicelib.settings import TABLE_VARIABLE
from chalicelib.storage.dynamodb.connection import connect
from infra import PROJECT
from infra.exclusive import BusyError, exclusive
from infra.local import child, engine
from infra.local.demo import greet, write_secret
from infra.local.job_places import create_job_places
from infra.local.people import fill
from infra.local.webhook_places import create_webhook_places
from infra.table import create_table

TABLE: Final = "phonebook"
SECONDS_TO_START: Final = 15.0
SECONDS_BETWEEN_LOOKS: Final = 0.3
FIRST_PAUSE: Final = 1.0
MAX_PAUSE: Final = 60.0

RUNNING: Final = "running"
"""A file that exists from the engine's start until it has saved everything and ended."""

LOST: Final = "What was written in its last seconds may be lost; counts are looked after."


class DevError(Exception):
    """``make dev`` cannot run; the message says what to do."""


def main() -> int:
    """Run until Ctrl-C or SIGTERM, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", default="8000")
    parser.add_argument("--data-dir", type=Path, default=Path(".local"))
    parser.add_argument("--purge-seconds", default="60")
    parser.add_argument("--people", default="0")
    arguments = parser.parse_args()
    if not arguments.purge_seconds.isdecimal():
        parser.error("--purge-seconds takes a whole number")
    if not arguments.people.isdecimal():
        parser.error("--people takes a whole number")
    data_folder: Path = arguments.data_dir.resolve()
    # SIGINT too: a shell starts background jobs with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        run(
            _port_number(arguments.port),
            data_folder,
            arguments.purge_seconds,
            people=int(arguments.people),
        )
    except KeyboardInterrupt:
        if (data_folder / RUNNING).exists():
            print(f"\nStopped, but the engine did not save its data at its end. {LOST}", flush=True)
        else:
            print(f"\nStopped; the data are in {arguments.data_dir}.", flush=True)
    except (BusyError, DevError, engine.EngineError) as error:
        print(f"make dev: {error}", file=sys.stderr)
        return 1
    return 0


def run(port: int, data_folder: Path, purge_seconds: str, *, people: int = 0) -> None:
    """Serve the app on *port* with the data in *data_folder*, until interrupted.

    *purge_seconds* is how often the clean-up runs. The demo account is filled with so many *people*
    if it has no contact yet.

    Raises:
        BusyError: Another ``make dev`` already uses the data.
        DevError: The port or the folder cannot be used, or the app does not start.
        engine.EngineError: The engine does not start.

    """
    _refuse_port_in_use(port)
    ready_file, is_running = data_folder / "dev.json", data_folder / RUNNING
    with _held(data_folder):
        ready_file.unlink(missing_ok=True)
        was_broken_off = is_running.exists()
        data = engine.Ministack(data_folder / "engine.log", data_folder / "engine")
        app = App(port, data_folder, purge_seconds)
        try:
            data.start()
            is_running.touch()
            engine.use_in_this_process(data.endpoint)
            demo = _demo_credential(data_folder / "demo.json")
            app.start()
            app.await_answer()
            _fill(demo, people)
            _tell(ready_file, port, data.endpoint, demo)
            if was_broken_off:
                print(f"The run before was broken off. {LOST}", flush=True)
                app.recount()
            print("Ctrl-C stops it and keeps the data.\n", flush=True)
            while True:
                time.sleep(SECONDS_BETWEEN_LOOKS)
                if data.exit_code is not None:
                    print(f"The engine ended ({_how(data.exit_code)}); starting it again. {LOST}",
                          flush=True)  # fmt: skip
                    demo = _start_again(data, app, ready_file, port, demo)
                app.keep_running()
        finally:
            # Saving takes a moment; another Ctrl-C would interrupt it.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            ready_file.unlink(missing_ok=True)
            app.stop()
            data.end()
            if data.exit_code == 0:
                is_running.unlink(missing_ok=True)


def _start_again(
    data: engine.Ministack, app: "App", ready_file: Path, port: int, demo: Mapping[str, str]
) -> dict[str, str]:
    """Restart the engine on its port with the last saved data; return a credential for it."""
    data.start()
    kept = _demo_credential(ready_file.with_name("demo.json"))
    if kept != demo:
        print("The demo account was lost; this is a new one.", flush=True)
        _tell(ready_file, port, data.endpoint, kept)
    # The stream was lost with the engine, and some of its records were never counted.
    app.start_events_again()
    app.start_queues_again()
    app.recount()
    return kept


def _tell(ready_file: Path, port: int, endpoint: str, demo: Mapping[str, str]) -> None:
    environment = {
        TABLE_VARIABLE: TABLE, **engine.settings(endpoint), **create_job_places(TABLE),
        **create_webhook_places(TABLE),
    }  # fmt: skip
    url = f"http://{engine.HOST}:{port}"
    stamp = Stamp.operator(datetime.now(UTC), via="make.dev")
    console = f"{url}/console/enter?by={make_link(demo['username'], stamp)}"
    write_secret(ready_file, {"url": url, **demo, "console": console, "environment": environment})
    greet(ready_file)


def _fill(demo: Mapping[str, str], people: int) -> None:
    """Fill the demo account with people, unless it has any."""
    account = accounts.survey_account(demo["account"]).account
    if not people or next(contacts.list_contacts(account, expected=1), None):
        return
    print(f"Filling the demo account with {people:,} people ...", flush=True)
    fill(Caller.operator(account, via="make.dev"), people, datetime.now(UTC))


def _how(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"


class App:
    """The processes that run the app; each restarts when the code changes, or when it ends."""

    def __init__(self, port: int, data_folder: Path, purge_seconds: str) -> None:
        self._port = port
        self._events_log = data_folder / "events.log"
        self._events_arguments = (purge_seconds, str(data_folder / "dead-letters.jsonl"))
        self._server: subprocess.Popen[bytes] | None = None
        self._events: subprocess.Popen[bytes] | None = None
        self._queues: subprocess.Popen[bytes] | None = None
        self._places: dict[str, str] = {}
        self._recounting: subprocess.Popen[bytes] | None = None
        self._is_server_given_up = False
        self._code: dict[Path, int] = {}
        self._pause = _Pause()

    def start(self) -> None:
        """Start the processes; the server answers a moment later."""
        # Before the processes read the code, so that no later change is missed.
        self._code = _code_as_it_is()
        self._places = {**create_job_places(TABLE), **create_webhook_places(TABLE)}
        self._start_server()
        self._start_events()
        self._start_queues()

    def stop(self) -> None:
        """End the processes: first the server, then the events once all are delivered."""
        for process in (self._recounting, self._server, self._queues, self._events):
            if process:
                child.end(process)
        self._recounting = self._server = self._queues = self._events = None

    def await_answer(self) -> None:
        """Wait until the server answers.

        Raises:
            DevError: The server ended, or did not answer in time.

        """
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            if self._server is None or self._server.poll() is not None:
                raise DevError("the app did not start; what it said is above.")
            try:
                socket.create_connection((engine.HOST, self._port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise DevError(f"the app did not answer in {SECONDS_TO_START:.0f} s.")

    def keep_running(self) -> None:
        """Restart both processes if the code changed, and each one that ended by itself."""
        if _code_as_it_is() != self._code:
            print("The code changed; starting the app anew.", flush=True)
            self.stop()
            self._pause = _Pause()
            self.start()
            return
        if self._server and (code := self._server.poll()) is not None:
            self._replace_server(code)
        if self._events and (code := self._events.poll()) is not None and self._pause.is_over():
            print(f"What runs unattended ended ({_how(code)}; {self._events_log} tells more);"
                  " starting it again.", flush=True)  # fmt: skip
            self.start_events_again()
        if self._queues and (code := self._queues.poll()) is not None and self._pause.is_over():
            print(f"What follows the queues ended ({_how(code)}; {self._events_log} tells more);"
                  " starting it again.", flush=True)  # fmt: skip
            self._start_queues()

    def start_events_again(self) -> None:
        """Restart the events process at the beginning of the stream; nothing is counted twice."""
        if self._events:
            child.end(self._events)
        self._start_events()

    def recount(self) -> None:
        """Recount in the background: changes that were not counted may be in no stream now."""
        if self._recounting:
            child.end(self._recounting)
        self._recounting = self._start(
            "chalicelib.cli", "maintenance", "recount", "--fix", log=self._events_log
        )

    def _replace_server(self, code: int) -> None:
        if code < 0:
            print(f"The app ended ({_how(code)}); starting it again.", flush=True)
            self._start_server()
        elif not self._is_server_given_up:
            # It printed the reason, and would print it again at every start.
            self._is_server_given_up = True
            print("The app ended; it is started anew when the code changes.", flush=True)

    def _start_server(self) -> None:
        self._is_server_given_up = False
        self._server = self._start("infra.local.server", str(self._port), log=None)

    def start_queues_again(self) -> None:
        """Create what the engine lost anew, but the table, and restart what follows the queues."""
        self._places = {**create_job_places(TABLE), **create_webhook_places(TABLE)}
        if self._queues:
            child.end(self._queues)
        self._start_queues()

    def _start_queues(self) -> None:
        self._queues = self._start("infra.local.queue_pump", log=self._events_log)

    def _start_events(self) -> None:
        self._events = self._start(
            "infra.local.events", *self._events_arguments, log=self._events_log
        )

    def _start(self, module: str, *arguments: str, log: Path | None) -> subprocess.Popen[bytes]:
        environment = os.environ | {TABLE_VARIABLE: TABLE} | self._places
        if log is None:
            return child.start_module(module, *arguments, environment=environment, output=None)
        with log.open("ab") as output:
            return child.start_module(module, *arguments, environment=environment, output=output)


class _Pause:
    """The pause before a process that keeps ending restarts: longer each time."""

    def __init__(self) -> None:
        self._seconds = FIRST_PAUSE
        self._ends = 0.0

    def is_over(self) -> bool:
        """Say whether the process may restart now; if so, the next pause begins."""
        now = time.monotonic()
        if now < self._ends:
            return False
        is_long_ago = now > self._ends + MAX_PAUSE
        self._seconds = FIRST_PAUSE if is_long_ago else min(2 * self._seconds, MAX_PAUSE)
        self._ends = now + self._seconds
        return True


def _port_number(text: str) -> int:
    if not text.isdecimal():
        raise DevError(f"{text} is not the number of a port; try `make dev PORT=8000`.")
    return int(text)


def _refuse_port_in_use(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((engine.HOST, port))
        except (OSError, OverflowError) as error:
            raise DevError(f"port {port} cannot be used ({error}); try another PORT.") from error


def _held(data_folder: Path) -> TextIO:
    try:
        return exclusive(
            data_folder / "lock",
            f"{data_folder} is in use by another `make dev`; try another DATA_DIR.",
        )
    except OSError as error:
        raise DevError(f"{data_folder} cannot be used ({error}); try another DATA_DIR.") from error


def _demo_credential(file: Path) -> dict[str, str]:
    """Return the demo account's credential: the last run's if it still works, else a new one."""
    create_table(TABLE)
    connect(TABLE)
    demo = _demo_credential_of_last_run(file)
    if demo:
        return demo
    stamp = Stamp.operator(datetime.now(UTC), via="make.dev")
    account = accounts.open_account("Demo", "EE", DEFAULT_RETENTION_DAYS, stamp)
    credential, secret = accounts.issue_credential(account.id, stamp)
    username = credential.username
    demo = {
        "account": account.id,
        "username": username,
        "secret": secret,
        "token": token_of(username, secret),
    }
    write_secret(file, demo)
    return demo


def _demo_credential_of_last_run(file: Path) -> dict[str, str] | None:
    """Return the credential of the last run, if its file is whole and its data still exist."""
    try:
        demo: dict[str, str] = json.loads(file.read_text())
        Authenticator().authenticate(PresentedCredential(demo["username"], demo["secret"]))
    except (OSError, ValueError, KeyError, UnauthorizedError):
        return None
    return demo


def _code_as_it_is() -> dict[Path, int]:
    code = PROJECT / "chalicelib"
    templates = (code / "console" / "templates").glob("*.html")
    files = [PROJECT / "app.py", *code.rglob("*.py"), *templates]
    return {file: file.stat().st_mtime_ns for file in files if file.exists()}


if __name__ == "__main__":
    sys.exit(main())
