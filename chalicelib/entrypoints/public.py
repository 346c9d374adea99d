"""The answers that need no credential: whether the phonebook is up, what it is, and its documents.

They belong to no dialect, and read neither the table nor the body or query of the request.
"""

from collections.abc import Mapping
from typing import Final

from chalicelib.dialects.messages import Response, json_response

HEALTH_PATH: Final = "/health"
PAGE_PATH: Final = "/"
ICON_PATH: Final = "/favicon.ico"
"""Browsers request it with every page; a 401 would open a password box."""

DOCUMENT_PATH: Final = "/v2/openapi.json"
REFERENCE_PATH: Final = "/v2/docs"

PUBLIC_ROUTES: Final = (
    HEALTH_PATH, PAGE_PATH, ICON_PATH, DOCUMENT_PATH, REFERENCE_PATH, f"{REFERENCE_PATH}/{{file}}",
)  # fmt: skip

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_METHODS: Final = frozenset({"GET", "HEAD"})
_HTML: Final = "text/html"
_PAGE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Phonebook</title>
</head>
<body>
<h1>Phonebook</h1>
<p>This is a phonebook: contacts, groups, and numbers that are not to be messaged. Programs call it
over HTTP, each with a credential that its operator issued. In a browser, you can
<a href="v2/docs">read and try</a> every operation.</p>
<p>Its other documents lie beside its source: begin with <code>README.md</code>. In
<code>docs/dialects</code> is what each vendor's client says to it, and in <code>docs/openapi</code>
every path. Whether it is up, <a href="health">health</a> says.</p>
</body>
</html>
"""


def public_answer(method: str, path: str, headers: Mapping[str, str]) -> Response | None:
    """Return the answer that needs no credential, or None if a dialect answers the request.

    *headers* must ignore the case of names. At ``/`` only browsers get a page; a dialect answers
    programs there.
    """
    if method not in _METHODS:
        return None
    if path == HEALTH_PATH:
        return json_response(200, {"status": "ok"})
    if path == PAGE_PATH and _HTML in headers.get("Accept", "").lower():
        return Response(
            status=200,
            body=_PAGE,
            headers={
                "Content-Type": f"{_HTML}; charset=utf-8",
                "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            },
        )
    if path == ICON_PATH:
        return Response(status=204)
    if path == DOCUMENT_PATH or path.startswith(REFERENCE_PATH):
        from chalicelib.entrypoints import api_reference  # noqa: PLC0415 - hardly anybody needs it

        return api_reference.answer(path)
    return None
