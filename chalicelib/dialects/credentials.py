"""Reading the credential that a client presents: one reader for each form, for all dialects."""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from chalicelib.dialects.messages import Request
from chalicelib.domain.credential import PresentedCredential
from chalicelib.domain.errors import UnauthorizedError

_DOT: Final = "."

Reader: TypeAlias = Callable[[str], PresentedCredential]
"""Reads a credential from the text that presents it."""


def credential_in_header(request: Request, readers: Mapping[str, Reader]) -> PresentedCredential:
    """Return the credential in the ``Authorization`` header, read by the reader of its scheme.

    *readers* names each scheme in lower case.

    Raises:
        UnauthorizedError: The header is missing or cannot be read.

    """
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    reader = readers.get(scheme.lower())
    if reader is None:
        raise UnauthorizedError
    return reader(text.strip())


def read_pair(text: str) -> PresentedCredential:
    """Read ``base64(username:secret)``.

    Raises:
        UnauthorizedError: The text does not have that form.

    """
    try:
        pair = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise UnauthorizedError from error
    return PresentedCredential.of_pair(pair, ":")


def read_token(text: str) -> PresentedCredential:
    """Read the single token ``username.secret``.

    Raises:
        UnauthorizedError: The text does not have that form.

    """
    return PresentedCredential.of_pair(text, _DOT)


def read_token_or_pair(text: str) -> PresentedCredential:
    """Read ``username.secret`` or ``base64(username:secret)``; base64 never has a dot.

    Raises:
        UnauthorizedError: The text has neither form.

    """
    return read_token(text) if _DOT in text else read_pair(text)
