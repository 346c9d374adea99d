"""The stand-in for curl: it prints what curl prints, and claims no more than it can."""

import os
import subprocess

import pytest

from tests.e2e.transcripts import STAND_INS, run_script, same_each_time, transcripts
from tests.paths import PROJECT

DOCUMENTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
OF_CURL = [
    pytest.param(each, id=document.stem)
    for document in DOCUMENTS
    for each in transcripts(document)
    if "curl" in each.script
]


@pytest.mark.parametrize("transcript", OF_CURL)
def test_transcripts_print_the_same_where_there_is_no_curl(checkout, monkeypatch, transcript):
    monkeypatch.setenv("PATH", f"{STAND_INS}{os.pathsep}{os.environ['PATH']}")

    printed = run_script(transcript, checkout)

    assert same_each_time(printed) == same_each_time(transcript.printed)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["-L", "http://127.0.0.1:9/"], "-L"),
        (["--fail", "http://127.0.0.1:9/"], "--fail"),
        (["-w", "%{url}", "http://127.0.0.1:9/"], "%{url}"),
        (["-d", "@file", "http://127.0.0.1:9/"], "a file"),
        (["http://127.0.0.1:9/{a,b}"], "-g"),
    ],
    ids=" ".join,
)
def test_what_curl_would_do_otherwise_is_refused_by_name(arguments, named):
    done = subprocess.run(
        [STAND_INS / "curl", *arguments], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert named in line
