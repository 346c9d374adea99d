"""What `make package` makes: the zip that a Lambda runs, and nothing beside it."""

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from importlib.util import MAGIC_NUMBER, cache_from_source, find_spec, source_hash
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from chalicelib.dialects.registry import DIALECTS
from chalicelib.settings import TABLE_VARIABLE
from infra.aws.package import MAX_ZIP_BYTES, package_stage
from infra.local import engine
from infra.pins.lock import IN_THE_LAMBDA_RUNTIME as IN_THE_RUNTIME
from infra.pins.lock import PACKAGED_BY_ITSELF, RUNTIME, pins
from tests.paths import PROJECT

IN_THE_LAMBDA_RUNTIME = ("botocore", "dateutil", "jmespath", "six", "urllib3")
"""The runtime has boto3 and what it needs; of that, this is what botocore needs."""

UNCHECKED = 0b01
"""The flags of a compiled module that is taken for its source without a look at that (PEP 552)."""

THIS_PYTHON = Path(sys.executable)
"""Compiles here, where it runs the Lambdas too."""

HANDLERS = (
    "app.app",
    "chalicelib.entrypoints.counter_stream.count_changes",
    "chalicelib.entrypoints.cleanup_schedule.clean_up_on_schedule",
)

START = """
import importlib, json, sys
module, name = sys.argv[1].rsplit(".", 1)
handler = getattr(importlib.import_module(module), name)
print(json.dumps(handler(json.loads(sys.argv[2]), None)))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return package_stage("dev", tmp_path_factory.mktemp("build"), THIS_PYTHON)


@pytest.fixture(scope="module")
def names(package):
    return zipfile.ZipFile(package.zip_file).namelist()


@pytest.fixture(scope="module")
def bill(package):
    return json.loads(package.bill_file.read_text())


def test_same_code_makes_the_same_bytes(package, tmp_path):
    again = package_stage("dev", tmp_path, THIS_PYTHON)

    assert again.zip_file.read_bytes() == package.zip_file.read_bytes()
    assert again.bill_file.read_bytes() == package.bill_file.read_bytes()
    assert again.template_file.read_bytes() == package.template_file.read_bytes()
    assert sorted(path.name for path in package.zip_file.parent.iterdir()) == [
        "deployment.zip", "parameters.json", "sbom.cdx.json", "template.json",
    ]  # fmt: skip


def test_zip_is_small(package):
    assert package.zip_file.stat().st_size < MAX_ZIP_BYTES


def test_zip_holds_what_the_lambdas_run_and_nothing_else(names):
    folders = {name.split("/")[0] for name in names}

    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {
        "__pycache__", "app.py", "aws_lambda_powertools", "chalice", "chalicelib", "et_xmlfile",
        "jinja2", "markupsafe", "openpyxl", "phonenumbers", "pynamodb", "typing_extensions.py",
    }  # fmt: skip
    assert not [name for name in names if "/cli/" in name]
    assert not [name for name in names if name.startswith(("phonenumbers/geodata", "tests"))]


def test_zip_holds_every_module_of_the_code_but_the_command_line(names):
    modules = {
        str(path.relative_to(PROJECT))
        for path in (PROJECT / "chalicelib").rglob("*.py")
        if not {"cli", "migrating"} & set(path.parts)
    }

    compiled = {cache_from_source(module) for module in modules}
    data = {
        str(path.relative_to(PROJECT))
        for folder in ("storage/dynamodb/botocore_data", "entrypoints/api_reference", "console")
        for path in (PROJECT / "chalicelib" / folder).rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    }
    documents = {
        f"chalicelib/entrypoints/api_reference/openapi/{dialect.name}.json" for dialect in DIALECTS
    }
    in_zip = {name for name in names if name.startswith("chalicelib/")}
    assert in_zip == modules | compiled | data | documents


def test_what_is_compiled_is_what_lies_beside_it(package, tmp_path):
    zipfile.ZipFile(package.zip_file).extractall(tmp_path)
    compiled = list(tmp_path.rglob("*.pyc"))

    assert tmp_path / cache_from_source("app.py") in compiled
    for file in compiled:
        content = file.read_bytes()
        source = (file.parent.parent / f"{file.name.split('.')[0]}.py").read_bytes()
        assert content[:4] == MAGIC_NUMBER
        assert int.from_bytes(content[4:8], "little") == UNCHECKED
        assert content[8:16] == source_hash(source)


def test_nothing_is_compiled_without_the_python_of_the_lambdas(tmp_path):
    package = package_stage("dev", tmp_path, None)

    names = zipfile.ZipFile(package.zip_file).namelist()
    assert not [name for name in names if name.endswith(".pyc")]


def test_bill_of_materials_is_valid(bill):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None


def test_bill_of_materials_names_every_file_of_others_once(bill, names):
    """What it does not name is our own; and it names nothing that is not there."""
    places = {
        place["location"]: library["name"]
        for library in bill["components"]
        for place in library["evidence"]["occurrences"]
    }

    def library_of(name):
        source = re.sub(r"^__pycache__/(\w+)\..*", r"\1.py", name)
        return {places[place] for place in places if f"{source}/".startswith(f"{place}/")}

    libraries = {name: library_of(name) for name in names}
    assert set(places.values()) == {library for found in libraries.values() for library in found}
    assert all(len(found) <= 1 for found in libraries.values())
    ours = {name.split("/")[0] for name, found in libraries.items() if not found}
    assert ours == {"app.py", "chalicelib", "__pycache__"}
    assert {name for name, found in libraries.items() if found == {"botocore"}} == {
        name for name in names if name.startswith("chalicelib/storage/dynamodb/botocore_data/")
    }


def test_bill_of_materials_has_the_version_and_licence_of_each(bill):
    locked = {name: lines.split()[0].partition("==")[2] for name, lines in pins()}
    listed = {
        library["name"]: library["version"]
        for library in bill["components"]
        if library["purl"].startswith("pkg:pypi/")
    }

    packaged = set(re.findall(r"^([\w.-]+)==", RUNTIME.read_text(), re.MULTILINE))
    assert listed.keys() == packaged | {PACKAGED_BY_ITSELF, IN_THE_RUNTIME}
    assert listed == {name: locked[name] for name in listed}
    assert all(library["licenses"] for library in bill["components"])
    others = {each["purl"] for each in bill["components"] if each["name"] not in listed}
    assert others == {"pkg:npm/swagger-ui-dist@5.35.0", "pkg:npm/htmx.org@2.0.11"}


def test_bill_of_materials_is_of_this_zip(bill, package):
    (digest,) = bill["metadata"]["component"]["hashes"]
    assert digest["content"] == hashlib.sha256(package.zip_file.read_bytes()).hexdigest()


@pytest.mark.parametrize("handler", HANDLERS)
def test_lambda_starts_with_only_what_its_runtime_has(package, handler, ministack, tmp_path):
    """Each handler answers an event of its own kind, in a Python without site-packages."""
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    for name in IN_THE_LAMBDA_RUNTIME:
        spec = find_spec(name)
        assert spec
        origin = Path(str(spec.origin))
        module = origin.parent if origin.name == "__init__.py" else origin
        (runtime / module.name).symlink_to(module)
    code = tmp_path / "code"
    zipfile.ZipFile(package.zip_file).extractall(code)

    done = subprocess.run(
        [sys.executable, "-S", "-B", "-c", START, handler, json.dumps(event_for(handler))],
        cwd=code,
        env={
            **engine.environment(ministack.endpoint),
            TABLE_VARIABLE: ministack.table,
            "PYTHONPATH": f"{code}:{runtime}",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer.get("statusCode", 401) == 401
    assert answer.get("batchItemFailures", []) == []


def event_for(handler):
    if handler == "app.app":
        return json.loads((PROJECT / "tests/events/api_gateway_request.json").read_text())
    if "counter_stream" in handler:
        return {"Records": []}
    return {
        "version": "0", "id": "", "detail-type": "", "source": "", "account": "", "time": "",
        "region": "", "resources": [], "detail": {},
    }  # fmt: skip
