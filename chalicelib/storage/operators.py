"""AWS errors of operators' commands, which call AWS through boto3.

The Lambdas do not use boto3: they have one client that does only what they need
(:mod:`.dynamodb.session`).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import ErrorCode, UnavailableError


@contextmanager
def refusals_told() -> Iterator[None]:
    """Convert errors of AWS into an error that the operator sees with its cause.

    Raises:
        UnavailableError: AWS refused, or is out of reach.

    """
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise UnavailableError(ErrorCode.UNREACHABLE) from error
