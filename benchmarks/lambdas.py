"""Lambdas in processes of their own, beside each other, as :mod:`.runner` runs them."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from benchmarks.exchanges import ACCOUNT
from benchmarks.packages import Packaged, python
from chalicelib.settings import TABLE_VARIABLE

RUNNER: Final = Path(__file__).parent / "runner.py"
TABLE: Final = "measured"


class Lambda:
    """One process that runs one Lambda."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, command: str, *arguments: object) -> Any:  # noqa: ANN401 - JSON
        """Give a command of :class:`.runner.Runner`, and return what came of it.

        Raises:
            RuntimeError: It failed; what it said is on the standard error.

        """
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the process has no pipes")
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps([command, arguments]) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{command} failed")
        return json.loads(line)


@contextmanager
def running(
    packaged: Packaged, runtime: Path, variables: Mapping[str, str] | None = None
) -> Iterator[Lambda]:
    """Run a packaged Lambda in the environment of AWS, where *variables* do not say otherwise."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{packaged.folder}{os.pathsep}{runtime}",
        # What is packaged lies where nothing can be written.
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "measured",
        "AWS_SECRET_ACCESS_KEY": "measured",
        "AWS_LAMBDA_FUNCTION_NAME": "measured",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "POWERTOOLS_LOG_LEVEL": "INFO",
        TABLE_VARIABLE: TABLE,
        "PEER_ACCOUNT": ACCOUNT,
        **(variables or {}),
    }
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
        [python(), "-S", RUNNER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        # Ctrl-C is for the one who measures: it then ends the input, and so this process.
        start_new_session=True,
    )
    try:
        yield Lambda(process)
    finally:
        if process.stdin:
            with suppress(BrokenPipeError):
                process.stdin.close()
        process.wait()
        if process.stdout:
            process.stdout.close()
