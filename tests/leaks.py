"""Looking for what must never be in a log: whole phone numbers, and secrets."""

import re
from pathlib import Path

ISSUED_SECRETS: set[str] = set()
"""Every secret that this session issued."""

WHOLE_NUMBER = re.compile(r"(\+|%2[Bb])[0-9]{7,15}(?![0-9])|\b3725[0-9]{7}\b")


def leaks_in(text: str) -> list[str]:
    """Return what *text* should not hold."""
    numbers = [match.group() for match in WHOLE_NUMBER.finditer(text)]
    return numbers + [secret for secret in ISSUED_SECRETS if secret in text]


def assert_no_leaks(folder: Path) -> None:
    """Fail if any file in *folder* holds what it should not."""
    for log in folder.rglob("*"):
        if log.is_file():
            assert leaks_in(log.read_text(errors="replace")) == [], f"in {log.name}"
