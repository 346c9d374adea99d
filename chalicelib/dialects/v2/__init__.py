"""Our own API, which can say everything that the phonebook can do.

``docs/openapi/v2.yaml`` describes it.
"""

from chalicelib.dialects.dialect import Dialect
from chalicelib.dialects.v2.credentials import read_credential
from chalicelib.dialects.v2.endpoints import ENDPOINTS, REQUEST_BYTES, ROOT
from chalicelib.dialects.v2.errors import render_error

V2 = Dialect(
    name="v2",
    roots=(ROOT,),
    endpoints=ENDPOINTS,
    read_credential=read_credential,
    render_error=render_error,
    request_bytes=REQUEST_BYTES,
)
