"""Compiling what is packaged, since a Lambda would do it anew at each cold start.

A Lambda cannot write where its zip is unpacked, so Python cannot keep there what it compiles.
Only the version of Python that runs the Lambdas can do it for them: what another one has
compiled, they would not read.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from infra.resources import lambda_runtime

_WHERE_LAMBDA_UNPACKS: Final = "/var/task"

_LEFT_AS_THEY_ARE: Final = "phonenumbers/(short)?data/region_"
"""Of hundreds of numbering plans, a Lambda loads few; compiled, they are a quarter of the zip."""


class CompileError(Exception):
    """Something that is packaged could not be compiled; the message says what."""


def lambda_python() -> Path | None:
    """Return an interpreter of the version that runs the Lambdas, or None if none runs here.

    An interpreter is called as the runtime is. It is this one, or the first of that name on the
    PATH that runs: one that a version manager put there may not.
    """
    runtime = lambda_runtime()
    candidates = [Path(sys.executable), *_on_the_path(runtime)]
    return next((python for python in candidates if _version_of(python) == runtime), None)


def compile_modules(folder: Path, python: Path) -> None:
    """Compile the modules in *folder* for *python*, which then takes them without a look at dates.

    Raises:
        CompileError: One of them is no Python, or *python* does not run.

    """
    done = subprocess.run(  # noqa: S603 - an interpreter, and our own folder
        [
            *(python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"),
            *("-s", folder, "-p", _WHERE_LAMBDA_UNPACKS, "-x", _LEFT_AS_THEY_ARE, folder),
        ],
        # Constant sets are written in the order of their hashes.
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
