"""`make deploy` and `make destroy` where AWS is not set up."""

import os
import subprocess
import sys

import pytest

from infra.aws import deploy
from infra.aws.package import at_work_on
from infra.local import engine
from tests.paths import PROJECT

PROFILES = """
[profile sso]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 111122223333
sso_role_name = operator
region = eu-west-1

[profile process]
credential_process = false
region = eu-west-1
"""

NOWHERE = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.mark.parametrize("action", ["deploy", "destroy"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"AWS_DEFAULT_REGION": "eu-west-1"},
        {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_PROFILE": "nobody"},
        {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "a"},
        {"AWS_PROFILE": "sso"},
        {"AWS_PROFILE": "process"},
    ],
    ids=[
        "nothing", "no credentials", "unknown profile", "half a credential", "not logged in",
        "failing process",
    ],
)  # fmt: skip
def test_missing_setup_is_one_clear_line(action, settings, tmp_path):
    (tmp_path / "config").write_text(PROFILES)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}

    done = subprocess.run(
        [
            *(sys.executable, "-m", "infra.aws.deploy", action, "--stage", "dev", "--yes"),
            *("--build", tmp_path),
        ],
        cwd=PROJECT,
        env=kept | NOWHERE | {"AWS_CONFIG_FILE": str(tmp_path / "config")} | settings,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"make {action}: AWS is not set up here (")
    assert "set AWS_PROFILE, or AWS_ACCESS_KEY_ID" in line


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("NoSuchThing=1", "NoSuchThing is no parameter; there are AlarmTopicArn, "),
        ("LogRetentionDays=14", "LogRetentionDays is for infra/aws/stages.yaml to say"),
    ],
)
def test_parameter_that_is_not_the_operators_is_refused_at_once(ministack, setting, said, tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "infra.aws.deploy", "deploy", "--stage", "dev"),
            *("--set", setting, "--build", tmp_path),
        ],
        cwd=PROJECT,
        env=engine.environment(ministack.endpoint) | {"AWS_ENDPOINT_URL": ministack.endpoint},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"make deploy: {said}")


@pytest.mark.parametrize("action", ["deploy", "destroy"])
def test_second_in_one_checkout_is_told_in_a_line(ministack, action, tmp_path):
    program = [sys.executable, "-m", "infra.aws.deploy", action, "--yes", "--build", tmp_path]
    environment = engine.environment(ministack.endpoint) | {"AWS_ENDPOINT_URL": ministack.endpoint}

    with at_work_on("dev", tmp_path):
        stopped, other_stage = (
            subprocess.run(
                [*program, "--stage", stage, *(("--set", "No=1") if action == "deploy" else ())],
                cwd=PROJECT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            for stage in ("dev", "prod")
        )

    (line,) = stopped.stderr.splitlines()
    assert line.startswith(f"make {action}: dev is being packaged, deployed or destroyed here")
    assert stopped.returncode == 1
    assert "already" not in other_stage.stderr


@pytest.mark.parametrize("arguments", [["--stage", "test"], ["--stage", "dev", "--set", "Domain"]])
def test_wrong_command_line_is_told(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "infra.aws.deploy", "deploy", *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert arguments[-1] in done.stderr


def test_setting_with_spaces_goes_through_make():
    """As docs/operations.md has it, and without a shell in between that takes it apart."""
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}

    done = subprocess.run(
        ["make", "-n", "deploy", "SET='CleanUpSchedule=rate(11 minutes)' LogLevel=DEBUG"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip().endswith('--set "$SET"')
    settings = deploy._settings("'CleanUpSchedule=rate(11 minutes)' LogLevel=DEBUG")
    assert settings == {"CleanUpSchedule": "rate(11 minutes)", "LogLevel": "DEBUG"}
