"""Compiling the packaged modules, since a Lambda would compile them at each cold start.

A Lambda cannot write to the folder of its unpacked zip, so Python cannot store bytecode there.
Only the Python version that runs the Lambdas can compile for them: they cannot read the
bytecode of another version.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from infra.resources import lambda_runtime

_WHERE_LAMBDA_UNPACKS: Final = "/var/task"

_NOT_COMPILED: Final = "phonenumbers/(short)?data/region_"
"""A Lambda loads few of these hundreds of modules; compiled, they fill a quarter of the zip."""


class CompileError(Exception):
    """A packaged module could not be compiled; the message says which."""


def lambda_python() -> Path | None:
    """Return an interpreter of the version that runs the Lambdas, or None if none runs here.

    It is this interpreter, or the first one on the PATH with the runtime's name that runs: a
    version manager's may not run.
    """
    runtime = lambda_runtime()
    candidates = [Path(sys.executable), *_on_the_path(runtime)]
    return next((python for python in candidates if _version_of(python) == runtime), None)


def compile_modules(folder: Path, python: Path) -> None:
    """Compile the modules in *folder* with *python*; it will load them without checking dates.

    Raises:
        CompileError: A module is not valid Python, or *python* does not run.

    """
    done = subprocess.run(  # noqa: S603 - an interpreter, and our own folder
        [
            *(python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"),
            *("-s", folder, "-p", _WHERE_LAMBDA_UNPACKS, "-x", _NOT_COMPILED, folder),
        ],
        # Bytecode holds constant sets in the order of their hashes.
        env={**os.environ, "PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CompileError(f"{python} could not compile what is packaged:\n{done.stdout}")


def _on_the_path(name: str) -> Iterator[Path]:
    for folder in os.get_exec_path():
        python = Path(folder) / name
        if os.access(python, os.X_OK):
            yield python


def _version_of(python: Path) -> str:
    program = "import sys; print('python%d.%d' % sys.version_info[:2])"
    done = subprocess.run(  # noqa: S603 - what is called as the runtime is
        [python, "-c", program], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()
