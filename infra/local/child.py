"""Child processes that end with their parent, however the parent ends.

A child's standard input is a pipe that its parent never writes to. When the parent ends, even by
SIGKILL, the pipe closes, and the child sends itself SIGTERM, so that the engine still saves its
state.
"""

import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import IO, Final

from infra import PROJECT

SECONDS_TO_END: Final = 15.0


def start_module(
    module: str, *arguments: str, environment: Mapping[str, str], output: IO[bytes] | int | None
) -> subprocess.Popen[bytes]:
    """Start ``python -m module`` in its own session, which Ctrl-C does not reach."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "infra.local.child", module, *arguments],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a child to end and wait for it; kill it if it does not end."""
    process.terminate()
    try:
        process.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
