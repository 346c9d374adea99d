"""Log lines: JSON, with the request's id, and never a whole phone number or a secret."""

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
    """Return *text* with the middle of every phone number, and every credential, hidden.

    ``+37251000000`` becomes ``+37251****00``.
    """
    text = _WRITTEN_NUMBER.sub(_mask_number, text)
    return _CREDENTIAL.sub(r"\g<scheme>****", text)


def service() -> str:
    """Return what log lines and metrics name as their source; on AWS, the stack."""
    return os.environ.get("POWERTOOLS_SERVICE_NAME", "phonebook")


@cache
def logger() -> Logger:
    """Return the logger of this process, set up from its environment at the first call.

    The libraries beneath would log whole items at the level of debugging.
    """
    for library in ("botocore", "pynamodb", "urllib3"):
        logging.getLogger(library).setLevel(logging.WARNING)
    return Logger(service=service(), logger_formatter=_MaskingFormatter(), utc=True)


def begin_request(request_id: str) -> None:
    """Let each log line from here on name this request, and say nothing of the one before."""
    logger().thread_safe_clear_keys()
    tell_of_request(request_id=request_id)


def tell_of_request(**known: str) -> None:
    """Let each further log line of this request say what is known of it by now."""
    logger().thread_safe_append_keys(**known)


def told_of_request() -> dict[str, str]:
    """Return what each log line says of the request that is being answered."""
    return logger().thread_safe_get_current_keys()


class _MaskingFormatter(LambdaPowertoolsFormatter):
    """Powertools' JSON, masked as a whole, so that no field and no traceback is forgotten."""

    def serialize(self, log: LogRecord) -> str:
        return masked(super().serialize(log))


def _mask_number(match: re.Match[str]) -> str:
    digits = match["digits"]
    last = digits[-_DIGITS_SHOWN_LAST:]
    first = digits[: -_DIGITS_SHOWN_LAST - _DIGITS_HIDDEN]
    return f"{match['plus']}{first}{'*' * _DIGITS_HIDDEN}{last}"
