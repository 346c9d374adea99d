"""Which Python compiles what is packaged."""

import sys
from pathlib import Path

import pytest

from infra.aws.bytecode import CompileError, compile_modules, lambda_python
from infra.resources import lambda_runtime

THIS_PYTHON = Path(sys.executable)


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A PATH on which programs can be put; no other Python is on it, and this one is another."""
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    monkeypatch.setenv("PATH", ":".join(map(str, [*folders, "/usr/bin", "/bin"])))
    monkeypatch.setattr(sys, "executable", str(program(tmp_path, "python", "echo python3.1")))
    return folders


def program(folder, name, command):
    file = folder / name
    file.write_text(f"#!/bin/sh\n{command}\n")
    file.chmod(0o755)
    return file


def test_python_of_the_lambdas_is_found_behind_one_that_does_not_run(path):
    program(path[0], lambda_runtime(), "exit 127")
    found = program(path[1], lambda_runtime(), f"echo {lambda_runtime()}")

    assert lambda_python() == found


@pytest.mark.parametrize("command", ["exit 127", "echo python3.1"])
def test_no_other_python_will_do(path, command):
    program(path[0], lambda_runtime(), command)

    assert lambda_python() is None


def test_module_that_is_no_python_is_told(tmp_path):
    (tmp_path / "wrong.py").write_text("def")

    with pytest.raises(CompileError, match=r"wrong\.py"):
        compile_modules(tmp_path, THIS_PYTHON)
