"""The style sheet, the script and the icon.

A file's name has the hash of its content, so a browser never has to ask for it again.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from chalicelib.console.visits import Answer

PATH: Final = "/assets"

_HERE: Final = Path(__file__).parent / "static"
_HASH_CHARACTERS: Final = 16
_TYPES: Final[Mapping[str, str]] = MappingProxyType({
    "console.css": "text/css; charset=utf-8",
    "htmx-2.0.11.min.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
})  # fmt: skip


class Asset(NamedTuple):
    """A file, and the hash of its content."""

    name: str
    text: str
    hash: str

    @property
    def path(self) -> str:
        """Its path in the console."""
        stem, dot, ending = self.name.rpartition(".")
        return f"{PATH}/{stem}.{self.hash}{dot}{ending}"


def path_of(name: str) -> str:
    """Return the path of a file in the console."""
    return next(asset.path for asset in _assets().values() if asset.name == name)


def asset_answer(path: str) -> Answer | None:
    """Return the file at a path of the console, or None if there is none."""
    asset = _assets().get(path)
    if asset is None:
        return None
    return Answer(
        200,
        asset.text,
        {
            "Content-Type": _TYPES[asset.name],
            "Cache-Control": "public, max-age=31536000, immutable",
            "ETag": f'"{asset.hash}"',
        },
    )


@cache
def _assets() -> Mapping[str, Asset]:
    found = []
    for name in _TYPES:
        content = (_HERE / name).read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:_HASH_CHARACTERS]
        found.append(Asset(name, content.decode(), digest))
    return MappingProxyType({asset.path: asset for asset in found})
