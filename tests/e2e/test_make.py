"""The Makefile, as a person meets it first."""

import os
import shutil
import subprocess

import pytest

from tests.paths import PROJECT


@pytest.fixture
def clone(tmp_path):
    """A place with the Makefile and the lock file, where nothing is installed."""
    for name in ("Makefile", "requirements-dev.txt", "pyproject.toml"):
        shutil.copy(PROJECT / name, tmp_path / name)
    return tmp_path


def make(folder, *arguments):
    # Not as a part of the make that runs the tests.
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_lists_the_targets_a_line_each(clone):
    for arguments in ([], ["help"]):
        lines = make(clone, *arguments).stdout.splitlines()
        assert {"dev", "test", "check", "clean"} <= {line.split()[1] for line in lines}


def test_python_that_is_too_old_is_one_line(clone):
    old = clone / "python3.10"
    old.write_text(
        "#!/bin/sh\n"
        "exec python3 -c 'import sys; sys.version_info = (3, 10, 1); exec(sys.argv[1])' \"$2\"\n"
    )
    old.chmod(0o755)

    done = make(clone, "dev", f"PYTHON={old}")

    assert done.returncode != 0
    said, *of_make = done.stderr.splitlines()
    assert said.startswith("The phonebook needs Python 3.11 or newer")
    assert "is 3.10" in said
    assert all(line.startswith("make: ***") for line in of_make)
    assert not (clone / ".venv").exists()
