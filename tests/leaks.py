"""Looking for what must never be in a log: whole phone numbers, and secrets."""

import json
import re
from pathlib import Path

ISSUED_SECRETS: set[str] = set()
"""Every secret that this session issued."""

WHOLE_NUMBER = re.compile(r"(\+|%2[Bb])[0-9]{7,15}(?![0-9])|\b3725[0-9]{7}\b")


def leaks_in(text: str) -> list[str]:
    """Return what *text* should not hold."""
    numbers = [match.group() for match in WHOLE_NUMBER.finditer(text)]
    return numbers + [secret for secret in ISSUED_SECRETS if secret in text]


def assert_log_lines_are_complete(log: Path) -> None:
    """Fail unless every line of the app's log is JSON and says which request it is of."""
    for line in log.read_text().splitlines():
        assert json.loads(line)["request_id"], line


def assert_no_leaks(folder: Path) -> None:
    """Fail if any file in *folder* holds what it should not."""
    for log in folder.rglob("*"):
        if log.is_file():
            assert leaks_in(log.read_text(errors="replace")) == [], f"in {log.name}"
