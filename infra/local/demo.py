"""What a phonebook that runs here tells its user: where it answers, for whom, what to paste.

It is printed at the start and kept in a file, from which it can be had again::

    python -m infra.local.demo FILE            # what to export in a shell
    python -m infra.local.demo --show FILE     # what was printed at the start
"""

import argparse
import json
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from chalicelib.cli.program import command_line, from_here

SHOWN: Final = ("account", "username", "secret")


def write_secret(file: Path, values: Mapping[str, object]) -> None:
    """Write *values* whole or not at all, for the user's eyes only."""
    unfinished = file.with_suffix(".unfinished")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(values, out, indent=2)
    unfinished.replace(file)


def greet(file: Path) -> None:
    """Print from *file* where the phonebook answers, for whom, and what to try first.

    Raises:
        OSError: The file does not exist.
        ValueError: We did not write it.

    """
    ready = _read(file)
    url, credential = ready["url"], f"{ready['username']}:{ready['secret']}"
    shown = "\n".join(f"  {name:10}{ready[name]}" for name in SHOWN)
    print(
        f"""
The phonebook answers at {url}

{shown}
{_console_of(ready)}
Try it:

  curl -u {credential} {url}/v1/phonebook/contacts

And the command line, in this folder, in a shell that speaks to nothing else from then on:

  {line_to_paste(file)}
""",
        flush=True,
    )


def _console_of(ready: Mapping[str, Any]) -> str:
    """Return where the console is; nothing if nobody made a link that signs in to it."""
    if "console" not in ready:
        return ""
    return f"""
Its console is at {ready["url"]}/console; this link signs in there, once and within an hour:

  {ready["console"]}
"""


def line_to_paste(file: Path) -> str:
    """Return the shell command that exports the environment in *file*, then calls ``phonebook``.

    If the file is gone, it does not call ``phonebook``, which could otherwise reach AWS.
    """
    export = shlex.join(
        [from_here(Path(sys.executable)), "-m", "infra.local.demo", from_here(file)]
    )
    use = command_line("accounts", "list")
    return f'environment=$({export}) && eval "$environment" && {use}'


def exports(environment: Mapping[str, str], present: Mapping[str, str]) -> str:
    """Return shell lines that set *environment*, and unset the other AWS ones in *present*."""
    others = sorted(name for name in present if name.startswith("AWS_") and name not in environment)
    lines = [f"unset {' '.join(others)}"] if others else []
    lines += [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    return "\n".join(lines)


def _read(file: Path) -> dict[str, Any]:
    ready: dict[str, Any] = json.loads(file.read_text())
    return ready


def main() -> int:
    """Print the exports, or what was printed at the start; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--show", action="store_true")
    arguments = parser.parse_args()
    file: Path = arguments.file.resolve()
    try:
        if arguments.show:
            greet(file)
        else:
            print(exports(_read(file)["environment"], os.environ))
    except (OSError, ValueError, KeyError):
        print(
            f"{arguments.file} cannot be read: `make dev` and `make rehearse KEEP=1` write theirs,"
            " and remove it when they end.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
