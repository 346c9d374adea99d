"""The transcript on Atom's page, run as it is printed, and answering as it says."""

import json
import re
import subprocess

from tests.paths import PROJECT

PAGE = (PROJECT / "docs" / "dialects" / "atom.md").read_text()
ID = re.compile(r"(?<![+0-9])[0-9]{8,16}\b")


def test_transcript_prints_what_the_page_says(client, tmp_path):
    ready = {"url": client.url, "username": client.username, "secret": client.secret}
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "dev.json").write_text(json.dumps(ready))
    (script,) = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (expected,) = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert ID.sub("ID", done.stdout) == ID.sub("ID", expected)
