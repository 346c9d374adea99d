"""``make dev``: the embedded engine, a demo account and the app, until Ctrl-C."""

import argparse
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from chalicelib.auth import Authenticator, PresentedCredential
from chalicelib.domain.account import token_of
from chalicelib.domain.errors import UnauthorizedError
from chalicelib.domain.limits import RETENTION_DAYS
from chalicelib.services import accounts
from chalicelib.settings import TABLE_VARIABLE
from chalicelib.storage.connection import connect
from infra import child, engine
from infra.demo import greet, write_secret
from infra.table import create_table

PROJECT: Final = Path(__file__).parent.parent
TABLE: Final = "phonebook"
SECONDS_TO_START: Final = 15.0
SECONDS_BETWEEN_LOOKS: Final = 0.3


class DevError(Exception):
    """Something stands in the way; the message says what to do about it."""


def main() -> int:
    """Run until Ctrl-C or SIGTERM, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", default="8000")
    parser.add_argument("--data-dir", type=Path, default=Path(".local"))
    parser.add_argument("--purge-seconds", default="60")
    arguments = parser.parse_args()
    if not arguments.purge_seconds.isdecimal():
        parser.error("--purge-seconds takes a whole number")
    data_folder: Path = arguments.data_dir.resolve()
    # SIGINT too: a shell starts a background job with it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        run(_port_number(arguments.port), data_folder, arguments.purge_seconds)
    except KeyboardInterrupt:
        print(f"\nStopped; the data are in {arguments.data_dir}.", flush=True)
    except (DevError, engine.EngineError) as error:
        print(f"make dev: {error}", file=sys.stderr)
        return 1
    return 0


def run(port: int, data_folder: Path, purge_seconds: str) -> None:
    """Serve the app on *port* with the data in *data_folder*, until interrupted.

    *purge_seconds* is how often the clean-up runs.

    Raises:
        DevError: The port or the folder is in use, or the app does not start.
        engine.EngineError: The engine does not start.

    """
    _refuse_port_in_use(port)
    url = f"http://{engine.HOST}:{port}"
    ready_file = data_folder / "dev.json"
    with _locked(data_folder):
        ready_file.unlink(missing_ok=True)
        with engine.ministack(data_folder / "engine.log", data_folder / "engine") as endpoint:
            engine.use_in_this_process(endpoint)
            demo = _demo_credential(data_folder / "demo.json")
            app = App(port, data_folder, purge_seconds)
            try:
                app.start()
                app.await_answer()
                environment = {TABLE_VARIABLE: TABLE, **engine.settings(endpoint)}
                write_secret(ready_file, {"url": url, **demo, "environment": environment})
                greet(ready_file)
                print("Ctrl-C stops it and keeps the data.\n", flush=True)
                app.restart_on_changes()
            finally:
                ready_file.unlink(missing_ok=True)
                app.stop()


class App:
    """The processes that run the app, started anew whenever the code changes."""

    def __init__(self, port: int, data_folder: Path, purge_seconds: str) -> None:
        self._port = port
        self._events_log = data_folder / "events.log"
        self._events_arguments = (purge_seconds, str(data_folder / "dead-letters.jsonl"))
        self._processes: list[subprocess.Popen[bytes]] = []
        self._code: dict[Path, int] = {}

    def start(self) -> None:
        """Start them; the server answers a moment later."""
        # Before they read it: what changes from now on is a change.
        self._code = _code_as_it_is()
        environment = os.environ | {TABLE_VARIABLE: TABLE}
        self._processes.append(
            child.start_module(
                "infra.local_server", str(self._port), environment=environment, output=None
            )
        )
        with self._events_log.open("ab") as log:
            self._processes.append(
                child.start_module(
                    "infra.local_events",
                    *self._events_arguments,
                    environment=environment,
                    output=log,
                )
            )

    def stop(self) -> None:
        """End them: first the server, then, when all is delivered, the events."""
        while self._processes:
            child.end(self._processes.pop(0))

    def await_answer(self) -> None:
        """Wait until the server answers.

        Raises:
            DevError: It ended, or did not answer in time.

        """
        server, *_ = self._processes
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            if server.poll() is not None:
                raise DevError("the app did not start; what it said is above.")
            try:
                socket.create_connection((engine.HOST, self._port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise DevError(f"the app did not answer in {SECONDS_TO_START:.0f} s.")

    def restart_on_changes(self) -> None:
        """Watch the code for ever."""
        while True:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            if _code_as_it_is() != self._code:
                print("The code changed; starting the app anew.", flush=True)
                self.stop()
                self.start()


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


@contextmanager
def _locked(data_folder: Path) -> Iterator[None]:
    try:
        data_folder.mkdir(parents=True, exist_ok=True)
        lock = (data_folder / "lock").open("w")
    except OSError as error:
        raise DevError(f"{data_folder} cannot be used ({error}); try another DATA_DIR.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DevError(
                f"{data_folder} is in use by another `make dev`; try another DATA_DIR."
            ) from error
        yield


def _demo_credential(file: Path) -> dict[str, str]:
    """Return the demo account's credential, the one of the last run if it still works."""
    create_table(TABLE)
    connect(TABLE)
    demo = _demo_credential_of_last_run(file)
    if demo:
        return demo
    now = datetime.now(UTC)
    account = accounts.open_account("Demo", "EE", RETENTION_DAYS, now)
    credential, secret = accounts.issue_credential(account.id, now)
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
    """Return what the last run wrote, if it is whole and the data it is for are still there."""
    try:
        demo: dict[str, str] = json.loads(file.read_text())
        Authenticator().authenticate(PresentedCredential(demo["username"], demo["secret"]))
    except (OSError, ValueError, KeyError, UnauthorizedError):
        return None
    return demo


def _code_as_it_is() -> dict[Path, int]:
    files = [PROJECT / "app.py", *(PROJECT / "chalicelib").rglob("*.py")]
    return {file: file.stat().st_mtime_ns for file in files if file.exists()}


if __name__ == "__main__":
    sys.exit(main())
