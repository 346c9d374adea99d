"""The transcript on each dialect's page, run as it is printed, and answering as it says."""

import json
import re
import subprocess
import sys

import pytest

from tests.paths import PROJECT

PAGES = sorted((PROJECT / "docs" / "dialects").glob("*.md"))
TRANSCRIPT = re.compile(
    r"^```(sh|python)\n(.*?)^```\n\n```console\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
COMMANDS = {"sh": ["bash", "-c"], "python": [sys.executable, "-W", "ignore", "-c"]}

CHANGING = re.compile(
    r"\b20\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d\b|\b[0-9a-f]{32}\b|\b[0-9a-f]{16}-[0-9a-f]{16}\b"
    r'|(?<=:)"?[0-9]{7,16}"?(?=[,}])'
    r"|(?<=already: )[0-9]{8,16}"
)
"""Moments and ids, which are others each time; numbers of contacts have a plus sign or quotes."""


def same_each_time(text):
    return CHANGING.sub("...", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_transcript_prints_what_the_page_says(client, tmp_path, page):
    ready = {"url": client.url, "username": client.username, "secret": client.secret}
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "dev.json").write_text(json.dumps(ready))
    ((kind, script, expected),) = TRANSCRIPT.findall(page.read_text())

    done = subprocess.run(
        [*COMMANDS[kind], script], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert same_each_time(done.stdout) == same_each_time(expected)


def test_every_page_is_in_the_readme():
    readme = (PROJECT / "README.md").read_text()

    assert [page.stem for page in PAGES] == ["atom", "devino", "messagebird", "messente"]
    assert all(f"(docs/dialects/{page.name})" in readme for page in PAGES)
