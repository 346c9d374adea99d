"""The README's examples, run as they are printed, and answering as it says."""

import re
import shlex

import pytest

from tests.documented import transcripts
from tests.e2e.transcripts import checkout, run, run_script, same_each_time
from tests.paths import PROJECT

README = PROJECT / "README.md"
CURL, SDK = transcripts(README)
SAVED = re.compile(r"save\s+this\s+as\s+`([^`]+)`")
RUN = re.compile(r"run\s+it\s+with\s+`([^`]+)`")


@pytest.fixture
def folder(client, tmp_path):
    return checkout(tmp_path, client)


def test_curl_prints_what_the_readme_says_each_time(folder):
    for _ in range(2):
        assert same_each_time(run_script(CURL, folder)) == same_each_time(CURL.printed)


def test_script_of_the_sdk_prints_what_the_readme_says_each_time(folder):
    (saved,), (command,) = SAVED.findall(README.read_text()), RUN.findall(README.read_text())
    (folder / saved).write_text(SDK.script)

    for _ in range(2):
        assert same_each_time(run(shlex.split(command), folder)) == same_each_time(SDK.printed)
