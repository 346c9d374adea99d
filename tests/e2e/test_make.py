"""The Makefile, as a person meets it first."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import venv

import pytest

from infra.pins.lock import pins
from tests.paths import PROJECT
from tests.sizes import FULL

OLDEST_PIP = PROJECT / "tests/e2e/requirements-oldest-pip.txt"

NEEDED_TO_INSTALL_THE_PROJECT = "setuptools"
ASKED_FOR_WITH_AN_EXTRA = (
    "coverage", "iniconfig", "packaging", "pluggy", "pygments", "pytest", "pytest-cov",
)  # fmt: skip
"""What old pips do not find in a lock if they resolve: pytest-cov asks for coverage[toml]."""

THIS_PYTHON = shlex.quote(sys.executable)

OUT_OF_REACH = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}


@pytest.fixture
def clone(tmp_path):
    """A place with what installing takes, where nothing is installed."""
    (tmp_path / "infra" / "pins").mkdir(parents=True)
    for name in (
        "Makefile", "requirements-dev.txt", "pyproject.toml", "README.md", "LICENSE", "app.py",
        "infra/__init__.py", "infra/pins/__init__.py", "infra/pins/install.py",
    ):  # fmt: skip
        shutil.copy(PROJECT / name, tmp_path / name)
    return tmp_path


def make(folder, *arguments, **variables):
    # Not as a part of the make that runs the tests.
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def program(folder, name, script):
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def lock_only(folder, *names):
    """Leave in the lock what is named, or all at full size."""
    wanted = [lines for name, lines in pins() if name in names or (FULL and name != "uv")]
    (folder / "requirements-dev.txt").write_text("".join(wanted))


def installed_in(folder):
    pip = [folder / ".venv/bin/python", "-m", "pip", "list", "--format=json"]
    listed = subprocess.run(pip, capture_output=True, text=True, check=True).stdout
    return {each["name"].lower() for each in json.loads(listed)}


def test_help_lists_the_targets_a_line_each(clone):
    for arguments in ([], ["help"]):
        lines = make(clone, *arguments).stdout.splitlines()
        assert {"dev", "test", "check", "clean"} <= {line.split()[1] for line in lines}


def test_make_test_begins_with_what_it_does(clone):
    first, *_ = make(clone, "--dry-run", "test").stdout.splitlines()

    assert first.startswith("echo 'make test checks format, lint, types and import rules, ")


def test_make_test_says_at_once_that_there_is_no_curl_and_goes_on(clone, tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("echo", "make", "sh"):
        (programs / name).symlink_to(str(shutil.which(name)))

    done = make(clone, "what-test-does", PATH=str(programs))

    assert done.returncode == 0, done.stderr
    assert "There is no curl here: Python sends the requests" in done.stdout


def test_python_that_is_too_old_is_one_line(clone):
    old = program(
        clone,
        "python3.10",
        f"exec {THIS_PYTHON} -c 'import sys; sys.version_info = (3, 10, 1);"
        ' exec(sys.argv[1])\' "$2"',
    )

    done = make(clone, "dev", f"PYTHON={old}")

    assert done.returncode != 0
    said, *of_make = done.stderr.splitlines()
    assert said.startswith("The phonebook needs Python 3.11 or newer")
    assert "is 3.10" in said
    assert all(line.startswith("make: ***") for line in of_make)
    assert not (clone / ".venv").exists()


def test_python_that_is_not_there_is_one_line(clone):
    done = make(clone, "install", "PYTHON=python3.99")

    assert done.returncode != 0
    said, *of_make = done.stderr.splitlines()
    assert said.startswith("There is no python3.99 here")
    assert all(line.startswith("make: ***") for line in of_make)


@pytest.mark.parametrize(
    ("uv", "reason"),
    [
        (["uv"], "Failed to fetch: http://127.0.0.1:9/simple/"),
        ([], "requirements-dev.txt does not name it"),
    ],
    ids=["uv out of reach", "no uv"],
)
def test_oldest_pip_installs_what_the_lock_names_where_uv_cannot(clone, uv, reason):
    lock_only(clone, *uv, NEEDED_TO_INSTALL_THE_PROJECT, *ASKED_FOR_WITH_AN_EXTRA)
    python = program(
        clone,
        "python-with-its-first-pip",
        f'{THIS_PYTHON} "$@" || exit\n'
        'test "$1 $2" != "-m venv" || "$3/bin/python" -m pip install --quiet --require-hashes'
        f" --disable-pip-version-check -r {shlex.quote(str(OLDEST_PIP))}",
    )

    done = make(clone, "install", f"PYTHON={python}", **OUT_OF_REACH)

    assert done.returncode == 0, done.stderr
    (said,) = [line for line in done.stderr.splitlines() if "uv cannot install here" in line]
    assert said.startswith(f"uv cannot install here ({reason}")
    installed = installed_in(clone)
    locked = {NEEDED_TO_INSTALL_THE_PROJECT, *ASKED_FOR_WITH_AN_EXTRA, *uv}
    assert installed >= locked
    assert FULL or installed == locked | {"pip", "phonebook"}


def test_neither_uv_nor_pip_is_told_by_pip_and_in_a_line(clone):
    nowhere = {"PIP_INDEX_URL": OUT_OF_REACH["UV_DEFAULT_INDEX"], "PIP_RETRIES": "0"}

    done = make(
        clone,
        "install",
        f"PYTHON={sys.executable}",
        **OUT_OF_REACH,
        **nowhere,
        PIP_CONFIG_FILE=os.devnull,
    )

    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "No matching distribution found for uv" in done.stderr
    assert "make: pip could not install; its reason is above." in done.stderr
    assert not (clone / ".venv/installed").exists()


def test_other_python_that_is_asked_for_makes_venv_anew(clone):
    lock_only(clone, NEEDED_TO_INSTALL_THE_PROJECT)
    venv.create(clone / ".venv")
    (clone / ".venv/of-before").touch()
    (clone / ".venv/installed").touch()
    other = program(
        clone,
        "other-python",
        f'test "$1" != -c || exec {THIS_PYTHON} -c \'import sys; sys.version = "0.1 (other)";'
        f' exec(sys.argv[1])\' "$2"\nexec {THIS_PYTHON} "$@"',
    )

    assert "made anew" not in make(clone, "install", f"PYTHON={sys.executable}").stdout
    assert (clone / ".venv/of-before").exists()

    done = make(clone, "install", f"PYTHON={other}")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("The .venv here is of Python 3.")
    assert f"it is made anew with {other}." in done.stdout
    assert not (clone / ".venv/of-before").exists()


def test_venv_whose_python_is_gone_is_made_anew(clone):
    lock_only(clone, NEEDED_TO_INSTALL_THE_PROJECT)
    (clone / ".venv/bin").mkdir(parents=True)
    (clone / ".venv/bin/python").symlink_to("/nonexistent/python3")
    (clone / ".venv/installed").touch()

    done = make(clone, "install", f"PYTHON={sys.executable}")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("The .venv here is of Python that is gone")
    assert "setuptools" in installed_in(clone)


@pytest.mark.parametrize(
    ("code", "after", "fails"),
    [
        ('x = {\n  "a":1}\n', 'x = {"a": 1}\n', False),
        ("import os\nprint( missing )\n", "print(missing)\n", True),
    ],
    ids=["mended", "lint is left"],
)
def test_format_mends_what_it_can_and_fails_if_more_is_left(clone, code, after, fails):
    (clone / ".venv").symlink_to(PROJECT / ".venv")
    file = clone / "infra/some.py"
    file.write_text(f'"""Some."""\n\n{code}')

    done = make(clone, "format", "--assume-old=.venv/installed")

    assert file.read_text() == f'"""Some."""\n\n{after}'
    assert (done.returncode != 0) == fails
    assert ("Undefined name `missing`" in done.stdout) == fails
