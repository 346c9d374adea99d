"""The documents, compared with the code that they speak of."""

import importlib
import re

import pytest

from benchmarks.use_cases.documented import documented
from chalicelib.dialects.messagebird.errors import ERRORS as MESSAGEBIRD_ERRORS
from chalicelib.dialects.messente.errors import ERRORS
from chalicelib.dialects.registry import DIALECTS
from chalicelib.domain import jobs, limits
from chalicelib.entrypoints.cleanup_schedule import EVERY_MINUTES
from chalicelib.migrating.migration import BATCH
from chalicelib.migrating.registry import VENDORS
from chalicelib.migrating.vendor import PATIENT
from chalicelib.storage.counters import MARKER_LIFETIME
from infra.aws.package import stages
from infra.documents import table
from infra.resources import defaults, properties_of, properties_of_each, template
from tests.paths import PROJECT

README = PROJECT / "README.md"
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


@pytest.mark.parametrize("use_case", documented().values(), ids=lambda use_case: use_case.name)
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


def test_page_on_migrating_says_what_each_vendor_does_not_tell():
    documented = {row[0]: row[3] for row in table("docs/migrating.md", "vendor")}

    assert documented == {name: "; ".join(vendor.not_told) for name, vendor in VENDORS.items()}


def test_page_on_migrating_says_how_patient_we_are_and_how_much_we_write_at_once():
    page = " ".join((PROJECT / "docs" / "migrating.md").read_text().split())

    assert f"nothing for {PATIENT.silence:g} seconds, is tried up to {PATIENT.tries} times" in page
    assert f"after the {BATCH} contacts that are being written" in page
    assert f"in more than {limits.MAX_GROUPS_TO_JOIN} groups" in page


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


def test_every_mutant_that_survives_has_a_reason_and_they_are_few():
    assert all(why for *_, why in table("docs/mutants.md", "function"))
    assert all(float(share.rstrip(" %")) >= 95 for *_, share in table("docs/mutants.md", "area"))


def test_readme_shows_the_folders_that_there_are():
    shown, above = set(), [""]
    for line in block_behind(README, "## Where things are").splitlines():
        name, _, said = line.strip().partition(" ")
        depth = (len(line) - len(line.lstrip())) // 2
        above[depth + 1 :] = [above[depth] + name]
        shown.add(above[-1])
        assert said.strip() or depth == 0
    modules = {path.name for path in (PROJECT / "chalicelib").glob("[!_]*.py")}
    packages = (module.parent for module in PROJECT.glob("*/__init__.py"))
    folders = {
        f"{path.relative_to(PROJECT)}/"
        for top in (*packages, PROJECT / "chalicelib" / "storage", PROJECT / "docs")
        for path in [top, *top.iterdir()]
        if path.is_dir() and not path.name.startswith("_")
    }

    assert shown == folders | {f"chalicelib/{name}" for name in modules} | {"app.py"}


def test_contributing_names_each_folder_of_tests_in_a_row():
    named = [row[0] for row in table("CONTRIBUTING.md", "folder")]

    assert sorted(named) == sorted(
        f"tests/{path.name}" for path in (PROJECT / "tests").iterdir() if is_folder_of_tests(path)
    )


def test_contributing_says_what_ci_runs():
    run = (PROJECT / ".ci" / "run").read_text()
    paragraphs = (PROJECT / "CONTRIBUTING.md").read_text().split("\n\n")
    (said,) = [each for each in paragraphs if each.startswith("`.ci/run`")]
    java = re.search(r"-ge (\d+)", run)

    for target in re.findall(r"^ *make ([a-z-]+)$", run, re.MULTILINE):
        assert f"`make {target}`" in said
    assert java
    assert f"Java {java[1]} or newer and npm" in said


def test_every_list_of_the_dialects_is_named_where_one_is_added():
    page = (PROJECT / "docs" / "adding-a-dialect.md").read_text()
    names = [dialect.name for dialect in DIALECTS]
    lists = [
        path
        for path in (PROJECT / "tests").rglob("*.py")
        if all(f'"{name}' in path.read_text() for name in names)
    ]

    assert lists
    assert [path.name for path in lists if path.name not in page] == []


def test_every_detail_is_read_and_shown_where_the_page_on_fields_says():
    page = (PROJECT / "docs" / "adding-a-field.md").read_text()
    named = [
        (name, path) for name, path in re.findall(r"`([A-Z_]+)`(?: or `[A-Z_]+`)? (?:in|of|\()"
                                                  r" ?`([a-z_/]+\.py)`", page)
    ]  # fmt: skip

    assert len(named) >= 5
    for name, path in named:
        (file,) = [
            each for each in (PROJECT / path, PROJECT / "chalicelib" / path) if each.exists()
        ]
        assert re.search(rf"^{name}\b", file.read_text(), re.MULTILINE), (name, path)
    for path in re.findall(
        r"`((?:chalicelib|tests|benchmarks|docs|storage)/[\w/]+(?:\.py)?)`", page
    ):
        assert (PROJECT / path).exists() or (PROJECT / "chalicelib" / path).exists()


def test_every_item_is_on_the_page_on_privacy():
    items = {row[0] for row in table("docs/access-patterns.md", "item")}

    assert {row[0] for row in table("docs/privacy.md", "item")} == items


def test_page_on_privacy_says_how_long_all_is_kept():
    until = {row[0]: row[2] for row in table("docs/privacy.md", "item")}
    kept = {row[0]: row[2] for row in table("docs/privacy.md", "where")}
    queues = [
        queue["MessageRetentionPeriod"] // (24 * 60 * 60)
        for queue in properties_of_each("AWS::SQS::Queue")
        if "RedrivePolicy" not in queue
    ]
    (rule,) = properties_of("JobFiles")["LifecycleConfiguration"]["Rules"]
    days = [
        defaults()["LogRetentionDays"],
        *(stages()[stage]["LogRetentionDays"] for stage in ("dev", "prod")),
    ]

    assert re.findall(r"\d+", kept["logs of the Lambdas"]) == days
    assert queues == [14] * 5
    for letters in ("the stream", "changes", "webhooks", "the clean-up", "jobs"):
        assert kept[f"dead letters of {letters}"] == "14 days"
    assert rule["ExpirationInDays"] == jobs.KEPT.days == 7
    assert kept["files of imports and exports"].startswith("7 days")
    assert until["import"].startswith("7 days")
    assert f"{MARKER_LIFETIME.days} days" in until["applied marker"]
    assert f"{limits.DEFAULT_RETENTION_DAYS} days" in until["contact"]


SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_no_command_of_the_documents_needs_more_than_the_readme_sets_up():
    for document in DOCUMENTS:
        for block in SHELL.findall(document.read_text()):
            assert not re.search(r"^phonebook ", block, re.MULTILINE), document.name


def test_operators_are_told_what_they_need():
    page = (PROJECT / "docs" / "operations.md").read_text()
    needed = page.partition("You need")[2].partition("All commands")[0]
    blocks = SHELL.findall(page)
    called = {
        program
        for block in blocks
        for program in re.findall(r"^(?:until )?([a-z]+) ", block, re.MULTILINE)
    }

    assert {"aws", "git", "make"} <= called
    assert [each for each in called - {"export"} if f"`{each}`" not in needed] == []


def test_readme_shows_the_parts_of_the_stack_and_their_times():
    (shown,) = re.findall(r"^```mermaid\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    resources = template()["Resources"].values()
    lambdas = [each for each in resources if "LoggingConfig" in each["Properties"]]

    assert shown.count("Lambda") == len(lambdas)
    assert f"schedule<br>{EVERY_MINUTES} minutes" in shown
    for part in ("client", "API Gateway", "table", "stream", "aside", "dead letters", "alarms"):
        assert part in shown


def block_behind(document, heading):
    """Return the first code block behind a heading."""
    _, _, rest = document.read_text().partition(f"\n{heading}\n")
    return rest.partition("```\n")[2].partition("```")[0]


def is_folder_of_tests(path):
    return path.is_dir() and any(path.glob("test_*.py"))
