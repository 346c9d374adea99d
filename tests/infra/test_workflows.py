"""What GitHub runs: no more than CI does, with no more rights than it needs."""

import re
import tomllib

import pytest
import yaml

from infra.pins.audit import LOCKS
from tests.paths import PROJECT

WORKFLOWS = sorted((PROJECT / ".github/workflows").glob("*.yml"))


def steps_of(workflow):
    jobs = yaml.safe_load(workflow.read_text())["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def commands(name):
    steps = steps_of(PROJECT / ".github/workflows" / name)
    return [step["run"] for step in steps if "run" in step]


def test_ci_does_what_the_script_of_ci_does_and_audit_audits():
    assert commands("ci.yml") == [".ci/run"]
    assert commands("audit.yml") == ["make audit"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.name)
def test_workflow_may_read_and_nothing_else(workflow):
    described = yaml.safe_load(workflow.read_text())

    assert described["permissions"] == {"contents": "read"}
    assert not [job for job in described["jobs"].values() if "permissions" in job]
    assert "secrets." not in workflow.read_text()
    (checkout,) = [step for step in steps_of(workflow) if "/checkout@" in step.get("uses", "")]
    assert checkout["with"]["persist-credentials"] is False


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.name)
def test_every_action_is_pinned_by_its_commit(workflow):
    used = re.findall(r"uses: (.*)", workflow.read_text())

    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v[\d.]+", each) for each in used)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.name)
def test_python_is_the_oldest_that_is_supported(workflow):
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    (setup,) = [step for step in steps_of(workflow) if "/setup-python@" in step.get("uses", "")]

    assert project["requires-python"] == f">={setup['with']['python-version']}"


def test_dependabot_looks_at_every_lock_and_at_the_actions():
    updates = yaml.safe_load((PROJECT / ".github/dependabot.yml").read_text())["updates"]
    pip, actions = updates

    assert pip["package-ecosystem"] == "pip"
    folders = {f"/{lock.parent.relative_to(PROJECT)}".rstrip(".") for lock in LOCKS}
    assert set(pip["directories"]) == folders
    assert (actions["package-ecosystem"], actions["directory"]) == ("github-actions", "/")
