"""How an Atom client presents its credential: as a Bearer token, and nothing else."""

from chalicelib.dialects.credentials import credential_in_header, read_token
from chalicelib.dialects.messages import Request
from chalicelib.domain.credential import PresentedCredential


def read_credential(request: Request) -> PresentedCredential:
    """Return the credential in the ``Authorization`` header.

    Raises:
        UnauthorizedError: There is none that could be read.

    """
    return credential_in_header(request, {"bearer": read_token})
