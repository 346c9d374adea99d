"""How a Messente client presents its credential: HTTP Basic, and nothing else."""

import base64
import binascii

from chalicelib.auth import PresentedCredential
from chalicelib.dialects.http import Request
from chalicelib.domain.errors import UnauthorizedError


def read_credential(request: Request) -> PresentedCredential:
    """Return the credential in the ``Authorization`` header.

    Raises:
        UnauthorizedError: There is none that could be read.

    """
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise UnauthorizedError
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise UnauthorizedError from error
    return PresentedCredential.of_pair(pair, ":")
