"""Running what the documents print, as they print it."""

import os
import re
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

from tests.paths import PROJECT

STAND_INS: Final = PROJECT / "tests" / "e2e" / "stand_ins"
"""A ``curl`` of Python."""

_TRANSCRIPT: Final = re.compile(
    r"^```(sh|python)\n((?:(?!```).*\n)*)```\n\n```console\n((?:(?!```).*\n)*)```$", re.MULTILINE
)
_CHANGING: Final = re.compile(
    r"\b20\d\d-\d\d-\d\d([ T]\d\d:\d\d:\d\d)?\b|\b[0-9a-f]{32}\b|\b[0-9a-f]{16}-[0-9a-f]{16}\b"
    r"|\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r'|(?<=:)"?[0-9]{7,16}"?(?=[,}])'
    r"|(?<=address book: )[0-9]{8,16}"
    r'|(?<="href":")[^"]*'
)
"""Moments, ids and links, which are others each time; numbers of contacts have a plus or quotes."""


class Transcript(NamedTuple):
    """What a document prints to be run, in ``sh`` or ``python``, and what that prints."""

    language: str
    script: str
    printed: str


def transcripts(document: Path) -> list[Transcript]:
    """Return the transcripts of a document, in the order in which they stand."""
    return [Transcript(*found) for found in _TRANSCRIPT.findall(document.read_text())]


def same_each_time(text: str) -> str:
    """Return *text* without what is another each time."""
    return _CHANGING.sub("...", text)


def with_curl() -> dict[str, str]:
    """Return the environment in which there is a ``curl``: this machine's, else one of Python."""
    return os.environ | {"PATH": f"{os.environ['PATH']}{os.pathsep}{STAND_INS}"}


def run(command: list[str], folder: Path) -> str:
    """Run a command in *folder*, which has to succeed, and return what it prints."""
    return subprocess.run(
        command, cwd=folder, env=with_curl(), capture_output=True, text=True, check=True
    ).stdout


def run_script(transcript: Transcript, folder: Path) -> str:
    """Run a transcript's script in *folder*, and return what it prints."""
    if transcript.language == "sh":
        return run(["bash", "-c", transcript.script], folder)
    return run([".venv/bin/python", "-c", transcript.script], folder)
