"""Where messages to webhooks wait: a queue of SQS.

boto3, which the Lambda's runtime has, is loaded for the first message: no other request needs it.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.settings import WEBHOOK_QUEUE_VARIABLE, SettingsError, WebhookSettings

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


class _Connection:
    """The settings, and a client of the queue, which is made at its first use."""

    def __init__(self, settings: WebhookSettings) -> None:
        self.settings = settings

    @cached_property
    def sqs(self) -> "SQSClient":
        import boto3  # noqa: PLC0415 - loaded for messages only

        return boto3.session.Session().client("sqs")


class _Used:
    """What this process uses."""

    connection = _Connection(WebhookSettings())


def use(settings: WebhookSettings) -> None:
    """Use this queue from now on. This sends nothing."""
    _Used.connection = _Connection(settings)


def allows_loopback() -> bool:
    """Say whether a receiver may be on this very machine."""
    return _Used.connection.settings.allows_loopback


def queue() -> str:
    """Return the URL of the queue.

    Raises:
        SettingsError: Nobody said where it is.

    """
    url = _Used.connection.settings.queue
    if url is None:
        raise SettingsError(f"Set {WEBHOOK_QUEUE_VARIABLE} to the URL of the queue of webhooks.")
    return url


def sqs() -> "SQSClient":
    """Return a client of the queue."""
    return _Used.connection.sqs
