"""Installing what a lock names into a virtual environment, and nothing else (``make install``).

uv takes a fourth of pip's time, but reads none of pip's settings: where it cannot reach what pip
is set up to reach, pip installs instead. A lock is whole, so nothing is resolved: pip before 23.3
would look for the pin of an extra, and not find it.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

UV: Final = Path(sys.executable).with_name("uv")
"""pip installs uv into our own environment; uv then installs all environments."""

_AS_THE_LOCK_SAYS: Final = ("--quiet", "--no-deps", "--require-hashes")


class InstallError(Exception):
    """pip could not install the lock; its output has been printed."""


class UvError(Exception):
    """uv could not install the lock; the message is its reason."""


def main() -> int:
    """Install the lock on the command line, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment", type=Path, help="a virtual environment")
    parser.add_argument("lock", type=Path, help="a file of requirements, each with its hashes")
    arguments = parser.parse_args()
    try:
        install(arguments.environment, arguments.lock)
    except InstallError as error:
        print(f"make: {error}", file=sys.stderr)
        return 1
    return 0


def install(environment: Path, lock: Path) -> None:
    """Install with uv; if that fails, print why and install with pip.

    Raises:
        InstallError: pip failed too.

    """
    try:
        _install_with_uv(environment, lock)
    except UvError as error:
        print(
            f"uv cannot install here ({error}), so pip does, in a minute or two ...",
            file=sys.stderr,
            flush=True,
        )
        _install_with_pip(environment, str(lock))


def _install_with_uv(environment: Path, lock: Path) -> None:
    if not UV.exists():
        _install_uv(lock)
    try:
        # uv leaves lock files in the temporary folder.
        with TemporaryDirectory(prefix="phonebook-install-") as temporary:
            done = subprocess.run(  # noqa: S603 - uv, from our own environment
                [
                    *(UV, "pip", "install", *_AS_THE_LOCK_SAYS, "--color", "never"),
                    *("--python", environment / "bin" / "python", "-r", lock),
                ],
                env=os.environ | {"TMPDIR": temporary},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
    except OSError as error:
        raise UvError(str(error.strerror)) from error
    if done.returncode:
        raise UvError(reason_of(done.stderr))


def _install_uv(lock: Path) -> None:
    pin = re.search(r"^uv==.*(?:\n[ \t].*)*", lock.read_text(), re.MULTILINE)
    if pin is None:
        raise UvError(f"{lock.name} does not name it")
    _install_with_pip(UV.parent.parent, "/dev/stdin", pin.group())


def _install_with_pip(environment: Path, requirements: str, said_to_it: str = "") -> None:
    pip = (environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check")
    done = subprocess.run(  # noqa: S603 - pip, from the environment
        [*pip, "install", *_AS_THE_LOCK_SAYS, "-r", requirements],
        env=os.environ | {"PIP_ROOT_USER_ACTION": "ignore"},
        input=said_to_it,
        text=True,
        check=False,
    )
    if done.returncode:
        raise InstallError(
            "pip could not install; its reason is above. Behind a proxy or a certificate authority"
            " of your own, tell pip of it (HTTPS_PROXY, PIP_CERT, PIP_INDEX_URL)."
        )


def reason_of(said: str) -> str:
    """Return in one line why uv failed: what it was doing, and the last cause of the failure."""
    told = re.findall(r"^(?:error|\s*cause): (.*)", said, re.MULTILINE)
    if not told:
        return " ".join(said.split()) or "it does not say why"
    at = next((line for line in told if line.startswith("Failed to")), told[0])
    return at if at == told[-1] else f"{at}: {told[-1]}"


if __name__ == "__main__":
    sys.exit(main())
