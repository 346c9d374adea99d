"""Messente's Phonebook API, the primary dialect.

The official OpenAPI document (info.version 2.1.0) and the SDKs generated from it decide every
path, status and key: https://github.com/messente/messente-api-python. Our responses have
documented keys only, since the Java SDKs 3.0.1 to 4.1.0 throw on an unknown one.
"""

from chalicelib.dialects.dialect import Dialect
from chalicelib.dialects.messente.credentials import read_credential
from chalicelib.dialects.messente.endpoints import ENDPOINTS, ROOT
from chalicelib.dialects.messente.errors import render_error

MESSENTE = Dialect(
    name="messente",
    roots=(ROOT,),
    endpoints=ENDPOINTS,
    read_credential=read_credential,
    render_error=render_error,
)
