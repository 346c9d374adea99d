"""What `make dev` says on a terminal: a line for each request, instead of JSON."""

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
"""The message of the app's own line for each request, which ours stands for."""

_WHY: Final = ("detail", "description", "defaultMessage", "message")
"""Where a dialect says in words why it refuses."""

_BARE_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z-])([0-9]+)[0-9]{4}([0-9]{2})(?![0-9A-Za-z-])")
"""An id may be taken for one; better so than the other way."""


def request_line(method: str, target: str, status: int, seconds: float, body: str) -> str:
    """Return the line of the request that is being answered.

    It says what was asked and meant, how it went, whose credential it was, and why it was refused
    if it was. Of *target* the query is left out, since one dialect has its credential there. No
    phone number is whole, and nothing in it controls the terminal.
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
    """Let this process log lines that are read by people, and none for each request."""
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
