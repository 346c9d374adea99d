"""How a Devino client presents its credential: ``Key`` with an API key, or ``Basic``."""

from chalicelib.dialects.credentials import (
    credential_in_header,
    read_pair,
    read_token_or_pair,
)
from chalicelib.dialects.messages import Request
from chalicelib.domain.credential import PresentedCredential


def read_credential(request: Request) -> PresentedCredential:
    """Return the credential in the ``Authorization`` header.

    After ``Key``, it may be ``username.secret`` or, as in all samples of the vendor, the base64
    of ``username:secret``.

    Raises:
        UnauthorizedError: The credential is missing or cannot be read.

    """
    return credential_in_header(request, {"key": read_token_or_pair, "basic": read_pair})
