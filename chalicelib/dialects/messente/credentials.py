"""How a Messente client presents its credential: HTTP Basic, and nothing else."""

from chalicelib.dialects.credentials import credential_in_header, read_pair
from chalicelib.dialects.messages import Request
from chalicelib.domain.credential import PresentedCredential


def read_credential(request: Request) -> PresentedCredential:
    """Return the credential in the ``Authorization`` header.

    Raises:
        UnauthorizedError: There is none that could be read.

    """
    return credential_in_header(request, {"basic": read_pair})
