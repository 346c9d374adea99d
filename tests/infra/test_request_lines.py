"""What the app itself says on a terminal, beside the line of each request."""

import subprocess
import sys

from tests.leaks import leaks_in
from tests.paths import PROJECT

BUG = """
from chalicelib.observability import logger
from infra.local.request_lines import REQUEST, say_no_json

say_no_json()
logger().thread_safe_append_keys(request_id="abc")
logger().info(REQUEST, status=200)
try:
    raise ValueError("+37251000000 \\x1b[2J")
except ValueError:
    logger().exception("A request met a bug")
"""


def test_failure_is_a_traceback_to_read_and_a_request_is_not_said_twice():
    program = [sys.executable, "-c", BUG]
    done = subprocess.run(program, cwd=PROJECT, capture_output=True, text=True, check=True)

    first, second, *_, last = done.stdout.splitlines()
    assert first == "ERROR A request met a bug (request abc)"
    assert second == "Traceback (most recent call last):"
    assert last == "ValueError: +37251****00 ?[2J"
    assert leaks_in(done.stdout) == []
