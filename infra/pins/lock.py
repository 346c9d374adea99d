"""Pinning the dependencies, with hashes and without the address of any index.

``requirements-dev.txt`` has everything that ``make`` installs; uv resolves it from
``pyproject.toml`` for every Python and platform. ``requirements.txt`` is the part of it that
Chalice packages: what the Lambda needs and its runtime does not have. checkov has a separate
environment, since its pins conflict with others. The benchmarks' peers have one too, since
nothing else needs their dependencies.
"""

import subprocess
import sys
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from importlib.metadata import requires
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra import PROJECT

RUNTIME: Final = PROJECT / "requirements.txt"
DEVELOPMENT: Final = PROJECT / "requirements-dev.txt"
CHECKOV: Final = PROJECT / "infra" / "pins" / "requirements-checkov.txt"
CHECKOV_SOURCE: Final = CHECKOV.with_suffix(".in")
BENCHMARKS: Final = PROJECT / "benchmarks" / "requirements.txt"
BENCHMARKS_SOURCE: Final = BENCHMARKS.with_suffix(".in")

IN_THE_LAMBDA_RUNTIME: Final = "botocore"
"""The Lambda's runtime has this package and all its dependencies."""

PACKAGED_BY_ITSELF: Final = "chalice"
"""Chalice always adds the part of itself that runs in a Lambda."""

_HEADER: Final = "# Written by `make lock` from pyproject.toml; not to be edited.\n"


def main() -> None:
    """Write all four files."""
    _pin(PROJECT / "pyproject.toml", DEVELOPMENT, "--all-extras")
    _pin(CHECKOV_SOURCE, CHECKOV)
    # A dependency that peers share with the phonebook has the same version.
    _pin(BENCHMARKS_SOURCE, BENCHMARKS, "--constraint", str(DEVELOPMENT))
    RUNTIME.write_text(runtime_requirements())


def runtime_requirements() -> str:
    """Return the text of ``requirements.txt``: a part of ``requirements-dev.txt``."""
    provided = _with_dependencies(IN_THE_LAMBDA_RUNTIME) | {PACKAGED_BY_ITSELF}
    packaged = _with_dependencies("phonebook", but=provided)
    return _HEADER + "".join(pin for name, pin in pins() if name in packaged)


def _pin(source: Path, target: Path, *options: str) -> None:
    subprocess.run(  # noqa: S603 - uv, from our own environment
        [
            *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal"),
            *("--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate"),
            *("--python-version", "3.11", *options, "--output-file", str(target), str(source)),
        ],
        check=True,
    )
    target.write_text(
        f"# Written by `make lock` from {source.name}; not to be edited.\n" + target.read_text()
    )


def _with_dependencies(name: str, but: AbstractSet[str] = frozenset()) -> set[str]:
    found: set[str] = set()
    waiting = {name}
    while waiting:
        found.add(current := waiting.pop())
        waiting |= set(_dependencies(current)) - found - but
    return found


def _dependencies(name: str) -> Iterator[str]:
    for text in requires(name) or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield canonicalize_name(requirement.name)


def pins() -> Iterator[tuple[str, str]]:
    """Yield the name and the lines of each pin in ``requirements-dev.txt``."""
    lines = [line for line in DEVELOPMENT.read_text().splitlines(keepends=True) if line[0] != "#"]
    starts = [number for number, line in enumerate(lines) if not line[0].isspace()]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield canonicalize_name(lines[start].partition("==")[0]), "".join(lines[start:end])


if __name__ == "__main__":
    main()
