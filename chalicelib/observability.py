"""Log lines in JSON, with the request's id, but without whole phone numbers or secrets."""

import logging
import os
import re
from functools import cache
from typing import Final

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.logging.types import LogRecord

_WRITTEN_NUMBER: Final = re.compile(r"(?P<plus>\+|%2[Bb])(?P<digits>[0-9]{7,})")
_CREDENTIAL: Final = re.compile(
    r"(?P<scheme>\b(?:(?:Basic|Bearer|AccessKey|Key) +|access_key=))[\w.+/=~-]+", re.IGNORECASE
)
_DIGITS_SHOWN_LAST: Final = 2
_DIGITS_HIDDEN: Final = 4


def masked(text: str) -> str:
    """Return *text* with every credential masked, and the middle of every phone number.

    ``+37251000000`` becomes ``+37251****00``.
    """
    text = _WRITTEN_NUMBER.sub(_mask_number, text)
    return _CREDENTIAL.sub(r"\g<scheme>****", text)


def service() -> str:
    """Return the name of the service in log lines and metrics; on AWS, the name of the stack."""
    return os.environ.get("POWERTOOLS_SERVICE_NAME", "phonebook")


@cache
def logger() -> Logger:
    """Return the logger of this process. The first call sets it up from the environment.

    Libraries log warnings only: their debug logs would contain whole items.
    """
    for library in ("botocore", "pynamodb", "urllib3"):
        logging.getLogger(library).setLevel(logging.WARNING)
    return Logger(service=service(), logger_formatter=_MaskingFormatter(), utc=True)


def begin_request(request_id: str) -> None:
    """Put this request's id into all further log lines, and remove the keys of the one before."""
    logger().thread_safe_clear_keys()
    tell_of_request(request_id=request_id)


def tell_of_request(**known: str) -> None:
    """Add keys to all further log lines of this request."""
    logger().thread_safe_append_keys(**known)


def told_of_request() -> dict[str, str]:
    """Return the keys that log lines of the present request have."""
    return logger().thread_safe_get_current_keys()


class _MaskingFormatter(LambdaPowertoolsFormatter):
    """Powertools' JSON, masked as a whole: this covers every field and traceback."""

    def serialize(self, log: LogRecord) -> str:
        return masked(super().serialize(log))


def _mask_number(match: re.Match[str]) -> str:
    digits = match["digits"]
    last = digits[-_DIGITS_SHOWN_LAST:]
    first = digits[: -_DIGITS_SHOWN_LAST - _DIGITS_HIDDEN]
    return f"{match['plus']}{first}{'*' * _DIGITS_HIDDEN}{last}"
