"""Errors of AWS, where it is called through boto3: by operators' commands and by jobs.

A Lambda has one client for DynamoDB that does only what it needs (:mod:`.dynamodb.session`).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import ErrorCode, UnavailableError


@contextmanager
def refusals_told() -> Iterator[None]:
    """Convert errors of AWS into an error that has its cause.

    Raises:
        UnavailableError: AWS refused, or is out of reach.

    """
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise UnavailableError(ErrorCode.UNREACHABLE) from error
