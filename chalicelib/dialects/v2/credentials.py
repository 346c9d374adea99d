"""How a client presents its credential: as a bearer token, or as HTTP Basic."""

from chalicelib.dialects.credentials import credential_in_header, read_pair, read_token
from chalicelib.dialects.messages import Request
from chalicelib.domain.credential import PresentedCredential


def read_credential(request: Request) -> PresentedCredential:
    """Return the credential in the ``Authorization`` header.

    Raises:
        UnauthorizedError: The credential is missing or cannot be read.

    """
    return credential_in_header(request, {"bearer": read_token, "basic": read_pair})
