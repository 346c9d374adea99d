"""The pinned files, compared with what they are made from."""

import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.pins.lock import BENCHMARKS, CHECKOV, DEVELOPMENT, RUNTIME, runtime_requirements
from tests.paths import PROJECT

OLDEST_PIP = PROJECT / "tests/e2e/requirements-oldest-pip.txt"
OLD_CLIENT = PROJECT / "tests/contract/requirements-messagebird-1.txt"

PINNED = dict(re.findall(r"^([\w.-]+)==(\S+)", DEVELOPMENT.read_text(), re.MULTILINE))


def declared():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *(line for lines in extras.values() for line in lines)]


def test_requirements_txt_is_what_make_lock_would_write():
    assert runtime_requirements() == RUNTIME.read_text()


@pytest.mark.parametrize("line", declared())
def test_every_declared_dependency_is_pinned_within_its_range(line):
    requirement = Requirement(line)

    assert requirement.specifier.contains(PINNED[canonicalize_name(requirement.name)])


def test_lock_is_whole():
    """Nothing is installed that it does not name: whatever needs something has it from there."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "file",
    [RUNTIME, DEVELOPMENT, CHECKOV, BENCHMARKS, OLDEST_PIP, OLD_CLIENT],
    ids=lambda file: str(file.relative_to(PROJECT)),
)
def test_pins_have_hashes_and_no_address(file):
    text = file.read_text()
    pins = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]

    assert pins
    assert all("--hash=sha256:" in pin for pin in pins)
    assert "://" not in text
    assert "--index" not in text


def test_lambda_gets_no_botocore_and_no_command_line_tools():
    names = set(re.findall(r"^([\w.-]+)==", RUNTIME.read_text(), re.MULTILINE))

    assert {"pynamodb", "phonenumberslite", "aws-lambda-powertools"} <= names
    assert not names & {"botocore", "boto3", "chalice", "typer", "rich", "phonenumbers"}
