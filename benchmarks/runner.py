"""Runs one Lambda in a process of its own, and measures it there, as its parent asks.

It is started by its path, without the packages of any environment: the Lambda finds what is
packaged with it and what the Lambda runtime has, and nothing else. It needs nothing itself.
Each line of its input is a command, and each line of its output the answer.
"""

import gc
import importlib
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any


class Context:
    """What AWS hands to a handler."""

    function_name = "measured"
    function_version = "$LATEST"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:measured"
    aws_request_id = "11111111-2222-3333-4444-555555555555"
    log_group_name = "/aws/lambda/measured"
    log_stream_name = "measured"

    def get_remaining_time_in_millis(self) -> int:
        """Return as much as API Gateway waits."""
        return 29_000


class Body:
    """What urllib3 would read from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        """Yield everything."""
        yield self._content


class Stub:
    """Answers in the place of botocore's HTTP layer; what it answers was made before.

    ``answers`` has for each operation pairs of a text in the request and the answer to it.
    """

    def __init__(self, answers: dict[str, list[list[str]]]) -> None:
        from botocore import awsrequest, httpsession  # noqa: PLC0415 - measured when it comes
        from botocore.compat import HTTPHeaders  # noqa: PLC0415

        self.calls = 0
        self._answers: dict[bytes, list[tuple[bytes, Any, Any]]] = {
            f"DynamoDB_20120810.{operation}".encode(): [
                (needle.encode(), *self._made(body.encode(), HTTPHeaders)) for needle, body in pairs
            ]
            for operation, pairs in answers.items()
        }
        self._response = awsrequest.AWSResponse
        httpsession.URLLib3Session.send = self.send  # type: ignore[assignment, method-assign]

    def send(self, request: Any) -> Any:  # noqa: ANN401 - botocore's
        """Answer a request."""
        self.calls += 1
        target = request.headers["X-Amz-Target"]
        target = target if isinstance(target, bytes) else target.encode()
        for needle, content, headers in self._answers[target]:
            if needle in request.body:
                return self._response(request.url, 200, headers, Body(content))
        raise LookupError(f"nothing was made to answer {target!r} {request.body!r}")

    @staticmethod
    def _made(content: bytes, headers_type: Any) -> tuple[bytes, Any]:  # noqa: ANN401 - botocore's
        import zlib  # noqa: PLC0415 - not to be there before what is measured

        headers = headers_type()
        headers["Content-Type"] = "application/x-amz-json-1.0"
        headers["Content-Length"] = str(len(content))
        headers["x-amzn-RequestId"] = "A" * 52
        headers["x-amz-crc32"] = str(zlib.crc32(content))
        return content, headers


class Runner:
    """The Lambda, once it is loaded."""

    def __init__(self) -> None:
        self._context = Context()
        self._handler: Callable[[Any, Any], Any] = lambda _event, _context: None
        self._stub: Stub | None = None
        self._loading = 0.0

    def load(self, module: str, name: str) -> dict[str, float]:
        """Import the Lambda."""
        started = time.process_time()
        self._handler = getattr(importlib.import_module(module), name)
        self._loading = time.process_time() - started
        return {"seconds": self._loading}

    def stub(self, answers: dict[str, list[list[str]]]) -> dict[str, float]:
        """Answer in the place of DynamoDB from now on."""
        self._stub = Stub(answers)
        return {}

    def answer(self, event: Any) -> Any:  # noqa: ANN401 - as AWS
        """Return what the Lambda returns."""
        return self._handler(event, self._context)

    def start(self, module: str, name: str, event: Any) -> dict[str, Any]:  # noqa: ANN401 - as AWS
        """Import the Lambda and answer once, which is its cold start."""
        started = time.process_time()
        self.load(module, name)
        reply = self.answer(event)
        seconds = time.process_time() - started
        with open("/proc/self/statm", encoding="ascii") as pages:  # noqa: PTH123 - imports nothing
            resident = int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return {
            "seconds": seconds,
            "importing": self._loading,
            "bytes": resident,
            "modules": len(sys.modules),
            "reply": reply,
        }

    def time(self, event: Any, times: int) -> dict[str, float]:  # noqa: ANN401 - as AWS
        """Return the processor's time of one answer, out of many."""
        text = json.dumps(event)
        events = [json.loads(text) for _ in range(times)]
        gc.collect()
        started = time.process_time()
        for each in events:
            self._handler(each, self._context)
        return {"seconds": (time.process_time() - started) / times}

    def count(self, event: Any) -> dict[str, float]:  # noqa: ANN401 - as AWS
        """Return what one answer takes in calls to DynamoDB, calls of functions, and memory."""
        text = json.dumps(event)
        for _ in range(20):
            self.answer(json.loads(text))
        called = 0

        def note(_frame: object, kind: str, _argument: object) -> None:
            nonlocal called
            called += kind in {"call", "c_call"}

        calls_before = self._stub.calls if self._stub else 0
        fresh = json.loads(text)
        sys.setprofile(note)
        try:
            self.answer(fresh)
        finally:
            sys.setprofile(None)
        calls = (self._stub.calls if self._stub else 0) - calls_before
        fresh = json.loads(text)
        gc.collect()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        self.answer(fresh)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return {"calls": calls, "functions": called, "bytes": peak - before}


def main() -> None:
    """Answer commands until there are no more; what the Lambda prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    sys.path.remove(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - as above
    runner = Runner()
    for line in sys.stdin:
        name, arguments = json.loads(line)
        answers.write(json.dumps(getattr(runner, name)(*arguments)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
