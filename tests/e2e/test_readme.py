"""The README's examples, run as they are printed, and answering as it says."""

import json
import re
import subprocess
import sys

import pytest

from tests.paths import PROJECT

README = (PROJECT / "README.md").read_text()
DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b")


def block_behind(sentence, kind):
    """Return the first code block of a kind behind a sentence of the README."""
    _, _, rest = README.partition(sentence)
    (first, *_) = re.findall(rf"^```{kind}\n(.*?)^```$", rest, re.MULTILINE | re.DOTALL)
    return first


@pytest.fixture
def folder(client, tmp_path):
    """A folder with the file that `make dev` writes."""
    ready = {"url": client.url, "username": client.username, "secret": client.secret}
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "dev.json").write_text(json.dumps(ready))
    return tmp_path


@pytest.mark.parametrize(
    ("sentence", "kind", "command"),
    [
        ("with curl:", "sh", ["bash", "-c"]),
        ("With Messente's own SDK", "python", [sys.executable, "-W", "ignore", "-c"]),
    ],
)
def test_example_prints_what_the_readme_says(folder, sentence, kind, command):
    script = block_behind(sentence, kind)

    done = subprocess.run(
        [*command, script], cwd=folder, capture_output=True, text=True, check=True
    )

    printed = DATE.sub("DATE", done.stdout)
    assert printed == DATE.sub("DATE", block_behind(block_behind(sentence, kind), "console"))
