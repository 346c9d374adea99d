"""Cursors: where a page of a list ended, signed so that nobody else can make one."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Final

from chalicelib.domain.errors import InvalidDataError

_SIGNATURE_BYTES: Final = 16


def write_cursor(key: str, query: Sequence[str], after: str) -> str:
    """Return an opaque token for the part of a list that sorts after *after*.

    *key* is the account's cursor key. *query* is everything else that decides what the list
    holds. The token is valid only for this account and this query.
    """
    token = _signature(key, query, after) + after.encode()
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def read_cursor(key: str, query: Sequence[str], cursor: str, *, field: str = "cursor") -> str:
    """Return the *after* that :func:`write_cursor` put into *cursor*, which is sent as *field*.

    Raises:
        InvalidDataError: It is for another account or query, or we did not make it.

    """
    try:
        padding = "=" * (-len(cursor) % 4)
        token = base64.b64decode(cursor + padding, altchars=b"-_", validate=True)
        signature, after = token[:_SIGNATURE_BYTES], token[_SIGNATURE_BYTES:].decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidDataError.of(field, "is not a cursor of this list") from error
    if not hmac.compare_digest(signature, _signature(key, query, after)):
        raise InvalidDataError.of(field, "is not a cursor of this list")
    return after


def _signature(key: str, query: Sequence[str], after: str) -> bytes:
    message = json.dumps([*query, after]).encode()
    return hmac.digest(key.encode(), message, hashlib.sha256)[:_SIGNATURE_BYTES]
