"""The documents, compared with the code that they speak of."""

import importlib
import re

import pytest

from chalicelib.dialects.messagebird.errors import ERRORS as MESSAGEBIRD_ERRORS
from chalicelib.dialects.messente.errors import ERRORS
from chalicelib.domain import limits
from tests.documented import USE_CASES, table
from tests.paths import PROJECT

DOCUMENTS = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]


def test_every_error_is_documented_as_it_is():
    documented = table("docs/errors-and-limits.md", "error")

    assert documented == [
        [code.name, str(status), vendor_code, detail]
        for code, (status, vendor_code, detail) in ERRORS.items()
    ]


def test_every_error_of_messagebird_is_documented_as_it_is():
    documented = table("docs/dialects/messagebird.md", "messagebird error")

    assert documented == [
        [code.name, str(status), str(vendor_code), description, parameter or ""]
        for code, (status, vendor_code, description, parameter) in MESSAGEBIRD_ERRORS.items()
    ]


def test_every_limit_is_documented_as_it_is():
    documented = {name: value for name, value, _ in table("docs/errors-and-limits.md", "limit")}

    actual = {name: getattr(limits, name) for name in limits.__annotations__}
    assert documented == {
        name: value if isinstance(value, str) else f"{value:,}" for name, value in actual.items()
    }


@pytest.mark.parametrize("use_case", USE_CASES.values(), ids=lambda use_case: use_case.name)
def test_function_of_each_use_case_exists(use_case):
    *path, last = use_case.function.split(".")
    if path[-1][0].isupper():
        found = getattr(importlib.import_module("chalicelib." + ".".join(path[:-1])), path[-1])
    else:
        found = importlib.import_module("chalicelib." + ".".join(path))
    assert callable(getattr(found, last))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_lead_somewhere(document):
    targets = re.findall(r"\]\((?!https?://)([^)#]+)", document.read_text())

    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_every_decision_is_listed():
    listed = (PROJECT / "docs" / "decisions" / "README.md").read_text()
    pages = sorted((PROJECT / "docs" / "decisions").glob("0*.md"))

    assert pages
    for page in pages:
        title = page.read_text().splitlines()[0].removeprefix("# ")
        assert f"- [{title}]({page.name})" in listed


def test_every_make_target_in_the_documents_exists():
    makefile = (PROJECT / "Makefile").read_text()
    named = {
        target
        for document in DOCUMENTS
        for target in re.findall(r"(?:`|^)make ([a-z-]+)", document.read_text(), re.MULTILINE)
    }
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))

    assert {"dev", "test"} <= named
    assert named <= targets
