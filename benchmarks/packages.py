"""The Lambdas of the phonebook and of its peers, packaged in one way, and unpacked to be run."""

import atexit
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.contenders import PHONEBOOK
from infra import PROJECT
from infra.aws.bytecode import compile_modules
from infra.aws.package import package_stage, write_zip

ENVIRONMENT: Final = PROJECT / ".venv-benchmarks"
PEERS: Final = Path(__file__).parent / "peers"

IN_THE_RUNTIME: Final = (
    "boto3",
    "botocore",
    "dateutil",
    "jmespath",
    "s3transfer",
    "six.py",
    "urllib3",
)
"""What the Lambda runtime for Python brings, and nobody has to package."""

DISTRIBUTIONS: Final[dict[str, tuple[str, ...]]] = {
    "floor": (),
    "fastapi_mangum": (
        "annotated-doc",
        "annotated-types",
        "anyio",
        "fastapi",
        "idna",
        "mangum",
        "opentelemetry-api",
        "pydantic",
        "pydantic-core",
        "starlette",
        "typing-extensions",
        "typing-inspection",
    ),
    "powertools_resolver": ("aws-lambda-powertools", "typing-extensions"),
    "plain_chalice": ("chalice", "pynamodb", "typing-extensions"),
}
"""What each peer packages: all that it needs and the runtime does not have."""

_CHALICE_IN_A_LAMBDA: Final = {Path("chalice/__init__.py"), Path("chalice/app.py")}
"""What Chalice's own packager takes of Chalice."""

_NEVER_PACKAGED: Final = ("__pycache__", ".pyc", ".pyi", "py.typed")


DRAGGED_IN: Final = ("botocore", "jmespath", "python-dateutil", "six", "urllib3")
"""What is packaged with PynamoDB where nobody says that the runtime has it."""


@dataclass(frozen=True, slots=True)
class Packaged:
    """A Lambda's zip, and the folder that it is unpacked in; ``module`` and ``name`` answer."""

    zip_file: Path
    folder: Path
    module: str
    handler: str


def python() -> Path:
    """Return the interpreter that runs every Lambda."""
    return ENVIRONMENT / "bin" / "python"


@cache
def package(name: str) -> Packaged:
    """Package the phonebook or a peer, once for as long as this process runs."""
    if name == PHONEBOOK:
        return package_phonebook(_scratch())
    return package_peer(name, _scratch())


def package_phonebook(folder: Path, *, is_compiled: bool = True) -> Packaged:
    """Package the phonebook as it is deployed, and unpack it."""
    compiler = python() if is_compiled else None
    zip_file = package_stage("dev", folder / "build", compiler).zip_file
    return _unpack(PHONEBOOK, zip_file, folder, "app", "app")


def package_peer(name: str, folder: Path, also: Sequence[str] = ()) -> Packaged:
    """Package one peer, and what it is to have *also*, and unpack it."""
    zip_file = folder / f"{name}.zip"
    zip_file.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as source:
        for path, file in _files(name, also):
            target = Path(source) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
        compile_modules(Path(source), python())
        write_zip(Path(source), zip_file)
    module = "app" if name == "plain_chalice" else "handler"
    return _unpack(name, zip_file, folder, module, module)


def runtime(folder: Path) -> Path:
    """Return a folder that holds what the Lambda runtime brings, and nothing else."""
    made = folder / "runtime"
    made.mkdir(parents=True, exist_ok=True)
    for name in IN_THE_RUNTIME:
        if not (made / name).exists():
            (made / name).symlink_to(_site_packages() / name)
    return made


def _files(name: str, also: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """Yield the path in the zip and the file of everything that a peer packages."""
    for source in (PEERS / name).glob("*.py"):
        yield source.name, source
    for distribution in (*DISTRIBUTIONS[name], *also):
        for path in _paths_of(distribution):
            file = _site_packages() / path
            if file.is_file() and not any(part in str(path) for part in _NEVER_PACKAGED):
                yield str(path), file


def _paths_of(distribution: str) -> Iterator[Path]:
    """Yield what a distribution installed, without its programs; of Chalice, its runtime."""
    wanted = distribution.replace("-", "_")
    (record,) = (
        folder / "RECORD"
        for folder in _site_packages().glob("*.dist-info")
        if folder.name.rsplit("-", 2)[0].replace("-", "_") == wanted
    )
    for line in record.read_text().splitlines():
        path = Path(line.rsplit(",", 2)[0])
        if path.parts[0] == "..":
            continue
        if distribution == "chalice" and path not in _CHALICE_IN_A_LAMBDA:
            continue
        yield path


def _unpack(name: str, zip_file: Path, folder: Path, module: str, handler: str) -> Packaged:
    target = folder / name
    shutil.rmtree(target, ignore_errors=True)
    with zipfile.ZipFile(zip_file) as archive:
        archive.extractall(target)
    return Packaged(zip_file, target, module, handler)


def _site_packages() -> Path:
    (found,) = ENVIRONMENT.glob("lib/python*/site-packages")
    return found


@cache
def _scratch() -> Path:
    """Return a folder that goes with this process; from now on the runtime's modules are compiled.

    On AWS they are, too.
    """
    scratch = TemporaryDirectory()
    atexit.register(scratch.cleanup)
    subprocess.run(  # noqa: S603 - our own interpreter
        [python(), "-m", "compileall", "-q", *(_site_packages() / name for name in IN_THE_RUNTIME)],
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    return Path(scratch.name)
