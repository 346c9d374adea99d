"""What anybody may ask without a credential: whether it is up, and what it is.

It is in no dialect, and reads nothing: neither the table nor the rest of the request.
"""

from collections.abc import Mapping
from typing import Final

from chalicelib.dialects.messages import Response, json_response

HEALTH_PATH: Final = "/health"
PAGE_PATH: Final = "/"
ICON_PATH: Final = "/favicon.ico"
"""Browsers ask for it beside every page, and a challenge would be a password box."""

PUBLIC_PATHS: Final = (HEALTH_PATH, PAGE_PATH, ICON_PATH)

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
over HTTP, each with a credential that its operator issued; there are no pages to look at.</p>
<p>Its documents lie beside its source: begin with <code>README.md</code>. In
<code>docs/dialects</code> is what each vendor's client says to it, and in <code>docs/openapi</code>
every path. Whether it is up, <a href="health">health</a> says.</p>
</body>
</html>
"""


def public_answer(method: str, path: str, headers: Mapping[str, str]) -> Response | None:
    """Return the answer that needs no credential, None if the request is a dialect's.

    *headers* are looked up in any case. At ``/`` browsers alone get a page: what programs are told
    there is the dialect's.
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
    return None
