"""Devino Telecom's address book: contact lists, and contacts that are uploaded into them.

The vendor publishes neither an SDK nor a machine-readable description; the only source is its
page "Address Book" (https://docs.devino.online). The page contradicts itself about the path and
the parameter that delete lists; we accept every form that it shows.
"""

from chalicelib.dialects.devino.credentials import read_credential
from chalicelib.dialects.devino.endpoints import BATCH, ENDPOINTS, ROOTS
from chalicelib.dialects.devino.errors import render_error
from chalicelib.dialects.dialect import Dialect
from chalicelib.domain.limits import MAX_UPLOAD_BYTES

DEVINO = Dialect(
    name="devino",
    roots=ROOTS,
    endpoints=ENDPOINTS,
    read_credential=read_credential,
    render_error=render_error,
    request_bytes={BATCH: MAX_UPLOAD_BYTES},
)
