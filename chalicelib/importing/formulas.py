"""Texts that a spreadsheet would run as formulas, and how we write them so that it does not.

An apostrophe before such a text makes it a text (OWASP, CSV injection). Reading takes off exactly
the apostrophes that writing puts there, so that every text comes back as it was.
"""

import re
from typing import Final

_RUNS: Final = re.compile(r"'*[=+\-@\t\r\n]", re.ASCII)
"""What begins a formula in a spreadsheet, and the same after apostrophes of its own."""

_PHONE_NUMBER: Final = re.compile(r"\+[0-9]{1,15}")
"""It is no formula that does any harm, and other products read it only without an apostrophe."""

_GUARDED: Final = re.compile(r"'+[=+\-@\t\r\n]", re.ASCII)


def guarded(text: str) -> str:
    """Return a text as it is written into a cell."""
    return f"'{text}" if _RUNS.match(text) and not _PHONE_NUMBER.fullmatch(text) else text


def unguarded(text: str) -> str:
    """Return the text that is meant by a cell."""
    # Nearly all cells of a file have no apostrophe, and a million rows have many cells.
    return text[1:] if text[:1] == "'" and _GUARDED.match(text) else text
