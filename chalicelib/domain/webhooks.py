"""Webhooks: where an account wants to be told of changes, and what becomes of each telling.

They follow Standard Webhooks 1.0.0. A message is tried at once, and again after each time of
:data:`RETRY_AFTER`::

    attempt ──► delivered (2xx)
       ▲  └───► again, later ──┐
       └───────────────────────┘
       └──────► given up: this message is not sent any more
       └──────► turns off: nothing is sent to this webhook any more
"""

import base64
import re
import secrets as random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib import parse

from chalicelib.domain.errors import InvalidDataError
from chalicelib.domain.limits import MAX_URL_CHARACTERS

RETRY_AFTER: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The waits after each failed attempt, as Standard Webhooks recommends them: three days in all."""

LONGEST_WAIT: Final = timedelta(hours=24)
"""A receiver that asks for more is tried again after this."""

FAILING_FOR_TOO_LONG: Final = timedelta(days=5)
"""A webhook that has failed for as long is turned off. One message is tried for three days, so it
has failed for more than one."""

FORMER_SECRET_KEPT: Final = timedelta(hours=24)
"""How long we sign with the former secret too, so that a receiver can change to the new one."""

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how secrets begin, none by itself
_SECRET_BYTES: Final = 32

SUCCESSES: Final = range(200, 300)
"""The statuses by which a receiver says that it has the message."""

THROTTLED: Final = frozenset({
    HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT,
})  # fmt: skip
"""By these, Standard Webhooks has a receiver ask for fewer messages."""

LONGEST_REST: Final = timedelta(minutes=15)
"""How long a webhook gets nothing at most since one message was too many."""

_PRINTED: Final = re.compile(r"[!-~]+")
_NAME: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_NUMBER: Final = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")
"""A host that ends like this is read as an IPv4 address by browsers and C libraries."""

_AUTHORITY: Final = re.compile(r"(\[[^\[\]]*\]|[^\[\]:]*)(:.*)?")
"""Host and port, with nothing between or around them that another parser might take for either."""

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Secret:
    """What a webhook's messages are signed with: ``whsec_`` and 32 bytes in base64.

    ``until`` is the end of a former secret, and None for the current one.
    """

    text: str = field(repr=False)
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A webhook. With no ``types``, it is told of all types of changes.

    ``secrets`` has the current one first. ``off_because`` says why we turned it off, if we did.
    ``failing_since`` is when the first attempt failed since the last one that succeeded.
    """

    id: int
    url: str
    types: frozenset[str]
    secrets: tuple[Secret, ...]
    created_on: datetime
    is_on: bool = True
    off_because: str | None = None
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of an attempt.

    Without a ``status``, there was no answer. ``problem`` says in plain words why it failed, and is
    None if it did not. ``retry_after`` is how long the receiver asks us to wait. ``seconds`` is how
    long all of it took. ``text`` is the beginning of what it answered.
    """

    status: int | None
    problem: str | None
    retry_after: timedelta | None = None
    seconds: float
    text: str = ""


class Outcome(Enum):
    """What follows from an attempt."""

    DELIVERED = "delivered"
    AGAIN = "again"
    GIVEN_UP = "given up"
    """Every attempt at this message failed."""
    TURNS_OFF = "turns off"
    """No message is sent to this webhook any more."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from an attempt: when it is tried again, or why nothing more is sent.

    Until ``rests_until``, nothing is sent to the webhook at all.
    """

    outcome: Outcome
    again_at: datetime | None = None
    because: str | None = None
    rests_until: datetime | None = None


def new_secret() -> Secret:
    """Return a random secret of 256 bits, to be the current one."""
    key = random.token_bytes(_SECRET_BYTES)
    return Secret(SECRET_PREFIX + base64.b64encode(key).decode())


def rotated(secrets: tuple[Secret, ...], now: datetime) -> tuple[Secret, ...]:
    """Return a new secret, and the former one with its end. A third one ends at once."""
    former = [replace(secret, until=now + FORMER_SECRET_KEPT) for secret in secrets[:1]]
    return (new_secret(), *former)


def valid(secrets: tuple[Secret, ...], now: datetime) -> tuple[Secret, ...]:
    """Return those that have not ended, in the same order."""
    return tuple(secret for secret in secrets if secret.until is None or now < secret.until)


def decide(
    answer: Answer, *, attempt: int, failing_since: datetime | None, now: datetime
) -> Verdict:
    """Say what follows from the answer to an attempt. The first attempt at a message is 1.

    ``failing_since`` is the webhook's, as it was before this attempt.
    """
    if answer.status in SUCCESSES:
        return Verdict(Outcome.DELIVERED)
    if answer.status == HTTPStatus.GONE:
        return Verdict(Outcome.TURNS_OFF, because="it answered 410: it wants no more messages")
    has_failed_for_long = failing_since is not None and now - failing_since >= FAILING_FOR_TOO_LONG
    # Nothing may have been sent to it for days: a first attempt says nothing about them.
    if has_failed_for_long and attempt > 1:
        because = f"it has failed for {FAILING_FOR_TOO_LONG.days} days"
        return Verdict(Outcome.TURNS_OFF, because=f"{because}: {answer.problem}")
    if attempt > len(RETRY_AFTER):
        because = f"attempt {attempt}, the last one, failed: {answer.problem}"
        return Verdict(Outcome.GIVEN_UP, because=because)
    step = RETRY_AFTER[attempt - 1]
    wait = min(max(step, answer.retry_after or step), LONGEST_WAIT)
    asks_for_rest = answer.retry_after is not None or answer.status in THROTTLED
    rests_until = now + min(wait, LONGEST_REST) if asks_for_rest else None
    return Verdict(Outcome.AGAIN, again_at=now + wait, rests_until=rests_until)


def check_url(text: str, *, allows_loopback: bool) -> None:
    """Check that a webhook may have a URL: https, or http to this very machine if that is allowed.

    Whether its host has an address that may be reached is decided whenever a message is sent,
    since names change.

    Raises:
        InvalidDataError: It may not.

    """
    parts = _split(text)
    host = parts.hostname or ""
    if parts.scheme == "http" and allows_loopback:
        if host not in _LOOPBACK:
            raise InvalidDataError.of("url", "must begin with https://, except on localhost")
    elif parts.scheme != "https":
        raise InvalidDataError.of("url", "must begin with https://")
    if "@" in parts.netloc:
        raise InvalidDataError.of("url", "must not contain a username or a password")
    if "#" in text:
        raise InvalidDataError.of("url", "must not contain a fragment")
    if not _AUTHORITY.fullmatch(parts.netloc) or not _is_host(host, parts.netloc):
        raise InvalidDataError.of("url", "must name a host, or an address in its usual form")
    if not _is_port(parts):
        raise InvalidDataError.of("url", "must have a port from 1 to 65535, or none")


def _split(text: str) -> parse.SplitResult:
    """Split a URL, after refusing whatever two parsers might read in two ways."""
    if len(text) > MAX_URL_CHARACTERS:
        message = f"must be at most {MAX_URL_CHARACTERS} characters long"
        raise InvalidDataError.of("url", message)
    if not _PRINTED.fullmatch(text) or "\\" in text:
        message = "must be of printed ASCII characters, without spaces and backslashes"
        raise InvalidDataError.of("url", message)
    try:
        return parse.urlsplit(text)
    except ValueError as error:
        raise InvalidDataError.of("url", "must be a URL") from error


def _is_host(host: str, authority: str) -> bool:
    try:
        if authority.startswith("["):
            # A zone has no meaning to anybody but this machine.
            return IPv6Address(host).scope_id is None
        if _NUMBER.fullmatch(host):
            IPv4Address(host)
    except ValueError:
        return False
    return _NAME.fullmatch(host) is not None


def _is_port(parts: parse.SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False
