"""``messagebird`` 2.2.0 and 1.4.1 from PyPI, as they come, each with every method of it."""

import os
import re
import subprocess
import sys
from importlib.metadata import version

import messagebird.client
import pytest

from tests.contract.messagebird import MessageBird
from tests.contract.messagebird_stories import STORIES, client_of
from tests.paths import PROJECT

OLD_CLIENT = PROJECT / ".venv" / "messagebird-1.4.1"

each_story = pytest.mark.parametrize("story", STORIES)


@each_story
def test_story_by_the_newest_client(client, story):
    assert version("messagebird") == "2.2.0"

    STORIES[story](client_of(client.url, MessageBird(client).access_key))


@each_story
def test_story_by_an_old_client(client, story):
    assert OLD_CLIENT.is_dir(), "`make test` installs it"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(OLD_CLIENT),
        "MESSAGEBIRD_URL": client.url,
        "MESSAGEBIRD_KEY": MessageBird(client).access_key,
    }

    done = subprocess.run(
        [sys.executable, "-m", "tests.contract.messagebird_stories", story],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_old_client_is_the_one_that_is_found_first():
    say = (
        "import importlib.metadata as m, messagebird as b; print(m.version(b.__name__), b.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", say],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(OLD_CLIENT)},
        capture_output=True,
        text=True,
        check=True,
    )

    found, _, file = done.stdout.strip().partition(" ")
    assert found == "1.4.1"
    assert file.startswith(str(OLD_CLIENT))


def test_every_method_is_in_a_story():
    told = (PROJECT / "tests" / "contract" / "messagebird_stories.py").read_text()
    methods = [name for name in dir(messagebird.client.Client) if re.match("contact|group", name)]

    assert len(methods) == 12
    assert [name for name in methods if f"client.{name}(" not in told] == []
