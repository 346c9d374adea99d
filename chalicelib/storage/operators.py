"""What operators ask of AWS and no Lambda does: a client of its own for each service.

The Lambdas' one client knows only what they need (:mod:`.session`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session

from chalicelib.domain.errors import ErrorCode, UnavailableError


def client_of(service: str) -> Any:  # noqa: ANN401 - botocore makes its clients at run time
    """Return a client of a service, as the environment says where it is.

    Raises:
        UnavailableError: The environment lacks a region.

    """
    with refusals_told():
        return get_session().create_client(service)


@contextmanager
def refusals_told() -> Iterator[None]:
    """Raise whatever AWS refuses inside as an error that an operator is shown with its cause.

    Raises:
        UnavailableError: AWS refused, or is out of reach.

    """
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise UnavailableError(ErrorCode.UNREACHABLE) from error
