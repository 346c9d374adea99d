"""``make audit``: look up the pins of every lock among the known vulnerabilities.

pip-audit asks PyPI, or OSV with ``PIP_AUDIT_VULNERABILITY_SERVICE=osv``. It skips packages that
its data do not name; we report them, and the audit then does not succeed.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra import PROJECT
from infra.pins.lock import BENCHMARKS, CHECKOV, DEVELOPMENT, RUNTIME

LOCKS: Final = (RUNTIME, DEVELOPMENT, CHECKOV, BENCHMARKS)


class OutOfReachError(Exception):
    """The vulnerability data cannot be reached; the message says why."""


@dataclass(frozen=True, slots=True)
class Audit:
    """The result for one lock: a line for each vulnerability, and the names not looked up."""

    checked: int
    found: tuple[str, ...]
    not_checked: tuple[str, ...]


def main() -> int:
    """Audit every lock; return 0 if every pin was checked and no vulnerability was found."""
    clean = True
    for number, lock in enumerate(LOCKS):
        try:
            audited = audit(lock)
        except OutOfReachError as error:
            left = ", ".join(_name(each) for each in LOCKS[number:])
            print(f"make audit: not checked: {left}: {error}", file=sys.stderr)
            return 1
        print(f"{_name(lock)}: {audited.checked} checked, {len(audited.found)} found", flush=True)
        for line in audited.found:
            print(f"  {line}")
        if audited.not_checked:
            print(f"  not checked, since the data do not name it: {', '.join(audited.not_checked)}")
        clean = clean and not audited.found and not audited.not_checked
    return 0 if clean else 1


def audit(lock: Path) -> Audit:
    """Look up every pin of *lock* that applies to this Python and platform.

    Raises:
        OutOfReachError: The data cannot be reached, or name none of the pins.

    """
    done = subprocess.run(  # noqa: S603 - our own interpreter, and pip-audit beside it
        [
            *(sys.executable, "-m", "pip_audit", "--progress-spinner", "off"),
            # Take the lock as it is: resolve and install nothing.
            *("--disable-pip", "--require-hashes", "--format", "json", "--requirement", lock),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        pins = json.loads(done.stdout)["dependencies"]
    except ValueError as error:
        said = done.stderr.split("\n")
        raise OutOfReachError(next((line for line in reversed(said) if line), "?")) from error
    checked = [pin for pin in pins if "skip_reason" not in pin]
    if not checked:
        raise OutOfReachError(f"the data do not name any of the {len(pins)} pins.")
    return Audit(
        len(checked),
        tuple(
            f"{pin['name']} {pin['version']}: {vulnerability['id']},"
            f" mended in {' and '.join(vulnerability['fix_versions']) or 'no version'}"
            for pin in checked
            for vulnerability in pin["vulns"]
        ),
        tuple(pin["name"] for pin in pins if "skip_reason" in pin),
    )


def _name(lock: Path) -> str:
    return str(lock.relative_to(PROJECT))


if __name__ == "__main__":
    sys.exit(main())
