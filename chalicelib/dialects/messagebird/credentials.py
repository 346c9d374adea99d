"""How a MessageBird client presents its access key: in a header or in the query."""

from typing import Final

from chalicelib.dialects.credentials import credential_in_header, read_token
from chalicelib.dialects.messages import Request
from chalicelib.domain.credential import PresentedCredential

ACCESS_KEY: Final = "access_key"
METHOD: Final = "_method"


def read_credential(request: Request) -> PresentedCredential:
    """Return the key in ``Authorization: AccessKey``, as all SDKs send it, or ``?access_key=``.

    Raises:
        UnauthorizedError: The key is missing or cannot be read.

    """
    if "authorization" in request.headers:
        return credential_in_header(request, {"accesskey": read_token})
    return read_token(request.last_in_query(ACCESS_KEY) or "")
