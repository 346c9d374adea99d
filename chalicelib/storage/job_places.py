"""Where jobs keep their files and wait for their turn: a bucket of S3, and queues of SQS.

boto3, which the Lambda's runtime has, is loaded for the first job: no other request needs it. Its
session is its own, since the Lambdas' session knows DynamoDB alone.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Final

from chalicelib.settings import BUCKET_VARIABLE, JobSettings, SettingsError

if TYPE_CHECKING:
    from boto3.session import Session
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

_CONNECT_SECONDS: Final = 2.0
_ANSWER_SECONDS: Final = 20.0


class _Connection:
    """The places, and the clients for them, each made at its first use."""

    def __init__(self, places: JobSettings) -> None:
        self.places = places

    @cached_property
    def s3(self) -> "S3Client":
        from botocore.config import Config  # noqa: PLC0415 - loaded for jobs only

        # Signed for the region's own host: the addresses that we give out must not redirect.
        config = Config(
            signature_version="s3v4",
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_ANSWER_SECONDS,
            retries={"mode": "standard"},
        )
        return self._session.client("s3", config=config)

    @cached_property
    def sqs(self) -> "SQSClient":
        return self._session.client("sqs")

    @cached_property
    def _session(self) -> "Session":
        import boto3  # noqa: PLC0415 - loaded for jobs only

        return boto3.session.Session()


class _Used:
    """What this process uses."""

    connection: _Connection | None = None


def use(places: JobSettings | None) -> None:
    """Use these places for all jobs from now on. This sends nothing."""
    _Used.connection = places and _Connection(places)


def has_places() -> bool:
    """Say whether there are any."""
    return _Used.connection is not None


def job_places() -> JobSettings:
    """Return where jobs are.

    Raises:
        SettingsError: Nobody said so.

    """
    return _connection().places


def s3() -> "S3Client":
    """Return a client of the bucket.

    Raises:
        SettingsError: Nobody said where it is.

    """
    return _connection().s3


def sqs() -> "SQSClient":
    """Return a client of the queues.

    Raises:
        SettingsError: Nobody said where they are.

    """
    return _connection().sqs


def _connection() -> _Connection:
    if _Used.connection is None:
        raise SettingsError(f"Set {BUCKET_VARIABLE}, and the variables of the queues beside it.")
    return _Used.connection
