"""What `make dev` prints on a terminal: one line for each request, instead of JSON."""

import json
import re
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.logging.types import LogRecord

from chalicelib.observability import logger, masked, told_of_request

REQUEST: Final = "request"
"""The message of the app's own log line for each request, which our line replaces."""

_WHY: Final = ("detail", "description", "defaultMessage", "message")
"""The keys under which the dialects explain an error."""

_BARE_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z-])([0-9]+)[0-9]{4}([0-9]{2})(?![0-9A-Za-z-])")
"""It may match an id too: better to mask an id than to show a phone number."""


def request_line(method: str, target: str, status: int, seconds: float, body: str) -> str:
    """Return the line for the request that is being answered.

    It has the sent and the meant method, the path, the status, the time, the username, and the
    reason of an error. It omits the query of *target*, since one dialect has its credential
    there. It masks phone numbers, and has no characters that control the terminal.
    """
    path = unquote(target.partition("?")[0])
    told = told_of_request()
    meant = told.get("meant_method", method)
    asked = method if meant == method else f"{method} as {meant}"
    why = _why(body) if status >= HTTPStatus.BAD_REQUEST else ""
    parts = (
        f"{time.strftime('%H:%M:%S')} {asked:6} {path}",
        str(status),
        f"{seconds * 1000:.1f} ms",
        told.get("username", ""),
        why,
    )
    return _fit_for_terminal("  ".join(filter(None, parts)))


def say_no_json() -> None:
    """Make this process log lines for people, without the app's line for each request."""
    handler = logger().registered_handler
    handler.setFormatter(_LineFormatter())
    handler.addFilter(lambda record: record.getMessage() != REQUEST)


class _LineFormatter(LambdaPowertoolsFormatter):
    def serialize(self, log: LogRecord) -> str:
        said = f"{log['level']} {log['message']} (request {log.get('request_id', '-')})"
        lines = [said, *str(log.get("exception", "")).splitlines()]
        return "\n".join(_fit_for_terminal(line) for line in lines)


def _why(body: str) -> str:
    try:
        return next(_reasons(json.loads(body)), "")
    except ValueError:
        return ""


def _reasons(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        for each in value:
            yield from _reasons(each)
    elif isinstance(value, dict):
        yield from (value[name] for name in _WHY if isinstance(value.get(name), str))
        for each in value.values():
            yield from _reasons(each)


def _fit_for_terminal(line: str) -> str:
    line = _BARE_NUMBER.sub(r"\1****\2", masked(line))
    return "".join(each if each.isprintable() else "?" for each in line)
