"""The page in which a browser shows the documents of the API, and tries its operations.

It is imported at the first request for one of its files, so that no other request pays for it.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from chalicelib.dialects.messages import JSON, Response
from chalicelib.dialects.registry import DIALECTS
from chalicelib.domain.text import json_text
from chalicelib.entrypoints.public import DOCUMENT_PATH, REFERENCE_PATH

OURS: Final = "v2"
"""The dialect whose document the page shows first."""

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Swagger UI's style sheet has its icons inside, as ``data:``. It connects to the documents, and to
the operations that somebody tries."""

PACKAGED: Final = Path(__file__).parent / "openapi"
"""The documents as JSON. ``make package`` makes them, since a Lambda cannot read YAML."""

DOCUMENTS: Final[Mapping[str, str]] = MappingProxyType({
    DOCUMENT_PATH if dialect.name == OURS else f"{REFERENCE_PATH}/{dialect.name}.json": dialect.name
    for dialect in DIALECTS
})  # fmt: skip
"""The path of each dialect's document."""

_HERE: Final = Path(__file__).parent
_SOURCES: Final = _HERE.parents[2] / "docs" / "openapi"


class _File(NamedTuple):
    name: str
    media_type: str
    headers: Mapping[str, str] = MappingProxyType({})


_SCRIPT: Final = "text/javascript; charset=utf-8"
_STYLE: Final = "text/css; charset=utf-8"
_FOR_A_YEAR: Final = MappingProxyType({"Cache-Control": "public, max-age=31536000, immutable"})

FILES: Final[Mapping[str, _File]] = MappingProxyType({
    REFERENCE_PATH: _File(
        "page.html",
        "text/html; charset=utf-8",
        MappingProxyType({"Content-Security-Policy": CONTENT_SECURITY_POLICY}),
    ),
    f"{REFERENCE_PATH}/page.js": _File("page.js", _SCRIPT),
    f"{REFERENCE_PATH}/page.css": _File("page.css", _STYLE),
    # Another version gets other names, so a browser never has to ask for these again.
    f"{REFERENCE_PATH}/swagger-ui-5.35.0.js": _File(
        "swagger_ui/swagger-ui-5.35.0.js", _SCRIPT, _FOR_A_YEAR
    ),
    f"{REFERENCE_PATH}/swagger-ui-5.35.0.css": _File(
        "swagger_ui/swagger-ui-5.35.0.css", _STYLE, _FOR_A_YEAR
    ),
})  # fmt: skip
"""The path of the page and of each of its files."""


def answer(path: str) -> Response | None:
    """Return the page, one of its files or a document; None if there is nothing at *path*."""
    if file := FILES.get(path):
        headers = {"Content-Type": file.media_type, **file.headers}
        return Response(status=200, body=_text_of(_HERE / file.name), headers=headers)
    if name := DOCUMENTS.get(path):
        return Response(status=200, body=_document(name), headers={"Content-Type": JSON})
    return None


def converted(name: str) -> str:
    """Return a dialect's document as JSON; its server is the one that serves it.

    This needs the sources of the project, and PyYAML.
    """
    import yaml  # noqa: PLC0415 - the Lambda does not have it

    document = yaml.safe_load(_text_of(_SOURCES / f"{name}.yaml"))
    root = ".." if name == OURS else "../.."
    document["servers"] = [{"url": root, "description": "The server of this document"}]
    return json_text(document)


def _document(name: str) -> str:
    packaged = PACKAGED / f"{name}.json"
    return _text_of(packaged) if packaged.exists() else converted(name)


def _text_of(file: Path) -> str:
    return file.read_bytes().decode()
