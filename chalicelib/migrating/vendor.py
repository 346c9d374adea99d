"""Calling a vendor's API: with patience, within bounds, and without ever telling the credential."""

import base64
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import TextIOWrapper
from ipaddress import ip_address
from tempfile import SpooledTemporaryFile
from typing import Any, Final, NoReturn, TypeAlias

import httpx

from chalicelib.domain.errors import InvalidDataError
from chalicelib.migrating.errors import VendorError

TRIES: Final = 8
"""Of one call. All calls only read, so each may be repeated."""

_FIRST_WAIT_SECONDS: Final = 0.5
"""Doubled after each try, if the vendor does not say how long to wait."""

_LONGEST_WAIT_SECONDS: Final = 300
"""A vendor that asks for more is not waited for: the operator decides when to run again."""

_SILENCE_SECONDS: Final = 30.0
"""How long the vendor may say nothing."""

_ANSWER_SECONDS: Final = 900
"""How long one answer may take. A list without pages may be large, and the line slow."""

_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""The statuses of failures that may pass."""

_CREDENTIAL_REFUSED: Final = frozenset({401, 403})

_PAGE_REFUSED: Final = frozenset({413, 422})
"""The statuses of a page that is too large for one answer."""

_MOST_BYTES: Final = 2_000_000_000
"""A list without pages: some five million contacts. It is kept in a file while we read it."""

_MOST_BYTES_OF_A_PAGE: Final = 64_000_000
_MOST_CHARACTERS_OF_AN_ENTRY: Final = 2_000_000
_BYTES_IN_MEMORY: Final = 1_000_000
_CHARACTERS_READ_AT_ONCE: Final = 100_000
_BYTES_OF_AN_ERROR: Final = 2_000
_CHARACTERS_TOLD: Final = 200

_SECONDS: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_HOST: Final = re.compile(rb"[A-Za-z0-9_.:-]+")
_ONE_WORD: Final = re.compile(r"[!-~]+")
_BETWEEN_ENTRIES: Final = re.compile(r"[\s,]*")

Entry: TypeAlias = dict[str, Any]
"""A contact, a group or a number in a vendor's own words."""


@dataclass(frozen=True, slots=True)
class VendorKey:
    """What a vendor gave its customer to present. Some vendors give no username."""

    username: str | None
    secret: str = field(repr=False)

    @property
    def basic(self) -> str:
        """Username and secret as a header's value."""
        both = f"{self.username or ''}:{self.secret}"
        return f"Basic {base64.b64encode(both.encode()).decode()}"

    @property
    def token(self) -> str:
        """The secret, or what our own credentials are as one word.

        Raises:
            InvalidDataError: It is not one word.

        """
        token = f"{self.username}.{self.secret}" if self.username else self.secret
        if not _ONE_WORD.fullmatch(token):
            raise InvalidDataError.of("secret", "must be one word of ASCII characters")
        return token


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we wait for a vendor in seconds, and how often we try. Tests have less of it."""

    tries: int = TRIES
    silence: float = _SILENCE_SECONDS
    sleep: Callable[[float], None] = time.sleep


PATIENT: Final = Patience()


class VendorApi:
    """A vendor's API at a URL, called with a key as the value of the ``Authorization`` header."""

    def __init__(
        self, url: str, key: VendorKey, authorization: str, patience: Patience = PATIENT
    ) -> None:
        self._url = checked_url(url)
        self._patience = patience
        self._never_told = (authorization.partition(" ")[2], key.secret)
        self._client = httpx.Client(
            headers={
                "Authorization": authorization,
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "User-Agent": "phonebook",
            },
            timeout=patience.silence,
        )

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def get(self, path: str, **query: str | int) -> Any:  # noqa: ANN401 - what JSON may be
        """Return the JSON value that a path answers.

        Raises:
            VendorError: It cannot be read.

        """
        return self._json(_Call("GET", path, query=query))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as in `get`
        """Return the JSON value that a question answers; it must change nothing.

        Raises:
            VendorError: It cannot be read.

        """
        return self._json(_Call("POST", path, body=body))

    def each(self, path: str, array: str, **query: str) -> Iterator[Any]:
        """Yield the entries of a list that has no pages. *array* is its name in the answer.

        The answer is received whole, since a vendor may not wait while we write. It is in a file
        that has no name, and so is gone with us; we hold one entry at a time.

        Raises:
            VendorError: It cannot be read.

        """
        call = _Call("GET", path, query=query)
        with self._answer(call, _MOST_BYTES) as answer:
            try:
                yield from _entries(TextIOWrapper(answer, "utf-8-sig"), array)
            except _GarbageError as error:
                self._fail(call, f"answered something else than a list of {array}: {error}")

    def each_of_pages(
        self, path: str, array: str, *, limit: int, **query: str | int
    ) -> Iterator[Any]:
        """Yield the entries of a list that has pages. *array* is its name in each answer.

        Only an empty page is the end: a vendor may give fewer entries than we ask for. If a page
        is too large for it, we ask for a smaller one.

        Raises:
            VendorError: It cannot be read, or a page comes twice.

        """
        offset = 0
        before: list[Any] = []
        while True:
            call = _Call("GET", path, query={**query, "limit": limit, "offset": offset})
            try:
                answer = self._json(call)
            except VendorError as error:
                if error.status not in _PAGE_REFUSED or limit == 1:
                    raise
                limit //= 2
                continue
            page = answer.get(array) if isinstance(answer, dict) else None
            if not isinstance(page, list):
                self._fail(call, f"answered something else than a page of {array}")
            if not page:
                return
            if page == before:
                self._fail(call, f"answered the page before offset {offset} again")
            yield from page
            offset += len(page)
            before = page

    def _json(self, call: "_Call") -> Any:  # noqa: ANN401 - as in `get`
        with self._answer(call, _MOST_BYTES_OF_A_PAGE) as answer:
            try:
                return json.load(answer)
            except (ValueError, RecursionError):
                self._fail(call, "answered something that is not JSON")

    def _answer(self, call: "_Call", most_bytes: int) -> SpooledTemporaryFile[bytes]:
        """Return the body of an answer, after as many tries as our patience allows."""
        for number in range(1, self._patience.tries + 1):
            try:
                return self._try(call, most_bytes)
            except _PassingError as failure:
                if number == self._patience.tries:
                    self._fail(call, f"{failure}, at each of {number} tries")
                doubled = _FIRST_WAIT_SECONDS * 2 ** (number - 1)
                self._patience.sleep(doubled if failure.wait is None else failure.wait)
        raise AssertionError

    def _try(self, call: "_Call", most_bytes: int) -> SpooledTemporaryFile[bytes]:
        try:
            with self._client.stream(
                call.method, self._url + call.path, params=call.query or None, json=call.body
            ) as response:
                if response.status_code != httpx.codes.OK:
                    self._refuse(call, response)
                return self._received(call, response, most_bytes)
        except httpx.TimeoutException as error:
            raise _PassingError(f"said nothing for {self._patience.silence:g} seconds") from error
        except httpx.TransportError as error:
            raise _PassingError(f"cannot be reached, or hung up: {error}") from error
        except httpx.DecodingError as error:
            raise _PassingError("answered something that is not compressed as it says") from error

    def _refuse(self, call: "_Call", response: httpx.Response) -> NoReturn:
        status = response.status_code
        if status in _PASSING:
            wait = _seconds_of(response.headers.get("Retry-After"))
            if wait is not None and wait > _LONGEST_WAIT_SECONDS:
                self._fail(call, f"answered {status}, and asks us to come back in {wait:.0f} s")
            raise _PassingError(f"answered {status}", wait)
        if status in _CREDENTIAL_REFUSED:
            self._fail(call, f"refused the credential ({status})", status=status)
        said = b""
        for chunk in response.iter_bytes(_BYTES_OF_AN_ERROR):
            said = chunk
            break
        told = self._without_secrets(said.decode(errors="replace"))
        self._fail(call, f"answered {status}: {told[:_CHARACTERS_TOLD]}", status=status)

    def _received(
        self, call: "_Call", response: httpx.Response, most_bytes: int
    ) -> SpooledTemporaryFile[bytes]:
        file: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(_BYTES_IN_MEMORY)  # noqa: SIM115
        try:
            self._receive(call, response, file, most_bytes)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file

    def _receive(
        self,
        call: "_Call",
        response: httpx.Response,
        file: SpooledTemporaryFile[bytes],
        most_bytes: int,
    ) -> None:
        deadline = time.monotonic() + _ANSWER_SECONDS
        for chunk in response.iter_bytes():
            if file.tell() + len(chunk) > most_bytes:
                self._fail(call, f"answered more than {most_bytes:,} bytes")
            if time.monotonic() > deadline:
                raise _PassingError(f"did not end its answer in {_ANSWER_SECONDS} seconds")
            file.write(chunk)

    def _fail(self, call: "_Call", what: str, *, status: int | None = None) -> NoReturn:
        message = self._without_secrets(f"{call.method} {self._url}{call.path} {what}")
        raise VendorError(message, status=status)

    def _without_secrets(self, text: str) -> str:
        for secret in self._never_told:
            text = text.replace(secret, "…")
        return text


def checked_url(url: str) -> str:
    """Return the URL of an API without a slash at its end.

    Raises:
        InvalidDataError: It is none, or a credential would be read by others on its way.

    """
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        parts = httpx.URL()
    if not _HOST.fullmatch(parts.raw_host) or parts.scheme not in {"http", "https"}:
        raise InvalidDataError.of("url", "must be an address such as https://api.example.com")
    if parts.userinfo or parts.query or parts.fragment:
        raise InvalidDataError.of("url", "must have no credential, question mark or fragment")
    if parts.scheme == "http" and not _is_this_machine(parts.host):
        raise InvalidDataError.of("url", "must be https, since the credential goes with each call")
    return str(parts).rstrip("/")


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that reads."""

    method: str
    path: str
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None


class _PassingError(Exception):
    """A call failed in a way that may pass; ``wait`` is how long the vendor says that takes."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class _GarbageError(Exception):
    """An answer is not what it should be."""


def _is_this_machine(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def _seconds_of(retry_after: str | None) -> float | None:
    """Return how long a ``Retry-After`` header says to wait: a number, or a date (RFC 9110)."""
    if retry_after is None:
        return None
    if _SECONDS.fullmatch(retry_after):
        return float(retry_after)
    with suppress(ValueError, OverflowError):
        until = parsedate_to_datetime(retry_after)
        if until.tzinfo is not None:
            return max((until - datetime.now(UTC)).total_seconds(), 0.0)
    return None


def _entries(text: TextIOWrapper, array: str) -> Iterator[Any]:
    """Yield the objects and texts in an array of a JSON text, and hold one of them at a time.

    Raises:
        _GarbageError: There is no such array, it does not end, or it holds anything else.

    """
    decoder = json.JSONDecoder()
    begins = re.compile(rf'"{array}"\s*:\s*\[')
    is_begun = False
    buffer = ""
    while True:
        more = _read(text)
        buffer += more
        if not is_begun and (begin := begins.search(buffer)):
            is_begun = True
            buffer = buffer[begin.end() :]
        position = 0
        while is_begun:
            position = _end_of_gap(buffer, position)
            if buffer.startswith("]", position):
                return
            try:
                entry, position = decoder.raw_decode(buffer, position)
            except (ValueError, RecursionError):
                break  # The rest of it is still to come.
            if not isinstance(entry, (dict, str)):
                raise _GarbageError("an entry is no object and no text")
            yield entry
        buffer = buffer[position:]
        if not more:
            raise _GarbageError("it has no end" if is_begun else "it is not there")
        if len(buffer) > _MOST_CHARACTERS_OF_AN_ENTRY:
            raise _GarbageError("an entry is too long")


def _read(text: TextIOWrapper) -> str:
    try:
        return text.read(_CHARACTERS_READ_AT_ONCE)
    except ValueError as error:
        raise _GarbageError("it is not UTF-8") from error


def _end_of_gap(buffer: str, position: int) -> int:
    gap = _BETWEEN_ENTRIES.match(buffer, position)
    return gap.end() if gap else position
