"""Checking a presented credential; a warm Lambda needs no read."""

import hmac
import time
from collections import OrderedDict
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, date, datetime
from threading import Lock, Thread
from typing import Final, NamedTuple, TypeAlias

from chalicelib.domain.credential import Credential, PresentedCredential, hash_secret, is_username
from chalicelib.domain.errors import UnauthorizedError
from chalicelib.observability import logger
from chalicelib.storage.accounts import find_credential, note_use

CACHE_SECONDS: Final = 60.0
"""How long a Lambda that knows a credential may accept it after it was revoked."""

MAX_CACHE_ENTRIES: Final = 1_000
"""The limit for known credentials, and for unknown usernames: guesses never evict known ones."""

_NO_SECRET_HASHES_TO_THIS: Final = "0" * 64


Work: TypeAlias = Callable[[], None]


def run_beside(work: Work) -> None:
    """Run *work* in a thread of its own, in the context of the request. Nobody waits for it.

    A Lambda that has answered is frozen, and its threads with it, until its next request.
    """
    Thread(target=copy_context().run, args=(work,), daemon=True).start()


class Authenticator:
    """Checks credentials, with a cache, and notes the day on which each was used last.

    Threads can share it. *clock* returns the time of day, since a monotonic clock stops while a
    Lambda is frozen. *beside* runs the note of a use, so that no request waits for it.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        beside: Callable[[Work], None] = run_beside,
    ) -> None:
        self._clock = clock
        self._beside = beside
        self._known = _RecentlyRead(clock)
        self._unknown = _RecentlyRead(clock)

    def authenticate(self, presented: PresentedCredential) -> Credential:
        """Return the credential that was presented, with its account.

        An unknown username and a wrong secret take the same time: one hash, one comparison in
        constant time, and a read if the username was not read within :data:`CACHE_SECONDS`.

        Raises:
            UnauthorizedError: The credential is unknown, wrong or revoked.

        """
        entry = self._find(presented.username)
        credential = entry.credential
        expected = credential.secret_hash if credential else _NO_SECRET_HASHES_TO_THIS
        is_right = hmac.compare_digest(hash_secret(presented.secret), expected)
        if credential is None or credential.revoked or not is_right:
            raise UnauthorizedError
        today = datetime.fromtimestamp(self._clock(), UTC).date()
        if credential.last_used_on is None or credential.last_used_on < today:
            self._note_use(credential, entry.read_at, today)
        return credential

    def recall(self, username: str) -> Credential:
        """Return the credential of somebody who presented it before; it is as lately read.

        Raises:
            UnauthorizedError: The credential is unknown or revoked.

        """
        credential = self._find(username).credential
        if credential is None or credential.revoked:
            raise UnauthorizedError
        return credential

    def _note_use(self, credential: Credential, read_at: float, today: date) -> None:
        """Note the first use of a day. If that fails, whoever reads the credential next does it."""
        username = credential.username
        used = replace(credential, last_used_on=today)
        self._known.put(username, _Entry(used, read_at))

        def note() -> None:
            try:
                note_use(username, today)
            except Exception:  # noqa: BLE001 - the request has nothing to do with it
                logger().warning("The use of a credential was not noted", exc_info=True)

        self._beside(note)

    def _find(self, username: str) -> "_Entry":
        if not is_username(username):
            return _NOBODY
        known = self._known.get(username) or self._unknown.get(username)
        if known:
            return known
        read_at = self._clock()
        entry = _Entry(find_credential(username), read_at)
        recently_read = self._known if entry.credential else self._unknown
        recently_read.put(username, entry)
        return entry


class _Entry(NamedTuple):
    credential: Credential | None
    read_at: float


_NOBODY: Final = _Entry(None, 0)


class _RecentlyRead:
    """A cache of the usernames that were read last, with their credentials."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = Lock()

    def get(self, username: str) -> _Entry | None:
        with self._lock:
            entry = self._entries.get(username)
            if entry and not 0 <= self._clock() - entry.read_at < CACHE_SECONDS:
                del self._entries[username]
                return None
            return entry

    def put(self, username: str, entry: _Entry) -> None:
        with self._lock:
            self._entries[username] = entry
            self._entries.move_to_end(username)
            while len(self._entries) > MAX_CACHE_ENTRIES:
                self._entries.popitem(last=False)
