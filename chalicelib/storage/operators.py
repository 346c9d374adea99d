"""What AWS answers operators, who ask it through boto3 what no Lambda does.

The Lambdas have one client that knows only what they need (:mod:`.dynamodb.session`).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import ErrorCode, UnavailableError


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
