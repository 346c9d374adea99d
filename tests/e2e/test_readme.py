"""The README's examples, run as they are printed, and answering as it says."""

import re
import shlex

from tests.e2e.transcripts import run, run_script, same_each_time, transcripts
from tests.paths import PROJECT

README = PROJECT / "README.md"
CURL, SDK, CLI = transcripts(README)
SAVED = re.compile(r"save\s+this\s+as\s+`([^`]+)`")
PASTED = re.compile(r"^environment=.*", re.MULTILINE)
RUN = re.compile(r"run\s+it\s+with\s+`([^`]+)`")


def test_curl_prints_what_the_readme_says_each_time(checkout):
    for _ in range(2):
        assert same_each_time(run_script(CURL, checkout)) == same_each_time(CURL.printed)


def test_script_of_the_sdk_prints_what_the_readme_says_each_time(checkout):
    (saved,), (command,) = SAVED.findall(README.read_text()), RUN.findall(README.read_text())
    (checkout / saved).write_text(SDK.script)

    for _ in range(2):
        assert same_each_time(run(shlex.split(command), checkout)) == same_each_time(SDK.printed)


def test_command_line_prints_what_the_readme_says_each_time(checkout):
    (pasted,) = PASTED.findall(README.read_text())
    in_that_shell = CLI._replace(script=f"{pasted} > /dev/null\n{CLI.script}")

    for _ in range(2):
        assert same_each_time(run_script(in_that_shell, checkout)) == same_each_time(CLI.printed)
