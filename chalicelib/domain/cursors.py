"""Cursors: where a page of a list ended, signed so that only we can have said so."""

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
    """Return an opaque token for the part of a list that sorts behind *after*.

    *key* is the account's, *query* whatever else decides what the list holds: a token
    is good for this account and this query only.
    """
    token = _signature(key, query, after) + after.encode()
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def read_cursor(key: str, query: Sequence[str], cursor: str) -> str:
    """Return the *after* that :func:`write_cursor` put into *cursor*.

    Raises:
        InvalidDataError: It was made for another account or query, or not by us.

    """
    try:
        padding = "=" * (-len(cursor) % 4)
        token = base64.b64decode(cursor + padding, altchars=b"-_", validate=True)
        signature, after = token[:_SIGNATURE_BYTES], token[_SIGNATURE_BYTES:].decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidDataError.of("cursor", "is not a cursor of this list") from error
    if not hmac.compare_digest(signature, _signature(key, query, after)):
        raise InvalidDataError.of("cursor", "is not a cursor of this list")
    return after


def _signature(key: str, query: Sequence[str], after: str) -> bytes:
    message = json.dumps([*query, after]).encode()
    return hmac.digest(key.encode(), message, hashlib.sha256)[:_SIGNATURE_BYTES]
