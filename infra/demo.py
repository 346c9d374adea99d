"""The demo account of a phonebook that runs here: shown to the user, and kept for programs."""

import json
import os
from collections.abc import Mapping
from pathlib import Path


def write_secret(file: Path, values: Mapping[str, str]) -> None:
    """Write *values* whole or not at all, for the user's eyes only."""
    unfinished = file.with_suffix(".unfinished")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(values, out, indent=2)
    unfinished.replace(file)


def greet(url: str, demo: Mapping[str, str]) -> None:
    """Print where the phonebook answers, for whom, and what to try first."""
    username, secret = demo["username"], demo["secret"]
    print(
        f"""
The phonebook answers at {url}

  account   {demo["account"]}
  username  {username}
  secret    {secret}

Try it:

  curl -u {username}:{secret} {url}/v1/phonebook/contacts
""",
        flush=True,
    )
