"""How a Messente client presents its credential: only as HTTP Basic."""

from chalicelib.dialects.credentials import credential_in_header, read_pair
from chalicelib.dialects.messages import Request
from chalicelib.domain.credential import PresentedCredential


def read_credential(request: Request) -> PresentedCredential:
    """Return the credential in the ``Authorization`` header.

    Raises:
        UnauthorizedError: The credential is missing or cannot be read.

    """
    return credential_in_header(request, {"basic": read_pair})
