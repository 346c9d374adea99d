"""Atom Telecom's SMS API: the part that keeps contacts and address books.

There is no SDK; the vendor's pages decide every path, parameter and key:
https://help.atomtelecom.com.au/kb/API/api-sms-contacts and ``api-sms-addressbook`` beside it
(credential, rate limit and statuses: ``api-sms-intro``). An address book is a group.

What the pages leave open is decided in ``docs/dialects/atom.md``.
"""

from chalicelib.dialects.atom.credentials import read_credential
from chalicelib.dialects.atom.endpoints import ENDPOINTS
from chalicelib.dialects.atom.errors import render_error
from chalicelib.dialects.dialect import Dialect

ATOM = Dialect(
    name="atom",
    # Also paths that do not exist: a mistyped path gets an error in the vendor's own shape.
    roots=("/api",),
    endpoints=ENDPOINTS,
    read_credential=read_credential,
    render_error=render_error,
)
