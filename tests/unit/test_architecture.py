"""What every module promises, whatever it does."""

import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
import tomllib

import pytest

import chalicelib
from chalicelib.dialects.registry import DIALECTS, dialect_of
from tests.paths import PROJECT

MODULES = [
    module.name
    for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib.")
    if not module.name.endswith("__main__")
]
DOMAIN = "chalicelib.domain."

IMPORT_QUIETLY = """
import os, sys
module = sys.argv[1]

class Environment(dict):
    def _read(self, name):
        frame = sys._getframe(2)
        while frame.f_globals.get("__name__") == "os":  # os.getenv
            frame = frame.f_back
        caller = frame.f_globals.get("__name__", "")
        assert not caller.startswith("chalicelib"), f"{caller} reads {name} at import"
    def __getitem__(self, name): self._read(name); return super().__getitem__(name)
    def get(self, name, default=None): self._read(name); return super().get(name, default)

def refuse_network(event, arguments):
    assert not event.startswith("socket.connect"), f"{event} at import"
    assert event != "socket.getaddrinfo", f"{event} at import"

sys.addaudithook(refuse_network)
os.environ = Environment(os.environ)
__import__(module)
print(" ".join(sorted(sys.modules)))
"""


def modules_loaded_by(module):
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_QUIETLY, module],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["app", *MODULES])
def test_module_is_imported_without_network_or_environment(module):
    assert module in modules_loaded_by(module)


def test_api_lambda_loads_nothing_that_it_does_not_need():
    loaded = modules_loaded_by("app")

    assert not loaded & {"typer", "rich", "yaml", "boto3", "infra", "chalicelib.cli"}
    assert not loaded & {"chalicelib.console", "jinja2", "markupsafe"}
    assert not loaded & {"phonenumbers.geocoder", "phonenumbers.carrier", "phonenumbers.timezone"}


def test_event_lambdas_load_nothing_that_they_do_not_need():
    counting = modules_loaded_by("chalicelib.entrypoints.counter_stream")
    cleaning_up = modules_loaded_by("chalicelib.entrypoints.cleanup_schedule")

    for loaded in (counting, cleaning_up):
        assert not loaded & {
            "app",
            "chalicelib.dialects",
            "chalicelib.services.authentication",
            "boto3",
            "infra",
        }
        assert "phonenumbers" not in loaded
    # What operators alone ask of AWS.
    assert not counting & {"chalicelib.storage.aws_calls", "chalicelib.storage.dead_letters"}


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith(DOMAIN)])
def test_value_of_the_domain_is_no_tuple_to_be_unpacked_or_compared_as_one(module):
    classes = inspect.getmembers(importlib.import_module(module), inspect.isclass)

    assert [name for name, each in classes if issubclass(each, tuple)] == []


def test_no_request_of_the_api_loads_the_console():
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.asked_of_each_dialect"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    before, after = (set(line.split()) for line in done.stdout.splitlines()[-2:])

    assert not before & {"chalicelib.console", "jinja2"}
    assert after >= {"chalicelib.console", "jinja2"}


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_dialect_owns_each_of_its_paths_and_no_longer_name(dialect):
    assert all(dialect.owns(path) and dialect_of(path) is dialect for path in dialect.endpoints)
    assert not any(dialect.owns(f"{root}s") for root in dialect.roots)


def test_every_dialect_is_among_those_that_do_not_know_each_other():
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (independent,) = [each for each in contracts["contracts"] if each["type"] == "independence"]

    assert sorted(independent["modules"]) == sorted(
        f"chalicelib.dialects.{dialect.name}" for dialect in DIALECTS
    )
