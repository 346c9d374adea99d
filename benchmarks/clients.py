"""Clients that keep a phonebook busy, and remember what it acknowledged."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import count
from typing import Final
from urllib.parse import urlsplit

SECONDS_TO_ANSWER: Final = 60.0

_CREATED: Final = 201
_OK: Final = 200


@dataclass(slots=True)
class Target:
    """A phonebook that answers at a URL, with a group that all its contacts are to join.

    ``joined`` are the contacts that it acknowledged, with what was last written of each;
    ``created`` holds those too whose joining was not acknowledged.
    """

    url: str
    headers: Mapping[str, str]
    group: str
    created: dict[str, str] = field(default_factory=dict)
    joined: dict[str, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def next_number(self) -> str:
        """Return a number that nobody had before."""
        return f"+3725{next(self._numbers):07d}"


@dataclass(slots=True)
class Burst:
    """What came of keeping a phonebook busy for some seconds."""

    answers: int = 0
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def seconds_for_each(self) -> float:
        """The seconds that pass for each answer, all clients together."""
        return self.seconds / max(self.answers, 1)


def keep_busy(target: Target, clients: int, seconds: float) -> Burst:
    """Let so many clients each send one request behind the other.

    Each creates a contact, retrieves it, changes it and puts it into the group, and begins anew.
    """
    burst = Burst()
    began = time.monotonic()
    threads = [
        threading.Thread(target=_send_until, args=(target, began + seconds, burst))
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    burst.seconds = time.monotonic() - began
    return burst


def _send_until(target: Target, end: float, burst: Burst) -> None:
    parts = urlsplit(target.url)
    connection = HTTPConnection(parts.netloc, timeout=SECONDS_TO_ANSWER)

    def send(method: str, path: str, body: object, expected: int) -> bool:
        try:
            connection.request(
                method,
                f"{parts.path}/v1/phonebook{path}",
                None if body is None else json.dumps(body),
                {"Content-Type": "application/json", **target.headers},
            )
            response = connection.getresponse()
            said = response.read()
        except (OSError, HTTPException) as error:
            connection.close()
            burst.errors.append(f"{method} {path}: {error!r}")
            return False
        if response.status != expected:
            burst.errors.append(f"{method} {path}: {response.status} {said[:200]!r}")
            return False
        burst.answers += 1
        return True

    while time.monotonic() < end:
        number = target.next_number()
        path = f"/contacts/{number}"
        if send("POST", "/contacts", {"phoneNumber": number, "custom": "first"}, _CREATED):
            target.created[number] = "first"
            send("GET", path, None, _OK)
            if send("PATCH", path, {"custom": "second"}, _OK):
                target.created[number] = "second"
            if send("POST", f"/groups/{target.group}{path}", None, _CREATED):
                target.joined[number] = target.created[number]
    connection.close()
