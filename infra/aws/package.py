"""``make package``: the Lambdas' zip, its bill of materials and the stack's template, always anew.

Chalice packages from a copy that holds the Lambda's files only, and the result is written
again in one order and with one date: the same commit gives the same bytes, where the same Python
compiles them.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

import yaml

from chalicelib.entrypoints import api_reference
from infra import PROJECT, resources
from infra.aws.bytecode import CompileError, compile_modules, lambda_python
from infra.aws.sbom import bill_of_materials
from infra.exclusive import BusyError, exclusive
from infra.resources import lambda_runtime

BUILD: Final = PROJECT / "build"
STAGES: Final = Path(__file__).parent / "stages.yaml"

CODE_URI: Final = "./deployment.zip"
"""The template's name for the zip before the upload."""

MAX_ZIP_BYTES: Final = 4_700_000

_PACKAGED: Final = ("app.py", "chalicelib", ".chalice/config.json", "requirements.txt")
_LEFT_OUT: Final = shutil.ignore_patterns("__pycache__", "cli", "migrating")
_NOT_IN_THE_ZIP: Final = re.compile(
    r".*(\.pyi|\.pyc|/py\.typed)"
    # Half of the zip: parts of Powertools that we do not use.
    r"|aws_lambda_powertools/(event_handler|utilities/(?!__init__\.py|jmespath_utils)).*"
)
_DATE_OF_ALL_FILES: Final = (1980, 1, 1, 0, 0, 0)
_READABLE_BY_ALL: Final = 0o100644 << 16


class PackageError(Exception):
    """The stack could not be packaged; the message says why."""


@dataclass(frozen=True, slots=True)
class Package:
    """The files to deploy: the Lambdas' zip, the stack's template, the stage's parameters.

    The zip's bill of materials is next to them.
    """

    stage: str
    zip_file: Path
    bill_file: Path
    template_file: Path
    parameters_file: Path

    @property
    def template(self) -> dict[str, Any]:
        """The template, as CloudFormation reads it."""
        template: dict[str, Any] = json.loads(self.template_file.read_text())
        return template

    @property
    def parameters(self) -> dict[str, str]:
        """The stage's parameters."""
        parameters: dict[str, str] = json.loads(self.parameters_file.read_text())
        return parameters


def main() -> int:
    """Package the stage on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", choices=sorted(stages()), required=True)
    stage = parser.parse_args().stage
    try:
        with at_work_on(stage, BUILD):
            package = package_stage(stage, BUILD, compiler_or_warning())
    except (BusyError, PackageError) as error:
        print(f"make package: {error}", file=sys.stderr)
        return 1
    print(f"{package.zip_file.relative_to(PROJECT)}  {package.zip_file.stat().st_size:,} bytes")
    for file in (package.bill_file, package.template_file, package.parameters_file):
        print(file.relative_to(PROJECT))
    return 0


def stages() -> dict[str, dict[str, str]]:
    """Return the parameters of every stage."""
    return {
        stage: {name: str(value) for name, value in parameters.items()}
        for stage, parameters in yaml.safe_load(STAGES.read_text()).items()
    }


def at_work_on(stage: str, build_folder: Path) -> TextIO:
    """Lock *stage* of this checkout, so that no other process packages, deploys or destroys it.

    Raises:
        BusyError: Another process holds the lock.

    """
    return exclusive(
        build_folder / f"{stage}.lock",
        f"{stage} is being packaged, deployed or destroyed here already; wait for its end.",
    )


def package_stage(stage: str, build_folder: Path, compiler: Path | None) -> Package:
    """Package *stage* into its own folder in *build_folder*, and compile its modules.

    *compiler* comes from :func:`.bytecode.lambda_python`; None leaves the modules uncompiled.

    Raises:
        PackageError: Chalice, pip or the compiler failed, or the zip is too large.

    """
    folder = build_folder / stage
    shutil.rmtree(folder, ignore_errors=True)
    source = folder / "source"
    chalices = folder / "chalice"
    _copy_what_is_packaged(source)
    _convert_documents(source)
    merged = source / "resources.json"
    # JSON: given YAML, Chalice would write YAML with anchors, which CloudFormation may refuse.
    merged.write_text(json.dumps(resources.template()))
    _run_chalice(source, stage, merged, chalices)
    package = Package(
        stage,
        folder / "deployment.zip",
        folder / "sbom.cdx.json",
        folder / "template.json",
        folder / "parameters.json",
    )
    _write_anew(chalices / "deployment.zip", package.zip_file, compiler)
    package.bill_file.write_text(bill_of_materials(package.zip_file))
    _write_json(package.template_file, json.loads((chalices / "sam.json").read_text()))
    _write_json(package.parameters_file, stages()[stage])
    for scratch in (source, chalices):
        shutil.rmtree(scratch)
    size = package.zip_file.stat().st_size
    if size > MAX_ZIP_BYTES:
        raise PackageError(f"the zip has {size:,} bytes, and may have {MAX_ZIP_BYTES:,}.")
    return package


def compiler_or_warning() -> Path | None:
    """Return the Python that compiles the Lambdas' modules, or print what its absence means."""
    compiler = lambda_python()
    if compiler is None:
        print(
            f"No {lambda_runtime()} that runs was found on the PATH, so the modules are not"
            " compiled, and cold starts take about twice as long (docs/performance.md).",
            file=sys.stderr,
        )
    return compiler


def _copy_what_is_packaged(folder: Path) -> None:
    for name in _PACKAGED:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, target, ignore=_LEFT_OUT)
        else:
            shutil.copy(PROJECT / name, target)


def _convert_documents(source: Path) -> None:
    """Write each dialect's document as JSON: a Lambda has nothing that reads YAML."""
    folder = source / api_reference.PACKAGED.relative_to(PROJECT)
    folder.mkdir()
    for name in api_reference.DOCUMENTS.values():
        (folder / f"{name}.json").write_text(api_reference.converted(name))


def _run_chalice(source: Path, stage: str, merged: Path, output: Path) -> None:
    environment = os.environ | {
        # Chalice requires a region, but does not write it anywhere.
        "AWS_DEFAULT_REGION": "us-east-1",
        # pynamodb requires botocore; requirements.txt omits it, since the runtime has it.
        "PIP_NO_DEPS": "1",
        # Otherwise Python would write __pycache__ next to the packaged files.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    chalice = (sys.executable, "-c", "from chalice.cli import main; main()")
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [*chalice, "package", "--stage", stage, "--merge-template", str(merged), str(output)],
        cwd=source,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PackageError(f"Chalice failed:\n{done.stdout}")


def _write_anew(made: Path, target: Path, compiler: Path | None) -> None:
    """Write a zip again, without the files that a Lambda does not read."""
    unpacked = made.parent / "unpacked"
    with zipfile.ZipFile(made) as zip_made:
        zip_made.extractall(
            unpacked,
            [name for name in zip_made.namelist() if not _NOT_IN_THE_ZIP.fullmatch(name)],
        )
    if compiler:
        try:
            compile_modules(unpacked, compiler)
        except CompileError as error:
            raise PackageError(str(error)) from error
    write_zip(unpacked, target)


def write_zip(folder: Path, target: Path) -> None:
    """Write a zip of all files in *folder*, in one order and with one date."""
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _DATE_OF_ALL_FILES)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _READABLE_BY_ALL
            archive.writestr(entry, file.read_bytes(), compresslevel=9)


def _write_json(file: Path, value: object) -> None:
    file.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.exit(main())
