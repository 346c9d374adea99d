"""How to call this program from the current folder, so that a printed command can be pasted."""

import shlex
import sys
from pathlib import Path


def command_line(*words: str) -> str:
    """Return the shell command that calls ``phonebook`` with *words* in this folder.

    It names the program by its path: another terminal may not have it on its ``PATH``.
    """
    return shlex.join([from_here(Path(sys.executable).with_name("phonebook")), *words])


def from_here(path: Path) -> str:
    """Return an absolute path as it is written in the current folder."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
